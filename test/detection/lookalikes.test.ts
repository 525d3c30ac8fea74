import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { contractsFor } from '../../src/config/contracts.ts'
import { mapsConfig } from '../../src/config/names.ts'
import type { Attributes, OrderClass } from '../../src/domain/model.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, HOUR, key, type World } from '../support/world.ts'

/*
 * What real operations do that looks like an exception and is not: each keeps silent, on the real pipeline with the
 * contracts as they ship, and beside it stands what it must not be taken for.
 */

const DAY = 24 * HOUR
const MAPS = mapsConfig.parse({ skus: { 'MUG-RED': { erp: { name: 'MUG-CASE', units: 12 } } } })
const CONTRACTS = contractsFor(['storefront', 'erp', 'wms', 'carrier'], { tune: {}, add: [] }, true)

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url, { contracts: CONTRACTS, maps: MAPS })
})
afterEach(() => world.close())

type Said = { quantities?: Record<string, number>; attributes?: Attributes; orderClass?: OrderClass }

const ORDER = [key('order', '1')]
const shopOrder = (state: string, { quantities = { ordered: 3 }, ...more }: Said = {}) =>
  world.say(world.shop, {
    type: 'order',
    externalId: 'O1',
    keys: ORDER,
    state,
    orderClass: 'consumer',
    quantities,
    ...more,
  })
const erpOrder = (state = 'confirmed') =>
  world.say(world.erp, { type: 'order', externalId: 'S1', keys: ORDER, state, quantities: { ordered: 3 } })
/** A delivery in the warehouse; once it has left, its parcels bear these numbers. */
const delivery = (id: string, state: string, quantities: Record<string, number>, tracking: string[] = []) =>
  world.say(world.wms, {
    type: 'fulfillment',
    externalId: id,
    keys: [...ORDER, ...tracking.map((number) => key('tracking', number))],
    state,
    quantities,
    attributes: { tracking: tracking[0] ?? null },
  })
const erpShipped = (shipped: number) =>
  world.say(world.erp, {
    type: 'fulfillment',
    externalId: 'E1',
    keys: ORDER,
    state: 'shipped',
    quantities: { shipped },
  })
const shopShipped = (shipped: number, tracking: string) =>
  world.say(world.shop, {
    type: 'fulfillment',
    externalId: 'F1',
    keys: ORDER,
    state: 'shipped',
    quantities: { shipped },
    attributes: { tracking },
  })
const parcel = (number: string, state: string) =>
  world.say(world.carrier, {
    type: 'shipment',
    externalId: number,
    keys: [key('tracking', number), key('order', '1', 'reference')],
    state,
  })
const stock = (
  system: 'wms' | 'erp',
  on_hand: number,
  { quantities, attributes = {} }: Said = {},
  sku = 'MUG-RED',
) =>
  world.say(world[system], {
    type: 'inventory',
    externalId: `${sku}@MAIN`,
    keys: [key('stock', `${sku}@MAIN`), key('sku', sku, 'reference')],
    state: 'level',
    quantities: { on_hand, ...quantities },
    attributes,
  })

/** The contracts of all that was ever opened. */
const opened = async () => (await world.exceptions()).map(({ contract }) => contract)
const silent = async (ms: number) => {
  await world.later(ms)
  expect(await opened()).toEqual([])
}
const breaks = async (ms: number, ...contracts: string[]) => {
  await world.later(ms)
  expect(await opened()).toEqual(contracts)
}

describe('an order that leaves in parts', () => {
  const firstPart = async () => {
    await shopOrder('confirmed')
    await erpOrder()
    await delivery('D1', 'shipped', { ordered: 2, shipped: 2 }, ['T1'])
    await delivery('D2', 'allocated', { ordered: 1 })
    await erpShipped(2)
    await shopShipped(2, 'T1')
    await parcel('T1', 'in_transit')
  }

  it('is not short, not double and not forgotten: partial shipments', async () => {
    await firstPart()
    await silent(3 * DAY)
  })

  it('is told when the rest has left and the ERP and the shop do not hear of it', async () => {
    await firstPart()
    await delivery('D2', 'shipped', { ordered: 1, shipped: 1 }, ['T2'])
    await parcel('T2', 'in_transit')
    await breaks(HOUR, 'wms-shipment-synced', 'wms-tracking-passed')
  })

  it('may be two deliveries at once, for no more than was ordered: split orders', async () => {
    await shopOrder('confirmed')
    await erpOrder()
    await delivery('D1', 'picked', { ordered: 2 })
    await delivery('D2', 'picked', { ordered: 1 })
    await silent(3 * DAY)
  })

  it('is told when the two deliveries are the same goods twice', async () => {
    await shopOrder('confirmed')
    await erpOrder()
    await delivery('D1', 'picked', { ordered: 3 })
    await delivery('D2', 'picked', { ordered: 3 })
    await breaks(HOUR, 'wms-one-delivery')
  })
})

