import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { feedContract, feeds } from '../../src/app/catalogue/feeds.ts'
import { contractConfig } from '../../src/app/contract-config.ts'
import { SystemError } from '../../src/app/errors.ts'
import { createWatch } from '../../src/app/watch.ts'
import { testDatabase } from '../support/database.ts'
import {
  CONTRACTS,
  createWorld,
  FEED_LIMITS,
  fulfillment,
  HOUR,
  key,
  MINUTE,
  receipt,
  type World,
} from '../support/world.ts'

const FEEDS = feeds.map((written) => contractConfig.parse(written))
const ERP = feedContract('erp')
const DAY = 24 * HOUR

const database = testDatabase()
let world: World
/** Baton has been running since long before. */
let watch: () => Promise<void>
beforeEach(async () => {
  world = await createWorld(database.url, { contracts: [...CONTRACTS, ...FEEDS] })
  watch = listeningSince(world.at(-DAY))
})
afterEach(() => world.close())

const listeningSince = (watchedSince: Date, zone = 'UTC') =>
  createWatch({ ...world.base, limits: FEED_LIMITS, zone, watchedSince })

const down = () => {
  world.erp.before = () => {
    throw new SystemError('erp', 'unreachable', 'erp cannot be reached (ECONNREFUSED).')
  }
}
const up = () => {
  world.erp.before = () => {}
}
/** Time passes as it does live: everything is read, the feeds are looked at, what is due is taken. */
const later = async (ms: number) => {
  world.pass(ms)
  await world.poll()
  await watch()
  await world.sweep()
}
const feedExceptions = async () =>
  (await world.exceptions()).filter(({ contract }) => String(contract).endsWith('feed-healthy'))
const suspicion = async (system = 'erp') =>
  (await world.rows(sql`select suspect_since, suspect_why from system_state where system = ${system}`))[0]

/** A history: in the hours before and after this one, each week before, so many signals came from the ERP, evenly. */
const history = async (
  perHour: number,
  { weeks = 4, unreadable = 0, before = 3, after = 3, until = world.clock() } = {},
) => {
  for (let week = 1; week <= weeks; week++) {
    const end = new Date(until.getTime() - week * 7 * DAY).toISOString()
    await world.rows(sql`
      insert into signals (system, via, received_at, delivery_key, body, facts, bad_rows)
      select 'erp', 'webhook', ${end}::timestamptz - n * interval '1 hour' / ${perHour}::int, 'w' || n, '', 1,
        case when n between 1 and ${unreadable}::int then 1 else 0 end
      from generate_series(1 - ${after}::int * ${perHour}::int, ${before}::int * ${perHour}::int) n`)
  }
}
/** What came in the last hour: just now. */
const came = (n: number, badRows = 0) =>
  world.rows(sql`
    insert into signals (system, via, received_at, delivery_key, body, facts, bad_rows)
    select 'erp', 'webhook', ${world.clock().toISOString()}::timestamptz - n * interval '4 minutes' / ${n + 1}::int,
      'now' || n, '', ${badRows > 0 ? 0 : 1}::int, ${badRows > 0 ? 1 : 0}::int
    from generate_series(1, ${n}::int) n`)

describe('a system that goes down', () => {
  it('is one exception, once that has lasted; it heals by itself when the system is back', async () => {
    await later(0)
    down()
    await later(MINUTE)
    await later(4 * MINUTE)
    expect(await world.exceptions()).toEqual([])
    await later(MINUTE)
    for (let n = 0; n < 3; n++) await later(MINUTE)
    expect(await world.exceptions()).toMatchObject([
      {
        contract: ERP,
        state: 'open',
        severity: 'high',
        evidence: 'erp: cannot be read. erp cannot be reached (ECONNREFUSED).',
        since: '2026-11-23 06:01:00+00',
      },
    ])
    expect(await suspicion()).toMatchObject({ suspect_since: '2026-11-23 06:01:00+00' })
    up()
    await later(MINUTE)
    expect(await world.exception(ERP)).toMatchObject({
      state: 'healed',
      status: 'Healed: it is heard as usual again.',
    })
    expect(await suspicion()).toEqual({ suspect_since: null, suspect_why: null })
  })

  it('a second time is a new episode of the same exception', async () => {
    for (let n = 0; n < 2; n++) {
      up()
      await later(MINUTE)
      down()
      for (let minute = 0; minute < 6; minute++) await later(MINUTE)
    }
    expect(await world.exception(ERP)).toMatchObject({ state: 'open', episode: 2 })
  })

  it('for a moment is nobody’s news', async () => {
    for (let n = 0; n < 5; n++) {
      down()
      await later(4 * MINUTE)
      up()
      await later(MINUTE)
    }
    expect(await world.exceptions()).toEqual([])
    expect(await world.objects()).toEqual([])
  })

  it('that was down when Baton started is not silent before that has lasted', async () => {
    await later(0)
    world.pass(DAY)
    watch = listeningSince(world.clock())
    down()
    await later(MINUTE)
    expect(await world.exceptions()).toEqual([])
  })
})

