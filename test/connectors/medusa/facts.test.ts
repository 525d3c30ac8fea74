import { expect, it } from 'vitest'
import { factsOf, majorOf, minorOf, type Reader, readOrders } from '../../../src/connectors/medusa/facts.ts'

const reader: Reader = {
  channels: { Wholesale: 'b2b' },
  holdMetadataKey: 'hold',
  placeOf: (id) => (id === 'sloc_1' ? 'MAIN-DC' : id),
}
const AT = '2026-11-23T06:00:00.000Z'

const row = (over: object = {}) => ({
  ...{ id: 'order_1', display_id: 1001, custom_display_id: null, status: 'pending', is_draft_order: false },
  ...{ currency_code: 'usd', total: 53.5, metadata: null, created_at: AT, updated_at: AT, canceled_at: null },
  ...{ payment_status: 'captured', fulfillment_status: 'not_fulfilled', sales_channel: { name: 'Web' } },
  summary: { pending_difference: 0 },
  items: [
    {
      ...{ id: 'l1', variant_sku: 'MUG-RED', quantity: 2, requires_shipping: true },
      detail: { fulfilled_quantity: 0, shipped_quantity: 0, delivered_quantity: 0 },
    },
  ],
  ...{ fulfillments: [], payment_collections: [], returns: [] },
  ...over,
})
const factsOfRow = (over: object = {}) => {
  const { read, bad } = readOrders([row(over)])
  expect(bad).toEqual([])
  return read.flatMap((order) => factsOf(order, reader))
}

it('counts money in minor units, by the decimals that each currency has', () => {
  expect([minorOf(53.5, 'USD'), minorOf(500, 'JPY'), minorOf(1.234, 'KWD')]).toEqual([5350, 500, 1234])
  // 19.99 * 100 is 1998.9999999999998.
  expect(minorOf(19.99, 'EUR')).toBe(1999)
  expect([majorOf(1999, 'EUR'), majorOf(500, 'JPY')]).toEqual([19.99, 500])
})

it.each([
  [null, '1001'],
  ['#2002', '2002'],
  ['WEB-2002', '2002'],
])('names an order that the shop calls %s as everybody does', (custom_display_id, number) => {
  const [order] = factsOfRow({ custom_display_id })
  expect(order?.keys).toContainEqual({ name: 'order', value: number, kind: 'identity' })
})

it('tells an authorisation that an order edit has taken back from a payment that never came', () => {
  const collection = { status: 'canceled', updated_at: AT, payments: [] }
  const unpaid = { payment_status: 'not_paid' }
  const [voided] = factsOfRow({ ...unpaid, payment_collections: [collection] })
  const [pending] = factsOfRow(unpaid)
  expect([voided?.attributes.paymentState, pending?.attributes.paymentState]).toEqual(['voided', 'pending'])
  expect(voided?.state).toBe('placed')
})

it('is as new as the newest payment of an order, which leaves the order’s own time alone', () => {
  const later = '2026-11-23T07:00:00.000Z'
  const [order] = factsOfRow({
    payment_collections: [{ status: 'completed', updated_at: later, payments: [] }],
  })
  expect(order?.version).toBe(Date.parse(later))
})

it('takes what is in no fulfillment as a fulfillment of its own, which the metadata can hold', () => {
  const [, ready] = factsOfRow()
  const [, held] = factsOfRow({ metadata: { hold: 'fraud', gift: true } })
  expect(ready).toMatchObject({ externalId: 'order_1/rest', state: 'ready', quantities: { ordered: 2 } })
  expect(held).toMatchObject({
    externalId: 'order_1/rest',
    state: 'held',
    attributes: { holdReason: 'fraud' },
  })
})

it('classes an order by its sales channel', () => {
  expect(factsOfRow({ sales_channel: { name: 'Wholesale' } })[0]?.orderClass).toBe('b2b')
  expect(factsOfRow()[0]?.orderClass).toBe('consumer')
})

it('reports an order that cannot be read with its place, and its neighbours go on', () => {
  const { read, bad } = readOrders([row(), row({ updated_at: 'yesterday' }), row({ id: 'order_3' })])
  expect(read.map(({ id }) => id)).toEqual(['order_1', 'order_3'])
  expect(bad).toEqual([{ at: 'orders[1]', reason: expect.stringMatching(/^updated_at: /) }])
})
