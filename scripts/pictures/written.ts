import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Card } from '../../src/app/card.ts'
import { projectRoot } from '../../src/root.ts'
import { renderCard } from '../../src/surfaces/slack/render.ts'

const MESSAGE = join(projectRoot, 'docs/slack.json')
const CARD = join(projectRoot, 'test/fixtures/pictures/card.ts')

/** Only the times of a card are dates, and nothing else in one reads like this. */
const TIME = /"(at|countdownFrom)": ("\d{4}-\d\d-\d\dT[\d:.]+Z")/g

/** Writes what Slack is sent for a card, and the card itself, so that a test can draw it again. */
export const writeSlack = async (card: Card): Promise<void> => {
  const json = JSON.stringify(card, null, 2).replace(TIME, '"$1": new Date($2)')
  await writeFile(MESSAGE, JSON.stringify(renderCard(card, 'post'), null, 2))
  await writeFile(
    CARD,
    `import type { Card } from '../../../src/app/card.ts'

/** The card of the pictures in docs, written by \`npm run screenshot\`. All in it is the sandbox's, and invented. */
export const pictured: Card = ${json}
`,
  )
  const biome = join(projectRoot, 'node_modules/.bin/biome')
  const { status, stderr } = spawnSync(biome, ['check', '--write', MESSAGE, CARD], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Biome did not format what was written: ${stderr}`)
}
