import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/root.ts'
import { runCli, testFolder } from '../support/baton.ts'
import { findBrowser, launchBrowser } from '../support/browser.ts'
import type {} from '../support/global-setup.ts'
import { contrastFaults, namelessControls } from '../support/page-checks.ts'

const executable = findBrowser()
const fixture = (name: string): string => join(projectRoot, 'test/fixtures/diagnose', name)

describe.skipIf(executable === null)('the page of a diagnosis', () => {
  let browser: Browser
  let url: string
  beforeAll(async () => {
    const out = join(await testFolder(), 'report')
    const args = ['diagnose', '--map', fixture('mapping.yml'), '--out', out]
    const { code, err } = await runCli([...args, fixture('north.csv'), fixture('south.csv')])
    if (code !== 0) throw new Error(err)
    url = pathToFileURL(join(out, 'diagnosis.html')).href
    browser = await launchBrowser(executable ?? '')
  }, 60_000)
  afterAll(() => browser?.close())

  /** The page as it is shown, with all that it asked for and complained about. */
  const open = async (options: BrowserContextOptions) => {
    const page = await (await browser.newContext(options)).newPage()
    const [requests, complaints]: [string[], string[]] = [[], []]
    page.on('request', (request) => requests.push(request.url()))
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(url)
    return { page, requests, complaints }
  }

  it.each([
    [390, 'light'],
    [390, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
  ] as const)('stands at %i px in %s, asks for nothing else and can be read', async (width, colorScheme) => {
    const { page, requests, complaints } = await open({ viewport: { width, height: 800 }, colorScheme })
    expect({ requests, complaints }).toEqual({ requests: [url], complaints: [] })
    const scroll = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(scroll).toBeLessThanOrEqual(width)
    for (const details of await page.locator('summary').all()) await details.click()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    expect(await contrastFaults(page)).toEqual([])
    expect(await namelessControls(page)).toEqual([])
    expect(await page.locator('.fixes li').count()).toBe(2)
    // One map for the width, drawn whole.
    expect(await page.locator('svg[aria-label^="Handoff map"]:visible').count()).toBe(1)
    await page.context().close()
  })

  it('shows no words over one another in the map, on a desk or on a phone', async () => {
    for (const width of [390, 1280]) {
      const { page } = await open({ viewport: { width, height: 800 } })
      const boxes = await page.locator('svg[aria-label^="Handoff map"]:visible text').evaluateAll((texts) =>
        texts.map((text) => {
          const { left, right, top, bottom } = text.getBoundingClientRect()
          return { words: text.textContent, left, right, top, bottom }
        }),
      )
      expect(boxes.length).toBeGreaterThan(20)
      const over = boxes.flatMap((a, i) =>
        boxes
          .slice(i + 1)
          // Lines of one label may touch.
          .filter(
            (b) =>
              a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4,
          )
          .map((b) => `${a.words} / ${b.words}`),
      )
      expect(over).toEqual([])
      await page.context().close()
    }
  })

  it('prints black on white, also for readers who live in the dark', async () => {
    const { page } = await open({ colorScheme: 'dark' })
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    const colours = await page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.body)
      return { color, backgroundColor }
    })
    expect(colours).toEqual({ color: 'rgb(24, 32, 43)', backgroundColor: 'rgb(255, 255, 255)' })
    await page.context().close()
  })
})
