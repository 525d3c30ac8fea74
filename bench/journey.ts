/**
 * The life of an order without a fault, as the four systems tell it: what they send, in the sandbox's own format.
 * Twelve signals about five objects, which are one fulfillment and one parcel.
 */

export type SystemName = 'shop' | 'erp' | 'wms' | 'carrier'

/** What one webhook says about one object. */
export type Told = { system: SystemName; row: object }

type Step = { system: SystemName; kind: string; id: string; sequence: number; about: Record<string, unknown> }

const SKUS = ['MUG-RED', 'PEN-GEL', 'LAMP-OAK', 'BAG-CANVAS', 'TEA-MINT', 'NOTE-A5', 'CUP-TIN', 'SOAP-PINE']
const SHIP_IN_MS = 86_400_000

const skuOf = (order: number): string => SKUS[order % SKUS.length] ?? 'MUG-RED'

const shopOrder = (order: number, sequence: number, status: string): Step => ({
  system: 'shop',
  kind: 'order',
  id: `shop-${order}`,
  sequence,
  about: {
    number: `#${order}`,
    channel: 'web',
    status,
    total: { amount: '59.90', currency: 'EUR' },
    ship_by: new Date(Date.now() + SHIP_IN_MS).toISOString(),
    lines: [{ sku: skuOf(order), quantity: 2 }],
    erp_number: null,
    resent_at: null,
  },
})

const erpSale = (order: number): Step => ({
  system: 'erp',
  kind: 'sale',
  id: `sale-${order}`,
  sequence: 1,
  about: {
    number: `S${order}`,
    reference: `WEB-${order}`,
    state: 'processing',
    amount: '59.90',
    currency: 'EUR',
    lines: [{ product: skuOf(order), quantity: 2 }],
  },
})

const erpDelivery = (order: number, sequence: number, state: string): Step => ({
  system: 'erp',
  kind: 'delivery',
  id: `out-${order}`,
  sequence,
  about: { reference: `WEB-${order}`, state, tracking: state === 'done' ? `TRK${order}` : null },
})

const wmsDelivery = (order: number, sequence: number, status: string): Step => ({
  system: 'wms',
  kind: 'delivery',
  id: `D${order}-1`,
  sequence,
  about: {
    number: `D${order}-1`,
    status,
    short_final: status === 'SHORT',
    hold_reason: null,
    lines: [{ sku: skuOf(order), ordered: 2, picked: status === 'ALLOCATED' ? 0 : 2 }],
    backorder: [],
    tracking: status === 'DESPATCHED' ? `TRK${order}` : null,
  },
})

const carrierParcel = (order: number, sequence: number, status: string): Step => ({
  system: 'carrier',
  kind: 'parcel',
  id: `parcel-${order}`,
  sequence,
  about: { barcode: `TRK${order}`, reference: `WEB-${order}`, status, trace: null },
})

const STEPS: readonly ((order: number) => Step)[] = [
  (order) => shopOrder(order, 1, 'paid'),
  (order) => erpSale(order),
  (order) => erpDelivery(order, 1, 'waiting'),
  (order) => wmsDelivery(order, 1, 'ALLOCATED'),
  (order) => wmsDelivery(order, 2, 'PICKED'),
  (order) => wmsDelivery(order, 3, 'PACKED'),
  (order) => wmsDelivery(order, 4, 'DESPATCHED'),
  (order) => erpDelivery(order, 2, 'done'),
  (order) => carrierParcel(order, 1, 'PRE_TRANSIT'),
  (order) => carrierParcel(order, 2, 'IN_TRANSIT'),
  (order) => shopOrder(order, 2, 'fulfilled'),
  (order) => carrierParcel(order, 3, 'DELIVERED'),
]

export const STEPS_OF_AN_ORDER = STEPS.length

const told = ({ system, kind, id, sequence, about }: Step): Told => ({
  system,
  row: { kind, id, sequence, changed_at: new Date().toISOString(), ...about },
})

/** What is told about the order in its `step`th step, counted from 0. */
export const tell = (order: number, step: number): Told => {
  const make = STEPS[step]
  if (!make) throw new Error(`An order has ${STEPS.length} steps, and not ${step + 1}`)
  return told(make(order))
}

/** The warehouse gives up on the order: an exception without grace. */
export const tellShortPick = (order: number): Told => told(wmsDelivery(order, 1, 'SHORT'))