describe('what is not all there yet', () => {
  it('is no short pick while somebody still looks for the rest', async () => {
    await shopOrder('confirmed')
    await erpOrder()
    await delivery('D1', 'allocated', { ordered: 3, picked: 2 })
    await silent(3 * DAY)
    await delivery('D1', 'short', { ordered: 3, picked: 2 })
    await breaks(0, 'wms-short-resolved')
  })

  const received = (state: string, units: number) =>
    world.say(world.wms, {
      type: 'receipt',
      externalId: 'W1',
      keys: [key('receipt', 'R1')],
      state,
      quantities: { received: units },
    })

  it('is no short receipt before the last of it has come in', async () => {
    const keys = [key('receipt', 'R1')]
    const advised = { type: 'receipt' as const, externalId: 'R1', keys, quantities: { advised: 10 } }
    await world.say(world.erp, { ...advised, state: 'ordered' })
    await received('partial', 6)
    await silent(3 * DAY)
    await received('received', 6)
    await world.say(world.erp, {
      ...advised,
      state: 'received',
      quantities: { advised: 10, received: 6 },
    })
    await breaks(2 * HOUR, 'erp-receipt-complete')
  })
})

describe('a delivery in several parcels', () => {
  const left = async () => {
    await shopOrder('complete')
    await erpOrder('complete')
    await delivery('D1', 'shipped', { ordered: 3, shipped: 3 }, ['T1', 'T2'])
    await erpShipped(3)
    await shopShipped(3, 'T1')
    await parcel('T1', 'in_transit')
  }

  it('is one delivery, and each parcel goes its own way', async () => {
    await left()
    await parcel('T2', 'delivered')
    await silent(3 * DAY)
    const kinds = (await world.subjects()).map(({ kind }) => kind).sort()
    expect(kinds).toEqual(['fulfillment', 'parcel', 'parcel'])
  })

  it('is told when one of them was never scanned, though the other is on its way', async () => {
    await left()
    await breaks(49 * HOUR, 'carrier-parcel-scanned')
  })
})

describe('units and sets', () => {
  it('counts a kit as it was sold, whatever was picked for it', async () => {
    await shopOrder('complete', { quantities: { ordered: 1 } })
    await erpOrder('complete')
    await delivery('D1', 'shipped', { ordered: 1, shipped: 1, components: 4 }, ['T1'])
    await erpShipped(1)
    await shopShipped(1, 'T1')
    await parcel('T1', 'in_transit')
    await silent(3 * DAY)
  })

  it('compares pieces with pieces, where one system counts in cases', async () => {
    await stock('wms', 36)
    await stock('erp', 3, {}, 'MUG-CASE')
    await silent(3 * DAY)
  })

  it('and tells what is missing in pieces', async () => {
    await stock('wms', 35)
    await stock('erp', 3, {}, 'MUG-CASE')
    await breaks(HOUR, 'wms-erp-stock-agrees')
    expect((await world.exception('wms-erp-stock-agrees')).magnitude).toBe(1)
  })
})

describe('numbers that cannot agree now', () => {
  it.each<[string, Said]>([
    ['goods on their way between two places', { quantities: { in_transfer: 5 } }],
    ['a count in progress', { attributes: { counting: true } }],
  ])('keeps silent for %s, and speaks when it is over', async (_what, meanwhile) => {
    await stock('erp', 20)
    await stock('wms', 15, meanwhile)
    await silent(3 * DAY)
    await stock('wms', 15, { quantities: { in_transfer: 0 }, attributes: { counting: false } })
    await breaks(HOUR, 'wms-erp-stock-agrees')
  })

  it('agrees by itself when a transfer was booked on both sides', async () => {
    await stock('erp', 20)
    await stock('wms', 15, { quantities: { in_transfer: 5 } })
    await silent(DAY)
    await stock('wms', 20, { quantities: { in_transfer: 0 } })
    await silent(DAY)
  })
})