describe('what depends on a silent system', () => {
  const goDown = async () => {
    await later(0)
    down()
    for (let minute = 0; minute < 6; minute++) await later(MINUTE)
  }

  it('is not opened, and says why it waits; it is opened when the system is back and it is still so', async () => {
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    await goDown()
    await later(HOUR)
    expect((await world.exceptions()).map(({ contract }) => contract)).toEqual([ERP])
    expect(await world.expectations()).toMatchObject([
      {
        contract: 'receipt-booked',
        waiting_for: 'erp silent since 06:01: cannot be read. erp cannot be reached (ECONNREFUSED).',
      },
    ])
    up()
    await later(MINUTE)
    // The ERP gets the time back in which it could not be told.
    expect((await world.exceptions()).map(({ contract }) => contract)).toEqual([ERP])
    await later(HOUR)
    expect(await world.exception('receipt-booked')).toMatchObject({ state: 'open' })
  })

  it('does not heal on what the other side says alone; it heals when the system is back', async () => {
    const stock = { type: 'inventory' as const, externalId: 'A@1', keys: [key('stock', 'A@1')] }
    await world.say(world.wms, { ...stock, quantities: { on_hand: 10 } })
    await world.say(world.erp, { ...stock, quantities: { on_hand: 7 } })
    await later(30 * MINUTE)
    expect(await world.exception('stock-agrees')).toMatchObject({ state: 'open' })
    await goDown()
    await world.say(world.wms, { ...stock, quantities: { on_hand: 7 } })
    await later(MINUTE)
    expect(await world.exception('stock-agrees')).toMatchObject({ state: 'open' })
    up()
    await later(MINUTE)
    expect(await world.exception('stock-agrees')).toMatchObject({ state: 'healed' })
    expect(await world.expectations()).toEqual([])
  })

  it('opens and heals all the same where it rests on what was said, and where the system has no part', async () => {
    await goDown()
    await world.say(world.wms, { ...fulfillment('7', 'D7'), state: 'short' })
    expect(await world.exception('short-pick')).toMatchObject({ state: 'open' })
    await world.say(world.wms, { ...fulfillment('7', 'D7'), state: 'picked' })
    expect(await world.exception('short-pick')).toMatchObject({ state: 'healed' })
  })

  it('is judged as usual once a person has dismissed the silence', async () => {
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    await goDown()
    await world.press('lea', (await world.exception(ERP)).id, 'dismiss', { values: { reason: 'known' } })
    await later(MINUTE)
    expect(await suspicion()).toEqual({ suspect_since: null, suspect_why: null })
    // It heals and counts as news again only once the system was back.
    up()
    await later(MINUTE)
    down()
    for (let minute = 0; minute < 6; minute++) await later(MINUTE)
    expect(await world.exception(ERP)).toMatchObject({ state: 'open', episode: 2 })
  })

  it('is judged as usual where the watch is switched off, also in the middle', async () => {
    await goDown()
    world.setup.contracts = CONTRACTS
    await watch()
    expect(await suspicion()).toEqual({ suspect_since: null, suspect_why: null })
  })
})

