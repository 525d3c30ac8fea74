import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dice } from '../../src/sandbox/dice.ts'
import type { Planted } from '../../src/sandbox/ledger.ts'
import {
  consoleApi,
  type ExceptionItem,
  lastingPort,
  launchBaton,
  type RunningBaton,
  tellOnFailure,
  testFolder,
  until,
} from '../support/baton.ts'
import { testDatabase } from '../support/database.ts'
import {
  type Asked,
  GRACE_MS,
  type LiveSandbox,
  type Moment,
  startLiveSandbox,
} from '../support/live-sandbox.ts'
import { startPresser } from '../support/presser.ts'

/*
 * A process may die at any moment. The world goes on, people go on pressing, and in the end nothing is missing and
 * nothing was done twice: the sandbox's own ledger is the witness.
 */

const SEED = process.env.CRASH_SEED ?? randomUUID().slice(0, 8)
const KILLS = 20
/**
 * A fault that was there for so long beyond its grace must have been found, however often Baton was killed. A killed
 * process's work is promised to be taken over within 30 s; finding it cannot be promised sooner.
 */
const FOUND_WITHIN_MS = 30_000
const SETTLED_WITHIN_MS = 90_000

/** Where in its work a process is killed. `asked`, `answered`: while a change is at the system. */
const PLACES = ['any time', 'asked', 'answered', 'reading', 'sending', 'sent', 'settling', 'webhook'] as const
type Place = (typeof PLACES)[number]
/** What does not come to pass within this time after readiness is not waited for any longer. */
const PATIENCE_MS = 3_000

type Found = Pick<ExceptionItem, 'contract' | 'subject'>

const isThere = ({ brokenAt, fixedAt }: Planted): boolean => brokenAt !== null && fixedAt === null

/** There at the end, or for long enough before somebody mended it. */
const hadToBeFound = ({ expectedContract, brokenAt, fixedAt }: Planted): boolean => {
  if (brokenAt === null || fixedAt === null) return brokenAt !== null
  const grace = GRACE_MS[expectedContract ?? ''] ?? 0
  return Date.parse(fixedAt) - Date.parse(brokenAt) > grace + FOUND_WITHIN_MS
}

/** The exceptions that are about this fault, by its most specific key. */
const foundFor = <E extends Found>({ expectedContract, keys }: Planted, exceptions: E[]): E[] => {
  const name = ['tracking', 'receipt', 'stock', 'order'].find((key) => keys[key] !== undefined) ?? ''
  return exceptions.filter(
    ({ contract, subject }) =>
      contract === expectedContract &&
      subject.keys.some((key) => key.name === name && key.value === keys[name]),
  )
}

/** Changes that were sent again, after a crash or a lost answer, without a look at the system in between. */
const sentBlindly = (asked: Asked[]): Asked[] =>
  asked.filter(({ system, path: changed, key }, index) => {
    const before = key === null ? -1 : asked.slice(0, index).findLastIndex((earlier) => earlier.key === key)
    if (before === -1) return false
    const between = asked.slice(before + 1, index).filter((request) => request.system === system)
    return !between.some(
      ({ method, path }) => method === 'GET' && changed.startsWith(new URL(path, 'http://_').pathname),
    )
  })