describe('a return', () => {
  const back = (system: 'wms' | 'shop', state: string) =>
    world.say(world[system], { type: 'return', externalId: 'R1', keys: [key('return', 'R1')], state })

  it('owes no refund before somebody has looked at it', async () => {
    await back('shop', 'open')
    await back('wms', 'received')
    await silent(14 * DAY)
  })

  it('owes one from then on', async () => {
    await back('shop', 'open')
    await back('wms', 'received')
    await world.later(14 * DAY)
    await back('wms', 'inspected')
    await silent(47 * HOUR)
    await breaks(2 * HOUR, 'wms-return-refunded')
  })
})

describe('orders that are not as others', () => {
  it('waits for no payment on terms', async () => {
    await shopOrder('placed', { orderClass: 'b2b', attributes: { paymentState: 'expired' } })
    await silent(30 * DAY)
  })

  it('but for that of a consumer', async () => {
    await shopOrder('placed', { attributes: { paymentState: 'expired' } })
    await breaks(HOUR, 'storefront-payment-valid')
  })

  it('lets a pre-order rest until its release, and no longer', async () => {
    const releaseAt = new Date(world.clock().getTime() + 30 * DAY).toISOString()
    await shopOrder('confirmed', { orderClass: 'preorder', attributes: { releaseAt } })
    await silent(30 * DAY)
    await breaks(2 * HOUR, 'storefront-preorder-imported')
  })

  it.each<[OrderClass, string]>([
    ['draft', 'confirmed'],
    ['pos', 'complete'],
    ['other', 'confirmed'],
  ])('expects no import of an order of class %s', async (orderClass, state) => {
    await shopOrder(state, { orderClass })
    await silent(30 * DAY)
  })

  it('but of every one that a customer has paid for', async () => {
    await shopOrder('confirmed')
    await breaks(HOUR, 'storefront-order-imported')
  })

  const cancelledOnMarketplace = async (inWarehouse: string) => {
    await shopOrder('confirmed', { orderClass: 'marketplace' })
    await erpOrder()
    await delivery('D1', 'allocated', { ordered: 3 })
    await shopOrder('cancelled', { orderClass: 'marketplace' })
    await world.say(world.shop, { type: 'fulfillment', externalId: 'F1', keys: ORDER, state: 'cancelled' })
    await delivery('D1', inWarehouse, { ordered: 3 })
  }

  it('takes a cancellation of the marketplace that everybody followed for what it is', async () => {
    await cancelledOnMarketplace('cancelled')
    await silent(30 * DAY)
  })

  it('and tells one that the warehouse never heard of', async () => {
    await cancelledOnMarketplace('picked')
    await breaks(HOUR, 'storefront-cancel-passed')
  })
})

describe('what was said before', () => {
  it('changes nothing when it is sent again, all of it and in any order', async () => {
    await shopOrder('confirmed')
    const early = [...world.shop.objects.values()]
    await erpOrder()
    await delivery('D1', 'allocated', { ordered: 3 })
    const middle = [...world.wms.objects.values()]
    await delivery('D1', 'shipped', { ordered: 3, shipped: 3 }, ['T1'])
    await erpShipped(3)
    await shopOrder('complete')
    await shopShipped(3, 'T1')
    await parcel('T1', 'delivered')
    await world.later(DAY)
    const before = await world.objects()
    for (const [system, facts] of [
      [world.wms, middle],
      [world.shop, early],
    ] as const) {
      await world.hook(system, facts)
      await world.work('process')
    }
    await silent(30 * DAY)
    const known = (rows: Record<string, unknown>[]) =>
      rows.map(({ external_id, state }) => [external_id, state])
    expect(known(await world.objects())).toEqual(known(before))
  })

  it('is history when it is read in for the first time: whole orders of the past open nothing', async () => {
    const past = new Date(world.clock().getTime() - 300 * DAY)
    for (let n = 0; n < 20; n++) {
      const keys = [key('order', `H${n}`)]
      const at = new Date(past.getTime() + n * DAY)
      const said = { keys, occurredAt: at }
      world.shop.put(
        { ...said, type: 'order', externalId: `O${n}`, state: 'complete', orderClass: 'consumer' },
        at,
      )
      world.erp.put({ ...said, type: 'order', externalId: `S${n}`, state: 'complete' }, at)
      world.wms.put({ ...said, type: 'fulfillment', externalId: `D${n}`, state: 'shipped' }, at)
      world.erp.put({ ...said, type: 'fulfillment', externalId: `E${n}`, state: 'shipped' }, at)
    }
    await silent(HOUR)
    expect(await world.expectations()).toEqual([])
  })
})
