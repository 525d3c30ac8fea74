import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SystemError } from '../../src/app/errors.ts'
import { findUnread, poll } from '../../src/app/poll.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, fulfillment, MINUTE, receipt, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

const feed = async (system = 'wms') =>
  (await world.rows(sql`select * from system_state where system = ${system}`))[0]
const count = async (table: string) =>
  Number((await world.rows(sql.raw(`select count(*) as n from ${table}`)))[0]?.n)

describe('a poll', () => {
  it('takes what is new, and knows the world up to when it began', async () => {
    world.wms.put({ ...fulfillment('1', 'D1'), state: 'short' }, world.clock())
    await world.poll(world.wms)
    expect(await world.exceptions()).toMatchObject([{ contract: 'short-pick' }])
    expect(await feed()).toMatchObject({ cursor: '+', watermark: '2026-11-23 06:00:00+00', down_since: null })
  })

  it('that hears the same again leaves no trace but its watermark', async () => {
    world.wms.put({ ...receipt('R1'), state: 'received' }, world.clock())
    await world.poll(world.wms)
    world.pass(MINUTE)
    await world.poll(world.wms)
    expect([await count('facts'), await count('signals')]).toEqual([1, 1])
    expect(await feed()).toMatchObject({
      watermark: '2026-11-23 06:01:00+00',
      last_signal_at: '2026-11-23 06:00:00+00',
    })
  })

  it('that was overtaken by a webhook does not undo it', async () => {
    const old = world.wms.put({ ...receipt('R1'), state: 'announced' }, world.clock())
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    world.wms.objects.set('receipt R1', old)
    await world.poll(world.wms)
    expect(await world.objects()).toMatchObject([{ state: 'received' }])
  })

  it('has the next sweep look at what waited for it', async () => {
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    world.pass(61 * MINUTE)
    await world.sweep()
    expect(await world.expectations()).toMatchObject([{ waiting_for: 'erp has not been read yet' }])
    await world.poll()
    await world.sweep()
    expect(await world.exceptions()).toMatchObject([{ contract: 'receipt-booked', state: 'open' }])
  })

  describe('after an outage', () => {
    const DOWN = new SystemError('erp', 'unreachable', 'erp does not answer.')
    const outage = async (ms: number) => {
      world.erp.before = () => {
        throw DOWN
      }
      await world.later(MINUTE)
      await world.later(ms - MINUTE)
      world.erp.before = () => {}
      await world.later(MINUTE)
    }
    const due = async () => (await world.expectations()).map(({ due_at }) => String(due_at).slice(11, 16))

    it('gives what crosses a handoff the time that was lost', async () => {
      await world.poll()
      await world.say(world.wms, { ...receipt('R1'), state: 'received' })
      expect(await due()).toEqual(['07:00'])
      await outage(30 * MINUTE)
      await world.later(35 * MINUTE)
      expect(await world.exceptions()).toEqual([])
      expect(await world.expectations()).toMatchObject([
        { waiting_for: 'erp could not be read until 06:31 and has that time to catch up' },
      ])
      await world.later(25 * MINUTE)
      expect(await world.exceptions()).toMatchObject([{ contract: 'receipt-booked', state: 'open' }])
    })

    it('does not wait longer for what a system says of itself', async () => {
      await world.poll()
      world.wms.put({ ...fulfillment('1', 'D1'), state: 'short' }, world.clock())
      await outage(30 * MINUTE)
      expect(await world.exceptions()).toMatchObject([{ contract: 'short-pick', state: 'open' }])
    })

    it('counts Baton’s own absence as one', async () => {
      await world.poll()
      await world.say(world.wms, { ...receipt('R1'), state: 'received' })
      world.pass(20 * MINUTE)
      await findUnread(world.base)
      expect(await feed()).toMatchObject({ down_since: '2026-11-23 06:00:00+00' })
      await world.later(0)
      expect(await feed()).toMatchObject({ down_since: null, blind_to: '2026-11-23 06:20:00+00' })
      await world.later(MINUTE)
      await findUnread(world.base)
      expect(await feed()).toMatchObject({ blind_to: '2026-11-23 06:20:00+00' })
    })

    it('takes nobody for unread whose watermark lies behind as it always does', async () => {
      await world.poll(world.wms)
      if (world.wms.poll) world.wms.poll.lagMs = 30 * MINUTE
      world.pass(30 * MINUTE)
      await findUnread(world.base)
      expect(await feed()).toMatchObject({ down_since: null })
      world.pass(MINUTE)
      await findUnread(world.base)
      expect(await feed()).toMatchObject({ down_since: '2026-11-23 06:00:00+00' })
    })
  })

  it('of a system that is down says since when and why, and its watermark stays', async () => {
    await world.poll(world.wms)
    world.wms.before = () => {
      throw new SystemError('wms', 'unreachable', 'wms does not answer.')
    }
    for (let i = 0; i < 2; i++) {
      world.pass(MINUTE)
      await world.poll(world.wms)
    }
    expect(await feed()).toMatchObject({
      watermark: '2026-11-23 06:00:00+00',
      down_since: '2026-11-23 06:01:00+00',
      last_error: 'wms does not answer.',
    })
    world.wms.before = () => {}
    await world.poll(world.wms)
    expect(await feed()).toMatchObject({ down_since: null, last_error: null })
  })

  it('that stumbles over its own bug says so too, and fails loudly', async () => {
    world.wms.before = () => {
      throw new TypeError('rows is not iterable')
    }
    await expect(world.poll(world.wms)).rejects.toThrow('rows is not iterable')
    expect(await feed()).toMatchObject({ last_error: 'rows is not iterable', watermark: null })
  })

  it('keeps a page with bad rows for an admin, and takes the rest', async () => {
    world.wms.put({ ...receipt('R1'), state: 'received', quantities: { units: Number.NaN } }, world.clock())
    world.wms.put({ ...receipt('R2'), state: 'received' }, world.clock())
    await world.poll(world.wms)
    expect((await world.objects()).map(({ external_id }) => external_id)).toEqual(['R2'])
    expect(await world.rows(sql`select problem, bad_rows, via from signals`)).toEqual([
      { problem: 'receipt R1: states a units that is no number', bad_rows: 1, via: 'poll' },
    ])
  })

  it('reads page after page, and its watermark moves only with the last', async () => {
    const pages = [1, 2, 3]
    const seen: unknown[] = []
    world.wms.poll = {
      async changes(cursor) {
        seen.push([cursor, (await feed())?.watermark ?? null])
        const page = pages.shift() ?? 0
        const name = `R${page}`
        return {
          facts: [{ ...world.wms.put({ ...receipt(name), state: 'received' }, world.clock()) }],
          bad: [],
          cursor: `after ${page}`,
          more: pages.length > 0,
          raw: Buffer.from(''),
        }
      },
    }
    await world.poll(world.wms)
    expect(seen).toEqual([
      [null, null],
      ['after 1', null],
      ['after 2', null],
    ])
    expect(await count('facts')).toBe(3)
    expect(await feed()).toMatchObject({ cursor: 'after 3', watermark: '2026-11-23 06:00:00+00' })
  })

  it('of a system that lists objects and not changes knows no more than its last page says', async () => {
    const began = world.at(-10 * MINUTE)
    world.wms.poll = {
      changes: async () => ({
        facts: [{ ...world.wms.put({ ...receipt('R1'), state: 'received' }, world.clock()) }],
        bad: [],
        cursor: 'walked',
        more: false,
        raw: Buffer.from(''),
        watermark: began,
      }),
    }
    await world.poll()
    expect(await feed()).toMatchObject({ watermark: '2026-11-23 05:50:00+00', down_since: null })
  })

  it('leaves what is due waiting until the page says that it is known', async () => {
    let known = world.at(0)
    world.erp.poll = {
      changes: async () => ({
        facts: [],
        bad: [],
        cursor: 'walked',
        more: false,
        raw: Buffer.from(''),
        watermark: known,
      }),
    }
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    await world.later(61 * MINUTE)
    expect(await world.exceptions()).toEqual([])
    expect(await world.expectations()).toMatchObject([{ waiting_for: 'erp silent since 06:00' }])
    known = world.at(61 * MINUTE)
    await world.later(MINUTE)
    expect(await world.exceptions()).toMatchObject([{ contract: 'receipt-booked', state: 'open' }])
  })

  it('whose time is up in the middle of a long reading goes on with the next, and nothing is down', async () => {
    const time = new AbortController()
    const read: (string | null)[] = []
    world.wms.poll = {
      async changes(cursor) {
        read.push(cursor)
        if (read.length === 3) {
          time.abort()
          throw new SystemError('wms', 'unreachable', 'Stopped before wms was called.')
        }
        const cursorNow = `after ${read.length}`
        return { facts: [], bad: [], cursor: cursorNow, more: read.length < 5, raw: Buffer.from('') }
      },
    }
    await poll(world.base, world.wms, time.signal)
    expect(await feed()).toMatchObject({ cursor: 'after 2', down_since: null, watermark: null })
    await world.poll(world.wms)
    expect(read).toEqual([null, 'after 1', 'after 2', 'after 2', 'after 4'])
    expect(await feed()).toMatchObject({ watermark: '2026-11-23 06:00:00+00' })
  })

  it('whose time is up before the first page is an outage', async () => {
    world.wms.before = () => {
      throw new SystemError('wms', 'unreachable', 'No answer in time from wms.')
    }
    await poll(world.base, world.wms, AbortSignal.abort())
    expect(await feed()).toMatchObject({ down_since: '2026-11-23 06:00:00+00' })
  })

  it('whose facts could not be taken reads them again: neither cursor nor watermark moves', async () => {
    world.wms.put({ ...receipt('R1'), state: 'received' }, world.clock())
    await world.rows(sql`alter table objects add constraint down check (false) not valid`)
    const down = { ...world.base, isTransient: () => true }
    await expect(poll(down, world.wms, AbortSignal.timeout(1_000))).rejects.toThrow()
    await world.rows(sql`alter table objects drop constraint down`)
    expect(await feed()).toBeUndefined()
    await world.poll(world.wms)
    expect(await world.objects()).toHaveLength(1)
  })

  it('that is slow does not take back what a faster one knows', async () => {
    let release = () => {}
    const heldUp = new Promise<void>((arrived) => {
      world.wms.before = () => {
        world.wms.before = () => {}
        arrived()
        return new Promise((resolve) => {
          release = resolve
        })
      }
    })
    const slow = world.poll(world.wms)
    await heldUp
    world.pass(MINUTE)
    await world.poll(world.wms)
    release()
    await slow
    expect(await feed()).toMatchObject({ watermark: '2026-11-23 06:01:00+00' })
  })
})
