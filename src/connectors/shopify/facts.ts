import type { WireFact } from '../../app/connector.ts'
import type { OrderClass } from '../../domain/model.ts'
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
import type { ShopifyConfig } from './config.ts'
import type { Fulfillment, FulfillmentOrder, Level, Money, Order, Return } from './wire.ts'

/** What an order says, whether it comes by GraphQL or in a webhook: both make the same fact of it. */
export type OrderSaid = {
  id: string
  name: string
  updatedAt: Date
  cancelled: boolean
  /** In small letters, as webhooks write it: `paid`, `partially_refunded`. */
  financial: string | null
  fulfillment: 'fulfilled' | 'partial' | 'restocked' | null
  source: string | null
  tags: string[]
  isCompany: boolean
  total: Money
  lines: { sku?: string | null | undefined; quantity: number }[]
}

type Classing = Pick<ShopifyConfig, 'classes' | 'preorderTags'>

/** Where orders come from, as far as Shopify itself or the usual channels name it. */
const SOURCES: Record<string, OrderClass> = {
  web: 'consumer',
  iphone: 'consumer',
  android: 'consumer',
  shop: 'consumer',
  subscription_contract: 'consumer',
  subscription_contract_checkout_one: 'consumer',
  pos: 'pos',
  shopify_draft_order: 'draft',
  amazon: 'marketplace',
  'amazon-us': 'marketplace',
  ebay: 'marketplace',
  etsy: 'marketplace',
  walmart: 'marketplace',
  tiktok: 'marketplace',
  'google-shopping-actions': 'marketplace',
}

const classOf = (order: OrderSaid, { classes, preorderTags }: Classing): OrderClass => {
  const source = order.source ?? 'web'
  const declared = Object.hasOwn(classes, source) ? classes[source] : undefined
  if (declared) return declared
  if (order.isCompany) return 'b2b'
  const tags = new Set(order.tags.map((tag) => tag.toLowerCase()))
  if (preorderTags.some((tag) => tags.has(tag.toLowerCase()))) return 'preorder'
  const known = source.toLowerCase()
  return (Object.hasOwn(SOURCES, known) ? SOURCES[known] : undefined) ?? 'other'
}

const PAID = new Set(['paid', 'partially_refunded', 'authorized'])

/** An authorised payment is as good as a paid one until it runs out; on terms nobody pays before the goods come. */
const stateOf = (order: OrderSaid, orderClass: OrderClass): string => {
  const { cancelled, financial, fulfillment } = order
  if (cancelled) return 'cancelled'
  if (fulfillment === 'fulfilled') return 'complete'
  if (fulfillment === 'partial') return 'partial'
  // All is given back and nothing was sent: nobody owes anything any more.
  if (financial === 'refunded' || fulfillment === 'restocked') return 'cancelled'
  const onTerms = orderClass === 'b2b' && (financial === 'pending' || financial === 'partially_paid')
  return onTerms || (financial !== null && PAID.has(financial)) ? 'confirmed' : 'placed'
}

const withSku = <T extends { sku?: string | null | undefined }>(lines: T[]): (T & { sku: string })[] =>
  lines.flatMap((line) => (line.sku?.trim() ? [{ ...line, sku: line.sku.trim() }] : []))

export const orderFact = (order: OrderSaid, config: Classing): WireFact => {
  const orderClass = classOf(order, config)
  const lines = withSku(order.lines.filter((line) => line.quantity > 0))
  return {
    type: 'order',
    externalId: order.id,
    keys: [identity('order', orderNumber(order.name)), ...skuKeys(lines.map((line) => line.sku))],
    orderClass,
    state: stateOf(order, orderClass),
    rawState: order.cancelled
      ? 'cancelled'
      : `${order.financial ?? 'no payment'}, ${order.fulfillment ?? 'unfulfilled'}`,
    quantities: { ordered: sum(order.lines.map((line) => line.quantity)) },
    attributes: {
      valueMinor: order.total.minor,
      currency: order.total.currency,
      lines: linesText(lines),
      paymentState: order.financial,
      source: order.source,
    },
    occurredAt: order.updatedAt,
    version: order.updatedAt.getTime(),
    changedBy: { kind: 'unknown' },
  }
}

/** GraphQL knows more shades of "not yet" than webhooks do. */
const FULFILLED: Record<string, OrderSaid['fulfillment']> = {
  FULFILLED: 'fulfilled',
  PARTIALLY_FULFILLED: 'partial',
  RESTOCKED: 'restocked',
}

