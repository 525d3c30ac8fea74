import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createQueries } from '../../src/app/ask.ts'
import type { ExceptionFilter, Queries } from '../../src/app/queries.ts'
import { createReader } from '../../src/db/reader.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, fulfillment, HOUR, key, MINUTE, order, receipt, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
let queries: Queries
beforeEach(async () => {
  world = await createWorld(database.url)
  const channels = [{ id: 'orders', title: 'Orders', on: { chat: '#orders' } }]
  queries = createQueries(
    createReader(world.connection.db),
    world.setup,
    channels,
    world.clock,
    world.clockText,
  )
})
afterEach(() => world.close())

const short = (n: string | number, over: object = {}) =>
  world.say(world.wms, { ...fulfillment(`${n}`, `D${n}`), state: 'short', ...over })
const list = (over: Partial<ExceptionFilter> = {}) =>
  queries.listExceptions({ state: 'open', timeline: 'live', after: null, limit: 50, ...over })
const orders = async (over: Partial<ExceptionFilter> = {}) =>
  (await list(over)).items.map(({ subject }) => subject.keys[0]?.value)

describe('a list of exceptions', () => {
  it('is newest first, and page after page gives each once', async () => {
    for (const n of [1, 2, 3, 4, 5]) {
      await short(n)
      // Two opened at the same moment are told apart all the same.
      if (n !== 2) world.pass(1_000)
    }
    const seen: unknown[] = []
    let after: string | null = null
    do {
      const page: Awaited<ReturnType<typeof list>> = await list({ limit: 2, after })
      expect(page.total).toBe(5)
      seen.push(...page.items.map(({ subject }) => subject.keys[0]?.value))
      after = page.next
    } while (after !== null)
    expect(seen).toEqual(['5', '4', '3', '2', '1'])
  })

  it('takes a cursor that it never gave for the beginning', async () => {
    await short(1)
    expect(await orders({ after: 'x; drop table exceptions' })).toEqual(['1'])
  })

  it('is of the open, of the closed, or of all; closed ones by when they closed', async () => {
    for (const n of [1, 2, 3]) await short(n)
    world.pass(1_000)
    await short(2, { state: 'ready' })
    world.pass(1_000)
    await short(1, { state: 'ready' })
    expect(await orders()).toEqual(['3'])
    expect(await orders({ state: 'closed' })).toEqual(['1', '2'])
    expect(await orders({ state: 'all' })).toEqual(['3', '2', '1'])
  })

  it('finds by any words, all of which must fit: title, handoff, severity, system or key', async () => {
    await short(1)
    await world.say(world.wms, { ...fulfillment('2', 'D2'), state: 'shipped' })
    await world.later(HOUR)
    expect(await orders({ words: ['short'] })).toEqual(['1'])
    expect(await orders({ words: ['HIGH', 'wms'] })).toEqual(['1'])
    expect(await orders({ words: ['wms>erp'] })).toEqual(['2'])
    expect(await orders({ words: ['high', '2'] })).toEqual([])
    expect(await orders({ words: ['%'] })).toEqual([])
    expect(await orders({ words: ['_'] })).toEqual([])
  })

  it('is of one channel, of what somebody holds, or of what somebody had a hand in', async () => {
    for (const n of [1, 2, 3]) await short(n)
    const id = async (n: string) => (await list({ words: [n] })).items[0]?.id
    await world.press('ada', await id('1'), 'claim')
    await world.press('ada', await id('2'), 'note', { values: { note: 'x' } })
    await world.press('bo', await id('1'), 'claim', { version: 1 })
    const [ada] = await world.rows(sql`select id from persons where name = 'Ada Example'`)
    const [bo] = await world.rows(sql`select id from persons where name = 'Bo Example'`)
    expect(await orders({ claimedBy: String(ada?.id) })).toEqual(['1'])
    expect(await orders({ handledBy: String(ada?.id) })).toEqual(['2', '1'])
    expect(await orders({ handledBy: String(bo?.id) })).toEqual([])
    expect(await orders({ channel: 'orders' })).toHaveLength(3)
    expect(await orders({ channel: 'elsewhere' })).toEqual([])
  })
})

