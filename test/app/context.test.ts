import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createQueries } from '../../src/app/ask.ts'
import { cardText } from '../../src/app/card-text.ts'
import { contractConfig } from '../../src/app/contract-config.ts'
import { exceptionCard } from '../../src/app/exception-card.ts'
import { whyCard } from '../../src/app/exception-why.ts'
import type { ExceptionDetail, Queries } from '../../src/app/queries.ts'
import { createReader } from '../../src/db/reader.ts'
import type { ChangedBy } from '../../src/domain/model.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, fulfillment, HOUR, key, MINUTE, order, receipt, type World } from '../support/world.ts'

const CONTRACTS = [
  {
    id: 'receipt-booked',
    title: 'Received in the warehouse, never booked',
    meaning: 'The goods are on the shelf and cannot be sold.',
    hurts: 'Customers who are told that it is sold out.',
    fix: 'Book the receipt in the ERP.',
    handoff: { from: 'wms', to: 'erp', object: 'receipt' },
    subject: 'receipt',
    grace: '0s',
    follow: {
      when: { role: 'wms', type: 'receipt', states: ['received'] },
      then: { role: 'erp', type: 'receipt', states: ['received'] },
    },
    actions: ['book_receipt'],
  },
  {
    id: 'flag-passed',
    title: 'Flagged in the warehouse, still for sale',
    handoff: { from: 'wms', to: 'erp', object: 'stock' },
    subject: 'stock',
    grace: '0s',
    leave: {
      object: { role: 'erp', type: 'inventory', states: ['available'] },
      while: [{ role: 'wms', type: 'inventory', states: ['flagged'] }],
    },
  },
  {
    id: 'can-ship',
    title: 'The warehouse cannot ship',
    handoff: { from: 'wms', to: 'storefront', object: 'pick' },
    subject: 'fulfillment',
    severity: 'high',
    grace: '0s',
    leave: { object: { role: 'wms', type: 'fulfillment', states: ['short'] } },
    foldsUnder: ['flag-passed'],
  },
].map((written) => contractConfig.parse(written))

const database = testDatabase()
let world: World
let queries: Queries
beforeEach(async () => {
  world = await createWorld(database.url, { contracts: CONTRACTS })
  queries = createQueries(createReader(world.connection.db), world.setup, [], world.clock, world.clockText)
})
afterEach(() => world.close())

const detailOf = async (which: unknown): Promise<ExceptionDetail> => {
  const detail = await queries.getException((await world.exception(which)).id)
  if (!detail) throw new Error(`no exception ${String(which)}`)
  return detail
}
const textOf = async (which: unknown): Promise<string> => cardText(exceptionCard(await detailOf(which)))

/** An order of the shop: what it needs, what was promised and what it is worth. */
const ordered = (
  number: string,
  skus: string[],
  promise: string | null,
  minor: number,
  state = 'confirmed',
) =>
  world.say(world.shop, {
    ...order(number),
    keys: [key('order', number), ...skus.map((sku) => key('sku', sku, 'reference'))],
    state,
    attributes: { valueMinor: minor, currency: 'EUR', ...(promise ? { promiseAt: promise } : {}) },
  })
const stock = (sku: string) => ({
  type: 'inventory' as const,
  externalId: sku,
  keys: [key('stock', `${sku}@HEL`), key('sku', sku, 'reference')],
})
const flagged = async (sku = 'MUG') => {
  await world.say(world.wms, { ...stock(sku), state: 'flagged' })
  await world.say(world.erp, { ...stock(sku), state: 'available' })
}
const short = (number: string, sku: string) =>
  world.say(world.wms, {
    ...fulfillment(number, `D${number}`),
    keys: [key('order', number), key('sku', sku, 'reference')],
    state: 'short',
  })

const received = (name: string) => world.say(world.wms, { ...receipt(name), state: 'received' })
const booked = (name: string, changedBy: ChangedBy = { kind: 'unknown' }) =>
  world.say(world.erp, { ...receipt(name), state: 'received', changedBy })
const idOf = async (name: string): Promise<string> => {
  const [row] = await world.rows(sql`
    select e.id::text from exceptions e join subject_keys k on k.subject_id = e.subject_id where k.value = ${name}`)
  return String(row?.id)
}

