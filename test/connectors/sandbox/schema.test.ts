import { describe, expect, it } from 'vitest'
import type { SandboxRole } from '../../../src/connectors/sandbox/config.ts'
import { parseRow, parseRows } from '../../../src/connectors/sandbox/schema.ts'

const meta = { id: 'X', sequence: 7, changed_at: '2026-03-02T08:00:00.000Z' }
const factOf = (role: SandboxRole, row: Record<string, unknown>) => {
  const parsed = parseRow(role, { ...meta, ...row })
  if ('reason' in parsed) throw new Error(parsed.reason)
  return parsed.fact
}
const reasonOf = (role: SandboxRole, row: unknown) => {
  const parsed = parseRow(role, row)
  return 'reason' in parsed ? parsed.reason : 'it was fine'
}

const order = {
  kind: 'order',
  number: '#1001',
  channel: 'web',
  status: 'paid',
  total: { amount: '59.90', currency: 'EUR' },
  ship_by: '2026-03-02T09:00:00.000Z',
  lines: [
    { sku: 'MUG-RED', quantity: 2 },
    { sku: 'PEN-GEL', quantity: 1 },
  ],
  erp_number: null,
  resent_at: null,
}
const hold = { kind: 'fulfillment_order', order: '#1001', status: 'OPEN', hold_reason: null, tracking: null }
const sale = {
  kind: 'sale',
  number: 'SO-00017',
  reference: 'WEB-1001',
  state: 'processing',
  amount: '59.90',
  currency: 'EUR',
  lines: [{ product: 'MUG-RED', quantity: 2 }],
}
const erpDelivery = { kind: 'delivery', reference: 'WEB-1001', state: 'waiting', tracking: null }
const receipt = {
  kind: 'goods_receipt',
  purchase: 'PO-2001',
  delivery_note: 'PO-2001/R1',
  product: 'MUG-RED',
  expected: 24,
  received: 0,
  state: 'expected',
}
const delivery = {
  kind: 'delivery',
  number: 'D1001-1',
  status: 'NEW',
  short_final: false,
  hold_reason: null,
  lines: [{ sku: 'MUG-RED', ordered: 2, picked: 1 }],
  backorder: [],
  tracking: null,
}
const parcel = {
  kind: 'parcel',
  barcode: 'trk1001x1nl',
  reference: 'D1001-1',
  status: 'PRE_TRANSIT',
  trace: null,
}

const claim = { kind: 'claim', order: '#1001', status: 'OPEN', answer: null }
const shopReturn = { kind: 'return', number: 'RMA-1001', order: '#1001', status: 'REQUESTED' }
const restock = {
  kind: 'restock',
  purchase: 'PO-2001',
  sku: 'MUG-RED',
  promised_for: '2026-03-20T00:00:00.000Z',
}
const purchase = {
  kind: 'purchase',
  number: 'PO-2001',
  product: 'MUG-RED',
  quantity: 24,
  state: 'ordered',
  expected_at: '2026-03-21T00:00:00.000Z',
}
const wmsReturn = {
  kind: 'return',
  number: 'RMA-1001',
  tracking: 'trk1001x1nl',
  status: 'EXPECTED',
  lines: [{ sku: 'MUG-RED', quantity: 2 }],
}

