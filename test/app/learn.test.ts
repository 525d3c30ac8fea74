import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commands } from '../../commands/index.ts'
import { createQueries } from '../../src/app/ask.ts'
import { contractConfig } from '../../src/app/contract-config.ts'
import { decideGrace, graceLines } from '../../src/app/grace-desk.ts'
import { createHost } from '../../src/app/host.ts'
import { learnGraces } from '../../src/app/learn.ts'
import type { People } from '../../src/app/people.ts'
import type { LagRecord } from '../../src/app/records.ts'
import { proposedGraces } from '../../src/db/lags.ts'
import { createReader } from '../../src/db/reader.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, HOUR, MINUTE, order, receipt, type World } from '../support/world.ts'

const DAY = 24 * HOUR

const BOOKED = contractConfig.parse({
  id: 'booked',
  title: 'Received, never booked',
  handoff: { from: 'wms', to: 'erp', object: 'receipt' },
  subject: 'receipt',
  grace: { learned: '30m', floor: '5m', by: 'supplier' },
  follow: {
    when: { role: 'wms', type: 'receipt', states: ['received'] },
    then: { role: 'erp', type: 'receipt', states: ['received', 'closed'] },
  },
  actions: ['book_receipt'],
})

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url, { contracts: [BOOKED] })
  await world.poll()
})
afterEach(() => world.close())

const arrived = (name: string, over: object = {}) =>
  world.say(world.wms, { ...receipt(name), state: 'received', ...over })
const booked = (name: string, over: object = {}) =>
  world.say(world.erp, { ...receipt(name), state: 'received', ...over })
const lags = () => world.rows(sql`select value, ms from lags order by reached_at, ms`)

describe('a lag', () => {
  it('is kept when a handoff is completed, with the value that it is learned by', async () => {
    await arrived('R1', { attributes: { supplier: 'Acme' } })
    world.pass(4 * MINUTE)
    await booked('R1')
    expect(await world.rows(sql`select * from lags`)).toEqual([
      {
        contract: 'booked',
        from_system: 'wms',
        to_system: 'erp',
        value: 'Acme',
        reached_at: '2026-11-23 06:04:00+00',
        ms: 4 * MINUTE,
      },
    ])
  })

  it('is the systems’ own, whichever of them was heard first', async () => {
    world.pass(10 * MINUTE)
    await booked('R1', { occurredAt: world.at(6 * MINUTE) })
    await arrived('R1', { occurredAt: world.at(2 * MINUTE) })
    expect(await lags()).toEqual([{ value: '', ms: 4 * MINUTE }])
  })

  it('is kept once, whatever comes again or later', async () => {
    await arrived('R1')
    world.pass(4 * MINUTE)
    const said = world.erp.put({ ...receipt('R1'), state: 'received' }, world.clock())
    for (const delivery of ['first', 'again']) await world.hook(world.erp, [said], { delivery })
    await world.work('process')
    await world.hook(world.erp, [said], { delivery: 'first' })
    await world.work('process')
    world.pass(MINUTE)
    await booked('R1', { state: 'closed' })
    await arrived('R1', { quantities: { units: 3 } })
    await world.poll()
    expect(await lags()).toHaveLength(1)
  })

  it('is not kept of a second go: taken back and done again is no handoff of its own', async () => {
    await arrived('R1')
    await booked('R1')
    world.pass(HOUR)
    await booked('R1', { state: 'draft' })
    world.pass(HOUR)
    await booked('R1')
    expect(await lags()).toEqual([{ value: '', ms: 0 }])
  })

  it('is not kept of what was read from a past', async () => {
    world.pass(40 * DAY)
    await arrived('R1', { occurredAt: world.at(DAY) })
    await booked('R1', { occurredAt: world.at(DAY + MINUTE) })
    expect(await lags()).toEqual([])
  })

  it('is not kept of a first pull, nor while a system is down or suspect', async () => {
    const set = (change: object) => world.store.transaction((tx) => tx.saveFeed({ system: 'erp', ...change }))
    await arrived('R1')
    await set({ downSince: world.clock() })
    await booked('R1')
    await set({
      downSince: null,
      suspectSince: world.clock(),
      suspectWhy: 'strange: half of its rows are unreadable',
    })
    await arrived('R2')
    await booked('R2')
    expect(await lags()).toEqual([])
    await set({ suspectSince: null, suspectWhy: null })
    await world.rows(sql`update system_state set watermark = null where system = 'wms'`)
    await arrived('R3')
    await booked('R3')
    expect(await lags()).toEqual([])
  })

  it('is not kept where a person mended it: that is how long the person took', async () => {
    for (const name of ['R1', 'R2', 'R3', 'R4']) await arrived(name)
    await world.later(HOUR)
    const opened = await world.exceptions()
    expect(opened).toHaveLength(4)
    await world.press('ada', opened[0]?.id, 'claim')
    await world.press('ada', opened[3]?.id, 'fixed_by_hand', {
      values: { minutes: 5, note: 'by phone' },
    })
    await booked('R4')
    await booked('R1')
    await booked('R2', { changedBy: { kind: 'person' } })
    await booked('R3', { changedBy: { kind: 'integration' } })
    // Only the one that came by itself, late as it was.
    expect(await lags()).toEqual([{ value: '', ms: HOUR }])
  })

  it('is not kept of a contract that is no follow', async () => {
    await world.close()
    world = await createWorld(database.url)
    await world.say(world.wms, { ...order('1'), type: 'fulfillment', state: 'short' })
    await world.say(world.wms, { ...order('1'), type: 'fulfillment', state: 'picked' })
    expect(await lags()).toEqual([])
  })
})