describe('what is at stake', () => {
  it('is the orders that need the same goods: the first promised first, how many, and their worth', async () => {
    await ordered('1', ['MUG'], '2026-11-23T18:00:00Z', 5_000)
    await ordered('2', ['MUG', 'PEN'], '2026-11-23T09:00:00Z', 2_550)
    await ordered('3', ['MUG'], null, 1_000)
    await ordered('4', ['PEN'], '2026-11-23T07:00:00Z', 9_000)
    await ordered('5', ['MUG'], '2026-11-23T12:00:00Z', 1_200)
    await flagged()
    const { orders } = await detailOf('flag-passed')
    expect(orders).toMatchObject({ total: 4, isCut: false, amounts: [{ minor: 9_750, currency: 'EUR' }] })
    expect(orders?.first.map(({ name }) => name)).toEqual(['order 2', 'order 5', 'order 1', 'order 3'])
    const text = await textOf('flag-passed')
    expect(text).toContain('4 open orders need the same goods, worth €97.50. The first 3, and 1 more:')
    expect(text).toContain('Order 2: €25.50, promised 2026-11-23 09:00 UTC')
    expect(text).not.toContain('Order 3')
  })

  it('leaves out orders that are over, cancelled, or gone from the warehouse', async () => {
    for (const n of ['1', '2', '3', '4', '5']) await ordered(n, ['MUG'], null, 1_000)
    await ordered('1', ['MUG'], null, 1_000, 'complete')
    await ordered('2', ['MUG'], null, 1_000, 'cancelled')
    await world.say(world.wms, { ...fulfillment('3', 'D3'), state: 'shipped' })
    await world.say(world.wms, { ...fulfillment('4', 'D4a'), state: 'shipped' })
    await world.say(world.wms, { ...fulfillment('4', 'D4b'), state: 'ready' })
    await flagged()
    const { orders } = await detailOf('flag-passed')
    expect(orders?.first.map(({ name }) => name).sort()).toEqual(['order 4', 'order 5'])
  })

  it('looks at the newest orders of a SKU only, and says so', async () => {
    const many = Array.from({ length: 320 }, (_, n) =>
      world.shop.put(
        {
          ...order(`${n}`),
          keys: [key('order', `${n}`), key('sku', 'MUG', 'reference')],
          state: n < 300 ? 'complete' : 'confirmed',
        },
        world.clock(),
      ),
    )
    await world.hook(world.shop, many)
    await world.work('process')
    await flagged()
    expect((await detailOf('flag-passed')).orders).toMatchObject({ total: 20, isCut: true })
    expect(await textOf('flag-passed')).toContain('At least 20 open orders need the same goods.')
  })

  it('is no question of stock where the break is none', async () => {
    await ordered('1', ['MUG'], null, 1_000)
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    expect((await detailOf('receipt-booked')).orders).toMatchObject({ total: 0 })
    expect(await textOf('receipt-booked')).not.toContain('same goods')
  })

  it('is the promise, with the time that is left of it', async () => {
    await ordered('1', ['MUG'], '2026-11-23T09:30:00Z', 5_000)
    await short('1', 'MUG')
    expect(await textOf('can-ship')).toContain('Promised to the customer: 2026-11-23 09:30 UTC (3 h left)')
    world.pass(4 * HOUR)
    expect(await textOf('can-ship')).toContain('(30 min too late)')
  })

  it('is what follows from it, the most urgent first, on one card', async () => {
    await ordered('1', ['MUG'], '2026-11-23T18:00:00Z', 5_000)
    await ordered('2', ['MUG'], '2026-11-23T09:00:00Z', 2_000)
    await flagged()
    await short('1', 'MUG')
    await short('2', 'MUG')
    await world.work()
    const text = await textOf('flag-passed')
    const [first, second] = [await idOf('2'), await idOf('1')]
    expect(text).toContain('2 other breaks follow from it, worth €70.00.')
    expect(text).toContain(
      [
        `Order 2: #${first} The warehouse cannot ship, promised 2026-11-23 09:00 UTC`,
        `Order 1: #${second} The warehouse cannot ship, promised 2026-11-23 18:00 UTC`,
      ].join('\n'),
    )
    expect(await textOf(first)).toContain(
      `Follows from #${(await world.exception('flag-passed')).id}: Flagged in the warehouse, still for sale (stock MUG@HEL).`,
    )
  })
})