describe('a system that answers', () => {
  /** The erp only pushes: nothing but its signals says that it lives. */
  const pushesOnly = () => {
    delete world.erp.poll
  }

  it('and says nothing, where much came in the same stretch of every week, is silent', async () => {
    pushesOnly()
    await history(100)
    await came(99)
    await watch()
    world.pass(12 * MINUTE)
    await watch()
    expect(await world.exceptions()).toEqual([])
    world.pass(6 * MINUTE)
    await watch()
    expect(await feedExceptions()).toMatchObject([
      {
        state: 'open',
        evidence: expect.stringMatching(
          /^erp: nothing for 15 min; in the same 15 min of the last 4 weeks 2\d signals came, never more than 36 s apart$/,
        ),
      },
    ])
    await world.hook(world.erp, [world.erp.put({ ...receipt('R1'), state: 'ordered' }, world.clock())])
    world.pass(5 * MINUTE)
    await watch()
    expect(await world.exception(ERP)).toMatchObject({ state: 'healed' })
  })

  it('and brings far too little is strange; nothing that it has a part in is judged on it, not even at once', async () => {
    const contracts = [
      ...CONTRACTS,
      ...FEEDS,
      contractConfig.parse({
        id: 'erp-cancelled',
        title: 'Cancelled in the ERP',
        handoff: { from: 'erp', to: 'wms', object: 'order' },
        subject: 'fulfillment',
        grace: '0s',
        leave: { object: { role: 'erp', type: 'order', states: ['cancelled'] } },
      }),
    ]
    world.setup.contracts = contracts
    await history(100)
    await came(3)
    await watch()
    expect(await world.exceptions()).toMatchObject([
      {
        contract: ERP,
        evidence: 'erp: 3 facts in the last hour; usually 100 at this hour of the week',
      },
    ])
    await world.say(world.erp, {
      type: 'order',
      externalId: 'S1',
      keys: [key('order', '1')],
      state: 'cancelled',
    })
    expect(await feedExceptions()).toHaveLength(1)
    expect(await world.exceptions()).toHaveLength(1)
    expect(await world.expectations()).toMatchObject([
      {
        contract: 'erp-cancelled',
        waiting_for:
          'erp strange since 06:00: 3 facts in the last hour; usually 100 at this hour of the week',
      },
    ])
    await came(97)
    world.pass(5 * MINUTE)
    await watch()
    await world.sweep()
    expect(await world.exception(ERP)).toMatchObject({ state: 'healed' })
    expect(await world.exception('erp-cancelled')).toMatchObject({ state: 'open' })
  })

  it('and brings much that cannot be read is strange', async () => {
    await history(100, { unreadable: 2 })
    await came(60, 1)
    await watch()
    expect(await world.exceptions()).toMatchObject([
      {
        contract: ERP,
        evidence:
          'erp: 60 of 60 rows of the last hour cannot be read; usually 8 of 408 at this hour of the week',
      },
    ])
  })

  it('is quiet on a quiet night, and nobody is woken', async () => {
    await history(2)
    world.pass(30 * MINUTE)
    await watch()
    expect(await world.exceptions()).toEqual([])
  })

  it('is judged by no statistics while its history is short', async () => {
    pushesOnly()
    await history(100, { weeks: 2 })
    for (let n = 0; n < 12; n++) {
      await watch()
      world.pass(10 * MINUTE)
    }
    expect(await world.exceptions()).toEqual([])
  })

  it('is not called silent for the time in which Baton itself was away', async () => {
    pushesOnly()
    await history(100)
    watch = listeningSince(world.at(-MINUTE))
    await watch()
    expect(await world.exceptions()).toEqual([])
  })

  it('is compared with the same hour on the clocks of its zone, also over the change of the clocks', async () => {
    // In Berlin the clocks went back on 25 October: six o'clock UTC was eight before, and is seven since.
    world.pass(-24 * DAY)
    const until = new Date(world.clock().getTime() - HOUR)
    await history(100, { until, before: 2, after: 0 })
    await came(3)
    watch = listeningSince(world.at(-25 * DAY), 'Europe/Berlin')
    await watch()
    expect(await feedExceptions()).toMatchObject([
      { evidence: 'erp: 3 facts in the last hour; usually 100 at this hour of the week' },
    ])
  })

  it('is heard by its stream alone: what Baton compares or reads back does not count', async () => {
    await history(100)
    await came(3)
    await world.rows(sql`
      insert into signals (system, via, received_at, delivery_key, body, facts)
      select 'erp', case when n % 2 = 0 then 'reconcile' else 'readback' end,
        ${world.clock().toISOString()}::timestamptz - n * interval '1 second', 'r' || n, '', 1
      from generate_series(1, 200) n`)
    await watch()
    expect(await feedExceptions()).toMatchObject([{ evidence: expect.stringContaining('3 facts') }])
  })
})

describe('the watch', () => {
  it('by two processes at once opens one exception', async () => {
    await history(100)
    await came(3)
    await Promise.all([watch(), listeningSince(world.at(-DAY))()])
    expect(await feedExceptions()).toMatchObject([{ contract: ERP, episode: 1 }])
  })
})
