import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCardOf } from '../../src/app/card-of.ts'
import { cardText } from '../../src/app/card-text.ts'
import { tendGroups } from '../../src/app/group-tend.ts'
import type { Store } from '../../src/app/ports.ts'
import { processFacts } from '../../src/app/process.ts'
import type { Grouping } from '../../src/domain/group.ts'
import { type BatchWorld, createBatchWorld } from '../support/batch-world.ts'
import { testDatabase } from '../support/database.ts'
import { fulfillment, HOUR, MINUTE, order } from '../support/world.ts'

const SECOND = 1_000
const factJob = z.object({ facts: z.array(z.object({ id: z.string(), receivedAt: z.string() })) })
const GROUP: Grouping = {
  by: ['contract'],
  after: 5,
  waitMs: 30_000,
  intervalMs: 300_000,
  repeatMs: 4 * HOUR,
}

const database = testDatabase()
let world: BatchWorld
const begin = async (group: Grouping | null = GROUP) => {
  world = await createBatchWorld(database.url, {
    routing: { rules: [], defaultChannel: 'orders', group },
  })
}
beforeEach(() => begin())
afterEach(() => world.close())

/** A short pick, which has no grace; `value` is what its order is worth, in cents. */
const shortPick = async (n: number, more: { value?: number; promiseAt?: Date } = {}) => {
  const { value, promiseAt } = more
  if (value !== undefined || promiseAt !== undefined) {
    const attributes = {
      ...(value === undefined ? {} : { valueMinor: value, currency: 'EUR' }),
      ...(promiseAt === undefined ? {} : { promiseAt: promiseAt.toISOString() }),
    }
    await world.say(world.shop, { ...order(`${n}`), state: 'confirmed', attributes })
  }
  await world.say(world.wms, { ...fulfillment(`${n}`, `D${n}`), state: 'short' })
}
const mend = (n: number) => world.say(world.wms, { ...fulfillment(`${n}`, `D${n}`), state: 'picked' })
const several = async (from: number, to: number, more = {}) => {
  for (let n = from; n <= to; n++) await shortPick(n, more)
}
const tend = () => tendGroups(world.base)
const later = async (ms: number) => {
  world.pass(ms)
  await tend()
}
/** Which cards have a post of their own. */
const posts = async () =>
  (await world.posts()).flatMap(({ card, under }) => (under === null ? [String(card)] : []))
const wanted = async (card: string): Promise<number> =>
  Number((await world.posts()).find((post) => post.card === card)?.desired_revision ?? 0)
const shown = async (ref: string) => {
  const found = await createCardOf(world.queries, world.clock)(ref)
  if (!found) throw new Error(`there is no card ${ref}`)
  return found
}
const textOf = async (ref: string) => cardText((await shown(ref)).card)

describe('exceptions of one kind', () => {
  it('have a post each up to the threshold: the first at once, the next when it is clear that no storm comes', async () => {
    await several(1, 5)
    expect(await posts()).toEqual(['1'])
    await later(29 * SECOND)
    expect(await posts()).toEqual(['1'])
    await later(SECOND)
    expect(await posts()).toEqual(['1', '2', '3', '4', '5'])
  })

  it('that come one by one have a post each at once, however many there are in a day', async () => {
    for (let n = 1; n <= 8; n++) {
      await shortPick(n)
      expect(await posts()).toHaveLength(n)
      await later(2 * MINUTE)
    }
  })

  it('that are over before their wait is, interrupt nobody', async () => {
    await several(1, 2)
    await mend(2)
    await later(30 * SECOND)
    expect(await posts()).toEqual(['1'])
  })

  it('are posted as they stand, where somebody acted on them while they waited', async () => {
    await several(1, 2)
    await world.press('ada', 2, 'claim')
    expect(await posts()).toEqual(['1'])
    await later(30 * SECOND)
    expect(await wanted('2')).toBe(Number((await shown('2')).revision))
  })

  it('have a post each, however many, where grouping is off', async () => {
    await world.close()
    await begin(null)
    await several(1, 8)
    expect(await posts()).toHaveLength(8)
  })
})

