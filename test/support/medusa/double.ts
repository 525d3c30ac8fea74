import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { type Article, createShop, LOCATION, type Order, Refusal, type ShopState } from './shop.ts'

export const SECRET_KEY = 'sk_double'

/** Everything that the real server sends and the connector does not read is left out. */
const orderJson = (order: Order, shop: ShopState) => {
  const { payment, lines, fulfillments, returned } = order
  const refunded = shop.refunded(order)
  const paid = shop.paid(order)
  const units = (of: 'quantity' | 'fulfilled' | 'shipped') => lines.reduce((sum, each) => sum + each[of], 0)
  const payment_status =
    order.status === 'canceled'
      ? paid > 0
        ? 'refunded'
        : 'canceled'
      : paid === 0
        ? 'authorized'
        : refunded > 0
          ? refunded === paid
            ? 'refunded'
            : 'partially_refunded'
          : 'captured'
  const fulfillment_status =
    units('shipped') > 0
      ? units('shipped') === units('quantity')
        ? 'shipped'
        : 'partially_shipped'
      : units('fulfilled') === 0
        ? 'not_fulfilled'
        : 'fulfilled'
  return {
    ...{ id: order.id, display_id: order.display_id, custom_display_id: null, status: order.status },
    ...{ is_draft_order: false, currency_code: 'usd', total: shop.worth(order), metadata: order.metadata },
    ...{ created_at: order.created_at, updated_at: order.updated_at, canceled_at: order.canceled_at },
    payment_status,
    fulfillment_status,
    sales_channel: { name: 'Web' },
    summary: { pending_difference: shop.worth(order) - (paid - refunded) },
    items: lines.map((line) => ({
      ...{ id: line.id, variant_sku: line.sku, quantity: line.quantity, requires_shipping: true },
      detail: {
        fulfilled_quantity: line.fulfilled,
        shipped_quantity: line.shipped,
        delivered_quantity: line.delivered,
      },
    })),
    fulfillments: fulfillments.map((each) => ({ ...each, location_id: LOCATION })),
    payment_collections: [
      {
        status: order.status === 'canceled' ? 'canceled' : paid > 0 ? 'completed' : 'authorized',
        updated_at: payment.refunds.at(-1)?.updated_at ?? payment.updated_at,
        captured_amount: paid,
        refunded_amount: refunded,
        payments: [payment],
      },
    ],
    returns: returned
      ? [
          {
            ...{ id: returned.id, display_id: returned.display_id, status: 'received' },
            ...{ created_at: returned.updated_at, updated_at: returned.updated_at },
            ...{ received_at: returned.updated_at, canceled_at: null },
            items: [{ quantity: returned.quantity, received_quantity: returned.quantity }],
          },
        ]
      : [],
  }
}

const itemJson = ({ id, sku, level: { stocked, reserved, updated_at } }: Article) => ({
  id,
  sku,
  location_levels: [
    {
      ...{ id: `ilev_${id}`, location_id: LOCATION, incoming_quantity: 0, updated_at },
      ...{ stocked_quantity: stocked, reserved_quantity: reserved },
    },
  ],
  variants: [{ allow_backorder: false }],
})

const label = z.object({ tracking_number: z.string(), tracking_url: z.string(), label_url: z.string() })
const items = z.array(z.object({ id: z.string(), quantity: z.number() }))
/** What each call takes. Only two of them refuse what they do not know, as the real ones do. */
const BODIES = {
  fulfil: z.object({ items: items.min(1), metadata: z.record(z.string(), z.unknown()).nullish() }),
  ship: z.object({ items, labels: z.array(label).optional() }),
  metadata: z.object({ metadata: z.record(z.string(), z.unknown()) }),
  refund: z.strictObject({ amount: z.number().positive(), note: z.string().optional() }),
  level: z.strictObject({ stocked_quantity: z.number().min(0) }),
}

type Asked = { method: string; path: string; query: URLSearchParams; body: unknown }

const bodyFor = <T>(schema: z.ZodType<T>, { body }: Asked): T => {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new Refusal(400, `Invalid request: ${parsed.error.issues[0]?.message}`)
}

const changed = ({ updated_at }: { updated_at: string }) => Date.parse(updated_at)

