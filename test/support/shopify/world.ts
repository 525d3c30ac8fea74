import { orderBody } from './bodies.ts'

/** What a Shopify shop holds, as far as the connector deals with it. Amounts are integer minor units. */

export type Hold = { id: number; reason: string; handle: string | null; own: boolean; app: string }
export type Part = {
  id: number
  order: Order
  status: 'SCHEDULED' | 'OPEN' | 'ON_HOLD' | 'IN_PROGRESS' | 'INCOMPLETE' | 'CLOSED' | 'CANCELLED'
  requestStatus: string
  location: Place
  lines: { id: number; line: OrderLine; total: number; remaining: number }[]
  holds: Hold[]
  fulfillAt: string | null
  fulfillBy: string | null
  updatedAt: string
  /** Fulfilled by another system, which allows nothing here. */
  external: boolean
}
export type Parcel = {
  id: number
  parts: Part[]
  status: string
  displayStatus: string
  tracking: { number: string; company: string | null }[]
  units: number
  updatedAt: string
}
export type OrderLine = {
  id: number
  sku: string | null
  title: string
  quantity: number
  refundable: number
  price: number
}
export type Returned = {
  id: number
  name: string
  status: 'REQUESTED' | 'OPEN' | 'CLOSED' | 'CANCELED' | 'DECLINED'
  lines: { id: number; line: OrderLine; quantity: number; refunded: number }[]
}
export type Order = {
  id: number
  name: string
  updatedAt: string
  cancelledAt: string | null
  /** A cancellation that Shopify is working on, and when it will be done. */
  cancelDue: number | null
  financial: string
  source: string
  tags: string[]
  /** The app's own note on it. */
  note: string | null
  isCompany: boolean
  currency: string
  lines: OrderLine[]
  parts: Part[]
  parcels: Parcel[]
  returns: Returned[]
  refunded: number
  /** When the search has learned of it. */
  searchableAt: number
}
export type Place = { id: number; name: string }
export type Level = {
  id: string
  item: { id: number; sku: string | null; tracked: boolean; policy: 'DENY' | 'CONTINUE' }
  place: Place
  quantities: Record<string, number>
  updatedAt: string
}
export type Sent = { topic: string; body: Buffer }
export type OrderWanted = Partial<
  Pick<Order, 'name' | 'financial' | 'source' | 'tags' | 'isCompany' | 'currency'>
> & {
  lines?: { sku: string | null; quantity: number; price?: number }[]
}

/** How long the search lags behind, and how long a cancellation takes, in ms. */
const SEARCH_LAG_MS = 2_000
const CANCEL_MS = 3_000

/** A shop in memory, with a clock of its own: every change takes a second of it. */
export class ShopWorld {
  readonly orders: Order[] = []
  readonly levels: Level[] = []
  readonly places: Place[] = [
    { id: 11, name: 'North' },
    { id: 12, name: 'South' },
  ]
  /** Webhooks sent so far, oldest first. */
  readonly sent: Sent[] = []
  /** Calls that have changed something. */
  effects = 0
  private time: number
  private lastId = 1000

  constructor(start: Date) {
    this.time = start.getTime()
  }

  now(): Date {
    return new Date(this.time)
  }

  /** Lets time pass, and with it what Shopify does in the background. */
  advance(ms: number): void {
    this.time += ms
    for (const order of this.orders) {
      if (order.cancelDue === null || order.cancelDue > this.time) continue
      order.cancelDue = null
      order.cancelledAt = this.stamp()
      order.financial = 'REFUNDED'
      for (const part of order.parts) if (part.status !== 'CLOSED') part.status = 'CANCELLED'
      this.touch(order, 'orders/cancelled', ...order.parts)
    }
  }

  nextId(): number {
    this.lastId += 7
    return this.lastId
  }

  private stamp(): string {
    return new Date(Math.floor(this.time / 1000) * 1000).toISOString().replace('.000Z', 'Z')
  }

  /** The order, and what of it was changed, is newer now, and Shopify says so. */
  touch(order: Order, topic: string, ...parts: Part[]): void {
    this.time += 1000
    order.updatedAt = this.stamp()
    for (const part of parts) {
      part.updatedAt = this.stamp()
      const body = {
        fulfillment_order: { id: `gid://shopify/FulfillmentOrder/${part.id}`, status: part.status },
      }
      this.sent.push({ topic: 'fulfillment_orders/updated', body: Buffer.from(JSON.stringify(body)) })
    }
    this.sent.push({ topic, body: Buffer.from(JSON.stringify(orderBody(order))) })
  }

