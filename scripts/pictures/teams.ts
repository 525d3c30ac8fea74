import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { projectRoot } from '../../src/root.ts'
import type { TeamsCard } from '../../src/surfaces/teams/render.ts'
import { HOST_CONFIG } from './teams-look.ts'

const LIBRARY = join(projectRoot, 'node_modules/adaptivecards/dist/adaptivecards.min.js')
const FONTS = join(projectRoot, 'node_modules/@expo-google-fonts/inter')

const face = async (weight: number, file: string): Promise<string> => {
  const data = (await readFile(join(FONTS, file))).toString('base64')
  return `@font-face { font-family: Inter; font-weight: ${weight}; src: url(data:font/ttf;base64,${data}) }`
}

/** What the library leaves to its host's style sheet: the look of the buttons. */
const STYLE = `
  body { margin: 0; background: #F5F5F5; padding: 12px }
  #card { background: #FFF; border: 1px solid #E0E0E0; border-radius: 4px; overflow: hidden }
  .ac-actionSet { flex-wrap: wrap; gap: 8px }
  .ac-pushButton { font: 600 14px/20px Inter; padding: 6px 12px; min-height: 34px; text-align: center;
    color: #252424; background: #FFF; border: 1px solid #C8C6C4; border-radius: 4px; overflow-wrap: anywhere }
  .ac-pushButton.style-positive { color: #FFF; background: #5B5FC7; border-color: #5B5FC7 }
  .ac-pushButton.style-destructive { color: #A72037; border-color: #C4314B }
  .ac-pushButton:disabled { color: #767676; border-color: #E0E0E0 }`

/**
 * Draws the card in the page. Baton's Markdown never formats, so that taking its escapes away is all that a host's
 * Markdown would do to it.
 */
const DRAW = `(json, config) => {
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
    const words = text.replace(/\\\\([!-/:-@[-\`{-~])/g, '$1')
    const escaped = words.replace(/[&<>"]/g, (sign) => '&#' + sign.charCodeAt(0) + ';')
    result.outputHtml = escaped.replace(/\\n+/g, '<br>')
    result.didProcess = true
  }
  const card = new AdaptiveCards.AdaptiveCard()
  card.hostConfig = new AdaptiveCards.HostConfig(config)
  card.parse(json)
  document.getElementById('card').append(card.render())
}`

/** Draws a card with Microsoft's own library into a picture, as wide as it is told. */
export const drawTeamsCard = async (
  browser: Browser,
  card: TeamsCard,
  { width, path }: { width: number; path: string },
): Promise<void> => {
  const page = await browser.newPage({
    viewport: { width, height: 400 },
    deviceScaleFactor: 2,
    locale: 'en-GB',
    timezoneId: 'UTC',
  })
  const fonts = await Promise.all([
    face(400, '400Regular/Inter_400Regular.ttf'),
    face(600, '600SemiBold/Inter_600SemiBold.ttf'),
  ])
  await page.setContent(`<!doctype html><style>${fonts.join('\n')}${STYLE}</style><div id="card"></div>`)
  await page.addScriptTag({ path: LIBRARY })
  await page.evaluate(`(${DRAW})(${JSON.stringify(card)}, ${JSON.stringify(HOST_CONFIG)})`)
  await page.evaluate('document.fonts.ready.then(() => true)')
  await page.screenshot({ path, fullPage: true })
  await page.close()
}