const lag = (daysAgo: number, ms: number, over: Partial<LagRecord> = {}): LagRecord => ({
  contract: 'booked',
  from: 'wms',
  to: 'erp',
  value: '',
  reachedAt: new Date(world.clock().getTime() - daysAgo * DAY),
  ms,
  ...over,
})
/** So many lags, evenly over four weeks, mostly four minutes and one in fifty of `slow`. */
const usual = (count: number, slow: number, over: Partial<LagRecord> = {}): LagRecord[] =>
  Array.from({ length: count }, (_lag, n) =>
    lag((27.9 * n) / count + 0.05, n % 50 === 0 ? slow : 4 * MINUTE, over),
  )
const teach = (list: LagRecord[]) => world.store.transaction((tx) => tx.saveLags(list))
const learn = () => learnGraces(world.base, world.clock)
const inForce = () =>
  world.rows(sql`select value, state, sample, median_ms / 60000 as median, quantile_ms / 60000 as quantile, agreed_by
    from baselines order by state, value`)
const dueIn = async (attributes: object = {}): Promise<number> => {
  const name = `R${Math.random()}`
  await arrived(name, { attributes })
  const [row] = await world.rows(sql`select due_at, since from expectations order by subject_id desc limit 1`)
  return (new Date(String(row?.due_at)).getTime() - new Date(String(row?.since)).getTime()) / MINUTE
}
const forgetLags = () => world.rows(sql`delete from lags`)