export const orderSaid = (order: Order): OrderSaid => ({
  id: order.id,
  name: order.name,
  updatedAt: order.updatedAt,
  cancelled: order.cancelledAt !== null,
  financial: order.displayFinancialStatus?.toLowerCase() ?? null,
  fulfillment: FULFILLED[order.displayFulfillmentStatus] ?? null,
  source: order.sourceName,
  tags: order.tags,
  isCompany: order.purchasingEntity?.__typename === 'PurchasingCompany',
  total: order.currentTotalPriceSet,
  lines: order.lineItems.nodes.map(({ sku, currentQuantity }) => ({ sku, quantity: currentQuantity })),
})

/** Fulfillments that are not there any more, or never came about. */
const DEAD = new Set(['CANCELLED', 'ERROR', 'FAILURE'])
export const liveFulfillments = (order: FulfillmentOrder): Fulfillment[] =>
  order.fulfillments.nodes.filter((fulfillment) => !DEAD.has(fulfillment.status))

const FULFILLMENT_STATES = {
  SCHEDULED: 'unrouted',
  OPEN: 'ready',
  ON_HOLD: 'held',
  IN_PROGRESS: 'allocated',
  INCOMPLETE: 'short',
  CLOSED: 'shipped',
  CANCELLED: 'cancelled',
} as const

/** Of several holds the one that somebody has to decide first. */
const HOLD_ORDER = ['HIGH_RISK_OF_FRAUD', 'INCORRECT_ADDRESS', 'AWAITING_PAYMENT', 'INVENTORY_OUT_OF_STOCK']
const rank = (reason: string) =>
  (HOLD_ORDER.indexOf(reason) + HOLD_ORDER.length + 1) % (HOLD_ORDER.length + 1)
export const firstHold = (order: FulfillmentOrder) =>
  [...order.fulfillmentHolds].sort((a, b) => rank(a.reason) - rank(b.reason) || (a.id < b.id ? -1 : 1))[0]

/** The numbers of its parcels, as all systems write them. */
export const trackingsOf = ({ trackingInfo }: Fulfillment): string[] =>
  trackingInfo.flatMap(({ number }) => trackingNumber(number ?? '') || [])

export const fulfillmentOrderFact = (order: FulfillmentOrder): WireFact => {
  const fulfillments = liveFulfillments(order)
  // Closed with nothing sent: its lines went to another one (moved, merged, given back by a fulfilment service).
  const state =
    order.status === 'CLOSED' && fulfillments.length === 0 ? 'cancelled' : FULFILLMENT_STATES[order.status]
  const hold = firstHold(order)
  const lines = order.lineItems.nodes
  const total = sum(lines.map((line) => line.totalQuantity))
  const remaining = sum(lines.map((line) => line.remainingQuantity))
  return {
    type: 'fulfillment',
    externalId: order.id,
    keys: [
      identity('order', orderNumber(order.orderName)),
      ...skuKeys(withSku(lines).map((line) => line.sku)),
    ],
    state,
    rawState: order.status,
    quantities: { ordered: total, remaining, shipped: total - remaining },
    attributes: {
      orderId: order.orderId,
      location: order.assignedLocation.name,
      locationId: order.assignedLocation.location?.id ?? null,
      holdReason: hold?.reason.toLowerCase() ?? null,
      holdId: hold?.id ?? null,
      heldBy: hold?.heldByApp?.title ?? null,
      holds: order.fulfillmentHolds.length,
      tracking: fulfillments.flatMap(trackingsOf)[0] ?? null,
      requestStatus: order.requestStatus,
      supportedActions: order.supportedActions
        .map(({ action }) => action)
        .sort()
        .join(','),
      shipBy: order.fulfillBy?.toISOString() ?? null,
      fulfillAt: order.fulfillAt?.toISOString() ?? null,
    },
    occurredAt: order.updatedAt,
    version: order.updatedAt.getTime(),
    changedBy: { kind: 'unknown' },
  }
}

/** Shopify's word for where a parcel is. What is merely marked as sent has a label and no scan. */
const PARCEL_STATES: Record<string, string> = {
  CARRIER_PICKED_UP: 'in_transit',
  IN_TRANSIT: 'in_transit',
  DELAYED: 'in_transit',
  OUT_FOR_DELIVERY: 'out',
  ATTEMPTED_DELIVERY: 'attempted',
  READY_FOR_PICKUP: 'pickup_ready',
  DELIVERED: 'delivered',
  PICKED_UP: 'delivered',
  NOT_DELIVERED: 'exception',
  FAILURE: 'exception',
  CANCELED: 'cancelled',
  LABEL_VOIDED: 'cancelled',
}

