import { z } from 'zod'
import { type Answer, type Call, type Route, readBody, refuse } from './system.ts'
import type { Wms } from './wms.ts'

const holdBody = z.object({ reason: z.string().min(1).max(200) })
const moveBody = z.object({ site: z.string().min(1) })
const returnBody = z.object({ order: z.string().min(1), tracking: z.string().min(1) })

export const wmsRoutes = (wms: Wms): Route[] => {
  /** A change of one delivery, with the refusal for the state it is in. */
  const onDelivery = (
    verb: string,
    action: string,
    why: string,
    run: (call: Call) => boolean | Answer,
  ): Route => ({
    method: 'POST',
    on: 'deliveries',
    verb,
    run(call) {
      const { id } = call
      const row = wms.delivery(id)
      if (!row) return refuse(404, `NO DELIVERY ${id}`)
      const done = run(call)
      if (typeof done === 'object') return done
      if (!done) return refuse(409, `Delivery ${id} is ${row.data.status}: ${why}.`)
      return { status: 200, body: wms.system.read('deliveries', id), effect: { action, object: id } }
    },
  })
  return [
    onDelivery('hold', 'place_hold', 'it can be held only before picking', ({ id, body, by }) => {
      const wanted = readBody(holdBody, body)
      return wanted.ok ? wms.hold(id, wanted.value.reason, by) : wanted.answer
    }),
    onDelivery('release', 'release_delivery', 'only a held one can be released', ({ id, by }) =>
      wms.release(id, by),
    ),
    onDelivery('split', 'ship_rest', 'only a short one can be split', ({ id, by }) => wms.split(id, by)),
    onDelivery('void', 'cancel_duplicate', 'it can be cancelled only before it is picked', ({ id, by }) =>
      wms.cancel(id, by),
    ),
    onDelivery('recall', 'recall_delivery', 'it can be stopped only in the house', ({ id, by }) =>
      wms.recall(id, by),
    ),
    onDelivery(
      'move',
      'move_fulfillment',
      'it can be moved only before picking, and to another site',
      ({ id, body, by }) => {
        const wanted = readBody(moveBody, body)
        return wanted.ok ? wms.moveTo(id, wanted.value.site, by) : wanted.answer
      },
    ),
    {
      method: 'GET',
      on: 'returns',
      verb: null,
      run({ query }) {
        const found = wms.returnWith(query.get('tracking') ?? '')
        return { status: 200, body: { items: found ? [wms.system.wire('return', found)] : [] } }
      },
    },
    {
      method: 'POST',
      on: 'returns',
      verb: null,
      run({ body, by }) {
        const wanted = readBody(returnBody, body)
        if (!wanted.ok) return wanted.answer
        const { order, tracking } = wanted.value
        const lines = wms
          .deliveriesOf(order)
          .filter((row) => row.data.tracking === tracking)
          .flatMap((row) => row.data.lines.map(({ sku, picked }) => ({ sku, quantity: picked })))
        if (lines.length === 0) return refuse(404, `${tracking} HAS NOT LEFT WITH ORDER ${order}`)
        if (!wms.expectReturn(order, tracking, lines, by))
          return refuse(409, `A return of order ${order} is expected already.`)
        const id = wms.returnOf(order)?.id ?? ''
        return {
          status: 201,
          body: wms.system.read('returns', id),
          effect: { action: 'expect_return', object: id },
        }
      },
    },
    {
      method: 'POST',
      on: 'stock',
      verb: 'count',
      run({ id, by }) {
        if (!wms.level(id)) return refuse(404, `NO STOCK ${id}`)
        if (!wms.requestCount(id, by)) return refuse(409, `A count of ${id} is already under way.`)
        const body = wms.system.read('stock', id)
        return { status: 202, body, effect: { action: 'recount', object: id } }
      },
    },
  ]
}