describe('past the threshold', () => {
  it('one message stands for all; who had a post keeps it, nobody else gets one', async () => {
    await several(1, 9)
    expect(await posts()).toEqual(['1', 'group:1'])
    await later(HOUR)
    expect(await posts()).toEqual(['1', 'group:1'])
    const text = await textOf('group:1')
    expect(text).toContain('Short pick: 9 open')
    for (let n = 1; n <= 9; n++) expect(text).toContain(`#${n} `)
    await world.press('ada', 1, 'claim')
    expect(await wanted('1')).toBe(2)
  })

  it('lists ten at most, the most valuable first, and says what all are worth', async () => {
    for (let n = 1; n <= 12; n++) await shortPick(n, { value: 1_000 + n })
    const { card } = await shown('group:1')
    const table = card.blocks.find((block) => block.kind === 'table')
    expect(table).toMatchObject({ title: 'The worst 10 of 12' })
    expect(table?.kind === 'table' && table.rows.map(([name]) => name?.split(' ')[0])).toEqual(
      [12, 11, 10, 9, 8, 7, 6, 5, 4, 3].map((n) => `#${n}`),
    )
    expect(cardText(card)).toContain('€120.78')
  })

  it('is redrawn when the wait is over, then once in an interval, and only when it would say something else', async () => {
    await several(1, 7)
    expect(await wanted('group:1')).toBe(1)
    await several(8, 9)
    await later(20 * SECOND)
    expect(await wanted('group:1')).toBe(1)
    await later(20 * SECOND)
    expect(await wanted('group:1')).toBe(2)
    await several(10, 12)
    await later(4 * MINUTE)
    expect(await wanted('group:1')).toBe(2)
    await later(MINUTE)
    expect(await wanted('group:1')).toBe(3)
    await later(HOUR)
    expect(await wanted('group:1')).toBe(3)
  })

  it('is redrawn soon after somebody acted on one of them', async () => {
    await several(1, 7)
    await later(40 * SECOND)
    expect(await wanted('group:1')).toBe(2)
    world.pass(SECOND)
    await world.press('ada', 4, 'claim')
    await later(20 * SECOND)
    expect(await wanted('group:1')).toBe(3)
    expect(await textOf('group:1')).toContain('Ada Example')
    expect(await posts()).toEqual(['1', 'group:1'])
  })

  it('is posted anew after hours that it goes on, and the message before says so', async () => {
    await several(1, 7)
    await later(4 * HOUR)
    expect(await posts()).toEqual(['1', 'group:1', 'group:1.2'])
    expect(await textOf('group:1')).toContain('goes on in a newer message')
    expect(await textOf('group:1.2')).toContain('7 open')
  })

  it('ends when none is open any more, and what breaks after that begins anew', async () => {
    await several(1, 7)
    for (let n = 1; n <= 7; n++) await mend(n)
    const before = await wanted('group:1')
    await later(30 * SECOND)
    expect(await wanted('group:1')).toBe(before + 1)
    expect(await textOf('group:1')).toContain('all 7 are over')
    await several(11, 11)
    expect(await posts()).toEqual(['1', '8', 'group:1'])
    await several(12, 17)
    expect(await posts()).toContain('group:2')
    expect(await textOf('group:1')).toContain('all 7 are over')
  })

  it('takes back one that breaks again, without a post', async () => {
    await several(1, 7)
    await mend(5)
    await shortPick(5)
    expect(await posts()).toEqual(['1', 'group:1'])
    expect(await textOf('group:1')).toContain('7 open')
  })

  it('one that is worth ten times the rest has a post of its own, and the next ten like it have none', async () => {
    await several(1, 7, { value: 1_000 })
    await shortPick(8, { value: 9_999 })
    expect(await posts()).toEqual(['1', 'group:1'])
    await shortPick(9, { value: 100_000 })
    expect(await posts()).toEqual(['1', '9', 'group:1'])
    await several(10, 14, { value: 100_000 })
    expect(await posts()).toEqual(['1', '9', 'group:1'])
  })

  it('the first one whose promise is due within two hours has a post of its own', async () => {
    await several(1, 7, { promiseAt: world.at(30 * HOUR) })
    await shortPick(8, { promiseAt: world.at(HOUR) })
    await shortPick(9, { promiseAt: world.at(HOUR) })
    expect(await posts()).toEqual(['1', '8', 'group:1'])
  })
})

describe('a storm', () => {
  it('that several processes open at once has one message, and every exception is counted', async () => {
    const facts = Array.from({ length: 24 }, (_, n) =>
      world.wms.put({ ...fulfillment(`${n}`, `D${n}`), state: 'short' }, world.clock()),
    )
    for (const fact of facts) await world.hook(world.wms, [fact])
    const jobs = await world.rows(sql`delete from graphile_worker._private_jobs returning payload`)
    const refs = jobs.map(({ payload }) => factJob.parse(payload).facts)
    // Each as a process of its own would take it, all at once.
    await Promise.all(refs.map((facts) => processFacts(world.base, facts)))
    expect((await posts()).filter((card) => card.startsWith('group:'))).toEqual(['group:1'])
    await Promise.all([tend(), tend(), tend()])
    expect(await textOf('group:1')).toContain('24 open')
    const [row] = await world.rows(
      sql`select count(*)::int as n, count(distinct group_id)::int as g from group_members`,
    )
    expect(row).toEqual({ n: 24, g: 1 })
  })

  it('that falls due in one sweep has one message and no post besides', async () => {
    await world.broken(12)
    expect(await posts()).toEqual(['group:1'])
  })

  it('that does not come leaves nobody waiting, also where the process dies while it posts what was held back', async () => {
    await several(1, 5)
    world.pass(30 * SECOND)
    let transactions = 0
    const dying: Store = {
      transaction: (work) =>
        world.store.transaction(async (tx) => {
          const done = await work(tx)
          // The first one only reads what is due.
          transactions += 1
          if (transactions > 1) throw new Error('the process dies')
          return done
        }),
    }
    await expect(tendGroups({ ...world.base, store: dying })).rejects.toThrow('the process dies')
    expect(transactions).toBe(2)
    expect(await posts()).toEqual(['1'])
    await tend()
    expect(await posts()).toEqual(['1', '2', '3', '4', '5'])
  })

  it('is handled by one press: its button offers all, each is done, and its message says that it is over', async () => {
    await world.broken(8)
    const { card } = await shown('group:1')
    const buttons = card.blocks.flatMap((block) => (block.kind === 'buttons' ? block.buttons : []))
    expect(buttons.map((button) => button.kind === 'command' && button.text)).toEqual([
      'fix receipt-booked',
      'open receipt-booked',
    ])
    expect(cardText(await world.ask('ada', 'open receipt-booked'))).toContain('8 exceptions')
    const offer = await world.ask('ada', 'fix receipt-booked')
    expect((await world.pressOn('ada', offer, 'Book the receipt for 8')).result).toBe('acted')
    await world.work('batch', 'run')
    expect((await world.exceptions()).map(({ state }) => state)).toEqual(Array(8).fill('resolved'))
    await later(MINUTE)
    expect(await textOf('group:1')).toContain('all 8 are over')
    expect((await posts()).sort()).toEqual(['batch:1', 'group:1'])
  })
})
