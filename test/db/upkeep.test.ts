import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readHealth } from '../../src/db/health.ts'
import { ensurePartitions, upkeep } from '../../src/db/upkeep.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, fulfillment, HOUR, receipt, SIX, type World } from '../support/world.ts'

const DAY = 24 * HOUR
const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
  for (const parent of ['signals', 'facts']) {
    for (const month of ['2026_11', '2026_12', '2027_01', '2027_02']) {
      await world.rows(sql.raw(`drop table if exists ${parent}_${month}`))
    }
  }
})
afterEach(() => world.close())

const whereFactsLie = async () =>
  (await world.rows(sql`select distinct tableoid::regclass::text as part from facts order by 1`)).map(
    ({ part }) => part,
  )
const partitions = async () =>
  (
    await world.rows(
      sql`select relname from pg_class where relname ~ '^(facts|signals)_2' and relkind = 'r' order by 1`,
    )
  ).map(({ relname }) => relname)
const received = (name: string) => world.say(world.wms, { ...receipt(name), state: 'received' })

describe('the months', () => {
  it('are there before they are needed: this one and the next two', async () => {
    await ensurePartitions(world.connection.db, SIX)
    const months = ['2026_11', '2026_12', '2027_01']
    expect(await partitions()).toEqual([
      ...months.map((m) => `facts_${m}`),
      ...months.map((m) => `signals_${m}`),
    ])
    await received('R1')
    expect(await whereFactsLie()).toEqual(['facts_2026_11'])
  })

  it('take in what came before they were there, and lose none of it', async () => {
    await received('R1')
    expect(await whereFactsLie()).toEqual(['facts_default'])
    await ensurePartitions(world.connection.db, SIX)
    expect(await whereFactsLie()).toEqual(['facts_2026_11'])
    await received('R2')
    expect((await world.objects()).map(({ external_id }) => external_id)).toEqual(['R1', 'R2'])
  })

  it('are made once, however many replicas want them', async () => {
    await received('R1')
    await Promise.all([1, 2, 3].map(() => ensurePartitions(world.connection.db, SIX)))
    expect(await partitions()).toHaveLength(6)
  })
})

describe('upkeep', () => {
  it('ends what is past its keeping: raw signals after 30 days, but not what they said', async () => {
    await received('R1')
    await upkeep(world.connection.db, new Date(SIX.getTime() + 29 * DAY))
    expect(await world.rows(sql`select 1 from signals`)).toHaveLength(1)
    await upkeep(world.connection.db, new Date(SIX.getTime() + 31 * DAY))
    expect(await world.rows(sql`select 1 from signals`)).toHaveLength(0)
    expect(await world.rows(sql`select 1 from facts`)).toHaveLength(1)
    expect(await world.rows(sql`select 1 from deliveries`)).toHaveLength(1)
  })

  it('keeps how long handoffs took for longer than graces are learned from them, and not for ever', async () => {
    const lag = { contract: 'c', from: 'wms', to: 'erp', value: '', reachedAt: SIX, ms: 1 }
    await world.store.transaction((tx) => tx.saveLags([lag]))
    await upkeep(world.connection.db, new Date(SIX.getTime() + 59 * DAY))
    expect(await world.rows(sql`select 1 from lags`)).toHaveLength(1)
    await upkeep(world.connection.db, new Date(SIX.getTime() + 61 * DAY))
    expect(await world.rows(sql`select 1 from lags`)).toHaveLength(0)
  })

  it('clears away jobs that were never to be tried again; facts that were never taken stay to be seen', async () => {
    await world.store.transaction(async (tx) => {
      await tx.addJob('poll', { system: 'dead' })
      await tx.addJob('process', { facts: [] })
      await tx.addJob('poll', { system: 'waiting' })
    })
    await world.rows(
      sql`update graphile_worker._private_jobs set attempts = max_attempts where payload ->> 'system' is distinct from 'waiting'`,
    )
    await upkeep(world.connection.db, new Date(Date.now() + 3 * DAY))
    expect((await world.jobs()).map(({ task_identifier }) => task_identifier)).toEqual(['process', 'poll'])
  })
})

describe('health', () => {
  it('counts what an admin must look at', async () => {
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'short' })
    await world.hook(world.wms, [{ broken: 'no state' }])
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    world.pass(2 * HOUR)
    await world.sweep()
    expect(await readHealth(world.connection.db)).toMatchObject({
      openExceptions: 1,
      waitingExpectations: 1,
      postsBehind: 1,
      unfinishedRuns: 0,
      unparsedSignals: 1,
      quarantinedFacts: 0,
    })
  })
})

describe('what was offered for many at once', () => {
  it('goes when nobody has pressed it for days; what was begun stays on record', async () => {
    await world.rows(sql`
      insert into batches (contract, state, offers, channel, asked_by, asked_at)
      select 'receipt-booked', state, '[]', 'orders', 1, ${SIX.toISOString()}::timestamptz
      from unnest(array['offered', 'running', 'finished']) state`)
    await world.rows(sql`
      insert into batch_members (batch_id, place, exception_id, version, name, actions, state)
      select id, 0, 1, 1, 'receipt R1', '{}', 'offered' from batches`)
    await upkeep(world.connection.db, new Date(SIX.getTime() + DAY))
    expect(await world.rows(sql`select id from batches`)).toHaveLength(3)
    await upkeep(world.connection.db, new Date(SIX.getTime() + 3 * DAY))
    expect(await world.rows(sql`select state from batches order by id`)).toEqual([
      { state: 'running' },
      { state: 'finished' },
    ])
    expect(await world.rows(sql`select batch_id from batch_members`)).toHaveLength(2)
  })
})