describe('the systems’ own words become canonical states', () => {
  it.each([
    ['storefront', order, 'status', { open: 'placed', paid: 'confirmed', partially_fulfilled: 'partial' }],
    ['storefront', order, 'status', { fulfilled: 'complete', cancelled: 'cancelled' }],
    [
      'storefront',
      hold,
      'status',
      { OPEN: 'ready', ON_HOLD: 'held', CLOSED: 'shipped', CANCELLED: 'cancelled' },
    ],
    ['erp', sale, 'state', { processing: 'confirmed', done: 'complete', cancelled: 'cancelled' }],
    ['erp', erpDelivery, 'state', { waiting: 'ready', done: 'shipped', cancelled: 'cancelled' }],
    [
      'erp',
      receipt,
      'state',
      { draft: 'ordered', expected: 'ordered', booked: 'received', cancelled: 'closed' },
    ],
    ['wms', delivery, 'status', { NEW: 'ready', HOLD: 'held', ALLOCATED: 'allocated', PICKED: 'picked' }],
    ['wms', delivery, 'status', { PACKED: 'packed', DESPATCHED: 'shipped', VOID: 'cancelled' }],
    [
      'carrier',
      parcel,
      'status',
      { PRE_TRANSIT: 'label', IN_TRANSIT: 'in_transit', OUT_FOR_DELIVERY: 'out' },
    ],
    ['carrier', parcel, 'status', { DELIVERED: 'delivered', FAILURE: 'exception' }],
    ['carrier', parcel, 'status', { LOST: 'lost', DAMAGED: 'exception', RETURN_TO_SENDER: 'returning' }],
    ['storefront', claim, 'status', { OPEN: 'open', ANSWERED: 'answered' }],
    ['storefront', shopReturn, 'status', { REQUESTED: 'requested', REFUNDED: 'refunded' }],
    ['erp', purchase, 'state', { ordered: 'ordered', received: 'received' }],
    ['erp', sale, 'state', { rejected: 'rejected' }],
    ['wms', wmsReturn, 'status', { EXPECTED: 'expected', RECEIVED: 'received', INSPECTED: 'inspected' }],
  ] as const)('%s %j', (role, row, field, words) => {
    for (const [raw, state] of Object.entries(words)) {
      expect(factOf(role, { ...row, [field]: raw })).toMatchObject({ state, rawState: raw })
    }
  })

  it('a short pick is one only when it is final', () => {
    const short = { ...delivery, status: 'SHORT' }
    expect(factOf('wms', { ...short, short_final: true })).toMatchObject({
      state: 'short',
      rawState: 'SHORT',
    })
    expect(factOf('wms', short)).toMatchObject({ state: 'allocated', rawState: 'SHORT' })
  })

  it('a word that nobody has told us makes a bad row, not a guess', () => {
    expect(reasonOf('wms', { ...meta, ...delivery, status: 'ON FIRE' })).toMatch(/^status: /)
  })
})

describe('keys', () => {
  const keys = (role: SandboxRole, row: Record<string, unknown>) =>
    factOf(role, row).keys.map((key) => `${key.kind} ${key.name} ${key.value}`)

  it('agree between the systems on what is the same order, parcel, stock item and receipt', () => {
    const shipped = { ...delivery, status: 'DESPATCHED', tracking: 'TRK1001X1NL' }
    for (const [role, row] of [
      ['storefront', order],
      ['storefront', hold],
      ['erp', sale],
      ['erp', erpDelivery],
      ['wms', delivery],
    ] as const) {
      expect(keys(role, row)).toContain('identity order 1001')
    }
    expect(keys('wms', shipped)).toContain('identity tracking TRK1001X1NL')
    expect(keys('carrier', parcel)).toEqual(['identity tracking TRK1001X1NL', 'reference order 1001'])
    const level = { kind: 'stock_level', product: 'MUG-RED', warehouse: 'MAIN', quantity: 5, counted_to: 0 }
    const stock = {
      kind: 'stock',
      sku: 'MUG-RED',
      site: 'MAIN',
      on_hand: 5,
      counted_at: null,
      count_requested_at: null,
    }
    const offer = { kind: 'inventory_level', sku: 'MUG-RED', location: 'MAIN', available: 5 }
    for (const named of [keys('erp', level), keys('wms', stock), keys('storefront', offer)]) {
      expect(named).toEqual(['identity stock MUG-RED@MAIN', 'reference sku MUG-RED'])
    }
    const inbound = {
      kind: 'inbound',
      receipt: 'PO-2001/R1',
      po: 'PO-2001',
      sku: 'MUG-RED',
      quantity: 24,
      status: 'RECEIVED',
    }
    const both = ['identity receipt PO-2001/R1', 'reference purchase_order PO-2001', 'reference sku MUG-RED']
    expect(keys('erp', receipt)).toEqual(both)
    expect(keys('wms', inbound)).toEqual(both)
  })

  it('agree on what is the same purchase, return and claim', () => {
    const bought = ['identity purchase_order PO-2001', 'reference sku MUG-RED']
    expect(keys('erp', purchase)).toEqual(bought)
    expect(keys('storefront', restock)).toEqual(bought)
    expect(keys('storefront', claim)).toEqual(['identity order 1001'])
    const returned = ['identity return RMA-1001', 'reference order 1001']
    expect(keys('storefront', shopReturn)).toEqual(returned)
    expect(keys('wms', { ...wmsReturn, tracking: null })).toEqual([...returned, 'reference sku MUG-RED'])
    // What the carrier brings back is its parcel too.
    expect(keys('wms', wmsReturn)).toContain('identity tracking TRK1001X1NL')
  })

  it('do not make a delivery a parcel before it has left', () => {
    expect(keys('wms', { ...delivery, tracking: 'TRK1001X1NL' }).join()).not.toContain('tracking')
  })

  it('name the sale by the ERP’s own number too', () => {
    expect(keys('erp', sale)).toContain('identity sale SO-00017')
  })

  it('an order number that is none makes a bad row', () => {
    expect(reasonOf('storefront', { ...meta, ...order, number: 'gift card' })).toBe(
      'number: "gift card" names no order',
    )
    expect(reasonOf('wms', { ...meta, ...delivery, number: 'ELSEWHERE' })).toContain('names no order')
  })
})

