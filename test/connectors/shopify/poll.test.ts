import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WireFact } from '../../../src/app/connector.ts'
import { type ShopDouble, startShop } from '../../support/shopify/double.ts'
import type { Order, Part } from '../../support/shopify/world.ts'
import { connect, objectsFrom, pollAll } from './harness.ts'

let shop: ShopDouble
beforeEach(async () => {
  shop = await startShop()
})
afterEach(() => shop.stop())

const partOf = (order: Order): Part => {
  const [part] = order.parts
  if (!part) throw new Error('the order has nothing to send')
  return part
}
const factOf = (facts: WireFact[], type: WireFact['type'], id: number | string) =>
  facts.find((fact) => fact.type === type && fact.externalId === String(id))

describe('what is read of a shop', () => {
  it('is everything, also where a page inside a page has more', async () => {
    const lines = Array.from({ length: 120 }, (_, i) => ({ sku: `SKU-${i}`, quantity: 1 }))
    const order = shop.world.order({ lines })
    for (let i = 0; i < 5; i++) shop.world.returned(order)
    const facts = await pollAll(shop)
    expect(factOf(facts, 'order', order.id)?.quantities.ordered).toBe(120)
    expect(factOf(facts, 'fulfillment', partOf(order).id)?.quantities.ordered).toBe(120)
    const returns = facts.filter(({ type }) => type === 'return')
    expect(returns.map(({ quantities }) => quantities.expected)).toEqual([120, 120, 120, 120, 120])
  })

  it('comes page after page, and nothing of it twice or never', async () => {
    const orders = Array.from({ length: 25 }, () => shop.world.order())
    const facts = await pollAll(shop)
    const read = facts.filter(({ type }) => type === 'order').map(({ externalId }) => externalId)
    expect(read.sort()).toEqual(orders.map(({ id }) => String(id)).sort())
  })

  it('is known only up to when the reading began, however many pages it takes', async () => {
    for (let i = 0; i < 25; i++) shop.world.order()
    const began = shop.world.now()
    const { poll } = connect(shop)
    const first = await poll?.changes(null, AbortSignal.timeout(20_000))
    shop.world.advance(60_000)
    const second = await poll?.changes(first?.cursor ?? null, AbortSignal.timeout(20_000))
    expect(first?.more).toBe(true)
    expect(second?.watermark).toEqual(began)
  })

  it('costs a row that cannot be read, and not its neighbours', async () => {
    const [bad, good] = [shop.world.order(), shop.world.order()]
    bad.name = ''
    const page = await connect(shop).poll?.changes(null, AbortSignal.timeout(20_000))
    expect(page?.bad).toEqual([
      { at: 'orders[0]', reason: expect.stringContaining('name') },
      { at: 'fulfillmentOrders[0]', reason: expect.stringContaining('orderName') },
    ])
    expect(factOf(page?.facts ?? [], 'order', good?.id ?? 0)).toBeDefined()
  })

  it('is every article at every place that counts it, and none without a SKU', async () => {
    const [, south] = shop.world.places
    const level = shop.world.level('MUG-RED', 7, south ? { place: south } : {})
    level.quantities.committed = 2
    level.quantities.available = 5
    shop.world.level(null, 3)
    const stock = (await pollAll(shop)).filter(({ type }) => type === 'inventory')
    expect(stock).toHaveLength(1)
    expect(stock[0]).toMatchObject({
      keys: [
        { name: 'stock', value: 'MUG-RED@South', kind: 'identity' },
        { name: 'sku', value: 'MUG-RED', kind: 'reference' },
      ],
      quantities: { available: 5, on_hand: 7, committed: 2 },
      attributes: { backorders: null },
    })
  })

  it('is every change of stock, also of a place that the round under way has left behind', async () => {
    const [, south] = shop.world.places
    if (!south) throw new Error('the shop has one place only')
    const behind = shop.world.level('MUG-RED', 7)
    const there = Array.from({ length: 60 }, (_, i) => shop.world.level(`PEN-${i}`, 1, { place: south }))
    const { poll } = connect(shop)
    const first = await poll?.changes(null, AbortSignal.timeout(20_000))
    shop.world.advance(600_000)
    behind.quantities.on_hand = 3
    shop.world.touchLevel(behind)
    shop.world.advance(600_000)
    for (const level of there) shop.world.touchLevel(level)
    let page = first
    while (page?.more) page = await poll?.changes(page.cursor, AbortSignal.timeout(20_000))
    const next = await poll?.changes(page?.cursor ?? null, AbortSignal.timeout(20_000))
    expect(first?.more).toBe(true)
    expect(factOf(next?.facts ?? [], 'inventory', behind.id)?.quantities.on_hand).toBe(3)
  })

  it('says of an article that it may be sold although nothing is left', async () => {
    shop.world.level('PRINT', 0, { item: { id: 5, sku: 'PRINT', tracked: true, policy: 'CONTINUE' } })
    const [level] = (await pollAll(shop)).filter(({ type }) => type === 'inventory')
    expect(level?.attributes.backorders).toBe(true)
  })

  it('holds nothing of the person who has ordered, in facts or in what is kept', async () => {
    shop.world.order()
    const page = await connect(shop).poll?.changes(null, AbortSignal.timeout(20_000))
    expect(page?.raw.length).toBeGreaterThan(100)
    expect(JSON.stringify(page?.facts) + page?.raw.toString()).not.toMatch(/Quilla|Imaginary/)
  })

  it('begins no further back than it is told', async () => {
    const old = shop.world.order()
    shop.world.advance(30 * 86_400_000)
    const young = shop.world.order()
    const facts = await pollAll(shop, { firstDays: 20 })
    expect(factOf(facts, 'order', old.id)).toBeUndefined()
    expect(factOf(facts, 'order', young.id)).toBeDefined()
  })
})

