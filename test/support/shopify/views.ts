import { createHash } from 'node:crypto'
import { ADDRESS, amountOf, fulfillmentStatusOf, totalOf } from './bodies.ts'
import type { Level, Order, OrderLine, Parcel, Part, Place, Returned, ShopWorld } from './world.ts'

/** What the schema's types resolve to: the world's objects under the names of the Admin API. */

/** What a writer of a metafield proves with that it has seen the present value. */
export const digestOf = (value: string): string => createHash('sha256').update(value).digest('hex')

export const gidOf = (type: string, id: number | string): string => `gid://shopify/${type}/${id}`

type Paging = { first?: number | null; after?: string | null }

/** A page of a list; the cursor is the place of its last node. */
export const pageOf = <T, V>(items: T[], { first, after }: Paging, view: (item: T) => V) => {
  if (!first) throw new Error('you must provide one of first or last')
  const from = after ? Number(Buffer.from(after, 'base64').toString()) : 0
  const page = items.slice(from, from + first)
  const end = from + page.length
  return {
    nodes: page.map(view),
    pageInfo: {
      hasNextPage: end < items.length,
      endCursor: page.length > 0 ? Buffer.from(String(end)).toString('base64') : null,
    },
  }
}

export const bag = (minor: number, currencyCode: string) => ({
  shopMoney: { amount: amountOf(minor), currencyCode },
})

export const supportedActions = (part: Part): string[] => {
  if (part.external) return ['EXTERNAL']
  if (part.requestStatus !== 'UNSUBMITTED') return ['REQUEST_CANCELLATION']
  switch (part.status) {
    case 'OPEN':
      return ['CREATE_FULFILLMENT', 'HOLD', 'MOVE', 'REPORT_PROGRESS', 'SPLIT']
    case 'SCHEDULED':
      return ['MARK_AS_OPEN', 'HOLD']
    case 'ON_HOLD':
      return ['HOLD', 'MOVE', 'RELEASE_HOLD']
    case 'IN_PROGRESS':
      return ['CREATE_FULFILLMENT', 'MARK_AS_OPEN']
    default:
      return []
  }
}

const place = ({ id, name }: Place) => ({ id: gidOf('Location', id), name })

const line = (item: OrderLine) => ({
  id: gidOf('LineItem', item.id),
  sku: item.sku,
  title: item.title,
  quantity: item.quantity,
  currentQuantity: item.quantity,
  refundableQuantity: item.refundable,
  requiresShipping: true,
  variant: { id: gidOf('ProductVariant', item.id) },
})

const parcel = (one: Parcel) => ({
  id: gidOf('Fulfillment', one.id),
  status: one.status,
  displayStatus: one.displayStatus,
  updatedAt: one.updatedAt,
  totalQuantity: one.units,
  trackingInfo: one.tracking.map(({ number, company }) => ({ number, company })),
})

export const part = (world: ShopWorld, one: Part) => ({
  id: gidOf('FulfillmentOrder', one.id),
  orderId: gidOf('Order', one.order.id),
  orderName: one.order.name,
  status: one.status,
  requestStatus: one.requestStatus,
  updatedAt: one.updatedAt,
  fulfillAt: one.fulfillAt,
  fulfillBy: one.fulfillBy,
  assignedLocation: { name: one.location.name, location: place(one.location) },
  supportedActions: supportedActions(one).map((action) => ({ action })),
  fulfillmentHolds: one.holds.map((hold) => ({
    id: gidOf('FulfillmentHold', hold.id),
    reason: hold.reason,
    handle: hold.handle,
    heldByRequestingApp: hold.own,
    heldByApp: { title: hold.app },
  })),
  lineItems: (args: Paging) =>
    pageOf(one.lines, args, (each) => ({
      id: gidOf('FulfillmentOrderLineItem', each.id),
      sku: each.line.sku,
      totalQuantity: each.total,
      remainingQuantity: each.remaining,
      lineItem: line(each.line),
    })),
  fulfillments: (args: Paging) =>
    pageOf(
      one.order.parcels.filter(({ parts }) => parts.includes(one)),
      args,
      parcel,
    ),
  locationsForMove: (args: Paging) =>
    pageOf(
      world.places.filter(({ id }) => id !== one.location.id),
      args,
      (each) => ({ movable: true, message: null, location: place(each) }),
    ),
})

const returned = (one: Returned) => ({
  id: gidOf('Return', one.id),
  name: one.name,
  status: one.status,
  returnLineItems: (args: Paging) =>
    pageOf(one.lines, args, (each) => ({
      __typename: 'ReturnLineItem',
      id: gidOf('ReturnLineItem', each.id),
      quantity: each.quantity,
      refundedQuantity: each.refunded,
      refundableQuantity: Math.min(each.quantity - each.refunded, each.line.refundable),
      fulfillmentLineItem: { lineItem: line(each.line) },
    })),
})

type RefundLine = { lineItemId: string; quantity: number }
export const lineIn = (one: Order, gid: string): OrderLine | undefined =>
  one.lines.find(({ id }) => gidOf('LineItem', id) === gid)

