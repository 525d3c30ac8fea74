/*
 * npm run screenshot: starts Baton with its sandbox as a newcomer would, has one kind of exception handled a few
 * times, and shows the next one of it as the README does: in Slack's blocks (docs/slack.json), as a Teams card drawn
 * by Microsoft's library (docs/teams*.png), and in the console (docs/console*.png).
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import type { Card } from '../src/app/card.ts'
import { projectRoot } from '../src/root.ts'
import { FAULTS } from '../src/sandbox/faults.ts'
import { renderTeamsCard } from '../src/surfaces/teams/render.ts'
import { findBrowser, launchBrowser } from '../test/support/browser.ts'
import { type Item, listed, press, type Running, startBaton, until } from './pictures/baton.ts'
import { drawTeamsCard } from './pictures/teams.ts'
import { writeSlack } from './pictures/written.ts'

const PORT = 3977
/** What is shown: it has a value, a promise, several systems, and other orders that wait for the same goods. */
const KIND = 'short_pick'
const { contract: CONTRACT } = FAULTS[KIND]
/** How often it is handled before: at least so often that there is a history, until other orders wait too. */
const BEFORE = { least: 3, most: 12 }
const WAITING = /needs? the same goods/
const NOTE = 'Look on shelf B4 first: what is missing is often left there.'
/** Somebody reads before they press. */
const READING_MS = 4_000
/** The console draws what is new within this. */
const DRAWN_MS = 2_000

/** As wide as a phone, and high enough for the whole card. */
const PHONE = { width: 360, height: 1460 }
const DESKTOP = { width: 1280, height: 1000 }

const picture = (name: string): string => join(projectRoot, 'docs', `${name}.png`)

/** The worst open one; where there is none, it is broken once more. */
const broken = async (baton: Running): Promise<Item> => {
  const found = async () => (await listed(baton, 'open')).find(({ contract }) => contract === CONTRACT)
  const open = await found()
  if (open) return open
  await baton.plant(KIND)
  return until(`an open exception of ${CONTRACT}`, found)
}

/** Handles the exception by the suggested action, and waits for the proof. */
const handle = async (baton: Running, exception: Item, note: string | null): Promise<void> => {
  if (note !== null) await press(baton, exception, 'note', { note })
  const [suggested] = exception.actions
  if (!suggested) throw new Error(`#${exception.id} has no action to suggest`)
  await press(baton, exception, suggested.id)
  await until(`#${exception.id} closed`, async () =>
    (await listed(baton, 'closed')).find(({ id }) => id === exception.id),
  )
}

/** The first one that has a history, keeps other orders waiting and stands at the top of the list. */
const worthShowing = async (baton: Running): Promise<{ exception: Item; card: Card }> => {
  for (let before = 0; before <= BEFORE.most; before += 1) {
    const exception = await broken(baton)
    await wait(READING_MS)
    const card = await baton.card(exception.id)
    const keepsWaiting = card.blocks.some((block) => 'text' in block && WAITING.test(block.text))
    const [top] = await listed(baton, 'open')
    if (before >= BEFORE.least && keepsWaiting && top?.id === exception.id) {
      await baton.pause()
      return { exception, card }
    }
    await handle(baton, exception, before === BEFORE.least - 1 ? NOTE : null)
  }
  throw new Error(`None of ${BEFORE.most} exceptions of ${CONTRACT} was worth showing: run it again`)
}

const shootConsole = async (
  browser: Browser,
  baton: Running,
  { id }: Item,
  { name, ...look }: BrowserContextOptions & { name: string },
): Promise<void> => {
  const page = await browser.newPage({ deviceScaleFactor: 2, locale: 'en-GB', timezoneId: 'UTC', ...look })
  await page.goto(baton.url)
  await wait(DRAWN_MS)
  await page.evaluate(`document.querySelector('.card[data-id="${id}"]').scrollIntoView({ block: 'nearest' })`)
  await page.screenshot({ path: picture(name) })
  await page.close()
}

const takeAll = async (browser: Browser, baton: Running): Promise<void> => {
  const { exception, card } = await worthShowing(baton)
  await shootConsole(browser, baton, exception, { name: 'console', viewport: DESKTOP })
  await shootConsole(browser, baton, exception, {
    name: 'console-phone',
    viewport: PHONE,
    colorScheme: 'dark',
  })
  await writeSlack(card)
  const teams = renderTeamsCard(card, 'post')
  await drawTeamsCard(browser, teams, { width: 720, path: picture('teams') })
  await drawTeamsCard(browser, teams, { width: PHONE.width, path: picture('teams-phone') })
}

const executable = findBrowser()
if (executable === null) process.exit(1)
const dataDir = await mkdtemp(join(tmpdir(), 'baton-screenshot-'))
const baton = await startBaton(dataDir, PORT)
const browser = await launchBrowser(executable)
try {
  await takeAll(browser, baton)
} finally {
  await browser.close()
  await baton.stop()
  await rm(dataDir, { recursive: true, force: true })
}