/** One page of a list, with the filter and the order that were asked for. What the real server cannot sort by, it fails on. */
const page = <T extends { updated_at: string }>(rows: T[], { query }: Asked): T[] => {
  const order = query.get('order')
  if (order !== null && order !== 'updated_at') throw new Refusal(500, 'An unknown error occurred.')
  const ids = [...query].flatMap(([name, value]) => (/^id\[\d*\]$/.test(name) ? [value] : []))
  const from = query.get('updated_at[$gte]')
  const found = rows
    .filter((row) => from === null || changed(row) >= Date.parse(from))
    .filter((row) => ids.length === 0 || ('id' in row && ids.includes(String(row.id))))
    .sort((a, b) => changed(a) - changed(b))
  return window(found, query)
}
const window = <T>(rows: T[], query: URLSearchParams): T[] => {
  const skip = Number(query.get('offset') ?? 0)
  return rows.slice(skip, skip + Number(query.get('limit') ?? 20))
}

const read = (shop: ShopState, asked: Asked): unknown => {
  const [, on, id] = asked.path.split('/').slice(1)
  const orders = [...shop.orders.values()]
  if (on === 'stock-locations') return { stock_locations: [{ id: LOCATION, name: 'Main' }] }
  if (on === 'orders' && id) return { order: orderJson(shop.order(id), shop) }
  if (on === 'orders') return { orders: page(orders, asked).map((order) => orderJson(order, shop)) }
  if (on === 'payments') {
    const payments = orders.map((order) => ({
      ...{ id: order.payment.id, updated_at: order.payment.updated_at },
      payment_collection: { order: { id: order.id } },
    }))
    return { payments: page(payments, asked) }
  }
  const articles = [...shop.articles.values()]
  if (on === 'inventory-items' && id) {
    const found = articles.find((each) => each.id === id)
    if (!found) throw new Refusal(404, `Inventory item with id: ${id} was not found`)
    return { inventory_item: itemJson(found) }
  }
  if (on === 'inventory-items') {
    if (asked.query.get('order') !== '-location_levels.updated_at')
      throw new Refusal(500, 'An unknown error occurred.')
    const newest = articles.sort((a, b) => changed(b.level) - changed(a.level))
    const here = asked.query.get('location_levels[location_id]') === LOCATION ? newest : []
    return { inventory_items: window(here, asked.query).map(itemJson) }
  }
  throw new Refusal(404, `Cannot GET ${asked.path}`)
}

const change = (shop: ShopState, asked: Asked): unknown => {
  const [, on = '', id = '', what = '', of = '', deed = ''] = asked.path.split('/').slice(1)
  switch ([on, what, deed].join(' ').trim()) {
    case 'orders':
      shop.writeMetadata(id, bodyFor(BODIES.metadata, asked).metadata)
      break
    case 'orders cancel':
      shop.cancel(id)
      break
    case 'orders fulfillments': {
      const body = bodyFor(BODIES.fulfil, asked)
      shop.fulfil(id, body.items, body.metadata ?? null)
      break
    }
    case 'orders fulfillments shipments':
      shop.ship(id, of, bodyFor(BODIES.ship, asked).labels ?? [])
      break
    case 'orders fulfillments cancel':
      shop.cancelFulfillment(id, of)
      break
    case 'payments refund': {
      const body = bodyFor(BODIES.refund, asked)
      shop.refund(id, body.amount, body.note ?? null)
      return { payment: { id } }
    }
    case 'inventory-items location-levels':
      shop.setStock(id, of, bodyFor(BODIES.level, asked).stocked_quantity)
      return { inventory_item: { id } }
    default:
      throw new Refusal(404, `Cannot POST ${asked.path}`)
  }
  return { order: orderJson(shop.order(id), shop) }
}

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return text === '' ? undefined : JSON.parse(text)
}

/** A Medusa server over HTTP, as strict as the real one in all that the connector touches. */
export const startMedusa = async () => {
  const shop = createShop(new Date('2026-11-23T06:00:00Z'))
  const expected = `Basic ${Buffer.from(`${SECRET_KEY}:`).toString('base64')}`
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    try {
      if (request.headers.authorization !== expected) return answer(401, { message: 'Unauthorized' })
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://medusa')
      const method = request.method ?? 'GET'
      const asked = { method, path: pathname, query: searchParams, body: await bodyOf(request) }
      return answer(200, method === 'GET' ? read(shop, asked) : change(shop, asked))
    } catch (error) {
      if (!(error instanceof Refusal)) return answer(500, { type: 'unknown_error', message: String(error) })
      return answer(error.status, { type: 'invalid_data', message: error.message })
    }
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    shop,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
