/** The state of a small Medusa shop, and its rules: what is refused here is what the real one refuses. */

type Line = {
  id: string
  sku: string
  quantity: number
  fulfilled: number
  shipped: number
  delivered: number
}
type Fulfillment = {
  id: string
  items: { line_item_id: string; sku: string; quantity: number }[]
  labels: { tracking_number: string; updated_at: string }[]
  metadata: Record<string, unknown> | null
  packed_at: string | null
  shipped_at: string | null
  delivered_at: string | null
  canceled_at: string | null
  created_at: string
  updated_at: string
}
type Payment = {
  id: string
  amount: number
  captured_at: string | null
  canceled_at: string | null
  updated_at: string
  refunds: { amount: number; note: string | null; updated_at: string }[]
}
export type Order = {
  id: string
  display_id: number
  status: string
  metadata: Record<string, unknown>
  created_at: string
  updated_at: string
  canceled_at: string | null
  lines: Line[]
  fulfillments: Fulfillment[]
  payment: Payment
  /** Units that came back and were received. */
  returned: { id: string; display_id: number; quantity: number; updated_at: string } | null
}
type Level = { stocked: number; reserved: number; updated_at: string }
export type Article = { id: string; sku: string; level: Level }

/** As the server answers it: a status and `{type, message}`. */
export class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export const LOCATION = 'sloc_main'
const PRICE = 12

export type ShopState = ReturnType<typeof createShop>