/** What was sent under one number is a parcel; without a number there is nothing to know it by. */
export const shipmentFacts = (order: FulfillmentOrder): WireFact[] =>
  order.fulfillments.nodes.flatMap((fulfillment) => {
    const [tracking, ...more] = trackingsOf(fulfillment)
    if (tracking === undefined) return []
    const raw = DEAD.has(fulfillment.status) ? 'CANCELED' : (fulfillment.displayStatus ?? 'FULFILLED')
    return [
      {
        type: 'shipment' as const,
        externalId: fulfillment.id,
        keys: [
          identity('tracking', tracking),
          // Several parcels stay several, and are linked to it.
          ...more.map((number) => reference('tracking', number)),
          reference('order', orderNumber(order.orderName)),
        ],
        state: PARCEL_STATES[raw] ?? 'label',
        rawState: raw,
        quantities: { shipped: fulfillment.totalQuantity },
        attributes: {
          tracking,
          orderId: order.orderId,
          carrier: fulfillment.trackingInfo.find(({ company }) => company)?.company ?? null,
        },
        occurredAt: fulfillment.updatedAt,
        version: fulfillment.updatedAt.getTime(),
        changedBy: { kind: 'unknown' as const },
      },
    ]
  })

const returnState = ({ status, returnLineItems: { nodes } }: Return): string => {
  if (status === 'REQUESTED') return 'requested'
  if (status === 'CANCELED' || status === 'DECLINED') return 'rejected'
  const isRefunded =
    nodes.length > 0 &&
    nodes.every((line) => line.refundedQuantity >= line.quantity || line.refundableQuantity === 0)
  if (isRefunded) return 'refunded'
  return status === 'CLOSED' ? 'closed' : 'open'
}

/** A return has no time of its own: it is as new as its order. */
export const returnFact = (returned: Return, order: Pick<Order, 'id' | 'name' | 'updatedAt'>): WireFact => {
  const lines = returned.returnLineItems.nodes
  const skus = withSku(lines.flatMap(({ fulfillmentLineItem }) => fulfillmentLineItem?.lineItem ?? []))
  return {
    type: 'return',
    externalId: returned.id,
    keys: [
      identity('return', orderNumber(returned.name)),
      reference('order', orderNumber(order.name)),
      ...skuKeys(skus.map(({ sku }) => sku)),
    ],
    state: returnState(returned),
    rawState: returned.status,
    quantities: {
      expected: sum(lines.map((line) => line.quantity)),
      refunded: sum(lines.map((line) => line.refundedQuantity)),
    },
    attributes: { orderId: order.id },
    occurredAt: order.updatedAt,
    version: order.updatedAt.getTime(),
    changedBy: { kind: 'unknown' },
  }
}

/** An article at a place; null where it has no SKU or is not counted, so that there is nothing to compare. */
export const levelFact = (level: Level): WireFact | null => {
  const sku = level.item.sku?.trim()
  if (!sku || !level.item.tracked) return null
  return {
    type: 'inventory',
    externalId: level.id,
    keys: stockKeys(sku, level.location.name),
    state: 'level',
    rawState: 'available',
    quantities: Object.fromEntries(level.quantities.map(({ name, quantity }) => [name, quantity])),
    attributes: {
      location: level.location.name,
      locationId: level.location.id,
      itemId: level.item.id,
      // Sold on purpose although nothing is left.
      backorders: level.item.variants?.nodes.some((v) => v.inventoryPolicy === 'CONTINUE') || null,
    },
    occurredAt: level.updatedAt,
    version: level.updatedAt.getTime(),
    changedBy: { kind: 'unknown' },
  }
}

/** Everything that an order as a whole says. */
export const wholeFacts = (
  order: Order,
  fulfillmentOrders: FulfillmentOrder[],
  config: Classing,
): WireFact[] => [
  orderFact(orderSaid(order), config),
  ...fulfillmentOrders.flatMap((each) => [fulfillmentOrderFact(each), ...shipmentFacts(each)]),
  ...order.returns.nodes.map((returned) => returnFact(returned, order)),
]