describe('one exception', () => {
  it('shows what each system says, from the shop to the parcel, since when', async () => {
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'shipped' })
    await world.say(world.erp, { ...order('1'), state: 'open', rawState: 'Processing' })
    await world.say(world.shop, { ...order('1'), state: 'confirmed' })
    await world.later(HOUR)
    const detail = await queries.getException((await world.exception('shipment-in-erp')).id)
    expect(
      detail?.systems.map(({ system, state, raw, at }) => [system, state, raw, at?.toISOString()]),
    ).toEqual([
      ['shop', 'confirmed', 'confirmed', '2026-11-23T06:00:00.000Z'],
      ['erp', 'open', 'Processing', '2026-11-23T06:00:00.000Z'],
      ['wms', 'shipped', 'shipped', '2026-11-23T06:00:00.000Z'],
    ])
    expect(detail).toMatchObject({
      title: 'Shipped, still open in the ERP',
      handoff: { from: 'wms', to: 'erp', object: 'shipment' },
      evidence: 'wms says shipped; erp still says Processing.',
      routeReason: 'no rule matched: default channel',
    })
  })

  it('offers exactly what a press will find', async () => {
    await world.say(world.erp, { ...receipt('R1'), state: 'open' })
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    await world.later(HOUR)
    const { id } = await world.exception('receipt-booked')
    const before = await queries.getException(id)
    expect(before?.actions.map(({ id: action, style }) => [action, style])).toEqual([
      ['erp.book_receipt', 'primary'],
      ['erp.ask_supplier', 'default'],
      ['claim', 'default'],
      ['snooze', 'default'],
      ['fixed_by_hand', 'default'],
      ['dismiss', 'default'],
      ['note', 'default'],
    ])
    expect(
      await world.press('ada', id, before?.actions[0]?.id ?? '', { version: before?.version ?? 0 }),
    ).toMatchObject({
      result: 'acted',
    })
    const running = await queries.getException(id)
    expect(running?.actions.map(({ id: action }) => action)).toEqual(['note'])
    expect(running?.version).toBe(2)
    await world.work('run')
    const after = await queries.getException(id)
    expect(after).toMatchObject({
      state: 'resolved',
      actionRuns: [{ label: 'Book the receipt', requestedBy: 'Ada Example', outcome: 'done' }],
      interventions: [{ person: 'Ada Example', action: 'erp.book_receipt', result: 'acted' }],
    })
  })

  it('says where it went when it was merged', async () => {
    await short(1)
    await world.say(world.wms, { ...fulfillment('x', 'D2'), keys: [key('sale', 'S9')], state: 'short' })
    const [older, younger] = await world.exceptions()
    await world.say(world.erp, { ...order('1'), keys: [key('order', '1'), key('sale', 'S9')] })
    const detail = await queries.getException(String(younger?.id))
    expect(detail).toMatchObject({
      state: 'merged',
      status: `The systems say it is the same as exception #${older?.id}, which goes on.`,
    })
    expect(detail?.actions.map(({ id }) => id)).toEqual(['note'])
    expect(detail?.systems).not.toEqual([])
    expect(await orders({ state: 'all' })).toEqual(['1'])
  })

  it('that does not exist is null, whatever is asked for', async () => {
    for (const id of ['999', 'abc', '', '1 or 1=1']) expect(await queries.getException(id)).toBeNull()
  })
})

describe('finding', () => {
  it('is by order, SKU or tracking number, in capitals or not, with or without an exception', async () => {
    const keys = [key('order', 'a-1'), key('sku', 'SHOE-42', 'reference'), key('tracking', 'TRK1')]
    await world.say(world.wms, { ...fulfillment('a-1', 'D1'), keys, state: 'ready' })
    for (const text of ['A-1', 'a-1', '#A-1', 'shoe-42']) {
      const found = await queries.findExceptions(text, 10)
      expect(found.exceptions).toEqual([])
      expect(found.subjects[0]?.systems).toMatchObject([{ system: 'wms', state: 'ready' }])
    }
    expect((await queries.findExceptions('trk1', 10)).subjects).toMatchObject([{ kind: 'parcel' }])
    expect((await queries.findExceptions('A', 10)).subjects).toEqual([])
    await short('a-1')
    expect((await queries.findExceptions('A-1', 10)).exceptions).toMatchObject([{ contract: 'short-pick' }])
  })
})

describe('drag', () => {
  it('is read from the log: minutes that were stated, per thousand orders', async () => {
    for (const n of ['1', '2', '3', '4']) await world.say(world.shop, { ...order(n), state: 'confirmed' })
    await short(1)
    const values = { minutes: 30, note: 'walked there' }
    await world.press('ada', (await world.exception('short-pick')).id, 'fixed_by_hand', { values })
    const drag = await queries.drag({ from: world.at(-HOUR), to: world.at(HOUR) })
    expect(drag).toMatchObject({ orders: 4, persons: 1, indexPer1000: 125 })
    expect(drag.lines).toMatchObject([{ gap: { contract: 'short-pick' }, measuredHours: 0.5 }])
    expect((await queries.drag({ from: world.at(HOUR), to: world.at(2 * HOUR) })).total.touches).toBe(0)
  })
})

describe('channels', () => {
  it('say how much is open in each', async () => {
    await short(1)
    await short(2)
    world.pass(MINUTE)
    await short(2, { state: 'ready' })
    expect(await queries.channels()).toEqual([{ id: 'orders', title: 'Orders', open: 1, surfaces: ['chat'] }])
  })
})