describe('what is still to be sent', () => {
  it.each([
    ['SCHEDULED', 'unrouted'],
    ['OPEN', 'ready'],
    ['IN_PROGRESS', 'allocated'],
    ['INCOMPLETE', 'short'],
    ['CANCELLED', 'cancelled'],
  ] as const)('and is %s, is %s', async (status, state) => {
    const part = partOf(shop.world.order())
    part.status = status
    expect(factOf(await pollAll(shop), 'fulfillment', part.id)).toMatchObject({ state, rawState: status })
  })

  it('names of several holds the one to be decided first, and how many there are', async () => {
    const part = partOf(shop.world.order())
    shop.world.hold(part, 'OTHER', { handle: null, own: false, app: 'Upsell' })
    const fraud = shop.world.hold(part, 'HIGH_RISK_OF_FRAUD', { handle: null, own: false, app: 'Guard' })
    expect(factOf(await pollAll(shop), 'fulfillment', part.id)).toMatchObject({
      state: 'held',
      attributes: { holdReason: 'high_risk_of_fraud', holdId: String(fraud.id), heldBy: 'Guard', holds: 2 },
    })
  })

  it('is shipped with its number once it has been sent, and the parcel is one of its own', async () => {
    const order = shop.world.order()
    const parcel = shop.world.fulfil(partOf(order), 'trk-9', 'Plain Post')
    parcel.displayStatus = 'OUT_FOR_DELIVERY'
    const facts = await pollAll(shop)
    expect(factOf(facts, 'fulfillment', partOf(order).id)).toMatchObject({
      state: 'shipped',
      quantities: { ordered: 2, shipped: 2, remaining: 0 },
      attributes: { tracking: 'TRK-9' },
    })
    expect(factOf(facts, 'shipment', parcel.id)).toMatchObject({
      state: 'out',
      keys: [
        { name: 'tracking', value: 'TRK-9', kind: 'identity' },
        { name: 'order', value: order.name.slice(1), kind: 'reference' },
      ],
    })
  })

  it('meets what other systems say of the same order and the same parcels', async () => {
    const order = shop.world.order()
    order.name = 'WEB-1001'
    const parcel = shop.world.fulfil(partOf(order), '1z 999 aa1', 'Plain Post')
    parcel.tracking.push({ number: '1z 999 aa2', company: 'Plain Post' })
    const facts = await pollAll(shop)
    expect(factOf(facts, 'order', order.id)?.keys[0]).toEqual({
      name: 'order',
      value: '1001',
      kind: 'identity',
    })
    expect(factOf(facts, 'fulfillment', partOf(order).id)?.attributes.tracking).toBe('1Z999AA1')
    expect(factOf(facts, 'shipment', parcel.id)?.keys).toEqual([
      { name: 'tracking', value: '1Z999AA1', kind: 'identity' },
      { name: 'tracking', value: '1Z999AA2', kind: 'reference' },
      { name: 'order', value: '1001', kind: 'reference' },
    ])
  })

  it('is not shipped because it was closed: a move closes it and goes on under another id', async () => {
    const order = shop.world.order()
    const before = partOf(order)
    const [, south] = shop.world.places
    if (!south) throw new Error('the shop has one place only')
    const after = shop.world.move(before, south)
    const facts = await pollAll(shop)
    expect(factOf(facts, 'fulfillment', before.id)).toMatchObject({ state: 'cancelled', rawState: 'CLOSED' })
    expect(factOf(facts, 'fulfillment', after.id)).toMatchObject({
      state: 'ready',
      attributes: { location: 'South' },
    })
  })
})

describe('a return', () => {
  it.each([
    ['REQUESTED', 'requested'],
    ['OPEN', 'open'],
    ['CLOSED', 'closed'],
    ['DECLINED', 'rejected'],
    ['CANCELED', 'rejected'],
  ] as const)('that is %s is %s', async (status, state) => {
    const back = shop.world.returned(shop.world.order(), status)
    const objects = objectsFrom(await pollAll(shop), shop.world.now())
    expect(objects.find(({ externalId }) => externalId === String(back.id))).toMatchObject({ state })
  })

  it('is refunded once all of it is', async () => {
    const back = shop.world.returned(shop.world.order())
    for (const line of back.lines) line.refunded = line.quantity
    expect(factOf(await pollAll(shop), 'return', back.id)?.state).toBe('refunded')
  })
})
