import type { z } from 'zod'
import type { BadRow, WireFact } from '../../app/connector.ts'
import type { Attributes, ObjectType, OrderClass } from '../../domain/model.ts'
import {
  identity,
  linesText,
  orderNumber,
  reference,
  skuKeys,
  stockKeys,
  sum,
  trackingNumber,
} from '../kit/facts.ts'
import type { MedusaConfig } from './config.ts'
import {
  type Fulfillment,
  type Item,
  itemSchema,
  type Level,
  type Order,
  orderSchema,
  paymentSchema,
} from './schema.ts'

/** What a shop's facts depend on besides its rows. */
export type Reader = Pick<MedusaConfig, 'channels' | 'holdMetadataKey'> & {
  /** The code of a stock location, as the other systems know it. */
  placeOf(locationId: string): string
}

const latest = (...dates: (Date | null | undefined)[]): Date =>
  new Date(Math.max(...dates.flatMap((date) => date?.getTime() ?? [])))

export const numberOf = ({ custom_display_id, display_id }: Order): string => {
  const given = custom_display_id?.trim()
  return given ? orderNumber(given) : String(display_id)
}

/** Decimals of a currency's minor unit (ISO 4217): 2 of USD, none of JPY, 3 of KWD. */
const decimalsOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2

/** Medusa counts in major units, `53.5` USD; Baton in minor ones. */
export const minorOf = (amount: number, currency: string): number =>
  Math.round(amount * 10 ** decimalsOf(currency))
export const majorOf = (minor: number, currency: string): number => minor / 10 ** decimalsOf(currency)

/** Units of an order that have to be shipped, and of them those that are in no live fulfillment. */
export const unitsOf = ({ items }: Order): { ordered: number; open: number; gone: number } => {
  const shipping = items.filter((item) => item.requires_shipping !== false)
  return {
    ordered: sum(shipping.map(({ quantity }) => quantity)),
    open: sum(shipping.map(({ quantity, detail }) => Math.max(0, quantity - detail.fulfilled_quantity))),
    // Who marks as delivered what was never marked as shipped has shipped it.
    gone: sum(shipping.map(({ detail }) => Math.max(detail.shipped_quantity, detail.delivered_quantity))),
  }
}

/** Why the order is on hold; null when it is not. */
export const holdOf = ({ metadata }: Order, key: string): string | null => {
  const hold = metadata?.[key]
  if (hold === undefined || hold === null || hold === false || hold === '') return null
  return typeof hold === 'string' ? hold : 'hold'
}

const PAID = ['authorized', 'partially_authorized', 'captured', 'partially_captured', 'partially_refunded']

const paymentStateOf = ({ payment_status: status, payment_collections }: Order): string => {
  switch (status) {
    case 'captured':
      return 'paid'
    case 'canceled':
      return 'voided'
    case 'requires_action':
      return 'failed'
    case 'awaiting':
    case 'not_paid':
      // An edit of the order takes back the authorisation, and leaves the order unpaid.
      return payment_collections.some((collection) => collection.status === 'canceled') ? 'voided' : 'pending'
    default:
      return status
  }
}

const orderStateOf = (order: Order): string => {
  const { ordered, gone } = unitsOf(order)
  if (order.status === 'canceled') return 'cancelled'
  if (order.status === 'completed' || order.status === 'archived' || (ordered > 0 && gone >= ordered)) {
    return 'complete'
  }
  if (gone > 0) return 'partial'
  return PAID.includes(order.payment_status) ? 'confirmed' : 'placed'
}

/** Payments move without their order: the newest of them all says how new this is. */
const changedAt = ({ updated_at, payment_collections }: Order): Date =>
  latest(
    updated_at,
    ...payment_collections.flatMap((collection) => [
      collection.updated_at,
      ...collection.payments.flatMap((payment) => [
        payment.updated_at,
        ...payment.refunds.map((refund) => refund.updated_at),
      ]),
    ]),
  )

type About = Pick<WireFact, 'keys' | 'state' | 'rawState' | 'occurredAt'> &
  Partial<Pick<WireFact, 'quantities' | 'attributes' | 'orderClass'>>

const fact = (type: ObjectType, externalId: string, version: Date, about: About): WireFact => ({
  type,
  externalId,
  quantities: {},
  attributes: {},
  ...about,
  version: version.getTime(),
  // Medusa writes the owner of an API key where it was the program that did it.
  changedBy: { kind: 'unknown' },
})