describe('twenty kills in a row', () => {
  const database = testDatabase({ empty: true })
  const chance = dice('crash', SEED)
  let live: LiveSandbox
  let sql: postgres.Sql
  let url: string
  let start: () => RunningBaton
  let baton: RunningBaton | undefined
  tellOnFailure(() => baton)

  beforeAll(async () => {
    const port = await lastingPort()
    url = `http://127.0.0.1:${port}`
    live = await startLiveSandbox({
      seed: SEED,
      batonUrl: url,
      // Faults without a pause for as long as the kills last, and none after: then the world comes to rest.
      faults: {
        burst: 36,
        burstEvery: [1_800, 2_800],
        maxOpen: 60,
        livelyForMs: 0,
        calmEvery: [3_600_000, 3_600_001],
        stubbornShare: 0.6,
        personShare: 0.15,
        personAfter: [15_000, 60_000],
        webhooks: { drop: 0.05, duplicate: 0.05, delay: 0.05 },
        outageEvery: null,
      },
    })
    const folder = await testFolder()
    await writeFile(join(folder, 'baton.yml'), live.yml)
    const env = { ...live.secrets, PORT: String(port), DATABASE_URL: database.url, LOG_LEVEL: 'error' }
    start = () => launchBaton({ env, cwd: folder })
    sql = postgres(database.url, { max: 2, onnotice: () => {} })
  }, 60_000)
  afterAll(async () => {
    await baton?.kill()
    await live?.stop()
    await sql?.end()
  })

  const runsIn = async (...states: string[]): Promise<number> => {
    const [row] = await sql<{ n: number }[]>`
      select count(*)::int as n from action_runs where state = any(${states})`
    return row?.n ?? 0
  }

  /** Resolves when the process is where it is to be killed. */
  const reached = async (place: Place): Promise<void> => {
    const giveUp = pause(PATIENCE_MS)
    let over = false
    const seen = new Promise<void>((resolve) => {
      live.onChange = async (moment: Moment) => {
        if (moment !== place) return undefined
        resolve()
        // Long enough for the kill: the caller must not get on with its work. And what it asked or is told goes with it.
        await pause(200)
        return 'lost'
      }
      live.onWebhook = () => {
        if (place === 'webhook') resolve()
      }
    })
    const inState = async (): Promise<void> => {
      while (!over && (await runsIn(place)) === 0) await pause(2)
    }
    const isState = !['any time', 'asked', 'answered', 'webhook'].includes(place)
    const moment = place === 'any time' ? pause(chance.between([50, 3_000])) : isState ? inState() : seen
    await Promise.race([moment, giveUp])
    over = true
    live.onChange = async () => undefined
    live.onWebhook = () => {}
  }

  it(`loses no exception, doubles none, and does nothing twice (CRASH_SEED=${SEED})`, async () => {
    const presser = startPresser(url)
    const interrupted: Record<string, number> = {}
    const began = performance.now()
    for (let kill = 1; kill <= KILLS; kill++) {
      baton = start()
      await baton.ready()
      const place = PLACES[kill % PLACES.length] ?? 'any time'
      await reached(place)
      await baton.kill()
      const states = await sql<{ state: string }[]>`
        select state from action_runs where state in ('reading', 'sending', 'sent', 'settling')`
      for (const { state } of states) interrupted[state] = (interrupted[state] ?? 0) + 1
    }
    const killing = ((performance.now() - began) / 1000).toFixed(0)
    process.stderr.write(
      `crash: seed ${SEED}, ${KILLS} kills in ${killing} s, runs found interrupted: ${JSON.stringify(interrupted)}\n`,
    )
    // Kills between the steps of a run are what this is about.
    expect(Object.values(interrupted).reduce((sum, n) => sum + n, 0)).toBeGreaterThanOrEqual(5)

    baton = start()
    await baton.ready()
    const api = consoleApi(url)
    const busy = (): Promise<number> => runsIn('queued', 'reading', 'sending', 'sent', 'settling')
    await until(
      'everything planted is found or mended, and every run is finished',
      async () => {
        const all = await api.exceptions('all')
        const { faults } = live.sandbox.ledger()
        const unseen = faults.filter((fault) => isThere(fault) && foundFor(fault, all).length === 0)
        if (unseen.length > 0) throw new Error(`Not found: ${JSON.stringify(unseen)}`)
        return (await busy()) === 0
      },
      SETTLED_WITHIN_MS,
    )
    await presser.stop()
    await until('the last runs are finished', async () => (await busy()) === 0, 30_000)

    const all = await api.exceptions('all')
    const { faults, effects } = live.sandbox.ledger()
    const broken = faults.filter(({ brokenAt }) => brokenAt !== null)
    const found = broken.filter((fault) => foundFor(fault, all).length === 1)
    expect(found.length).toBeGreaterThan(20)
    expect(broken.filter((fault) => foundFor(fault, all).length > 1)).toEqual([])
    expect(broken.filter((fault) => !found.includes(fault) && hadToBeFound(fault))).toEqual([])
    expect(all.filter((item) => !broken.some((fault) => foundFor(fault, [item]).length > 0))).toEqual([])
    const doubled = await sql`
      select subject_id, contract from exceptions where merged_into is null group by 1, 2 having count(*) > 1`
    expect([...doubled]).toEqual([])

    // Each effect is some run's, each run had one effect at most, and each press one run.
    const runs = await sql<{ key: string; exception: string; state: string; at: Date }[]>`
      select idempotency_key as key, exception_id as exception, state, started_at as at from action_runs`
    const keys = effects.map(({ idempotencyKey }) => idempotencyKey)
    expect(new Set(keys).size).toBe(keys.length)
    const changes = live.asked.filter(({ key }) => key !== null)
    expect(changes.filter(({ key }) => !runs.some((run) => run.key === key))).toEqual([])
    expect(sentBlindly(live.asked)).toEqual([])

    const acted = presser.presses.filter(({ result }) => result === 'acted')
    expect(acted.length).toBeGreaterThan(20)
    for (const { exception, action, interactionKey } of acted) {
      const logged = await sql<{ at: Date; result: string; action: string }[]>`
        select at, result, action from interventions where interaction_key = ${interactionKey}`
      expect([...logged]).toMatchObject([{ result: 'acted', action }])
      const own = runs.filter(
        (run) => run.exception === exception && run.at.getTime() === logged[0]?.at.getTime(),
      )
      expect(own).toMatchObject([{ state: 'finished' }])
    }
    const [pressed] = await sql<{ n: number }[]>`
      select count(*)::int as n from interventions where kind = 'press' and result = 'acted' and action like '%.%'`
    expect(pressed?.n).toBe(runs.length)
    process.stderr.write(
      `crash: ${found.length} of ${broken.length} faults found, ${acted.length} presses acted, ${effects.length} effects\n`,
    )
    expect(await baton.stop()).toBe(0)
  }, 240_000)
})
