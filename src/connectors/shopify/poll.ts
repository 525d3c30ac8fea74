import { z } from 'zod'
import type { BadRow, Poller, WireFact } from '../../app/connector.ts'
import type { ShopifyClient } from './client.ts'
import type { ShopifyConfig } from './config.ts'
import { fulfillmentOrderFact, levelFact, orderFact, orderSaid, returnFact, shipmentFacts } from './facts.ts'
import { QUERIES } from './queries.ts'
import type { Reader } from './read.ts'
import { fulfillmentOrderNode, gid, idOf, levelNode, orderNode, type Page, pageOf } from './wire.ts'

/**
 * So much of the time before the cursor is read again, in ms: Shopify's search learns of a change some seconds after
 * it was made, and its times are whole seconds.
 */
const OVERLAP_MS = 120_000
const DAY_MS = 86_400_000

const streamState = z.object({
  /** Everything changed up to then has been read; null = nothing has. */
  since: z.iso.datetime().nullable(),
  /** The newest change seen in the round that is under way. */
  high: z.iso.datetime().nullable().default(null),
  /** Where the round under way goes on; null = it is done. */
  after: z.string().nullable().default(null),
  /** Places that the round has not come to yet (stock alone). */
  places: z.array(z.string()).optional(),
})
type StreamState = z.infer<typeof streamState>
const cursorState = z.object({
  orders: streamState,
  fulfillmentOrders: streamState,
  stock: streamState,
  /** When the round under way began: what it has read since is no newer than that. */
  began: z.iso.datetime().optional(),
  /** The streams of the round under way that have more. */
  open: z.array(z.enum(['orders', 'fulfillmentOrders', 'stock'])),
})
type StreamName = z.infer<typeof cursorState>['open'][number]
const STREAMS: StreamName[] = ['orders', 'fulfillmentOrders', 'stock']

const fresh = (): StreamState => ({ since: null, high: null, after: null })

/** A cursor as Baton kept it. Throws where somebody else wrote it. */
const readCursor = (cursor: string | null): z.infer<typeof cursorState> =>
  cursor === null
    ? { orders: fresh(), fulfillmentOrders: fresh(), stock: fresh(), open: [] }
    : cursorState.parse(JSON.parse(cursor))

type Rows = { facts: WireFact[]; bad: BadRow[]; high: string | null }
type ReadStream = (state: StreamState, began: string, signal: AbortSignal) => Promise<Read>
type Read = { facts: WireFact[]; bad: BadRow[]; raws: Buffer[]; state: StreamState; more: boolean }
const later = (a: string | null, b: string | null) => (a === null || (b !== null && b > a) ? b : a)
const earlier = (a: string, b: string) => (a < b ? a : b)

