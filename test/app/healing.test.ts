import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createQueries } from '../../src/app/ask.ts'
import { cardText } from '../../src/app/card-text.ts'
import { exceptionCard } from '../../src/app/exception-card.ts'
import { createReader } from '../../src/db/reader.ts'
import type { ChangedBy } from '../../src/domain/model.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, fulfillment, HOUR, key, MINUTE, order, receipt, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

/** Goods stand in the warehouse, and the ERP still waits for them. */
const received = async (name = 'R1') => {
  await world.say(world.erp, { ...receipt(name), state: 'open' })
  await world.say(world.wms, { ...receipt(name), state: 'received' })
}
const booked = (name = 'R1', changedBy: ChangedBy = { kind: 'unknown' }) =>
  world.say(world.erp, { ...receipt(name), state: 'received', changedBy })

describe('a break within its grace', () => {
  it('is waited for, and nobody hears of it when it is kept in time', async () => {
    await received()
    expect(await world.expectations()).toMatchObject([
      { contract: 'receipt-booked', due_at: '2026-11-23 07:00:00+00', waiting_for: null },
    ])
    world.pass(59 * MINUTE)
    await booked()
    await world.later(2 * HOUR)
    expect([await world.expectations(), await world.exceptions(), await world.posts()]).toEqual([[], [], []])
  })

  it('opens once it has passed, with what the systems say side by side', async () => {
    await received()
    await world.later(59 * MINUTE)
    expect(await world.exceptions()).toEqual([])
    await world.later(1 * MINUTE)
    expect(await world.exceptions()).toMatchObject([
      {
        contract: 'receipt-booked',
        state: 'open',
        episode: 1,
        evidence: 'wms says received; erp still says open.',
        since: '2026-11-23 06:00:00+00',
        due_at: '2026-11-23 07:00:00+00',
        channel: 'orders',
        route_reason: 'no rule matched: default channel',
      },
    ])
    expect([await world.expectations(), await world.posts()]).toMatchObject([
      [],
      [{ surface: 'chat', channel: 'orders' }],
    ])
  })

  it('follows a deadline that moves', async () => {
    await received()
    world.pass(30 * MINUTE)
    await world.say(world.wms, { ...receipt('R1'), state: 'announced' })
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    expect(await world.expectations()).toMatchObject([{ due_at: '2026-11-23 07:30:00+00' }])
    await world.later(30 * MINUTE)
    expect(await world.exceptions()).toEqual([])
    await world.later(30 * MINUTE)
    expect(await world.exceptions()).toHaveLength(1)
  })

  it('with no grace at all opens at once, and waits for nobody', async () => {
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'short' })
    expect(await world.exceptions()).toMatchObject([
      { contract: 'short-pick', state: 'open', severity: 'high' },
    ])
  })
})

describe('a silent system', () => {
  it('makes a due break wait, visibly, and its watermark opens it', async () => {
    await world.poll()
    await received()
    world.pass(61 * MINUTE)
    await world.poll(world.wms)
    expect(await world.sweep()).toBe(1)
    expect(await world.exceptions()).toEqual([])
    expect(await world.expectations()).toMatchObject([
      { waiting_for: 'erp silent since 06:00', next_check_at: '2026-11-23 07:01:05+00' },
    ])
    expect(await world.sweep()).toBe(0)
    await world.later(5_000)
    expect(await world.exceptions()).toMatchObject([{ contract: 'receipt-booked', state: 'open' }])
    expect(await world.expectations()).toEqual([])
  })

  it('that was never read is waited for by name', async () => {
    await received()
    world.pass(61 * MINUTE)
    await world.sweep()
    expect(await world.expectations()).toMatchObject([{ waiting_for: 'erp has not been read yet' }])
  })

  it('does not keep what its own news then mends from being mended', async () => {
    await received()
    world.pass(61 * MINUTE)
    await world.sweep()
    await world.say(world.erp, { ...receipt('R1'), state: 'received' }, { quietly: true })
    await world.later(5_000)
    expect([await world.exceptions(), await world.expectations()]).toEqual([[], []])
  })
})