export const order = (world: ShopWorld, one: Order) => ({
  id: gidOf('Order', one.id),
  name: one.name,
  updatedAt: one.updatedAt,
  cancelledAt: one.cancelledAt,
  displayFinancialStatus: one.financial,
  displayFulfillmentStatus: fulfillmentStatusOf(one),
  sourceName: one.source,
  tags: one.tags,
  currencyCode: one.currency,
  metafield: ({ namespace, key }: { namespace?: string; key: string }) =>
    one.note !== null && namespace === '$app' && key === 'note'
      ? { value: one.note, compareDigest: digestOf(one.note) }
      : null,
  purchasingEntity: { __typename: one.isCompany ? 'PurchasingCompany' : 'Customer' },
  currentTotalPriceSet: bag(totalOf(one), one.currency),
  totalRefundedSet: bag(one.refunded, one.currency),
  shippingAddress: ADDRESS,
  lineItems: (args: Paging) => pageOf(one.lines, args, line),
  returns: (args: Paging) => pageOf(one.returns, args, returned),
  fulfillmentOrders: (args: Paging) => pageOf(one.parts, args, (each) => part(world, each)),
  suggestedRefund({ refundLineItems }: { refundLineItems: RefundLine[] }) {
    const minor = refundLineItems.reduce(
      (sum, { lineItemId, quantity }) => sum + (lineIn(one, lineItemId)?.price ?? 0) * quantity,
      0,
    )
    const amountSet = bag(minor, one.currency)
    const parentTransaction = { id: gidOf('OrderTransaction', one.id) }
    return { amountSet, suggestedTransactions: [{ gateway: 'bogus', amountSet, parentTransaction }] }
  },
})

export const level = (one: Level) => ({
  id: gidOf('InventoryLevel', one.id),
  updatedAt: one.updatedAt,
  location: place(one.place),
  item: {
    id: gidOf('InventoryItem', one.item.id),
    sku: one.item.sku,
    tracked: one.item.tracked,
    variants: (args: Paging) => pageOf([{ inventoryPolicy: one.item.policy }], args, (variant) => variant),
  },
  quantities: ({ names }: { names: string[] }) =>
    names.map((name) => ({ name, quantity: one.quantities[name] ?? 0 })),
})

const sinceIn = (query: string | null | undefined): number => {
  const since = /updated_at:>='([^']+)'/.exec(query ?? '')?.[1]
  return since ? Date.parse(since) : Number.NEGATIVE_INFINITY
}
const changed = <T extends { updatedAt: string }>(items: T[], query: string | null | undefined): T[] =>
  items
    .filter(({ updatedAt }) => Date.parse(updatedAt) >= sinceIn(query))
    .sort((a, b) => Date.parse(a.updatedAt) - Date.parse(b.updatedAt))

type Search = Paging & { query?: string | null }

/** The root of all queries. */
export const queryRoot = (world: ShopWorld, shop: string, scopes: () => string[]) => ({
  shop: () => ({ myshopifyDomain: shop }),
  currentAppInstallation: () => ({ accessScopes: scopes().map((handle) => ({ handle })) }),
  orders(args: Search) {
    const tag = /tag:'([^']+)'/.exec(args.query ?? '')?.[1]
    const found = tag
      ? world.orders.filter(
          ({ tags, searchableAt }) => tags.includes(tag) && searchableAt <= world.now().getTime(),
        )
      : changed(world.orders, args.query)
    return pageOf(found, args, (one) => order(world, one))
  },
  order({ id }: { id: string }) {
    const one = world.orders.find((each) => gidOf('Order', each.id) === id)
    return one ? order(world, one) : null
  },
  fulfillmentOrders(args: Search & { includeClosed: boolean }) {
    const all = world.orders.flatMap(({ parts }) => parts)
    const open = all.filter(({ status }) => args.includeClosed || status !== 'CLOSED')
    return pageOf(changed(open, args.query), args, (one) => part(world, one))
  },
  fulfillmentOrder({ id }: { id: string }) {
    const one = world.orders
      .flatMap(({ parts }) => parts)
      .find((each) => gidOf('FulfillmentOrder', each.id) === id)
    return one ? part(world, one) : null
  },
  return({ id }: { id: string }) {
    const one = world.orders.flatMap(({ returns }) => returns).find((each) => gidOf('Return', each.id) === id)
    return one ? returned(one) : null
  },
  locations: (args: Paging) => pageOf(world.places, args, place),
  location({ id }: { id: string }) {
    const found = world.places.find((each) => gidOf('Location', each.id) === id)
    if (!found) return null
    const levels = (args: Search) =>
      pageOf(
        changed(
          world.levels.filter((one) => one.place.id === found.id),
          args.query,
        ),
        args,
        level,
      )
    return { ...place(found), inventoryLevels: levels }
  },
  inventoryLevel({ id }: { id: string }) {
    const one = world.levels.find((each) => gidOf('InventoryLevel', each.id) === id)
    return one ? level(one) : null
  },
})