describe('a fact', () => {
  it('of an order carries its value, promise, class and what was ordered', () => {
    expect(factOf('storefront', { ...order, channel: 'preorder' })).toMatchObject({
      type: 'order',
      externalId: 'X',
      version: 7,
      orderClass: 'preorder',
      quantities: { ordered: 3 },
      attributes: {
        valueMinor: 5990,
        currency: 'EUR',
        promiseAt: '2026-03-02T09:00:00.000Z',
        lines: 'MUG-RED*2,PEN-GEL*1',
      },
      occurredAt: new Date('2026-03-02T08:00:00.000Z'),
    })
    expect(factOf('storefront', order).orderClass).toBe('consumer')
  })

  it('states what contracts compare: places, payment, dates, back-orders, counts', () => {
    expect(factOf('storefront', { ...hold, location: 'NORTH' }).attributes).toMatchObject({
      location: 'NORTH',
    })
    expect(factOf('wms', { ...delivery, site: 'MAIN' }).attributes).toMatchObject({ location: 'MAIN' })
    expect(factOf('storefront', { ...order, payment: 'expired' }).attributes).toMatchObject({
      paymentState: 'expired',
    })
    expect(factOf('storefront', restock).attributes).toMatchObject({ promiseAt: restock.promised_for })
    expect(factOf('erp', purchase).attributes).toMatchObject({ expectedAt: purchase.expected_at })
    expect(factOf('erp', { ...receipt, advised: 24 }).quantities).toMatchObject({ advised: 24 })
    const level = { kind: 'inventory_level', sku: 'MUG-RED', location: 'MAIN', available: -3 }
    expect(factOf('storefront', level).attributes).toEqual({ backorders: null })
    expect(factOf('storefront', { ...level, policy: 'continue' }).attributes).toEqual({ backorders: true })
    const stock = { kind: 'stock', sku: 'MUG-RED', site: 'MAIN', on_hand: 5, counted_at: null }
    const asked = { ...stock, count_requested_at: meta.changed_at, in_transfer: 4 }
    expect(factOf('wms', asked).attributes).toMatchObject({ counting: true })
    expect(factOf('wms', asked).quantities).toEqual({ on_hand: 5, in_transfer: 4 })
  })

  it('says who changed the object, where the system says it', () => {
    const by = { kind: 'person', name: 'Otto Pallet' }
    expect(factOf('wms', { ...delivery, changed_by: by }).changedBy).toEqual(by)
    expect(factOf('wms', delivery).changedBy).toEqual({ kind: 'unknown' })
  })
})

describe('rows', () => {
  it('a bad one is reported with its place and reason, its neighbours go on', () => {
    const good = { ...meta, ...parcel }
    const { facts, bad } = parseRows(
      'carrier',
      [good, { ...good, sequence: 'seven' }, null, good],
      (i) => `items[${i}]`,
    )
    expect(facts).toHaveLength(2)
    expect(bad.map((row) => row.at)).toEqual(['items[1]', 'items[2]'])
    expect(bad[0]?.reason).toMatch(/^sequence: /)
  })

  it('of another system are not taken for one’s own', () => {
    expect(reasonOf('carrier', { ...meta, ...sale })).toBe('a carrier sends no "sale"')
    expect(reasonOf('carrier', { ...meta, kind: 'toString' })).toBe('a carrier sends no "toString"')
  })
})
