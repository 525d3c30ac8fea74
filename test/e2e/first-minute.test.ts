import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { joinEmbedded } from '../../src/db/embedded/join.ts'
import { readPidFile } from '../../src/db/embedded/postmaster.ts'
import { isRunning } from '../../src/db/embedded/process.ts'
import { projectRoot } from '../../src/root.ts'
import {
  consoleApi,
  type ExceptionItem,
  type RunningBaton,
  readLedger,
  startBaton,
  tellOnFailure,
  testFolder,
  until,
} from '../support/baton.ts'
import { findBrowser, launchBrowser } from '../support/browser.ts'

/*
 * What somebody sees who has just cloned Baton and types `npm start`: no settings, an empty data folder, a real
 * browser. One story, told in order; each part stands on the ones before.
 */

const executable = findBrowser()
const FIRST_SIGHT_MS = 30_000
const VERIFIED_MS = 30_000

/** One row of the log that is never edited. */
const readLog = async (dataDir: string): Promise<object[]> => {
  const server = await joinEmbedded({ dataDir })
  if (!server) throw new Error('No Baton runs on the folder')
  const sql = postgres(server.url, { max: 1 })
  try {
    return [...(await sql`select * from interventions order by id`)]
  } finally {
    await sql.end()
  }
}

const keysOfRuns = async (dataDir: string, exception: string): Promise<string[]> => {
  const server = await joinEmbedded({ dataDir })
  if (!server) throw new Error('No Baton runs on the folder')
  const sql = postgres(server.url, { max: 1 })
  try {
    const rows = await sql<{ key: string }[]>`
      select idempotency_key as key from action_runs where exception_id = ${exception}`
    return rows.map(({ key }) => key)
  } finally {
    await sql.end()
  }
}

/** What one person may do at once: a routing action that can work, and that asks for nobody else. */
const suggested = ({ actions: [first] }: ExceptionItem) =>
  first?.enabled && first.reason === null && first.id.includes('.') ? first : undefined

describe.skipIf(executable === null)('the first minute', () => {
  let dataDir: string
  let browser: Browser
  let baton: RunningBaton
  let page: Page
  const complaints: string[] = []
  let pressed: { id: string; action: string; label: string }

  const cardOf = (id: string): Locator => page.locator(`[data-id="${id}"]`).first()

  beforeAll(async () => {
    dataDir = await testFolder()
    browser = await launchBrowser(executable ?? '')
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.on('pageerror', (error) => complaints.push(error.message))
  }, 60_000)
  afterAll(() => browser?.close())
  tellOnFailure(() => baton)

  it('shows exceptions within 30 s of the start, by themselves', async () => {
    const began = performance.now()
    // As `npm start` after its build: the signal handling of npm itself is part of the story.
    baton = await startBaton({
      env: { BATON_DATA_DIR: dataDir },
      command: ['npm', 'start', '--ignore-scripts'],
      cwd: projectRoot,
    })
    await page.goto(`${baton.url}/console`)
    await page.locator('#cards > .card').first().waitFor({ timeout: FIRST_SIGHT_MS })
    const seconds = (performance.now() - began) / 1000
    process.stderr.write(
      `first minute: ready after ${baton.startSeconds()} s, first card after ${seconds.toFixed(1)} s\n`,
    )
    expect(seconds).toBeLessThan(FIRST_SIGHT_MS / 1000)
  }, 90_000)

  it('a pressed button changes the sandbox for real, and the card says what was done, by whom, and that it is verified', async () => {
    const api = consoleApi(baton.url)
    const found = await until('something can be pressed', async () => {
      const open = await api.exceptions('open')
      return open.find((item) => suggested(item) !== undefined)
    })
    const offer = suggested(found)
    if (!offer) throw new Error('unreachable')
    pressed = { id: found.id, action: offer.id, label: offer.label }
    const effectsBefore = (await readLedger(baton.controlUrl())).effects

    const card = cardOf(found.id)
    await card.getByRole('button', { name: offer.label, exact: true }).click()
    const [system = ''] = offer.id.split('.')
    const said = `${offer.label} on ${system} by Lea Lead: done, verified.`
    const shown: string[] = []
    await until(
      'the card says what was done, by whom, and that it is verified',
      async () => {
        const text = (await card.textContent()) ?? ''
        shown.push(text)
        return text.includes(said) && text.includes('Resolved and verified')
      },
      VERIFIED_MS,
    )
    // A card shows one moment: none that is still open speaks of a run that is verified already.
    expect(
      shown.filter((text) => text.includes(', verified.') && !text.includes('Resolved and verified')),
    ).toEqual([])

    const effects = (await readLedger(baton.controlUrl())).effects.filter(
      (effect) => !effectsBefore.some(({ idempotencyKey }) => idempotencyKey === effect.idempotencyKey),
    )
    expect(effects).toHaveLength(1)
    expect(effects[0]).toMatchObject({ system })
    expect(await keysOfRuns(dataDir, found.id)).toEqual([effects[0]?.idempotencyKey])
  }, 60_000)

  it('"drag" answers with hours and what they are made of', async () => {
    await page.getByLabel('Command').fill('drag')
    await page.keyboard.press('Enter')
    const answer = page.getByRole('article', { name: 'Answer to drag' })
    await answer
      .getByText(/of hands-on work, on 1 exception\. Drag Index: [\d.]+ h for each 1,000 orders/)
      .waitFor()
    const text = (await answer.textContent()) ?? ''
    for (const part of ['Measured', 'Assumed', 'Switching', 'By handoff', 'by 1 person'])
      expect(text).toContain(part)
    expect(complaints).toEqual([])
  })

  it('Ctrl-C stops it cleanly, and a second start finds everything again', async () => {
    const before = await consoleApi(baton.url).exceptions('all')
    const log = await readLog(dataDir)
    const server = await readPidFile(join(dataDir, 'postgres', 'data'))
    expect(await isRunning(server?.pid ?? 0)).toBe(true)

    await baton.stop('SIGINT')
    expect(baton.said.out).toMatch(/Stopping: work in hand is finished first\.\nStopped\.\n$/)
    expect(baton.said.err).not.toMatch(/"level":(50|60)/)
    expect(await isRunning(server?.pid ?? 0)).toBe(false)

    baton = await startBaton({ env: { BATON_DATA_DIR: dataDir } })
    const api = consoleApi(baton.url)
    const after = new Map((await api.exceptions('all')).map((item) => [item.id, item]))
    for (const { id, contract, subject } of before) {
      expect(after.get(id)).toMatchObject({
        contract,
        subject: { keys: expect.arrayContaining(subject.keys) },
      })
    }
    expect((await readLog(dataDir)).slice(0, log.length)).toEqual(log)
    const again = await api.exception(pressed.id)
    expect(again.interventions).toMatchObject([{ action: pressed.action, result: 'acted' }])
    expect(again.actionRuns).toMatchObject([{ outcome: 'done', verifiedAt: expect.any(String) }])

    expect(await baton.stop('SIGINT')).toBe(0)
  }, 60_000)
})