describe('the history of a break', () => {
  it('is that there is none, the first time', async () => {
    await received('R1')
    expect(await textOf('receipt-booked')).toContain('The first of its kind in 90 days.')
  })

  it('is how often it broke, how long it took, what people did and how it came out, and who knows it', async () => {
    // 100 days ago, and out of the picture.
    await received('R0')
    await booked('R0')
    world.pass(70 * 24 * HOUR)
    for (const [n, who] of [
      ['R1', 'ada'],
      ['R2', 'ada'],
      ['R3', 'bo'],
    ] as const) {
      await world.say(world.erp, { ...receipt(n), state: 'open' })
      await received(n)
      world.pass(20 * MINUTE)
      await world.press(who, await idOf(n), 'erp.book_receipt')
      await world.work()
    }
    await received('R4')
    await world.press('ada', await idOf('R4'), 'fixed_by_hand', {
      values: { minutes: 5, note: 'the paper was at the dock' },
    })
    await booked('R4', { kind: 'person', name: 'a clerk' })
    world.pass(30 * 24 * HOUR)
    await received('R5')
    const { gap } = await detailOf(await idOf('R5'))
    expect(gap).toMatchObject({
      week: 1,
      quarter: 5,
      closed: 4,
      medianOpenMs: 20 * MINUTE,
      healedAlone: 0,
      actions: [
        { label: 'Book the receipt', times: 3, verified: 3 },
        { label: 'Fixed by hand', times: 1, verified: 1 },
      ],
      people: ['Ada Example', 'Bo Example'],
      notes: [{ person: 'Ada Example', note: 'the paper was at the dock' }],
    })
    await world.say(world.erp, { ...receipt('R5'), state: 'open' })
    expect(await textOf(await idOf('R5'))).toMatch(
      /\[Book the receipt\] 3 of the last 4 times(, \d+ (s|min))?\n/,
    )
    const text = await textOf(await idOf('R5'))
    expect(text).toContain('It broke once in 7 days, 5 times in 90; half of them were over within 20 min.')
    expect(text).toContain(
      'What people did: Book the receipt (3×) and Fixed by hand (1×). Who knows it: Ada Example and Bo Example.',
    )
    expect(text).toContain(
      `Note by Ada Example on #${await idOf('R4')}, 30 days ago: the paper was at the dock`,
    )
  })

  it('counts what a refused action came to', async () => {
    await world.say(world.erp, { ...receipt('R1'), state: 'open' })
    await received('R1')
    world.erp.manner = 'refuses'
    await world.press('ada', await idOf('R1'), 'erp.book_receipt')
    await world.work()
    expect((await detailOf('receipt-booked')).gap?.actions).toEqual([
      {
        id: 'erp.book_receipt',
        label: 'Book the receipt',
        times: 1,
        verified: 0,
        proven: 0,
        needed: 30,
        ms: null,
      },
    ])
    expect(await textOf('receipt-booked')).not.toContain('verified')
  })

  it('says so where most heal by themselves, and counts as such only what nobody had a hand in', async () => {
    for (const n of ['R1', 'R2', 'R3', 'R4']) {
      await received(n)
      world.pass(6 * MINUTE)
      await booked(n, { kind: 'integration', name: 'EDI' })
    }
    await received('R5')
    world.pass(HOUR)
    await booked('R5', { kind: 'person', name: 'a clerk' })
    await received('R6')
    const { gap } = await detailOf(await idOf('R6'))
    expect(gap).toMatchObject({ closed: 5, healedAlone: 4, medianAloneMs: 6 * MINUTE })
    expect(await textOf(await idOf('R6'))).toContain(
      'Most heal by themselves (4 of 5), half of those within 6 min.',
    )
  })

  it('does not say so of a break that people mend, nor of too few', async () => {
    for (const n of ['R1', 'R2', 'R3', 'R4']) {
      await received(n)
      await booked(n)
    }
    await received('R9')
    expect(await textOf(await idOf('R9'))).not.toContain('by themselves')
    for (const n of ['R5', 'R6', 'R7', 'R8', 'R10']) {
      await received(n)
      await booked(n, { kind: 'person', name: 'a clerk' })
    }
    expect(await textOf(await idOf('R9'))).not.toContain('by themselves')
  })

  it('knows nothing of persons but their names', async () => {
    await received('R1')
    await world.press('ada', await idOf('R1'), 'fixed_by_hand', { values: { minutes: 37, note: 'x' } })
    await received('R2')
    const { gap } = await detailOf(await idOf('R2'))
    expect(gap?.people).toEqual(['Ada Example'])
    expect(JSON.stringify(gap)).not.toContain('37')
  })
})

describe('"Why?"', () => {
  it('says what it means, whom it hurts and what helps', async () => {
    await received('R1')
    const detail = await detailOf('receipt-booked')
    expect(cardText(whyCard(detail))).toBe(
      [
        `Why #${detail.id}: Received in the warehouse, never booked`,
        'The goods are on the shelf and cannot be sold.',
        'Whom it hurts: Customers who are told that it is sold out.',
        'Usual fix: Book the receipt in the ERP.',
        'The first of its kind in 90 days.',
        `[Show #${detail.id}] open ${detail.id}`,
        '[All of this kind] fix receipt-booked',
      ].join('\n'),
    )
    expect(cardText(exceptionCard(detail))).toContain(`[Why?] open ${detail.id} why`)
  })
})
