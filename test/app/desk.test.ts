import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createQueries } from '../../src/app/ask.ts'
import { worktimesOf } from '../../src/app/calendar.ts'
import { cardText } from '../../src/app/card-text.ts'
import { homeCard } from '../../src/app/home.ts'
import type { Queries } from '../../src/app/queries.ts'
import { createReader } from '../../src/db/reader.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, fulfillment, HOUR, key, order, SIX, type World } from '../support/world.ts'

const EVERY_DAY = Array.from({ length: 7 }, () => [{ from: 0, to: 1_440 }])
const TWO_PM = worktimesOf(
  { warehouse: { zone: 'UTC', days: EVERY_DAY, holidays: [], cutOff: 14 * 60 } },
  'UTC',
)

const database = testDatabase()
let world: World
let queries: Queries
beforeEach(async () => {
  world = await createWorld(database.url, { calendars: TWO_PM })
  queries = createQueries(createReader(world.connection.db), world.setup, [], world.clock, world.clockText)
})
afterEach(() => world.close())

/** An order that the warehouse cannot fill: open at once, and high. */
const short = async (number: string, promiseAt: string | null = null, minor = 1_000): Promise<string> => {
  await world.say(world.shop, {
    ...order(number),
    state: 'confirmed',
    attributes: { valueMinor: minor, currency: 'EUR', ...(promiseAt === null ? {} : { promiseAt }) },
  })
  await world.say(world.wms, { ...fulfillment(number, `D${number}`), state: 'short' })
  const [row] = await world.rows(sql`
    select e.id::text from exceptions e join subject_keys k on k.subject_id = e.subject_id where k.value = ${number}`)
  return String(row?.id)
}
const personId = async (name: string): Promise<string> => {
  const [row] = await world.rows(sql`select id::text from persons where name = ${name}`)
  return String(row?.id)
}
const home = async (name: string, role: 'operator' | 'lead', channels: string[] | null = null) =>
  homeCard({ person: { id: await personId(name), name, role }, channels }, queries, world.clock())
const opened = (card: Awaited<ReturnType<typeof home>>): string[] =>
  card.blocks.flatMap((block) =>
    block.kind === 'buttons'
      ? block.buttons.flatMap((button) =>
          button.kind === 'command' && /^open \d/.test(button.text) ? [button.text.slice(5)] : [],
        )
      : [],
  )

describe("a person's own page", () => {
  it('has what they claimed first, then what else is open, worst first, each once', async () => {
    const late = await short('1', '2026-11-25T20:00:00Z')
    const soon = await short('2', '2026-11-23T20:00:00Z')
    const dear = await short('3', null, 9_000)
    const cheap = await short('4', null, 100)
    await world.press('ada', late, 'claim')
    await world.press('bo', cheap, 'claim')
    const card = await home('Ada Example', 'operator')
    expect(opened(card)).toEqual([late, soon, dear, cheap])
    const text = cardText(card)
    expect(text).toContain('1 yours, 3 open.')
    expect(text).toContain(
      `#${soon} · Order 2 · Short pick\nbroken for under 1 min · €10.00 · promised: 14 h left · last cut-off: 8 h left`,
    )
    expect(text).toContain('Bo Example is on it')
  })

  it('counts what it does not show, and says how to see it', async () => {
    for (let n = 1; n <= 11; n++) await short(`${n}`)
    await world.press('ada', '1', 'claim')
    for (let n = 2; n <= 3; n++) await world.press('ada', `${n}`, 'claim')
    const card = await home('Ada Example', 'operator')
    expect(opened(card)).toHaveLength(3 + 8)
    await short('12')
    expect(cardText(await home('Ada Example', 'operator'))).toContain('and 1 more: open')
  })

  it('has only what is open in the channels that are theirs, where some are', async () => {
    const one = await short('1')
    await short('2')
    await world.rows(sql`update exceptions set channel = 'warehouse' where id = ${one}::int8`)
    await world.press('ada', '2', 'note', { values: { note: 'x' } })
    expect(opened(await home('Ada Example', 'operator', ['warehouse', "o'dd"]))).toEqual([one])
    expect(opened(await home('Ada Example', 'operator', []))).toEqual([])
  })

  it('asks only those who may approve, and nobody about their own request', async () => {
    const stock = {
      type: 'inventory' as const,
      externalId: 'MUG',
      keys: [key('stock', 'MUG@MAIN'), key('sku', 'MUG', 'reference')],
    }
    await world.say(world.wms, { ...stock, state: 'available', quantities: { on_hand: 10 } })
    await world.say(world.erp, { ...stock, state: 'available', quantities: { on_hand: 3 } })
    await world.later(HOUR)
    const { id } = await world.exception('stock-agrees')
    await world.press('lea', id, 'erp.adjust_stock')
    await world.press('lou', id, 'note', { values: { note: 'x' } })
    await world.press('ada', id, 'note', { values: { note: 'x' } })
    expect(cardText(await home('Lou Example', 'lead'))).toContain('For your approval: 1 exception')
    expect(cardText(await home('Lea Example', 'lead'))).not.toContain('For your approval:')
    expect(cardText(await home('Ada Example', 'operator'))).not.toContain('for your approval')
  })

  it('leaves out what is closed, snoozed, or shown on the card of another', async () => {
    const [closed, snoozed, folded, left] = [
      await short('1'),
      await short('2'),
      await short('3'),
      await short('4'),
    ]
    await world.press('ada', closed, 'dismiss', { values: { reason: 'known' } })
    await world.rows(sql`update exceptions set snoozed_until = '2030-01-01' where id = ${snoozed}::int8`)
    await world.rows(sql`update exceptions set root_id = ${left}::int8 where id = ${folded}::int8`)
    expect(opened(await home('Ada Example', 'operator'))).toEqual([left])
  })
})

