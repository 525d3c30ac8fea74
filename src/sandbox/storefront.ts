import { z } from 'zod'
import {
  BACKORDERED,
  CATALOGUE,
  CURRENCY,
  INTEGRATION,
  LOCATION,
  orderOf,
  picked,
  stockId,
} from './catalogue.ts'
import type { Author } from './ledger.ts'
import { LAGS } from './steps.ts'
import { createSystem, type Row, type Surroundings } from './system.ts'

const lineSchema = z.object({ sku: z.string(), quantity: z.number() })
export type Line = z.infer<typeof lineSchema>

const orderSchema = z.object({
  number: z.string(),
  channel: z.enum(['web', 'b2b', 'marketplace', 'preorder', 'backorder']),
  status: z.enum(['open', 'paid', 'partially_fulfilled', 'fulfilled', 'cancelled']),
  payment: z.enum(['pending', 'paid', 'expired']),
  /** When the customer was last asked to pay again. */
  payment_asked_at: z.string().nullable(),
  total: z.object({ amount: z.string(), currency: z.string() }),
  ship_by: z.string(),
  lines: z.array(lineSchema),
  /** Written back by the integration once the ERP has the order. */
  erp_number: z.string().nullable(),
  resent_at: z.string().nullable(),
})
export type ShopOrder = z.infer<typeof orderSchema>

type OrderDetails = { channel: ShopOrder['channel']; lines: Line[]; total: string; shipBy: Date }

const fulfillmentSchema = z.object({
  order: z.string(),
  status: z.enum(['OPEN', 'ON_HOLD', 'CLOSED', 'CANCELLED']),
  hold_reason: z.string().nullable(),
  location: z.string(),
  tracking: z.string().nullable(),
})
type Fulfillment = z.infer<typeof fulfillmentSchema>

const levelSchema = z.object({
  sku: z.string(),
  location: z.string(),
  available: z.number(),
  /** What the shop does when nothing is left: `continue` sells on back-order. */
  policy: z.enum(['deny', 'continue']),
})

const claimSchema = z.object({
  order: z.string(),
  status: z.enum(['OPEN', 'ANSWERED']),
  answer: z.enum(['refund', 'reship', 'found']).nullable(),
})
export type ClaimAnswer = NonNullable<z.infer<typeof claimSchema>['answer']>

const returnSchema = z.object({
  number: z.string(),
  order: z.string(),
  status: z.enum(['REQUESTED', 'REFUNDED']),
})

/** What the shop tells its customers of goods to come. */
const promiseSchema = z.object({ purchase: z.string(), sku: z.string(), promised_for: z.string() })

export type Storefront = ReturnType<typeof createStorefront>