export const createShop = (start: Date) => {
  let at = start.getTime()
  let ids = 0
  const orders = new Map<string, Order>()
  const articles = new Map<string, Article>()
  const effects: { on: string; what: string }[] = []
  const newId = (kind: string) => `${kind}_${String(++ids).padStart(6, '0')}`
  /** Every change has a time of its own. */
  const tick = (): string => {
    at += 1000
    return new Date(at).toISOString()
  }
  const article = (sku: string): Article => {
    const known = articles.get(sku)
    if (known) return known
    const level = { stocked: 1000, reserved: 0, updated_at: tick() }
    const made = { id: newId('iitem'), sku, level }
    articles.set(sku, made)
    return made
  }
  const order = (id: string): Order => {
    const found = orders.get(id)
    if (!found) throw new Refusal(404, `Order id not found: ${id}`)
    return found
  }
  const openOrder = (id: string): Order => {
    const found = order(id)
    if (found.status === 'canceled') throw new Refusal(400, `Order with id ${id} has been canceled.`)
    return found
  }
  const fulfillmentOf = (of: Order, id: string): Fulfillment => {
    const found = of.fulfillments.find((each) => each.id === id)
    if (!found) throw new Refusal(404, `Fulfillment with id ${id} was not found`)
    return found
  }
  const moveLevel = (sku: string, change: { stocked?: number; reserved?: number }) => {
    const { level } = article(sku)
    level.stocked += change.stocked ?? 0
    level.reserved += change.reserved ?? 0
    level.updated_at = tick()
  }
  const paid = ({ payment }: Order) => (payment.captured_at ? payment.amount : 0)
  const refunded = ({ payment }: Order) => payment.refunds.reduce((sum, each) => sum + each.amount, 0)
  const worth = ({ lines, returned }: Order) =>
    PRICE * (lines.reduce((sum, each) => sum + each.quantity, 0) - (returned?.quantity ?? 0))

  return {
    orders,
    articles,
    effects,
    article,
    order,
    worth,
    paid,
    refunded,
    now: () => new Date(at),

    buy(lines: Record<string, number>, { captured = true } = {}): Order {
      const time = tick()
      const amount = PRICE * Object.values(lines).reduce((sum, each) => sum + each, 0)
      const made: Order = {
        id: newId('order'),
        display_id: orders.size + 1001,
        status: 'pending',
        metadata: {},
        created_at: time,
        updated_at: time,
        canceled_at: null,
        lines: Object.entries(lines).map(([sku, quantity]) => ({
          ...{ id: newId('ordli'), sku, quantity, fulfilled: 0, shipped: 0, delivered: 0 },
        })),
        fulfillments: [],
        payment: {
          ...{ id: newId('pay'), amount, captured_at: captured ? time : null, canceled_at: null },
          ...{ updated_at: time, refunds: [] },
        },
        returned: null,
      }
      orders.set(made.id, made)
      for (const [sku, quantity] of Object.entries(lines)) moveLevel(sku, { reserved: quantity })
      return made
    },

    fulfil(id: string, items: { id: string; quantity: number }[], metadata: Record<string, unknown> | null) {
      const of = openOrder(id)
      if (items.length === 0) throw new Refusal(400, 'Invalid request: items is empty')
      const wanted = items.map(({ id: line, quantity }) => {
        const found = of.lines.find((each) => each.id === line)
        if (!found) throw new Refusal(400, `Item ${line} is not in the order`)
        if (!(quantity > 0) || quantity > found.quantity - found.fulfilled)
          throw new Refusal(400, `Quantity to fulfill exceeds the reserved quantity for the item: ${line}`)
        return { line: found, quantity }
      })
      const time = tick()
      for (const { line, quantity } of wanted) {
        line.fulfilled += quantity
        moveLevel(line.sku, { stocked: -quantity, reserved: -quantity })
      }
      of.fulfillments.push({
        id: newId('ful'),
        items: wanted.map(({ line, quantity }) => ({ line_item_id: line.id, sku: line.sku, quantity })),
        ...{ labels: [], metadata, packed_at: time, shipped_at: null, delivered_at: null, canceled_at: null },
        ...{ created_at: time, updated_at: time },
      })
      of.updated_at = time
    },

    ship(id: string, fulfillment: string, labels: { tracking_number: string }[]) {
      const of = openOrder(id)
      const found = fulfillmentOf(of, fulfillment)
      if (found.canceled_at) throw new Refusal(400, 'Cannot create shipment for a canceled fulfillment')
      if (found.shipped_at) throw new Refusal(400, 'Shipment has already been created')
      const time = tick()
      found.shipped_at = time
      found.updated_at = time
      of.updated_at = time
      found.labels.push(...labels.map((label) => ({ ...label, updated_at: time })))
      for (const item of found.items) {
        const line = of.lines.find((each) => each.id === item.line_item_id)
        if (line) line.shipped += item.quantity
      }
      effects.push({ on: id, what: 'shipped' })
    },

    cancelFulfillment(id: string, fulfillment: string) {
      const of = openOrder(id)
      const found = fulfillmentOf(of, fulfillment)
      if (found.canceled_at) throw new Refusal(400, 'The fulfillment is already canceled')
      if (found.shipped_at)
        throw new Refusal(
          400,
          'The fulfillment has already been shipped. Shipped fulfillments cannot be canceled',
        )
      const time = tick()
      found.canceled_at = time
      found.updated_at = time
      of.updated_at = time
      for (const item of found.items) {
        const line = of.lines.find((each) => each.id === item.line_item_id)
        if (line) line.fulfilled -= item.quantity
        moveLevel(item.sku, { stocked: item.quantity, reserved: item.quantity })
      }
    },

    cancel(id: string) {
      const of = openOrder(id)
      if (of.fulfillments.some((each) => !each.canceled_at))
        throw new Refusal(400, 'All fulfillments must be canceled before canceling an order')
      const time = tick()
      const left = paid(of) - refunded(of)
      if (left > 0) of.payment.refunds.push({ amount: left, note: null, updated_at: time })
      else of.payment.canceled_at = time
      Object.assign(of, { status: 'canceled', canceled_at: time, updated_at: time })
      for (const line of of.lines) moveLevel(line.sku, { reserved: -line.quantity })
      effects.push({ on: id, what: 'cancelled' })
    },

    /** Merged: other keys stay, an empty value takes a key away. */
    writeMetadata(id: string, metadata: Record<string, unknown>) {
      const of = order(id)
      for (const [key, value] of Object.entries(metadata)) {
        if (value === '') delete of.metadata[key]
        else of.metadata[key] = value
      }
      of.updated_at = tick()
      effects.push({ on: id, what: 'metadata' })
    },

    /** The order's own time moves only where nothing was owed before. */
    refund(payment: string, amount: number, note: string | null) {
      const of = [...orders.values()].find((each) => each.payment.id === payment)
      if (!of) throw new Refusal(404, `Payment with id: ${payment} was not found`)
      if (amount > paid(of) - refunded(of))
        throw new Refusal(400, 'You are not allowed to refund more than the captured amount')
      of.payment.refunds.push({ amount, note, updated_at: tick() })
      effects.push({ on: of.id, what: 'refunded' })
    },

    takeBack(id: string, quantity: number) {
      const of = order(id)
      const time = tick()
      of.returned = { id: newId('return'), display_id: ids, quantity, updated_at: time }
      of.updated_at = time
    },

    setStock(item: string, location: string, stocked: number) {
      const found = [...articles.values()].find((each) => each.id === item)
      if (!found || location !== LOCATION)
        throw new Refusal(404, `Item ${item} is not stocked at ${location}`)
      if (stocked < 0) throw new Refusal(400, 'Invalid request: stocked_quantity must be at least 0')
      found.level.stocked = stocked
      found.level.updated_at = tick()
      effects.push({ on: item, what: 'stocked' })
    },
  }
}
