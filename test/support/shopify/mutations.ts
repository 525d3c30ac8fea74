import { digestOf, gidOf, lineIn, part as partView, supportedActions } from './views.ts'
import type { Order, OrderLine, Part, ShopWorld } from './world.ts'

/** What changes the shop. Each refuses what Shopify refuses, as a user error inside a 200. */

type UserError = { field: string[] | null; message: string; code?: string | null }
const refuse = (message: string, code: string | null = null): { userErrors: UserError[] } => ({
  userErrors: [{ field: null, message, code }],
})
const done = { userErrors: Array.of<UserError>() }
const tailOf = (gid: string): string => gid.slice(gid.lastIndexOf('/') + 1)

const MAX_HOLDS = 10
const MAX_HANDLE = 64
const INVENTORY_REASONS = new Set(['correction', 'cycle_count_available', 'received', 'other'])

type HoldInput = { reason: string; handle: string }
type RefundInput = {
  orderId: string
  refundLineItems?: { lineItemId: string; quantity: number }[]
  transactions?: { amount: string; parentId?: string; kind: string }[]
}
type StockInput = {
  name: string
  reason: string
  referenceDocumentUri?: string
  quantities: {
    inventoryItemId: string
    locationId: string
    quantity: number
    changeFromQuantity?: number | null
  }[]
}
type Metafield = {
  ownerId: string
  namespace?: string
  key: string
  type?: string
  value: string
  compareDigest?: string | null
}
type NewOrder = {
  tags?: string[]
  sourceName?: string
  shippingAddress?: object
  lineItems?: { quantity: number; variantId?: string; title?: string }[]
}
type Draft = { order: Order; quantities: Map<number, number> }

