import { z } from 'zod'
import { RESERVE } from './catalogue.ts'
import type { ClaimAnswer, Storefront } from './storefront.ts'
import { type Answer, type Call, type Route, readBody, refuse } from './system.ts'

const holdBody = z.object({ reason: z.string().min(1).max(200) })
const fulfilBody = z.object({ tracking: z.string().min(1).max(100) })
const claimBody = z.object({ answer: z.enum(['refund', 'reship']) })
const promiseBody = z.object({ promised_for: z.iso.datetime() })

/** What a customer who is asked to pay again is given, at pace 1. */
const PAY_WITHIN_MS = 30_000

/** An order's number from one of the shop's own ids: `501001` or `701001`. */
const numberIn = (id: string): string => id.slice(2)

export const storefrontRoutes = (shop: Storefront, pace: number): Route[] => {
  /** A change of one object: `run` answers whether it was done, and `why` says what its state forbids. */
  const changes = <T>(
    on: string,
    verb: string,
    action: string,
    find: (id: string) => T | undefined,
    run: (call: Call, found: T) => boolean | Answer,
    why: (found: T) => string,
  ): Route => ({
    method: 'POST',
    on,
    verb,
    run(call) {
      const { id } = call
      const found = find(id)
      if (!found) return refuse(404, `There is nothing at ${on}/${id}.`)
      const done = run(call, found)
      if (typeof done === 'object') return done
      if (!done) return refuse(409, why(found))
      return { status: 200, body: shop.system.read(on, id), effect: { action, object: id } }
    },
  })
  type Order = NonNullable<ReturnType<Storefront['order']>>
  type Fulfillment = NonNullable<ReturnType<Storefront['fulfillment']>>
  const onOrder = (
    verb: string,
    action: string,
    run: (call: Call, order: Order) => boolean | Answer,
    why: (order: Order) => string,
  ) => changes('orders', verb, action, (id) => shop.order(numberIn(id)), run, why)
  const onFulfillment = (
    verb: string,
    action: string,
    run: (call: Call, fulfillment: Fulfillment) => boolean | Answer,
    wanted: string,
  ) =>
    changes(
      'fulfillment_orders',
      verb,
      action,
      (id) => shop.fulfillment(numberIn(id)),
      run,
      ({ data }) => `Order ${data.order} is ${data.status}: ${wanted}.`,
    )

  return [
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
    onOrder(
      'cancel',
      'cancel_order',
      ({ id, by }) => shop.cancel(numberIn(id), by),
      ({ data }) => `Order ${data.number} is ${data.status}: it can no longer be cancelled.`,
    ),
    onOrder(
      'ask_payment',
      'ask_customer',
      ({ id, by }, { data }) => {
        if (data.payment !== 'expired') return false
        shop.askToPay(numberIn(id), by)
        const body = { answer_within_s: Math.ceil((PAY_WITHIN_MS * pace) / 1000) }
        return { status: 202, body, effect: { action: 'ask_customer', object: data.number } }
      },
      ({ data }) => `Order ${data.number} is ${data.payment}: there is nothing to ask for.`,
    ),
    onFulfillment(
      'hold',
      'place_hold',
      ({ id, body, by }) => {
        const wanted = readBody(holdBody, body)
        return wanted.ok ? shop.hold(numberIn(id), wanted.value.reason, by) : wanted.answer
      },
      'only an open one can be held',
    ),
    onFulfillment(
      'release',
      'release_hold',
      ({ id, by }) => shop.release(numberIn(id), by),
      'it is not on hold',
    ),
    onFulfillment(
      'fulfil',
      'pass_tracking',
      ({ id, body, by }, { data }) => {
        const wanted = readBody(fulfilBody, body)
        if (!wanted.ok) return wanted.answer
        return data.tracking === null && shop.fulfil(numberIn(id), wanted.value.tracking, false, by)
      },
      'it cannot be fulfilled',
    ),
    changes(
      'inventory_levels',
      'reroute',
      'reroute_orders',
      (id) => shop.level(id),
      ({ by }, { data }) => data.available < 0 && shop.reroute(data.sku, RESERVE.site, by) > 0,
      ({ data }) => `${data.sku} is not oversold, or no open order of it can be sent from elsewhere.`,
    ),
    changes(
      'claims',
      'answer',
      'answer_claim',
      (id) => shop.claim(id),
      ({ id, body, by }) => {
        const wanted = readBody(claimBody, body)
        if (!wanted.ok) return wanted.answer
        const answer: ClaimAnswer = wanted.value.answer
        if (!shop.answerClaim(id, answer, by)) return false
        return { status: 200, body: shop.system.read('claims', id), effect: { action: answer, object: id } }
      },
      ({ id, data }) => `Claim ${id} is ${data.status}.`,
    ),
    changes(
      'returns',
      'refund',
      'refund_return',
      (id) => shop.returned(id),
      ({ id, by }) => shop.refundReturn(id, by),
      ({ id, data }) => `Return ${id} is ${data.status}.`,
    ),
    changes(
      'restocks',
      'promise',
      'update_promise',
      (id) => shop.restock(id),
      ({ body, by }, { data }) => {
        const wanted = readBody(promiseBody, body)
        if (!wanted.ok) return wanted.answer
        const { promised_for } = wanted.value
        if (promised_for === data.promised_for) return false
        shop.promise(data.purchase, data.sku, new Date(promised_for), by)
        return true
      },
      ({ data }) => `${data.purchase} is promised for that day already.`,
    ),
  ]
}
