import { z } from 'zod'
import type { BadRow, Poller, WireFact } from '../../app/connector.ts'
import { IDS_AT_ONCE, type MedusaClient, type Rows } from './client.ts'
import { factsOf, levelFact, owedMinor, type Reader, readItems, readOrders, readPayments } from './facts.ts'
import type { Places } from './places.ts'
import type { Order } from './schema.ts'
import { continueLevels, continueWalk, LEVELS_START, levelsCursor, WALK_START, walkCursor } from './walk.ts'

const ORDERS = 50
const PAYMENTS = 100
const LEVELS = 100
/** Orders to whom money is owed and that are read again at every poll: no more than this, the newest. */
const OWING = 100

const cursorSchema = z.object({
  orders: walkCursor,
  payments: walkCursor,
  levels: z.record(z.string(), levelsCursor),
  owing: z.array(z.string()),
})
type Cursor = z.infer<typeof cursorSchema>

const START: Cursor = { orders: WALK_START, payments: WALK_START, levels: {}, owing: [] }

/** A cursor of an older version begins anew: what is known is only confirmed. */
const readCursor = (text: string | null): Cursor => {
  if (text === null) return START
  try {
    return cursorSchema.parse(JSON.parse(text))
  } catch {
    return START
  }
}

/** What one poll has read so far. */
type Page = { orders: Map<string, Order>; facts: WireFact[]; bad: BadRow[]; answers: Rows[] }

/**
 * Reads what changed: orders by their `updated_at`; payments by theirs, because to capture one does not touch its order;
 * orders to whom money is owed again, because to refund a return touches neither; and the levels of each location, the
 * one that changed last first, because Medusa cannot filter them by time.
 */
export const createPoller = (
  client: MedusaClient,
  places: (signal: AbortSignal) => Promise<Places>,
): Poller => ({
  listsAll: true,
  async changes(text, signal) {
    const cursor = readCursor(text)
    const page: Page = { orders: new Map(), facts: [], bad: [], answers: [] }
    const { reader: facts, locations } = await places(signal)

    const orders = await changedOrders(client, page, cursor.orders, signal)
    const payments = await ordersOfPayments(client, page, cursor.payments, signal)
    await readAgain(
      client,
      page,
      cursor.owing.filter((id) => !page.orders.has(id)),
      signal,
    )
    const levels: Cursor['levels'] = {}
    let isMoreStock = false
    for (const location of locations) {
      const from = cursor.levels[location] ?? LEVELS_START
      const walked = await changedLevels(client, page, location, from, facts, signal)
      levels[location] = walked.next
      isMoreStock ||= walked.more
    }
    const date = page.answers.find((answer) => answer.date)?.date
    const next: Cursor = {
      orders: orders.next,
      payments: payments.next,
      levels,
      owing: owing(cursor.owing, page.orders),
    }
    return {
      facts: [...[...page.orders.values()].flatMap((order) => factsOf(order, facts)), ...page.facts],
      bad: page.bad,
      cursor: JSON.stringify(next),
      more: orders.more || payments.more || isMoreStock,
      raw: rawOf(page.answers),
      ...(date ? { sentAt: date } : {}),
    }
  },
})

const takeOrders = (page: Page, answer: Rows): Order[] => {
  const { read, bad } = readOrders(answer.rows)
  page.answers.push(answer)
  page.bad.push(...bad)
  for (const order of read) page.orders.set(order.id, order)
  return read
}

const changedOrders = async (client: MedusaClient, page: Page, from: Cursor['orders'], signal: AbortSignal) =>
  continueWalk(from, ORDERS, async (window) => {
    const answer = await client.orders({ ...window, signal })
    return { rows: answer.rows, changes: takeOrders(page, answer).map((order) => order.updated_at) }
  })

const ordersOfPayments = async (
  client: MedusaClient,
  page: Page,
  from: Cursor['payments'],
  signal: AbortSignal,
) => {
  const ids = new Set<string>()
  const walked = await continueWalk(from, PAYMENTS, async (window) => {
    const answer = await client.payments({ ...window, signal })
    const { read, bad } = readPayments(answer.rows)
    page.answers.push(answer)
    page.bad.push(...bad)
    for (const { payment_collection } of read)
      if (payment_collection?.order) ids.add(payment_collection.order.id)
    return { rows: answer.rows, changes: read.map((payment) => payment.updated_at) }
  })
  await readAgain(
    client,
    page,
    [...ids].filter((id) => !page.orders.has(id)),
    signal,
  )
  return walked
}

const readAgain = async (client: MedusaClient, page: Page, ids: string[], signal: AbortSignal) => {
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    takeOrders(page, await client.ordersById(ids.slice(at, at + IDS_AT_ONCE), signal))
  }
}

const changedLevels = async (
  client: MedusaClient,
  page: Page,
  location: string,
  from: Cursor['levels'][string],
  reader: Reader,
  signal: AbortSignal,
) =>
  continueLevels(from, LEVELS, async ({ skip, limit }) => {
    const answer = await client.items(location, { skip, limit, signal })
    const { read, bad } = readItems(answer.rows)
    page.answers.push(answer)
    page.bad.push(...bad)
    const changes: Date[] = []
    for (const item of read) {
      const level = item.location_levels.find((each) => each.location_id === location)
      if (!level) continue
      changes.push(level.updated_at)
      // An article without a number cannot be compared with anything.
      if (item.sku) page.facts.push(levelFact(item, level, item.sku, reader))
    }
    return { rows: answer.rows, changes }
  })

/** Those to whom money is owed, in a fixed order: a poll that finds nothing new leaves the cursor as it was. */
const owing = (before: string[], read: Map<string, Order>): string[] => {
  const known = before.filter((id) => {
    const order = read.get(id)
    return order !== undefined && owes(order)
  })
  const fresh = [...read.values()].filter((order) => owes(order)).map(({ id }) => id)
  return [...new Set([...known, ...fresh])].sort().slice(-OWING)
}

const owes = (order: Order): boolean => order.status !== 'canceled' && owedMinor(order) > 0

/** The bodies of one poll as one JSON document. */
const rawOf = (answers: Rows[]): Buffer =>
  Buffer.from(`[${answers.map(({ raw }) => raw.toString('utf8')).join(',')}]`)
