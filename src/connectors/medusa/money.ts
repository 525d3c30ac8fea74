import type { RoutingAction } from '../../app/connector.ts'
import { objectsOf } from '../kit/action.ts'
import { majorOf, minorOf, owedMinor } from './facts.ts'
import {
  type Glimpse,
  moneyWords,
  orderAction,
  orderIdOf,
  orderOf,
  refundable,
  refused,
  type Shop,
} from './order-action.ts'
import type { Order } from './schema.ts'

/** More than any order is worth: what an order has is looked at before anything is paid back. */
const MOST = 1_000_000

const compareRefund = (before: Glimpse, after: Glimpse): ReturnType<RoutingAction['compare']> => {
  const given = after.refundedMinor - before.refundedMinor
  return given > 0
    ? { is: 'changed', words: `${moneyWords(given, after.currency)} of order ${after.number} refunded.` }
    : { is: 'unchanged', words: `Nothing more of order ${after.number} has been refunded.` }
}

/**
 * Gives money back. Medusa refunds again when it is asked again, as long as anything is left: each refund bears the key of
 * its run in its note and is looked for first, but a call that is still on its way cannot be seen. So Baton never sends
 * one twice: after a lost answer it looks, and a person decides.
 */
export const moneyActions = (shop: Shop): RoutingAction[] => {
  const { system, client } = shop
  const refund = async (order: Order, amountMinor: number, key: string, signal: AbortSignal) => {
    const note = `baton ${key}`
    const refunds = order.payment_collections.flatMap(({ payments }) => payments.flatMap((p) => p.refunds))
    if (refunds.some((each) => each.note === note)) return
    const payment = refundable(order)
    const currency = order.currency_code.toUpperCase()
    if (!payment || payment.leftMinor < amountMinor) {
      const left = moneyWords(payment?.leftMinor ?? 0, currency)
      throw refused(system, `Only ${left} of the payment can still be refunded.`)
    }
    await client.post(
      ['payments', payment.id, 'refund'],
      { amount: majorOf(amountMinor, currency), note },
      signal,
    )
  }
  return [
    orderAction(shop, {
      id: 'refund',
      label: 'Refund the customer',
      risk: 'second_person',
      idempotent: false,
      target(subject) {
        const order = orderOf(subject, system)
        // A parcel's card knows the shop's fulfillment, and that its order.
        const [parcel] = objectsOf(subject, { role: 'storefront', type: 'fulfillment', system })
        const externalId = order?.externalId ?? (parcel && orderIdOf(parcel))
        return externalId ? { externalId, params: {} } : null
      },
      inputs: (subject) => [
        {
          kind: 'number',
          id: 'amount',
          label: 'Amount to refund',
          required: true,
          min: 0,
          max: MOST,
          unit: String(orderOf(subject, system)?.attributes.currency ?? ''),
        },
      ],
      ready({ number, keptMinor, currency }, _target, { amount }) {
        const wanted = minorOf(Number(amount ?? 0), currency)
        if (keptMinor <= 0)
          return { is: 'already_done', words: `No money of order ${number} is left to refund.` }
        if (!(wanted > 0)) return { is: 'impossible', words: 'Say how much is to be refunded.' }
        return wanted <= keptMinor
          ? { is: 'ready' }
          : { is: 'impossible', words: `Only ${moneyWords(keptMinor, currency)} can still be refunded.` }
      },
      async act(order, { values, signal }, key) {
        const wanted = minorOf(Number(values.amount ?? 0), order.currency_code.toUpperCase())
        if (!(wanted > 0)) throw refused(system, 'Say how much is to be refunded.')
        await refund(order, wanted, key, signal)
      },
      compare: compareRefund,
    }),
    orderAction(shop, {
      id: 'refund_return',
      label: 'Refund the return',
      risk: 'second_person',
      idempotent: false,
      target(subject) {
        const mine = objectsOf(subject, { role: 'storefront', type: 'return', system })[0]
        const externalId = mine && orderIdOf(mine)
        if (!mine || !externalId) return null
        if (mine.state === 'refunded') return { unavailable: 'The return is refunded' }
        if (mine.state === 'cancelled') return { unavailable: 'The return is cancelled' }
        const isInspected = objectsOf(subject, { role: 'wms', type: 'return' }).some(
          ({ state }) => state === 'inspected',
        )
        return isInspected || mine.state === 'received'
          ? { externalId, params: { owedMinor: Number(mine.attributes.owedMinor ?? 0) } }
          : { unavailable: 'Nobody has received and inspected it' }
      },
      ready({ number, owedMinor: owed, currency }, { params }) {
        if (owed === 0) return { is: 'already_done', words: `Nothing is owed for order ${number}.` }
        return owed === params.owedMinor
          ? { is: 'ready' }
          : { is: 'impossible', words: `${moneyWords(owed, currency)} are owed for order ${number} by now.` }
      },
      async act(order, { target, signal }, key) {
        const owed = owedMinor(order)
        if (owed === 0) return
        if (owed !== target.params.owedMinor)
          throw refused(system, 'By now another amount is owed: look at the return again.')
        await refund(order, owed, key, signal)
      },
      compare: compareRefund,
    }),
  ]
}