describe('the sweeper', () => {
  it('checks again under the lock: a booking that is being taken at that moment counts', async () => {
    await received()
    world.pass(61 * MINUTE)
    await world.poll()
    await world.hook(world.erp, [world.erp.put({ ...receipt('R1'), state: 'received' }, world.clock())])
    await Promise.all([world.work('process'), world.sweep()])
    const after = await world.exceptions()
    expect(after.filter(({ state }) => state === 'open')).toEqual([])
    expect(await world.expectations()).toEqual([])
  })

  it('opens each exception once, however many replicas sweep at once', async () => {
    for (const name of ['R1', 'R2', 'R3']) await received(name)
    world.pass(61 * MINUTE)
    await world.poll()
    await Promise.all([world.sweep(), world.sweep(), world.sweep()])
    expect((await world.exceptions()).map(({ episode, version }) => [episode, version])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ])
  })

  it('sets one bad subject aside, visibly, and looks at its neighbours', async () => {
    for (const name of ['R1', 'R2', 'R3']) await received(name)
    await world.connection.db.execute(
      `update objects set role = 'nobody' where external_id = 'R2' and system = 'erp'`,
    )
    world.pass(61 * MINUTE)
    await world.connection.db.execute(
      `insert into system_state (system, watermark) select unnest(array['shop','erp','wms','carrier']), '2026-11-23 07:01+00'`,
    )
    await world.sweep()
    expect(await world.exceptions()).toHaveLength(2)
    const [left, ...more] = await world.expectations()
    expect(more).toEqual([])
    expect(left).toMatchObject({ next_check_at: '2026-11-23 07:11:00+00' })
    expect(left?.waiting_for).toMatch(/^could not be checked/)
  })

  it('forgets what no contract speaks of any more', async () => {
    await received()
    world.setup.contracts = world.setup.contracts.filter(({ id }) => id !== 'receipt-booked')
    await world.later(2 * HOUR)
    expect([await world.expectations(), await world.exceptions()]).toEqual([[], []])
  })
})

describe('an open exception that the world mends', () => {
  const opened = async () => {
    await received()
    await world.later(61 * MINUTE)
    return (await world.exception('receipt-booked')).id
  }

  it('heals, and says who did it: an integration', async () => {
    const id = await opened()
    await booked('R1', { kind: 'integration', name: 'EDI' })
    expect(await world.exception(id)).toMatchObject({
      state: 'healed',
      status: 'Healed: the systems agree again (changed by: the integration EDI).',
    })
    expect(await world.interventions()).toEqual([])
  })

  it('heals, and a person who did it in the system itself has worked: an intervention off chat', async () => {
    const id = await opened()
    await booked('R1', { kind: 'person', name: 'a clerk' })
    expect(await world.exception(id)).toMatchObject({
      state: 'healed',
      status: 'Healed: the systems agree again (changed by: a clerk, in the system itself).',
    })
    expect(await world.interventions()).toMatchObject([
      {
        kind: 'off_chat',
        exception_id: id,
        person_id: null,
        contract: 'receipt-booked',
        handoff: { from: 'wms', to: 'erp', object: 'receipt' },
      },
    ])
  })

  it('heals by whoever changed last, not by who happened to be read at the same time', async () => {
    const id = await opened()
    world.pass(MINUTE)
    const mended = world.erp.put(
      { ...receipt('R1'), state: 'received', changedBy: { kind: 'person', name: 'a clerk' } },
      world.clock(),
    )
    world.pass(MINUTE)
    const [said] = world.wms.objects.values()
    if (!said) throw new Error('the receipt')
    await world.hook(world.wms, [said])
    await world.hook(world.erp, [mended])
    await world.work('process')
    expect((await world.exception(id)).status).toContain('a clerk')
  })

  it('heals by the news that mended it, though another change happened later and was heard of before', async () => {
    const id = await opened()
    const mended = world.erp.put(
      { ...receipt('R1'), state: 'received', changedBy: { kind: 'person', name: 'a clerk' } },
      world.pass(MINUTE),
    )
    world.pass(MINUTE)
    await world.say(world.wms, { ...receipt('R1'), quantities: { received: 4 } })
    await world.hook(world.erp, [mended])
    await world.work('process')
    expect((await world.exception(id)).status).toContain('a clerk')
  })

  it('heals by nobody known', async () => {
    const id = await opened()
    await booked()
    expect((await world.exception(id)).status).toBe('Healed: the systems agree again (changed by: unknown).')
    expect(await world.interventions()).toEqual([])
  })

  it('heals because nothing is owed any more, and does not claim that the systems agree', async () => {
    await world.say(world.shop, { ...order('1'), state: 'confirmed' })
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'shipped' })
    await world.later(31 * MINUTE)
    await world.say(world.shop, { ...order('1'), state: 'cancelled' })
    expect((await world.exception('shipment-in-erp')).status).toMatch(/^Healed: nothing is owed any more/)
  })

  it('heals when its order turns out to be of a class that owes nothing', async () => {
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'short' })
    expect(await world.exceptions()).toMatchObject([{ state: 'open' }])
    await world.say(world.shop, { ...order('1'), state: 'placed', orderClass: 'draft' })
    expect(await world.exceptions()).toMatchObject([{ state: 'healed' }])
  })

  it('comes back as the next episode of the same exception, with a version that no old button carries', async () => {
    const id = await opened()
    await booked()
    const healed = await world.exception(id)
    world.pass(HOUR)
    await world.say(world.erp, { ...receipt('R1'), state: 'open' })
    await world.say(world.wms, { ...receipt('R1'), state: 'announced' })
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    await world.later(HOUR)
    const [again, ...more] = await world.exceptions()
    expect(more).toEqual([])
    expect(again).toMatchObject({
      id,
      state: 'open',
      episode: 2,
      status: 'Open again, for the 2nd time.',
      closed_at: null,
    })
    expect(Number(again?.version)).toBeGreaterThan(healed.version)
    expect(await world.episodes()).toMatchObject([
      { episode: 1, closed_as: 'healed', run_id: null },
      { episode: 2, closed_at: null },
    ])
  })

  it('tells what is new without a new version: no button changes', async () => {
    const id = await opened()
    const { version, revision } = await world.exception(id)
    await world.say(world.erp, { ...receipt('R1'), state: 'blocked' })
    const after = await world.exception(id)
    expect(after).toMatchObject({ evidence: 'wms says received; erp still says blocked.', version })
    expect(Number(after.revision)).toBe(Number(revision) + 1)
    expect(await world.posts()).toMatchObject([{ desired_revision: after.revision }])
  })
})