export const mutationRoot = (world: ShopWorld) => {
  const drafts = new Map<string, Draft>()
  const partOf = (gid: string): Part | undefined =>
    world.orders.flatMap(({ parts }) => parts).find(({ id }) => gidOf('FulfillmentOrder', id) === gid)
  const orderOf = (gid: string) => world.orders.find(({ id }) => gidOf('Order', id) === gid)
  const lets = (part: Part, action: string) => supportedActions(part).includes(action)
  const notFound = () => refuse('Fulfillment order does not exist.', 'FULFILLMENT_ORDER_NOT_FOUND')
  const count = <T>(payload: T): T => {
    world.effects += 1
    return payload
  }

  return {
    fulfillmentOrderHold({ id, fulfillmentHold }: { id: string; fulfillmentHold: HoldInput }) {
      const part = partOf(id)
      if (!part) return notFound()
      const { handle, reason } = fulfillmentHold
      if (handle.length > MAX_HANDLE) return refuse('Handle is too long.', 'TAKEN')
      if (part.holds.some((hold) => hold.own && hold.handle === handle))
        return refuse('The handle is used by a hold already.', 'DUPLICATE_FULFILLMENT_HOLD_HANDLE')
      if (!lets(part, 'HOLD')) return refuse('The fulfillment order is not in a holdable state.')
      if (part.holds.filter(({ own }) => own).length >= MAX_HOLDS)
        return refuse('Too many holds.', 'FULFILLMENT_ORDER_HOLD_LIMIT_REACHED')
      const hold = world.hold(part, reason, { handle, own: true })
      return count({ fulfillmentHold: { id: gidOf('FulfillmentHold', hold.id) }, ...done })
    },

    fulfillmentOrderReleaseHold({ id, holdIds }: { id: string; holdIds?: string[] }) {
      const part = partOf(id)
      if (!part) return notFound()
      const ids = holdIds?.map((hold) => Number(tailOf(hold))) ?? part.holds.map((hold) => hold.id)
      if (!ids.some((wanted) => part.holds.some((hold) => hold.id === wanted)))
        return refuse('The fulfillment order is not on that hold.')
      world.release(part, ids)
      return count({ fulfillmentOrder: partView(world, part), ...done })
    },

    fulfillmentOrderMove({ id, newLocationId }: { id: string; newLocationId: string }) {
      const part = partOf(id)
      const to = world.places.find((place) => gidOf('Location', place.id) === newLocationId)
      if (!part || !to) return refuse('Fulfillment order or location not found.')
      if (!lets(part, 'MOVE')) return refuse('The fulfillment order cannot be moved in its present state.')
      if (to.id === part.location.id) return refuse('It is assigned to that location already.')
      const moved = world.move(part, to)
      return count({ movedFulfillmentOrder: partView(world, moved), ...done })
    },

    fulfillmentOrderReschedule({ id, fulfillAt }: { id: string; fulfillAt: string }) {
      const part = partOf(id)
      if (!part) return notFound()
      if (part.status !== 'SCHEDULED') return refuse('Only a scheduled fulfillment order can be rescheduled.')
      part.fulfillAt = fulfillAt
      world.touch(part.order, 'orders/updated', part)
      return count({ fulfillmentOrder: partView(world, part), ...done })
    },

    fulfillmentOrdersSetFulfillmentDeadline(args: {
      fulfillmentOrderIds: string[]
      fulfillmentDeadline: string
    }) {
      const parts = args.fulfillmentOrderIds.map(partOf)
      for (const part of parts) {
        if (!part) return { success: false, ...notFound() }
        part.fulfillBy = args.fulfillmentDeadline
        world.touch(part.order, 'orders/updated', part)
      }
      return count({ success: true, ...done })
    },

    fulfillmentCreate(args: {
      fulfillment: {
        lineItemsByFulfillmentOrder: { fulfillmentOrderId: string }[]
        trackingInfo?: { number?: string; company?: string }
      }
    }) {
      const [wanted, another] = args.fulfillment.lineItemsByFulfillmentOrder
      const part = partOf(wanted?.fulfillmentOrderId ?? '')
      if (!part || another) return refuse('Fulfillment order not found.')
      if (!lets(part, 'CREATE_FULFILLMENT'))
        return refuse('The fulfillment order cannot be fulfilled in its present state.')
      const { number = null, company = null } = args.fulfillment.trackingInfo ?? {}
      const parcel = world.fulfil(part, number, company)
      return count({ fulfillment: { id: gidOf('Fulfillment', parcel.id) }, ...done })
    },

    inventorySetQuantities({ input }: { input: StockInput }) {
      if (!['available', 'on_hand'].includes(input.name))
        return refuse('The name is not one of available, on_hand.', 'INVALID_NAME')
      if (!INVENTORY_REASONS.has(input.reason)) return refuse('The reason is not known.', 'INVALID_REASON')
      if (!/^[a-z][a-z0-9+.-]*:\/\/\S+$/.test(input.referenceDocumentUri ?? ''))
        return refuse('The reference document is no URI.', 'INVALID_REFERENCE_DOCUMENT')
      for (const wanted of input.quantities) {
        const level = world.levels.find(
          ({ item, place }) =>
            gidOf('InventoryItem', item.id) === wanted.inventoryItemId &&
            gidOf('Location', place.id) === wanted.locationId,
        )
        if (!level) return refuse('The item is not stocked there.', 'INVALID_INVENTORY_ITEM')
        if (wanted.changeFromQuantity === undefined)
          return refuse('changeFromQuantity is required.', 'COMPARE_QUANTITY_REQUIRED')
        const present = level.quantities[input.name] ?? 0
        if (wanted.changeFromQuantity !== null && wanted.changeFromQuantity !== present)
          return refuse('The quantity has changed meanwhile.', 'CHANGE_FROM_QUANTITY_STALE')
        const by = wanted.quantity - present
        level.quantities.on_hand = (level.quantities.on_hand ?? 0) + by
        level.quantities.available = (level.quantities.available ?? 0) + by
        world.touchLevel(level)
      }
      return count({ inventoryAdjustmentGroup: { id: gidOf('InventoryAdjustmentGroup', 1) }, ...done })
    },

    orderEditBegin({ id }: { id: string }) {
      const order = orderOf(id)
      if (!order || order.cancelledAt) return refuse('The order cannot be edited.')
      const draft = gidOf('CalculatedOrder', world.nextId())
      drafts.set(draft, { order, quantities: new Map() })
      const nodes = order.lines.map((line) => ({
        id: gidOf('CalculatedLineItem', line.id),
        sku: line.sku,
        quantity: line.quantity,
      }))
      const lineItems = { nodes, pageInfo: { hasNextPage: false, endCursor: null } }
      return { calculatedOrder: { id: draft, lineItems }, ...done }
    },

    orderEditSetQuantity(args: { id: string; lineItemId: string; quantity: number }) {
      const draft = drafts.get(args.id)
      const line = draft?.order.lines.find(({ id }) => gidOf('CalculatedLineItem', id) === args.lineItemId)
      if (!draft || !line) return refuse('The line item does not exist.')
      if (args.quantity < 0) return refuse('The quantity must be 0 or more.')
      draft.quantities.set(line.id, args.quantity)
      return { calculatedOrder: { id: args.id }, ...done }
    },

    orderEditCommit({ id }: { id: string }) {
      const draft = drafts.get(id)
      if (!draft) return refuse('The edit does not exist or has been committed.')
      drafts.delete(id)
      if (draft.quantities.size === 0) return refuse('There is nothing to commit.')
      for (const line of draft.order.lines) keepOnly(draft.order, line, draft.quantities.get(line.id))
      world.touch(draft.order, 'orders/edited', ...draft.order.parts)
      return count({ order: { id: gidOf('Order', draft.order.id) }, ...done })
    },

    orderCancel({ orderId }: { orderId: string }) {
      const order = orderOf(orderId)
      const no = (message: string) => ({
        orderCancelUserErrors: [{ field: null, message, code: 'INVALID' }],
        userErrors: [],
      })
      if (!order) return no('Order does not exist.')
      if (order.cancelledAt || order.cancelDue) return no('The order is being cancelled already.')
      if (order.parcels.length > 0) return no('A fulfilled order cannot be cancelled.')
      world.startCancelling(order)
      return count({ job: { id: gidOf('Job', order.id) }, orderCancelUserErrors: [], userErrors: [] })
    },

    refundCreate({ input }: { input: RefundInput }) {
      const order = orderOf(input.orderId)
      if (!order) return refuse('Order does not exist.')
      for (const { lineItemId, quantity } of input.refundLineItems ?? []) {
        const line = lineIn(order, lineItemId)
        if (!line || line.refundable < quantity)
          return refuse('Refund line items: quantity cannot refund more items than were purchased.')
      }
      const minor = (input.transactions ?? []).reduce((sum, t) => sum + Math.round(Number(t.amount) * 100), 0)
      if (minor <= 0 || input.transactions?.some(({ parentId, kind }) => !parentId || kind !== 'REFUND'))
        return refuse('Transactions need a parent and the kind REFUND.')
      order.refunded += minor
      for (const { lineItemId, quantity } of input.refundLineItems ?? []) {
        const line = lineIn(order, lineItemId)
        if (!line) continue
        line.refundable -= quantity
        for (const back of order.returns.flatMap(({ lines }) => lines))
          if (back.line === line) back.refunded = Math.min(back.quantity, back.refunded + quantity)
      }
      order.financial = order.lines.every(({ refundable }) => refundable === 0)
        ? 'REFUNDED'
        : 'PARTIALLY_REFUNDED'
      world.touch(order, 'orders/updated')
      return count({ refund: { id: gidOf('Refund', world.nextId()) }, ...done })
    },

    // Natural: a tag that is there is not added. What counts as an effect is the note.
    tagsAdd({ id, tags }: { id: string; tags: string[] }) {
      const order = orderOf(id)
      if (!order) return refuse('Order does not exist.')
      const added = tags.filter((tag) => !order.tags.includes(tag))
      if (added.length > 0) {
        order.tags = [...order.tags, ...added]
        world.touch(order, 'orders/updated')
      }
      return { node: { __typename: 'Order', id }, ...done }
    },

    metafieldsSet({ metafields }: { metafields: Metafield[] }) {
      for (const { ownerId, namespace, key, type, value, compareDigest } of metafields) {
        const order = orderOf(ownerId)
        if (!order) return refuse('Owner does not exist.', 'INVALID')
        if (namespace !== '$app' || key !== 'note' || type !== 'multi_line_text_field')
          return refuse('The double knows the one field of the app.', 'INVALID_TYPE')
        if (value === '') return refuse('Value cannot be blank.', 'BLANK')
        const present = order.note === null ? null : digestOf(order.note)
        if (compareDigest !== undefined && compareDigest !== present)
          return refuse('The resource has been updated since it was loaded.', 'STALE_OBJECT')
        order.note = value
        world.touch(order, 'orders/updated')
      }
      return count({ metafields: metafields.map((_, at) => ({ id: gidOf('Metafield', at + 1) })), ...done })
    },

    orderCreate({ order }: { order: NewOrder }) {
      if (!order.lineItems?.length) return refuse('Line items are required.', 'INVALID')
      if (!order.shippingAddress) return refuse('The goods need an address.', 'INVALID')
      const made = world.order({
        tags: order.tags ?? [],
        source: order.sourceName ?? 'web',
        lines: order.lineItems.map(({ quantity, variantId, title }) => ({
          sku: skuOf(variantId) ?? title ?? null,
          quantity,
          price: 0,
        })),
      })
      return count({ order: { id: gidOf('Order', made.id), name: made.name }, ...done })
    },
  }

  function skuOf(variant: string | undefined): string | null {
    const all = world.orders.flatMap(({ lines }) => lines)
    return all.find(({ id }) => gidOf('ProductVariant', id) === variant)?.sku ?? null
  }

  function keepOnly(order: Order, line: OrderLine, quantity: number | undefined): void {
    if (quantity === undefined) return
    const less = line.quantity - quantity
    line.quantity = quantity
    for (const each of order.parts.flatMap(({ lines }) => lines)) {
      if (each.line !== line) continue
      each.total -= less
      each.remaining = Math.max(0, each.remaining - less)
    }
  }
}