describe('what can still be saved', () => {
  const MIDNIGHT = new Date('2026-11-24T00:00:00Z')
  const plan = async (shown = 7) => {
    const today = await queries.today(MIDNIGHT, shown)
    return {
      ...today,
      slots: today.slots.map(({ saveBy, total, first }) => ({
        at: saveBy.toISOString().slice(0, 16),
        total,
        ids: first.map(({ exception }) => exception.id),
      })),
    }
  }

  it('stands at the last cut-off before its promise, worst first; what is later, late or unpromised is counted', async () => {
    const cheap = await short('1', '2026-11-23T20:00:00Z', 100)
    const dear = await short('2', '2026-11-24T10:00:00Z', 9_000)
    await short('3', '2026-11-24T15:00:00Z')
    await short('4', '2026-11-23T05:00:00Z')
    await short('5', '2026-11-23T12:00:00Z')
    await short('6')
    expect(await plan()).toEqual({
      slots: [{ at: '2026-11-23T14:00', total: 2, ids: [dear, cheap] }],
      later: { total: 1, from: new Date('2026-11-24T14:00:00Z') },
      missed: 2,
      unpromised: 1,
      snoozed: 0,
      isCut: false,
    })
    expect((await plan(1)).slots).toEqual([{ at: '2026-11-23T14:00', total: 2, ids: [dear] }])
  })

  it('is saved on the card of what explains it, which then counts once for all that it saves', async () => {
    const root = await short('1')
    for (const number of ['2', '3']) {
      const id = await short(number, '2026-11-23T20:00:00Z', 1_500)
      await world.rows(sql`update exceptions set root_id = ${root}::int8 where id = ${id}::int8`)
    }
    const { slots } = await queries.today(MIDNIGHT, 7)
    expect(slots).toMatchObject([
      {
        total: 1,
        first: [{ exception: { id: root }, saves: 2, amounts: [{ minor: 3_000, currency: 'EUR' }] }],
      },
    ])
  })

  it('leaves out what is snoozed, and counts it', async () => {
    const id = await short('1', '2026-11-23T20:00:00Z')
    await world.rows(sql`update exceptions set snoozed_until = '2030-01-01' where id = ${id}::int8`)
    expect(await plan()).toMatchObject({ slots: [], snoozed: 1, missed: 0 })
  })

  it('is over at the cut-off itself', async () => {
    await short('1', '2026-11-23T20:00:00Z')
    world.pass(8 * HOUR - 1)
    expect((await plan()).slots).toHaveLength(1)
    world.pass(1)
    expect(await plan()).toMatchObject({ slots: [], missed: 1 })
    expect(world.clock().getTime()).toBe(SIX.getTime() + 8 * HOUR)
  })
})