describe('what comes and goes', () => {
  const short = (state: string) => world.say(world.wms, { ...fulfillment('1', 'D1'), state })
  const shown = async () => {
    const reader = createReader(world.connection.db)
    const detail = await createQueries(reader, world.setup, [], world.clock, world.clockText).getException(
      '1',
    )
    if (!detail) throw new Error('no exception')
    return cardText(exceptionCard(detail))
  }

  it('is one exception and one card, which counts how often it was back', async () => {
    for (const minutes of [40, 50, 30]) {
      await short('short')
      world.pass(minutes * MINUTE)
      await short('ready')
    }
    await short('short')
    expect(await world.exceptions()).toMatchObject([{ id: '1', state: 'open', episode: 4 }])
    expect(await shown()).toContain('Came back: 3 times in 2 h')
    expect(await world.posts()).toHaveLength(1)
    expect(await world.episodes()).toHaveLength(4)
  })

  it('counts the returns of its whole life apart from those of today', async () => {
    await short('short')
    await short('ready')
    world.pass(72 * HOUR)
    await short('short')
    expect(await shown()).toContain('Came back: once in under 1 min')
    await short('ready')
    world.pass(HOUR)
    await short('short')
    world.pass(HOUR)
    expect(await shown()).toContain('Came back: 2 times in 2 h')
    world.pass(48 * HOUR)
    expect(await shown()).toContain('Came back: 2 times\n')
  })

  it('changes in its place, unless it was over for so long that nobody would see that', async () => {
    await short('short')
    await world.connection.db.execute(`update posts set ref = 'there', posted_revision = 1`)
    await short('ready')
    world.pass(HOUR)
    await short('short')
    expect(await world.posts()).toMatchObject([{ ref: 'there', posted_revision: 1, desired_revision: 3 }])
    await short('ready')
    world.pass(13 * HOUR)
    await short('short')
    expect(await world.posts()).toMatchObject([{ ref: null, posted_revision: 0, desired_revision: 5 }])
  })
})

describe('stock that differs', () => {
  const stock = (units: number) => ({
    type: 'inventory' as const,
    externalId: 'S1',
    keys: [key('stock', 'S1@A')],
    state: 'counted',
    quantities: { on_hand: units },
  })

  it('has differed since it was first seen so, whatever the numbers were meanwhile', async () => {
    await world.say(world.wms, stock(10))
    await world.say(world.erp, stock(8))
    world.pass(20 * MINUTE)
    await world.say(world.erp, stock(7))
    await world.later(10 * MINUTE)
    expect(await world.exceptions()).toMatchObject([
      {
        contract: 'stock-agrees',
        since: '2026-11-23 06:00:00+00',
        evidence: 'wms says 10, erp says 7: 3 apart.',
      },
    ])
  })

  it('starts anew after one moment of agreement', async () => {
    await world.say(world.wms, stock(10))
    await world.say(world.erp, stock(8))
    world.pass(20 * MINUTE)
    await world.say(world.erp, stock(10))
    await world.say(world.erp, stock(7))
    await world.later(10 * MINUTE)
    expect(await world.exceptions()).toEqual([])
    await world.later(20 * MINUTE)
    expect(await world.exceptions()).toMatchObject([{ since: '2026-11-23 06:20:00+00' }])
  })
})