/** The web shop. It numbers orders `#1001` and has ids of its own for everything. */
export const createStorefront = (skewMs: number, around: Surroundings) => {
  const system = createSystem('shop', skewMs, around)
  const ofOrder = ({ order }: { order: string }) => [orderOf(order)]
  const orders = system.shelf('order', 'orders', orderSchema, ({ number }) => [orderOf(number)])
  const fulfillments = system.shelf('fulfillment_order', 'fulfillment_orders', fulfillmentSchema, ofOrder)
  const levels = system.shelf('inventory_level', 'inventory_levels', levelSchema, (_level, id) => [id])
  const claims = system.shelf('claim', 'claims', claimSchema, ofOrder)
  const returns = system.shelf('return', 'returns', returnSchema, ofOrder)
  const promises = system.shelf('restock', 'restocks', promiseSchema, ({ purchase }) => [purchase])

  const order = (number: string) => orders.get(`50${number}`)
  const fulfillment = (number: string) => fulfillments.get(`70${number}`)
  const changeOrder = (number: string, change: Partial<ShopOrder>, by: Author) => {
    const row = order(number)
    if (row) orders.put(row.id, { ...row.data, ...change }, by)
  }
  /** Changes the order's fulfillment if it is in one of these states: what comes too late changes nothing. */
  const changeFulfillment = (
    number: string,
    from: Fulfillment['status'][],
    change: Partial<Fulfillment>,
    by: Author,
  ): boolean => {
    const row = fulfillment(number)
    if (!row || !from.includes(row.data.status)) return false
    fulfillments.put(row.id, { ...row.data, ...change }, by)
    return true
  }
  const offer = (sku: string, delta: number, by: Author) => {
    const row = levels.get(stockId(sku))
    if (row) levels.put(row.id, { ...row.data, available: row.data.available + delta }, by)
  }
  /** Takes what the order needs out of the shop's stock, or gives it back: `times` -1 or 1. */
  const offerLines = (number: string, times: 1 | -1, by: Author) => {
    for (const line of picked(order(number)?.data.lines ?? [])) offer(line.sku, times * line.quantity, by)
  }

  /** The first day's stock. */
  const open = () => {
    for (const { sku, stock } of CATALOGUE) {
      const policy = sku === BACKORDERED ? 'continue' : 'deny'
      levels.put(stockId(sku), { sku, location: LOCATION, available: stock, policy }, INTEGRATION)
    }
  }

  const place = (detailsOf: (number: string) => OrderDetails) => {
    const number = String(system.next('order', 1001))
    const { channel, lines, total, shipBy } = detailsOf(number)
    const placed: ShopOrder = {
      number: `#${number}`,
      channel,
      status: 'open',
      payment: 'pending',
      payment_asked_at: null,
      total: { amount: total, currency: CURRENCY },
      ship_by: system.time(shipBy),
      lines,
      erp_number: null,
      resent_at: null,
    }
    orders.put(`50${number}`, placed, INTEGRATION)
    const route = { status: 'OPEN' as const, hold_reason: null, location: LOCATION, tracking: null }
    fulfillments.put(`70${number}`, { order: `#${number}`, ...route }, INTEGRATION)
    offerLines(number, -1, INTEGRATION)
    return number
  }

  /** What has not left the warehouse yet is cancelled there and in the ERP by the integration. */
  const cancel = (number: string, by: Author): boolean => {
    const row = order(number)
    const route = fulfillment(number)
    if (!row || !['open', 'paid'].includes(row.data.status)) return false
    if (route?.data.location === LOCATION) offerLines(number, 1, by)
    changeOrder(number, { status: 'cancelled' }, by)
    changeFulfillment(number, ['OPEN', 'ON_HOLD'], { status: 'CANCELLED' }, by)
    around.later(LAGS.integration, { do: 'cancel_sale', key: number })
    around.later(LAGS.integration, { do: 'pass_cancel', key: number })
    around.later(LAGS.forget, { do: 'forget_order', key: number })
    return true
  }

  const hold = (number: string, reason: string, by: Author): boolean => {
    if (!changeFulfillment(number, ['OPEN'], { status: 'ON_HOLD', hold_reason: reason }, by)) return false
    around.later(LAGS.integration, { do: 'pass_hold', key: number })
    return true
  }

  const release = (number: string, by: Author): boolean => {
    if (!changeFulfillment(number, ['ON_HOLD'], { status: 'OPEN', hold_reason: null }, by)) return false
    around.later(LAGS.integration, { do: 'pass_release', key: number })
    return true
  }

  const resend = (number: string, by: Author) => {
    changeOrder(number, { resent_at: system.time() }, by)
    around.later(LAGS.integration, { do: 'reimport_order', key: number })
  }

  /** Has it sent from another site. The shop shows the stock of the first one alone. */
  const moveTo = (number: string, location: string, by: Author): boolean => {
    const from = fulfillment(number)?.data.location
    if (from === location || !changeFulfillment(number, ['OPEN', 'ON_HOLD'], { location }, by)) return false
    offerLines(number, location === LOCATION ? -1 : 1, by)
    around.later(LAGS.integration, { do: 'pass_move', key: number })
    return true
  }

  /** Has the largest open orders of an oversold article sent from elsewhere, until nothing is oversold. */
  const reroute = (sku: string, location: string, by: Author): number => {
    const sizeOf = (row: Row<ShopOrder>) =>
      picked(row.data.lines).find((line) => line.sku === sku)?.quantity ?? 0
    const largest = orders
      .all()
      .filter((row) => ['open', 'paid'].includes(row.data.status) && sizeOf(row) > 0)
      .sort((a, b) => sizeOf(b) - sizeOf(a))
    let moved = 0
    for (const row of largest) {
      if ((levels.get(stockId(sku))?.data.available ?? 0) >= 0) break
      if (moveTo(orderOf(row.data.number), location, by)) moved += 1
    }
    return moved
  }

  const askToPay = (number: string, by: Author) => {
    changeOrder(number, { payment_asked_at: system.time() }, by)
    around.later(LAGS.payAgain, { do: 'renew_payment', key: number })
  }

  /** It went out; `partly` when more is to come, or a line was left behind. */
  const fulfil = (number: string, tracking: string, partly: boolean, by: Author = INTEGRATION): boolean => {
    const change = { status: 'CLOSED' as const, hold_reason: null, tracking }
    if (!changeFulfillment(number, ['OPEN', 'ON_HOLD', 'CLOSED'], change, by)) return false
    changeOrder(number, { status: partly ? 'partially_fulfilled' : 'fulfilled' }, by)
    return true
  }

  const claimOf = (number: string) => claims.get(`CL-${number}`)
  const openClaim = (number: string) => {
    const data = { order: `#${number}`, status: 'OPEN' as const, answer: null }
    claims.put(`CL-${number}`, data, { kind: 'person', name: 'customer' })
  }
  const answerClaim = (id: string, answer: ClaimAnswer, by: Author): boolean => {
    const row = claims.get(id)
    if (row?.data.status !== 'OPEN') return false
    claims.put(id, { ...row.data, status: 'ANSWERED', answer }, by)
    return true
  }

  const returnOf = (number: string) => returns.get(`RMA-${number}`)
  const openReturn = (number: string, by: Author) => {
    const id = `RMA-${number}`
    returns.put(id, { number: id, order: `#${number}`, status: 'REQUESTED' }, by)
  }
  const refundReturn = (id: string, by: Author): boolean => {
    const row = returns.get(id)
    if (row?.data.status !== 'REQUESTED') return false
    returns.put(id, { ...row.data, status: 'REFUNDED' }, by)
    return true
  }

  const promise = (purchase: string, sku: string, at: Date, by: Author) =>
    promises.put(purchase, { purchase, sku, promised_for: at.toISOString() }, by)

  const forget = (number: string) => {
    orders.remove(`50${number}`)
    fulfillments.remove(`70${number}`)
    claims.remove(`CL-${number}`)
    returns.remove(`RMA-${number}`)
  }

  return {
    system,
    open,
    place,
    cancel,
    hold,
    release,
    resend,
    moveTo,
    reroute,
    askToPay,
    fulfil,
    offer,
    changeOrder,
    openClaim,
    answerClaim,
    openReturn,
    refundReturn,
    promise,
    forget,
    forgetPurchase: (purchase: string) => promises.remove(purchase),
    order,
    fulfillment,
    claimOf,
    returnOf,
    claim: (id: string) => claims.get(id),
    returned: (id: string) => returns.get(id),
    restock: (purchase: string) => promises.get(purchase),
    level: (id: string) => levels.get(id),
    available: (sku: string) => levels.get(stockId(sku))?.data.available ?? 0,
  }
}