const articlesOf = ({ items }: Order) =>
  items.flatMap(({ variant_sku: sku, quantity }) => (sku && quantity > 0 ? [{ sku, quantity }] : []))

const classOf = ({ is_draft_order, sales_channel }: Order, { channels }: Reader): OrderClass => {
  if (is_draft_order) return 'draft'
  return (sales_channel && channels[sales_channel.name]) || 'consumer'
}

const orderFact = (order: Order, reader: Reader): WireFact => {
  const articles = articlesOf(order)
  const currency = order.currency_code.toUpperCase()
  return fact('order', order.id, changedAt(order), {
    keys: [identity('order', numberOf(order)), ...skuKeys(articles.map(({ sku }) => sku))],
    state: orderStateOf(order),
    rawState: `${order.status}, ${order.payment_status}, ${order.fulfillment_status}`,
    occurredAt: order.canceled_at ?? changedAt(order),
    orderClass: classOf(order, reader),
    quantities: { ordered: unitsOf(order).ordered },
    attributes: {
      valueMinor: minorOf(order.total, currency),
      currency,
      lines: linesText(articles),
      paymentState: paymentStateOf(order),
    },
  })
}

/** The numbers of the parcels, as all systems write them. */
export const trackingsOf = ({ labels }: Fulfillment): string[] =>
  labels.flatMap(({ tracking_number }) => trackingNumber(tracking_number ?? '') || [])

export const fulfillmentState = (row: Fulfillment): 'cancelled' | 'shipped' | 'packed' | 'allocated' => {
  if (row.canceled_at) return 'cancelled'
  if (row.shipped_at || row.delivered_at) return 'shipped'
  return row.packed_at ? 'packed' : 'allocated'
}

const rawFulfillment = (row: Fulfillment): string => {
  if (row.canceled_at) return 'canceled'
  if (row.delivered_at) return 'delivered'
  if (row.shipped_at) return 'shipped'
  return row.packed_at ? 'packed' : 'created'
}

/** Delivered is what has become of a shipped one: its time is an attribute, so that what follows shipping still holds. */
const fulfillmentFact = (row: Fulfillment, order: Order, { placeOf }: Reader): WireFact => {
  const state = fulfillmentState(row)
  const units = sum(row.items.map(({ quantity }) => quantity))
  const trackings = trackingsOf(row)
  const gone = row.shipped_at ?? row.delivered_at
  return fact('fulfillment', row.id, latest(row.updated_at, ...row.labels.map((l) => l.updated_at)), {
    keys: [
      identity('order', numberOf(order)),
      // Once it has left it is also a parcel, or several.
      ...(state === 'shipped' ? trackings.map((number) => identity('tracking', number)) : []),
      ...skuKeys(row.items.flatMap(({ sku }) => sku || [])),
    ],
    state,
    rawState: rawFulfillment(row),
    occurredAt: row.canceled_at ?? gone ?? row.created_at,
    quantities: { ordered: units, ...(state === 'shipped' ? { shipped: units } : {}) },
    attributes: {
      orderId: order.id,
      tracking: trackings[0] ?? null,
      location: row.location_id ? placeOf(row.location_id) : null,
      deliveredAt: row.delivered_at?.toISOString() ?? null,
    },
  })
}

/**
 * What of an order is in no fulfillment yet. Medusa keeps no object for it, and all that is owed between taking an order
 * and packing it hangs on it. Once nothing is left it goes with the fulfillments that took it over.
 */
const restFact = (order: Order, { holdMetadataKey }: Reader): WireFact => {
  const { open } = unitsOf(order)
  const hold = holdOf(order, holdMetadataKey)
  const live = order.fulfillments.map(fulfillmentState).filter((state) => state !== 'cancelled')
  const about = (): { state: string; rawState: string } => {
    if (order.status === 'canceled') return { state: 'cancelled', rawState: 'canceled' }
    if (open > 0)
      return hold === null
        ? { state: 'ready', rawState: 'unfulfilled' }
        : { state: 'held', rawState: 'on hold' }
    if (live.length === 0) return { state: 'cancelled', rawState: 'nothing to ship' }
    const isGone = live.every((state) => state === 'shipped')
    return { state: isGone ? 'shipped' : 'packed', rawState: 'fulfilled' }
  }
  return fact('fulfillment', restId(order.id), order.updated_at, {
    keys: [identity('order', numberOf(order))],
    ...about(),
    occurredAt: order.updated_at,
    quantities: { ordered: open },
    attributes: { orderId: order.id, holdReason: open > 0 ? hold : null, tracking: null },
  })
}