describe('a learned grace', () => {
  it('holds once enough was seen, and says on the card what it rests on', async () => {
    expect(await dueIn()).toBe(30)
    await teach(usual(199, 22 * MINUTE))
    await learn()
    expect(await dueIn()).toBe(30)
    await teach([lag(1, 4 * MINUTE)])
    await learn()
    expect(await inForce()).toEqual([
      { value: '', state: 'in_force', sample: 200, median: 4, quantile: 22, agreed_by: null },
    ])
    expect(await dueIn()).toBe(22)
    await world.later(61 * MINUTE)
    expect((await world.exceptions()).map((row) => row.grace_words)).toContain(
      'usually 4 min, 99.5% within 22 min',
    )
  })

  it('is never shorter than its floor', async () => {
    await teach(usual(300, 4 * MINUTE))
    await learn()
    expect(await dueIn()).toBe(5)
  })

  it('is each value’s own where enough was seen of it, else that of the pair of systems', async () => {
    await teach([
      ...usual(400, 20 * MINUTE, { value: 'Acme' }),
      ...usual(199, 24 * MINUTE, { value: 'Bolt' }),
    ])
    await learn()
    expect(await dueIn({ supplier: 'Acme' })).toBe(20)
    expect(await dueIn({ supplier: 'Bolt' })).toBe(24)
    expect(await dueIn({ supplier: 'Carp' })).toBe(24)
    expect(await dueIn()).toBe(24)
  })

  it('becomes shorter by itself', async () => {
    await teach(usual(400, 22 * MINUTE))
    await learn()
    await forgetLags()
    await teach(usual(400, 10 * MINUTE))
    await learn()
    expect(await dueIn()).toBe(10)
  })

  it('becomes no longer by itself, be it night after night by a little', async () => {
    await teach(usual(400, 22 * MINUTE))
    await learn()
    for (const slow of [23, 24, 26, 29, 33, 40, 50, 70]) {
      await forgetLags()
      await teach(usual(400, slow * MINUTE))
      world.pass(DAY)
      await learn()
      expect(await dueIn()).toBe(22)
    }
    expect(await inForce()).toMatchObject([
      { state: 'in_force', quantile: 22 },
      { state: 'proposed', quantile: 70 },
    ])
  })

  it('longer than what is configured is proposed too: nobody has agreed to that', async () => {
    await teach(usual(400, 41 * MINUTE))
    expect(await learn()).toMatchObject([{ contract: 'booked', state: 'proposed' }])
    expect(await dueIn()).toBe(30)
    // What the doctor says.
    expect(await proposedGraces(world.connection.db, ['booked', 'other'])).toEqual(['booked'])
    expect(await proposedGraces(world.connection.db, ['other'])).toEqual([])
    // Told once.
    expect(await learn()).toEqual([])
  })

  it('is proposed no more once things are as they were', async () => {
    await teach(usual(400, 41 * MINUTE))
    await learn()
    await forgetLags()
    await teach(usual(400, 29 * MINUTE))
    await learn()
    expect(await inForce()).toMatchObject([{ state: 'in_force', quantile: 29 }])
  })

  it('leaves out what was slow while a feed was an exception, and in the hour after', async () => {
    await teach(usual(400, 22 * MINUTE))
    // Two hours of silence, ten days ago; what piled up came in the hour after it.
    const from = new Date(world.clock().getTime() - 10 * DAY)
    await world.rows(sql`
      with s as (insert into subjects (timeline, kind, created_at) values ('live', 'feed', ${from.toISOString()}) returning id),
        k as (insert into subject_keys select 'live', 'feed', 'erp', id from s),
        e as (insert into exceptions (timeline, subject_id, contract, state, since, due_at, opened_at, status, severity, evidence, magnitude)
          select 'live', id, 'erp-feed-healthy', 'healed', ${from.toISOString()}, ${from.toISOString()}, ${from.toISOString()}, '', 'high', '', 1 from s returning id)
      insert into episodes (exception_id, episode, since, due_at, opened_at, closed_at)
        select id, 1, ${from.toISOString()}, ${from.toISOString()}, ${from.toISOString()},
          ${new Date(from.getTime() + 2 * HOUR).toISOString()} from e`)
    const late = (n: number) =>
      lag(10, 2 * HOUR, { reachedAt: new Date(from.getTime() + 2 * HOUR + n * MINUTE) })
    await teach(Array.from({ length: 15 }, (_lag, n) => late(n)))
    await learn()
    expect(await inForce()).toMatchObject([{ state: 'in_force', quantile: 22 }])
  })
})

