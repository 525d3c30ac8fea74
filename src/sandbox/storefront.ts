import { z } from 'zod'
import { CATALOGUE, CURRENCY, INTEGRATION, LOCATION, stockId } from './catalogue.ts'
import type { Author } from './ledger.ts'
import { LAGS } from './steps.ts'
import { createSystem, type Route, readBody, refuse, type Surroundings } from './system.ts'

const lineSchema = z.object({ sku: z.string(), quantity: z.number() })
export type Line = z.infer<typeof lineSchema>

const orderSchema = z.object({
  number: z.string(),
  channel: z.enum(['web', 'b2b', 'marketplace', 'preorder']),
  status: z.enum(['open', 'paid', 'partially_fulfilled', 'fulfilled', 'cancelled']),
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
  tracking: z.string().nullable(),
})

const levelSchema = z.object({ sku: z.string(), location: z.string(), available: z.number() })

const holdBody = z.object({ reason: z.string().min(1).max(200) })

export type Storefront = ReturnType<typeof createStorefront>

/** The web shop. It numbers orders `#1001` and has ids of its own for everything. */
export const createStorefront = (skewMs: number, around: Surroundings) => {
  const system = createSystem('shop', skewMs, around)
  const orders = system.shelf('order', 'orders', orderSchema)
  const fulfillments = system.shelf('fulfillment_order', 'fulfillment_orders', fulfillmentSchema)
  const levels = system.shelf('inventory_level', 'inventory_levels', levelSchema)

  const order = (number: string) => orders.get(`50${number}`)
  const fulfillment = (number: string) => fulfillments.get(`70${number}`)
  const changeOrder = (number: string, change: Partial<ShopOrder>, by: Author) => {
    const row = order(number)
    if (row) orders.put(row.id, { ...row.data, ...change }, by)
  }
  const offer = (sku: string, delta: number, by: Author) => {
    const row = levels.get(stockId(sku))
    if (row) levels.put(row.id, { ...row.data, available: row.data.available + delta }, by)
  }

  /** The first day's stock. */
  const open = () => {
    for (const { sku, stock } of CATALOGUE) {
      levels.put(stockId(sku), { sku, location: LOCATION, available: stock }, INTEGRATION)
    }
  }

  const place = (detailsOf: (number: string) => OrderDetails) => {
    const number = String(system.next('order', 1001))
    const { channel, lines, total, shipBy } = detailsOf(number)
    const by = INTEGRATION
    orders.put(
      `50${number}`,
      {
        number: `#${number}`,
        channel,
        status: 'open',
        total: { amount: total, currency: CURRENCY },
        ship_by: system.time(shipBy),
        lines,
        erp_number: null,
        resent_at: null,
      },
      by,
    )
    fulfillments.put(
      `70${number}`,
      { order: `#${number}`, status: 'OPEN', hold_reason: null, tracking: null },
      by,
    )
    for (const line of lines) offer(line.sku, -line.quantity, by)
    return number
  }

  const cancel = (number: string, by: Author) => {
    changeOrder(number, { status: 'cancelled' }, by)
    const row = fulfillment(number)
    if (row) fulfillments.put(row.id, { ...row.data, status: 'CANCELLED' }, by)
    for (const line of order(number)?.data.lines ?? []) offer(line.sku, line.quantity, by)
  }

  const hold = (number: string, reason: string, by: Author): boolean => {
    const row = fulfillment(number)
    if (row?.data.status !== 'OPEN') return false
    fulfillments.put(row.id, { ...row.data, status: 'ON_HOLD', hold_reason: reason }, by)
    around.later(LAGS.integration, { do: 'pass_hold', key: number })
    return true
  }

  const release = (number: string, by: Author): boolean => {
    const row = fulfillment(number)
    if (row?.data.status !== 'ON_HOLD') return false
    fulfillments.put(row.id, { ...row.data, status: 'OPEN', hold_reason: null }, by)
    around.mended('hold_not_passed', number, by)
    around.later(LAGS.integration, { do: 'pass_release', key: number })
    return true
  }

  const resend = (number: string, by: Author) => {
    changeOrder(number, { resent_at: system.time() }, by)
    around.later(LAGS.integration, { do: 'reimport_order', key: number })
  }

  /** The integration says that it went out; `partly` when a line was left behind. */
  const fulfil = (number: string, tracking: string, partly: boolean) => {
    const row = fulfillment(number)
    if (row)
      fulfillments.put(row.id, { ...row.data, status: 'CLOSED', hold_reason: null, tracking }, INTEGRATION)
    changeOrder(number, { status: partly ? 'partially_fulfilled' : 'fulfilled' }, INTEGRATION)
  }

  const forget = (number: string) => {
    orders.remove(`50${number}`)
    fulfillments.remove(`70${number}`)
  }

  return {
    system,
    open,
    place,
    cancel,
    hold,
    release,
    resend,
    fulfil,
    offer,
    changeOrder,
    forget,
    order,
    fulfillment,
    available: (sku: string) => levels.get(stockId(sku))?.data.available ?? 0,
  }
}

/** An order's number from one of the shop's own ids: `501001` or `701001`. */
const numberIn = (id: string): string => id.slice(2)

export const storefrontRoutes = (shop: Storefront): Route[] => [
  {
    method: 'POST',
    on: 'orders',
    verb: 'resend',
    run({ id, by }) {
      const row = shop.order(numberIn(id))
      if (!row) return refuse(404, `There is no order ${id}.`)
      const { number, status, erp_number } = row.data
      if (status !== 'paid')
        return refuse(409, `Order ${number} is ${status}: only a paid order can be sent again.`)
      if (erp_number) return refuse(409, `Order ${number} is in the ERP already, as ${erp_number}.`)
      shop.resend(numberIn(id), by)
      const body = { queued: true, order: shop.system.read('orders', id) }
      return { status: 202, body, effect: { action: 'resend_order', object: number } }
    },
  },
  {
    method: 'POST',
    on: 'fulfillment_orders',
    verb: 'hold',
    run({ id, body, by }) {
      const row = shop.fulfillment(numberIn(id))
      if (!row) return refuse(404, `There is no fulfillment order ${id}.`)
      const wanted = readBody(holdBody, body)
      if (!wanted.ok) return wanted.answer
      if (!shop.hold(numberIn(id), wanted.value.reason, by)) {
        return refuse(409, `Order ${row.data.order} is ${row.data.status}: only an open one can be held.`)
      }
      const effect = { action: 'place_hold', object: row.data.order }
      return { status: 200, body: shop.system.read('fulfillment_orders', id), effect }
    },
  },
  {
    method: 'POST',
    on: 'fulfillment_orders',
    verb: 'release',
    run({ id, by }) {
      const row = shop.fulfillment(numberIn(id))
      if (!row) return refuse(404, `There is no fulfillment order ${id}.`)
      if (!shop.release(numberIn(id), by)) return refuse(409, `Order ${row.data.order} is not on hold.`)
      const effect = { action: 'release_hold', object: row.data.order }
      return { status: 200, body: shop.system.read('fulfillment_orders', id), effect }
    },
  },
]