export const restId = (orderId: string): string => `${orderId}/rest`

/** What the shop owes the customer by its own sums, in minor units. */
export const owedMinor = ({ summary, currency_code }: Order): number =>
  Math.max(0, -minorOf(summary.pending_difference, currency_code.toUpperCase()))

const RETURNS: Record<string, string> = {
  requested: 'requested',
  partially_received: 'received',
  received: 'received',
  canceled: 'cancelled',
}

/** A return's money is paid back at the order: a return is refunded once nothing is owed to its customer. */
const returnFact = (row: Order['returns'][number], order: Order): WireFact[] => {
  const known = RETURNS[row.status]
  // Begun and not asked for yet: a draft in somebody's browser.
  if (known === undefined) return []
  const state = known !== 'cancelled' && owedMinor(order) === 0 ? 'refunded' : known
  const attributes: Attributes = {
    orderId: order.id,
    receivedAt: row.received_at?.toISOString() ?? null,
    owedMinor: owedMinor(order),
    currency: order.currency_code.toUpperCase(),
  }
  return [
    fact('return', row.id, latest(row.updated_at, changedAt(order)), {
      keys: [identity('return', `RMA-${row.display_id}`), reference('order', numberOf(order))],
      state,
      rawState: state === 'refunded' ? `${row.status}, refunded` : row.status,
      occurredAt: latest(row.updated_at, state === 'refunded' ? changedAt(order) : null),
      quantities: { expected: sum(row.items.map(({ quantity }) => quantity)) },
      attributes,
    }),
  ]
}

/** All that an order says: the order, each of its fulfillments, what is in none yet, and its returns. */
export const factsOf = (order: Order, reader: Reader): WireFact[] => [
  orderFact(order, reader),
  restFact(order, reader),
  ...order.fulfillments.map((row) => fulfillmentFact(row, order, reader)),
  ...order.returns.flatMap((row) => returnFact(row, order)),
]

/** Names a level by its article and its location: there is one for each pair, and Medusa's calls want both. */
const levelId = (item: string, location: string): string => `${item}/${location}`
export const levelParts = (id: string): { item: string; location: string } => {
  const [item = '', location = ''] = id.split('/')
  return { item, location }
}

/** An article at a location. Reserved for orders and not packed yet is committed. */
export const levelFact = (item: Item, level: Level, sku: string, { placeOf }: Reader): WireFact =>
  fact('inventory', levelId(item.id, level.location_id), level.updated_at, {
    keys: stockKeys(sku, placeOf(level.location_id)),
    state: 'level',
    rawState: 'stocked',
    occurredAt: level.updated_at,
    quantities: {
      available: level.stocked_quantity - level.reserved_quantity,
      committed: level.reserved_quantity,
      on_hand: level.stocked_quantity,
    },
    attributes: {
      // Sold on purpose although nothing is left.
      backorders: item.variants.some(({ allow_backorder }) => allow_backorder === true) || null,
    },
  })

type Rows<T> = { read: T[]; bad: BadRow[] }

const readRows =
  <T>(what: string, schema: z.ZodType<T>) =>
  (rows: unknown[]): Rows<T> => {
    const result: Rows<T> = { read: [], bad: [] }
    for (const [index, row] of rows.entries()) {
      const parsed = schema.safeParse(row)
      if (parsed.success) {
        result.read.push(parsed.data)
        continue
      }
      const issue = parsed.error.issues[0]
      const reason = `${issue?.path.join('.') || 'row'}: ${issue?.message ?? 'not valid'}`
      result.bad.push({ at: `${what}[${index}]`, reason })
    }
    return result
  }

/** Rows of a list as they are read; a bad one is reported with its place, its neighbours go on. */
export const readOrders = readRows('orders', orderSchema)
export const readItems = readRows('inventory_items', itemSchema)
export const readPayments = readRows('payments', paymentSchema)
