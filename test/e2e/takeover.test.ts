import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { NO_FAULTS } from '../../src/sandbox/faults.ts'
import {
  consoleApi,
  lastingPort,
  launchBaton,
  type RunningBaton,
  testFolder,
  until,
} from '../support/baton.ts'
import { testDatabase } from '../support/database.ts'
import { type LiveSandbox, type Moment, startLiveSandbox } from '../support/live-sandbox.ts'

/** What a person waits for at most when the process that worked for him has died. */
const TAKEN_OVER_WITHIN_MS = 30_000

describe('work in hand', () => {
  const database = testDatabase({ empty: true })
  let live: LiveSandbox
  let sql: postgres.Sql
  let env: Record<string, string>
  let cwd: string
  const batons: RunningBaton[] = []

  beforeAll(async () => {
    const port = await lastingPort()
    live = await startLiveSandbox({
      seed: 'takeover',
      batonUrl: `http://127.0.0.1:${port}`,
      faults: NO_FAULTS,
    })
    cwd = await testFolder()
    await writeFile(join(cwd, 'baton.yml'), live.yml)
    env = { ...live.secrets, DATABASE_URL: database.url, PORT: String(port) }
    sql = postgres(database.url, { max: 2, onnotice: () => {} })
  }, 60_000)
  afterAll(async () => {
    await live?.stop()
    await sql?.end()
  })
  beforeEach(() => {
    live.onChange = async () => undefined
  })
  afterEach(async ({ task }) => {
    for (const { said } of task.result?.state === 'fail' ? batons : [])
      process.stderr.write(`${said.out}${said.err}`)
    for (const baton of batons.splice(0)) await baton.kill()
  })

  const start = async (more: Record<string, string> = {}): Promise<RunningBaton> => {
    const baton = launchBaton({ env: { ...env, ...more }, cwd })
    batons.push(baton)
    await baton.ready()
    return baton
  }

  /** An order that the warehouse cannot fill: found at once, and mended by one press. */
  const shortPick = async (api: ReturnType<typeof consoleApi>) => {
    const known = new Set((await api.exceptions('all')).map(({ id }) => id))
    const body = JSON.stringify({ kind: 'short_pick', on: 'now' })
    await fetch(`${live.sandbox.controlUrl}/faults`, { method: 'POST', body })
    return until(
      'the short pick is an exception',
      async () => (await api.exceptions('open')).find(({ id }) => !known.has(id)),
      40_000,
    )
  }

  /** Holds the next change of a system at this moment, until it is let go. */
  const holdAt = (moment: Moment) => {
    let reached: () => void = () => {}
    let letGo: () => void = () => {}
    const isThere = new Promise<void>((resolve) => {
      reached = resolve
    })
    const released = new Promise<void>((resolve) => {
      letGo = resolve
    })
    let first = true
    live.onChange = async (now) => {
      if (!first || now !== moment) return undefined
      first = false
      reached()
      await released
      return undefined
    }
    return { isThere, letGo }
  }

  const effectsOf = async (exception: string) => {
    const keys = await sql<{ key: string }[]>`
      select idempotency_key as key from action_runs where exception_id = ${exception}`
    return live.sandbox
      .ledger()
      .effects.filter((effect) => keys.some(({ key }) => key === effect.idempotencyKey))
  }

  it('of a killed process is taken over by another within 30 s, and done once', async () => {
    const one = await start()
    const two = await start({ PORT: '0' })
    const workers = await sql<{ id: string }[]>`select id from workers order by started_at`
    const api = consoleApi(two.url)
    const item = await shortPick(api)
    // The system has done it, and the process that asked does not know yet.
    const { isThere, letGo } = holdAt('answered')
    const { version, actions } = item
    expect(await api.press({ exception: item.id, action: actions[0]?.id ?? '', version })).toMatchObject({
      result: 'acted',
    })
    await isThere
    const [run] = await sql<
      { worker: string }[]
    >`select worker from action_runs where exception_id = ${item.id}`
    const [busy, idle] = run?.worker === workers[0]?.id ? [one, two] : [two, one]

    const killedAt = performance.now()
    await busy.kill()
    letGo()
    const survivor = consoleApi(idle.url)
    const ended = await until(
      'the run is finished',
      async () => {
        const found = await survivor.exception(item.id)
        return found.actionRuns[0]?.state === 'finished' ? found : undefined
      },
      TAKEN_OVER_WITHIN_MS + 15_000,
    )
    const seconds = (performance.now() - killedAt) / 1000
    process.stderr.write(`takeover: the run of a killed process was finished after ${seconds.toFixed(1)} s\n`)
    expect(seconds).toBeLessThan(TAKEN_OVER_WITHIN_MS / 1000)
    expect(ended).toMatchObject({
      state: 'resolved',
      actionRuns: [{ outcome: 'done', verifiedAt: expect.any(String) }],
      interventions: [{ result: 'acted' }],
    })
    expect(await effectsOf(item.id)).toHaveLength(1)
  }, 120_000)

  it('is finished by a process that is told to stop', async () => {
    const baton = await start()
    const api = consoleApi(baton.url)
    const item = await shortPick(api)
    const { isThere, letGo } = holdAt('answered')
    await api.press({ exception: item.id, action: item.actions[0]?.id ?? '', version: item.version })
    await isThere
    const stopped = baton.stop('SIGTERM')
    await until('it has begun to stop', () => baton.said.out.includes('Stopping'))
    letGo()
    expect(await stopped).toBe(0)
    const [run] = await sql`select state, outcome, worker from action_runs where exception_id = ${item.id}`
    // The change was read back before the process went; what is left to do, if anything, anybody may do.
    expect(['settling', 'finished']).toContain(run?.state)
    expect(run).toMatchObject({ outcome: 'done' })

    const next = await start()
    const ended = await until('the next one has verified it', async () => {
      const found = await consoleApi(next.url).exception(item.id)
      return found.state === 'resolved' ? found : undefined
    })
    expect(ended.actionRuns).toMatchObject([{ outcome: 'done', verifiedAt: expect.any(String) }])
    expect(await effectsOf(item.id)).toHaveLength(1)
  }, 90_000)

  it('goes back where a system keeps a stopping process waiting for too long, and is done once by the next', async () => {
    const baton = await start()
    const api = consoleApi(baton.url)
    const item = await shortPick(api)
    const { isThere, letGo } = holdAt('asked')
    await api.press({ exception: item.id, action: item.actions[0]?.id ?? '', version: item.version })
    await isThere
    const began = performance.now()
    expect(await baton.stop('SIGTERM')).toBe(0)
    expect(performance.now() - began).toBeLessThan(20_000)
    letGo()

    const next = await start()
    await until(
      'the next one has finished it',
      async () => {
        const [run] =
          await sql`select 1 from action_runs where exception_id = ${item.id} and state = 'finished'`
        return run !== undefined
      },
      40_000,
    )
    const ended = await consoleApi(next.url).exception(item.id)
    expect(ended.state).toBe('resolved')
    expect(await effectsOf(item.id)).toHaveLength(1)
  }, 90_000)
})
