import { z } from 'zod'
import { SystemError } from '../../app/errors.ts'
import type { Document, ShopifyClient } from './client.ts'
import { QUERIES } from './queries.ts'
import {
  type FulfillmentOrder,
  fulfillmentNode,
  fulfillmentOrderLineNode,
  fulfillmentOrderNode,
  gid,
  type Level,
  levelNode,
  lineNode,
  type Order,
  orderNode,
  type Page,
  pageOf,
  type Return,
  returnLineNode,
  returnNode,
} from './wire.ts'

/** Pages inside pages, read to their end: what a page cuts off would look like something that is not there. */
export type Reader = {
  completeOrder(order: Order, signal: AbortSignal): Promise<Order>
  completeFulfillmentOrder(order: FulfillmentOrder, signal: AbortSignal): Promise<FulfillmentOrder>
  /** An order with everything that hangs on it. Throws `refused` where there is none of that id. */
  order(id: string, signal: AbortSignal): Promise<Whole>
  level(id: string, signal: AbortSignal): Promise<Level>
}
export type Whole = { order: Order; fulfillmentOrders: FulfillmentOrder[] }

/** No connection of one object has more pages than this; a shop that says so goes round in circles. */
const MAX_PAGES = 100

export const createReader = (client: ShopifyClient, system: string): Reader => {
  /** All nodes of a connection, from its first page on. `at`: the way to it from the answer's root. */
  const readOn = async <T>(
    first: Page<T>,
    node: z.ZodType<T>,
    more: { document: Document; id: string; at: [string, string] },
    signal: AbortSignal,
  ): Promise<T[]> => {
    const [root, connection] = more.at
    const shape = z.object({ [root]: z.object({ [connection]: pageOf(node) }) })
    const nodes = [...first.nodes]
    let { pageInfo } = first
    for (let pages = 1; pageInfo.hasNextPage; pages++) {
      if (pages > MAX_PAGES) {
        throw new SystemError(system, 'refused', `${system}: the ${connection} of ${more.id} never end.`)
      }
      const { data } = await client.query(
        more.document,
        { id: more.id, after: pageInfo.endCursor },
        shape,
        signal,
      )
      const page = data[root]?.[connection]
      if (!page) throw new SystemError(system, 'refused', `${system} has no ${more.id} any more.`)
      nodes.push(...page.nodes)
      pageInfo = page.pageInfo
    }
    return nodes
  }
  const done = <T>(nodes: T[]): Page<T> => ({ nodes, pageInfo: { hasNextPage: false } })

  const completeReturn = async (returned: Return, signal: AbortSignal): Promise<Return> => {
    const more = {
      document: QUERIES.returnLines,
      id: gid('Return', returned.id),
      at: ['return', 'returnLineItems'] as [string, string],
    }
    return {
      ...returned,
      returnLineItems: done(await readOn(returned.returnLineItems, returnLineNode, more, signal)),
    }
  }

  const completeOrder: Reader['completeOrder'] = async (order, signal) => {
    const id = gid('Order', order.id)
    const lines = await readOn(
      order.lineItems,
      lineNode,
      { document: QUERIES.orderLines, id, at: ['order', 'lineItems'] },
      signal,
    )
    const returns = await readOn(
      order.returns,
      returnNode,
      { document: QUERIES.orderReturns, id, at: ['order', 'returns'] },
      signal,
    )
    const complete: Return[] = []
    for (const returned of returns) complete.push(await completeReturn(returned, signal))
    return { ...order, lineItems: done(lines), returns: done(complete) }
  }

  const completeFulfillmentOrder: Reader['completeFulfillmentOrder'] = async (order, signal) => {
    const id = gid('FulfillmentOrder', order.id)
    const lines = await readOn(
      order.lineItems,
      fulfillmentOrderLineNode,
      { document: QUERIES.fulfillmentOrderLines, id, at: ['fulfillmentOrder', 'lineItems'] },
      signal,
    )
    const fulfillments = await readOn(
      order.fulfillments,
      fulfillmentNode,
      { document: QUERIES.fulfillments, id, at: ['fulfillmentOrder', 'fulfillments'] },
      signal,
    )
    return { ...order, lineItems: done(lines), fulfillments: done(fulfillments) }
  }

  const wholeShape = z.object({
    order: orderNode.extend({ fulfillmentOrders: pageOf(fulfillmentOrderNode) }).nullable(),
  })
  const levelShape = z.object({ inventoryLevel: levelNode.nullable() })
  const gone = (what: string, id: string) =>
    new SystemError(system, 'refused', `${system} has no ${what} ${id}, or shows it to nobody any more.`)

  return {
    completeOrder,
    completeFulfillmentOrder,
    async order(id, signal) {
      const { data } = await client.query(QUERIES.order, { id: gid('Order', id) }, wholeShape, signal)
      if (!data.order) throw gone('order', id)
      const { fulfillmentOrders, ...order } = data.order
      const all = await readOn(
        fulfillmentOrders,
        fulfillmentOrderNode,
        {
          document: QUERIES.orderFulfillmentOrders,
          id: gid('Order', id),
          at: ['order', 'fulfillmentOrders'],
        },
        signal,
      )
      const complete: FulfillmentOrder[] = []
      for (const each of all) complete.push(await completeFulfillmentOrder(each, signal))
      return { order: await completeOrder(order, signal), fulfillmentOrders: complete }
    },
    async level(id, signal) {
      const { data } = await client.query(
        QUERIES.level,
        { id: gid('InventoryLevel', id) },
        levelShape,
        signal,
      )
      if (!data.inventoryLevel) throw gone('stock level', id)
      return data.inventoryLevel
    },
  }
}
