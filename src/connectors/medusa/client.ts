import { z } from 'zod'
import { SystemError } from '../../app/errors.ts'
import { createHttpClient, type HttpAnswer } from '../http/client.ts'
import type { MedusaConfig } from './config.ts'
import {
  ITEM_FIELDS,
  type Item,
  itemSchema,
  locationsSchema,
  ORDER_FIELDS,
  type Order,
  orderSchema,
  PAYMENT_FIELDS,
} from './schema.ts'

/** Rows of a list, still to be read one by one, and the body as it came. */
export type Rows = { rows: unknown[]; raw: Buffer; date?: Date }
type Window = { from: Date; skip: number; limit: number; signal: AbortSignal }

export type MedusaClient = {
  /** Orders changed since `from`, oldest change first. */
  orders(window: Window): Promise<Rows>
  /** Up to `IDS_AT_ONCE` of them. */
  ordersById(ids: string[], signal: AbortSignal): Promise<Rows>
  /** Payments changed since `from`, oldest change first, with the order of each. */
  payments(window: Window): Promise<Rows>
  /** Articles that are kept at a location, the one whose level changed last first. */
  items(location: string, page: Omit<Window, 'from'>): Promise<Rows>
  /** Stock locations: the name of each id. */
  locations(signal: AbortSignal): Promise<Map<string, string>>
  order(id: string, signal: AbortSignal): Promise<Order>
  item(id: string, signal: AbortSignal): Promise<Item>
  /** A change below `/admin`; what it answers is not believed, but read again. */
  post(path: string[], body: unknown, signal: AbortSignal): Promise<void>
}

const LOCATIONS = 500
/** An order's line alone takes 3 kB: 50 orders of a hundred lines. */
const MAX_BYTES = 30_000_000
/** Medusa takes a longer list in a query for something else than a list. */
export const IDS_AT_ONCE = 20

/** The Admin API of one shop, with a secret API key. */
export const createMedusaClient = (config: MedusaConfig): MedusaClient => {
  const { name, url, secretKey, timeoutMs } = config
  const authorization = `Basic ${Buffer.from(`${secretKey}:`).toString('base64')}`
  const http = createHttpClient({
    system: name,
    baseUrl: url,
    headers: { authorization },
    timeoutMs,
    maxBytes: MAX_BYTES,
  })
  const pathOf = (parts: string[]) => `/admin/${parts.map(encodeURIComponent).join('/')}`

  /** An answer of another shape comes from something else than Medusa, or from a version that is not known here. */
  const shaped = <T>(schema: z.ZodType<T>, { json }: Pick<HttpAnswer, 'json'>, what: string): T => {
    const parsed = schema.safeParse(json)
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    const where = issue ? ` (${issue.path.join('.')}: ${issue.message})` : ''
    const words = `${name} sends ${what} that cannot be read${where}: is its url that of a Medusa 2 server?`
    throw new SystemError(name, 'misconfigured', words)
  }
  const list = async (of: string, query: Record<string, string>, signal: AbortSignal): Promise<Rows> => {
    const answer = await http.read({ path: pathOf([of]), query, signal })
    const key = of.replaceAll('-', '_')
    const schema = z.object({ [key]: z.array(z.unknown()) })
    const rows = shaped(schema, answer, `a list of ${of}`)[key] ?? []
    const { raw, date } = answer
    return { rows, raw, ...(date ? { date } : {}) }
  }
  const changedSince = (fields: string, { from, skip, limit }: Window) => ({
    'updated_at[$gte]': from.toISOString(),
    order: 'updated_at',
    offset: String(skip),
    limit: String(limit),
    fields,
  })

  return {
    orders: (window) => list('orders', changedSince(ORDER_FIELDS, window), window.signal),
    ordersById(ids, signal) {
      const wanted = Object.fromEntries(ids.map((id, index) => [`id[${index}]`, id]))
      return list('orders', { ...wanted, fields: ORDER_FIELDS, limit: String(ids.length) }, signal)
    },
    payments: (window) => list('payments', changedSince(PAYMENT_FIELDS, window), window.signal),
    items: (location, { skip, limit, signal }) =>
      list(
        'inventory-items',
        {
          // Filtered to one place, the order is by the level at this place; across places it would be by the oldest.
          'location_levels[location_id]': location,
          order: '-location_levels.updated_at',
          offset: String(skip),
          limit: String(limit),
          fields: ITEM_FIELDS,
        },
        signal,
      ),
    async locations(signal) {
      const query = { fields: 'id,name', limit: String(LOCATIONS) }
      const answer = await http.read({ path: pathOf(['stock-locations']), query, signal })
      const { stock_locations } = shaped(locationsSchema, answer, 'stock locations')
      return new Map(stock_locations.map(({ id, name: called }) => [id, called]))
    },
    async order(id, signal) {
      const query = { fields: ORDER_FIELDS }
      const answer = await http.read({ path: pathOf(['orders', id]), query, signal })
      return shaped(z.object({ order: orderSchema }), answer, 'an order').order
    },
    async item(id, signal) {
      const query = { fields: ITEM_FIELDS }
      const answer = await http.read({ path: pathOf(['inventory-items', id]), query, signal })
      return shaped(z.object({ inventory_item: itemSchema }), answer, 'an article').inventory_item
    },
    async post(path, body, signal) {
      await http.change({ path: pathOf(path), body, signal })
    },
  }
}