  touchLevel(level: Level): void {
    this.time += 1000
    level.updatedAt = this.stamp()
    const body = {
      inventory_item_id: level.item.id,
      location_id: level.place.id,
      available: level.quantities.available,
      updated_at: level.updatedAt,
      admin_graphql_api_id: `gid://shopify/InventoryLevel/${level.id}`,
    }
    this.sent.push({ topic: 'inventory_levels/update', body: Buffer.from(JSON.stringify(body)) })
  }

  order(wanted: OrderWanted = {}): Order {
    const id = this.nextId()
    const lines = (wanted.lines ?? [{ sku: 'MUG-RED', quantity: 2 }]).map((line) => ({
      id: this.nextId(),
      title: line.sku ?? 'Gift wrap',
      refundable: line.quantity,
      price: 1250,
      ...line,
    }))
    const order: Order = {
      id,
      name: `#${id}`,
      updatedAt: this.stamp(),
      cancelledAt: null,
      cancelDue: null,
      financial: 'PAID',
      source: 'web',
      tags: [],
      note: null,
      isCompany: false,
      currency: 'EUR',
      parts: [],
      parcels: [],
      returns: [],
      refunded: 0,
      searchableAt: this.time + SEARCH_LAG_MS,
      ...wanted,
      lines,
    }
    this.orders.push(order)
    this.part(order, this.places[0] ?? { id: 11, name: 'North' }, lines)
    this.touch(order, 'orders/create', ...order.parts)
    return order
  }

  /** A fulfillment order for what is left of these lines. */
  part(order: Order, location: Place, lines: OrderLine[]): Part {
    const part: Part = {
      id: this.nextId(),
      order,
      status: 'OPEN',
      requestStatus: 'UNSUBMITTED',
      location,
      lines: lines.map((line) => ({
        id: this.nextId(),
        line,
        total: line.quantity,
        remaining: line.quantity,
      })),
      holds: [],
      fulfillAt: null,
      fulfillBy: null,
      updatedAt: this.stamp(),
      external: false,
    }
    order.parts.push(part)
    return part
  }

  hold(part: Part, reason: string, by: { handle: string | null; own: boolean; app?: string }): Hold {
    const hold = { id: this.nextId(), reason, handle: by.handle, own: by.own, app: by.app ?? 'Baton' }
    part.holds.push(hold)
    part.status = 'ON_HOLD'
    this.touch(part.order, 'orders/updated', part)
    return hold
  }

  release(part: Part, ids: number[]): void {
    part.holds = part.holds.filter((hold) => !ids.includes(hold.id))
    if (part.holds.length === 0) part.status = 'OPEN'
    this.touch(part.order, 'orders/updated', part)
  }

  /** As Shopify does it: the old one is closed, the goods go on under a new id. */
  move(part: Part, to: Place): Part {
    const moved = this.part(
      part.order,
      to,
      part.lines.map(({ line }) => line),
    )
    moved.lines = part.lines.map((line) => ({ ...line, id: this.nextId() }))
    moved.holds = part.holds
    moved.status = part.status
    part.status = 'CLOSED'
    part.holds = []
    part.lines = []
    this.touch(part.order, 'orders/updated', part, moved)
    return moved
  }

  fulfil(part: Part, number: string | null, company: string | null): Parcel {
    const parcel: Parcel = {
      id: this.nextId(),
      parts: [part],
      status: 'SUCCESS',
      displayStatus: 'FULFILLED',
      tracking: number === null ? [] : [{ number, company }],
      units: part.lines.reduce((sum, line) => sum + line.remaining, 0),
      updatedAt: this.stamp(),
    }
    for (const line of part.lines) line.remaining = 0
    part.status = 'CLOSED'
    part.order.parcels.push(parcel)
    this.touch(part.order, 'orders/fulfilled', part)
    parcel.updatedAt = part.updatedAt
    return parcel
  }

  returned(order: Order, status: Returned['status'] = 'OPEN'): Returned {
    const lines = order.lines.map((line) => ({
      id: this.nextId(),
      line,
      quantity: line.quantity,
      refunded: 0,
    }))
    const back = { id: this.nextId(), name: `${order.name}-R${order.returns.length + 1}`, status, lines }
    order.returns.push(back)
    this.touch(order, 'orders/updated')
    return back
  }

  level(sku: string | null, onHand: number, over: Partial<Level> = {}): Level {
    const item = { id: this.nextId(), sku, tracked: true, policy: 'DENY' as const }
    const level: Level = {
      id: `${this.nextId()}?inventory_item_id=${item.id}`,
      item,
      place: this.places[0] ?? { id: 11, name: 'North' },
      quantities: { available: onHand, on_hand: onHand, committed: 0, incoming: 0, damaged: 0 },
      updatedAt: this.stamp(),
      ...over,
    }
    this.levels.push(level)
    this.touchLevel(level)
    return level
  }

  startCancelling(order: Order): void {
    order.cancelDue = this.time + CANCEL_MS
  }
}