export const createPoller = (
  client: ShopifyClient,
  reader: Reader,
  config: ShopifyConfig,
  now: () => Date,
): Poller => {
  const searchFor = ({ since }: StreamState, isBounded: boolean): string | null => {
    const first = isBounded ? now().getTime() - config.firstDays * DAY_MS : null
    const from = since === null ? first : Date.parse(since) - OVERLAP_MS
    return from === null ? null : `updated_at:>='${new Date(from).toISOString()}'`
  }

  /** Rows of a page as facts; a bad one is reported with its place, its neighbours go on. */
  const factsOf = async <T extends { updatedAt: Date }>(
    place: string,
    nodes: unknown[],
    shape: z.ZodType<T>,
    read: (node: T) => WireFact[] | Promise<WireFact[]>,
  ): Promise<Rows> => {
    const out: Rows = { facts: [], bad: [], high: null }
    for (const [index, node] of nodes.entries()) {
      const parsed = shape.safeParse(node)
      if (!parsed.success) {
        const issue = parsed.error.issues[0]
        const reason = `${issue?.path.join('.') || 'row'}: ${issue?.message ?? 'not valid'}`
        out.bad.push({ at: `${place}[${index}]`, reason })
        continue
      }
      out.facts.push(...(await read(parsed.data)))
      out.high = later(out.high, parsed.data.updatedAt.toISOString())
    }
    return out
  }

  /** The state after a page: in the middle of a round, or at its end. */
  const moved = (
    state: StreamState,
    high: string | null,
    { hasNextPage, endCursor }: Page<unknown>['pageInfo'],
  ) => {
    const reached = later(state.high, high)
    const more = hasNextPage && endCursor != null
    const next: StreamState = more
      ? { since: state.since, high: reached, after: endCursor }
      : { since: later(state.since, reached), high: null, after: null }
    return { state: next, more }
  }

  const rootPage = async <T extends { updatedAt: Date }>(
    name: 'orders' | 'fulfillmentOrders',
    state: StreamState,
    shape: z.ZodType<T>,
    read: (node: T) => Promise<WireFact[]>,
    signal: AbortSignal,
  ): Promise<Read> => {
    const document = name === 'orders' ? QUERIES.changedOrders : QUERIES.changedFulfillmentOrders
    const answer = z.object({ [name]: pageOf(z.unknown()) })
    const variables = { query: searchFor(state, true), after: state.after }
    const { data, raw } = await client.query(document, variables, answer, signal)
    const page = data[name] ?? { nodes: [], pageInfo: { hasNextPage: false } }
    const { facts, bad, high } = await factsOf(name, page.nodes, shape, read)
    return { facts, bad, raws: [raw], ...moved(state, high, page.pageInfo) }
  }

  const placesShape = z.object({ locations: pageOf(z.object({ id: idOf('Location'), name: z.string() })) })
  const allPlaces = async (signal: AbortSignal): Promise<string[]> => {
    const places: string[] = []
    for (let after: string | null | undefined = null; ; ) {
      const { data }: { data: z.infer<typeof placesShape> } = await client.query(
        QUERIES.locations,
        { after },
        placesShape,
        signal,
      )
      places.push(...data.locations.nodes.map(({ id }) => id))
      if (!data.locations.pageInfo.hasNextPage) return places
      after = data.locations.pageInfo.endCursor
    }
  }

  const levelsShape = z.object({ location: z.object({ inventoryLevels: pageOf(z.unknown()) }).nullable() })
  /**
   * Place after place, until one has more than a page. Levels come in no order of time: one may change behind the
   * reader while the round goes on, so that nothing newer than its beginning counts as read.
   */
  const stockPage = async (state: StreamState, began: string, signal: AbortSignal): Promise<Read> => {
    const out: Omit<Read, 'state' | 'more'> = { facts: [], bad: [], raws: [] }
    let { high, after } = state
    const places = [...(state.places ?? (await allPlaces(signal)))]
    for (let place = places[0]; place !== undefined; place = places[0]) {
      const variables = { location: gid('Location', place), query: searchFor(state, false), after }
      const { data, raw } = await client.query(QUERIES.changedLevels, variables, levelsShape, signal)
      // A place that is gone since the round began has no levels any more.
      const page = data.location?.inventoryLevels ?? { nodes: [], pageInfo: { hasNextPage: false } }
      const read = await factsOf(`location ${place}`, page.nodes, levelNode, (level) => {
        const fact = levelFact(level)
        return fact ? [fact] : []
      })
      out.facts.push(...read.facts)
      out.bad.push(...read.bad)
      out.raws.push(raw)
      high = later(high, read.high)
      if (page.pageInfo.hasNextPage && page.pageInfo.endCursor) {
        after = page.pageInfo.endCursor
        return { ...out, state: { since: state.since, high, after, places }, more: true }
      }
      after = null
      places.shift()
    }
    const reached = high === null ? null : earlier(high, began)
    return { ...out, state: { since: later(state.since, reached), high: null, after: null }, more: false }
  }

  const read: Record<StreamName, ReadStream> = {
    orders: (state, _began, signal) =>
      rootPage(
        'orders',
        state,
        orderNode,
        async (node) => {
          const order = await reader.completeOrder(node, signal)
          const returns = order.returns.nodes.map((returned) => returnFact(returned, order))
          return [orderFact(orderSaid(order), config), ...returns]
        },
        signal,
      ),
    fulfillmentOrders: (state, _began, signal) =>
      rootPage(
        'fulfillmentOrders',
        state,
        fulfillmentOrderNode,
        async (node) => {
          const order = await reader.completeFulfillmentOrder(node, signal)
          return [fulfillmentOrderFact(order), ...shipmentFacts(order)]
        },
        signal,
      ),
    stock: stockPage,
  }

  return {
    async changes(cursor, signal) {
      const { open: unread, began = now().toISOString(), ...states } = readCursor(cursor)
      const out: Pick<Read, 'facts' | 'bad' | 'raws'> = { facts: [], bad: [], raws: [] }
      const open: StreamName[] = []
      for (const name of unread.length > 0 ? unread : STREAMS) {
        const page = await read[name](states[name], began, signal)
        states[name] = page.state
        if (page.more) open.push(name)
        out.facts.push(...page.facts)
        out.bad.push(...page.bad)
        out.raws.push(...page.raws)
      }
      return {
        facts: out.facts,
        bad: out.bad,
        cursor: JSON.stringify(open.length > 0 ? { ...states, open, began } : { ...states, open }),
        more: open.length > 0,
        watermark: new Date(began),
        raw: Buffer.from(`[${out.raws.map((raw) => raw.toString()).join(',')}]`),
      }
    },
  }
}