const ADMIN = { id: '1', name: 'Ola Example', role: 'admin' as const }
const by = { person: ADMIN, surface: 'test', interactionKey: null }
const decide = (decision: 'accept' | 'keep', over: object = {}) =>
  world.store.transaction((tx) =>
    decideGrace(
      tx,
      world.setup,
      { decision, contract: 'booked', scope: null, shown: null, ...over },
      by,
      world.clock(),
    ),
  )

describe('a longer grace that is proposed', () => {
  beforeEach(async () => {
    await world.rows(sql`insert into persons (name, created_at) values ('Ola Example', now())`)
    await teach(usual(400, 22 * MINUTE))
    await learn()
    await teach(Array.from({ length: 10 }, (_lag, n) => lag(n + 0.5, 50 * MINUTE)))
    await learn()
  })
  const lines = () => graceLines(world.setup, createReader(world.connection.db), world.clock())

  it('says what it would change', async () => {
    expect((await lines())[0]).toMatchObject({
      learned: [{ scope: 'wms>erp', ms: 22 * MINUTE, sample: 400 }],
      proposals: [
        { scope: 'wms>erp', presentMs: 22 * MINUTE, proposedMs: 50 * MINUTE, slower: 10, within: 10 },
      ],
    })
  })

  it('holds when an admin accepts it, and who agreed stays on record', async () => {
    expect(await decide('accept', { scope: 'WMS>ERP', shown: '50 min' })).toEqual({
      is: 'decided',
      changes: [{ scope: 'wms>erp', before: '22 min', after: '50 min' }],
    })
    expect(await dueIn()).toBe(50)
    expect(await world.interventions()).toMatchObject([
      { kind: 'command', action: 'graces', contract: 'booked', note: 'wms>erp: 50 min agreed, was 22 min' },
    ])
    expect((await lines())[0]).toMatchObject({ learned: [{ agreedBy: 'Ola Example' }], proposals: [] })
    expect(await decide('accept')).toEqual({ is: 'nothing' })
  })

  it('is not asked about again once it was turned down, until it has grown', async () => {
    expect(await decide('keep')).toMatchObject({ is: 'decided', changes: [{ after: '22 min' }] })
    expect(await learn()).toEqual([])
    expect(await dueIn()).toBe(22)
    await teach(Array.from({ length: 10 }, (_lag, n) => lag(n + 0.5, 60 * MINUTE)))
    expect(await learn()).toMatchObject([{ quantileMs: 60 * MINUTE }])
    await decide('accept')
    expect(await inForce()).toMatchObject([{ state: 'in_force', quantile: 60 }])
  })

  it('is accepted by a command: one touch, however often it is delivered', async () => {
    const queries = createQueries(
      createReader(world.connection.db),
      world.setup,
      [],
      world.clock,
      world.clockText,
    )
    const identity = { surface: 'test', externalId: 'ola', displayName: 'Ola Example' }
    const people: People = {
      configured: [{ name: 'Ola Example', role: 'admin', identities: [identity] }],
      defaultRole: null,
    }
    const host = createHost({
      press: { ...world.base, people },
      ...world.base,
      people,
      commands,
      queries,
      zone: 'UTC',
      channelNamed: () => null,
    })
    const say = (text: string, interactionKey: string) =>
      host.command({ identity, channel: null, text, interactionKey })
    const shown = await say('graces', 'asked')
    expect(shown.text).toContain('it would be 50 min instead of 22 min')
    const [button] = /graces accept [^\n]+/.exec(shown.text) ?? []
    expect(button).toBe('graces accept booked wms>erp (50 min)')
    for (const _again of [1, 2]) await say(button ?? '', 'pressed')
    expect((await world.interventions()).map(({ action, note }) => [action, note])).toEqual([
      ['graces', null],
      ['graces', 'wms>erp: 50 min agreed, was 22 min'],
    ])
    expect(await dueIn()).toBe(50)
  })

  it('that was learned anew since somebody looked is not agreed to unseen', async () => {
    expect(await decide('accept', { shown: '41 min' })).toEqual({ is: 'changed', now: '50 min' })
    expect(await dueIn()).toBe(22)
  })
})
