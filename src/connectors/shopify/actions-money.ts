import { z } from 'zod'
import type { RoutingAction } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { SubjectView } from '../../domain/model.ts'
import { objectsOf } from '../kit/action.ts'
import { orderAction, orderOf, ownedElsewhere, type Shop, type Shot } from './action.ts'
import { MUTATIONS, uuidOf } from './mutations.ts'
import { QUERIES } from './queries.ts'
import { gid, moneyBag } from './wire.ts'

type RefundLine = { id: string; quantity: number }

const suggestion = z.object({
  order: z.object({
    suggestedRefund: z
      .object({
        amountSet: moneyBag,
        suggestedTransactions: z.array(
          z.object({
            gateway: z.string().nullable(),
            amountSet: z.object({ shopMoney: z.object({ amount: z.string(), currencyCode: z.string() }) }),
            parentTransaction: z.object({ id: z.string() }).nullable(),
          }),
        ),
      })
      .nullable(),
  }),
})

/** Gives back what Shopify itself reckons for these lines, the way it was paid. Nothing is put back into stock. */
const refundLines = async (
  { client, system }: Shop,
  shot: Shot,
  lines: RefundLine[],
  note: string,
  key: string,
  signal: AbortSignal,
): Promise<void> => {
  const id = gid('Order', shot.order.id)
  const refundLineItems = lines.map((line) => ({
    lineItemId: gid('LineItem', line.id),
    quantity: line.quantity,
    restockType: 'NO_RESTOCK',
  }))
  const { data } = await client.query(
    QUERIES.suggestedRefund,
    { id, lines: refundLineItems },
    suggestion,
    signal,
  )
  const transactions = (data.order.suggestedRefund?.suggestedTransactions ?? []).map((one) => ({
    orderId: id,
    kind: 'REFUND',
    gateway: one.gateway ?? '',
    amount: one.amountSet.shopMoney.amount,
    ...(one.parentTransaction ? { parentId: one.parentTransaction.id } : {}),
  }))
  if (transactions.length === 0) {
    throw new SystemError(system, 'refused', `${system} finds no payment of ${shot.order.name} to give back.`)
  }
  const input = { orderId: id, note, notify: true, refundLineItems, transactions }
  await client.mutate(MUTATIONS.refund, { input, key: uuidOf(key) }, z.unknown(), signal)
}

const refundable = (shot: Shot): RefundLine[] =>
  shot.order.lines.flatMap(({ id, refundable }) => (refundable > 0 ? [{ id, quantity: refundable }] : []))
const wasRefunded = (before: Shot, after: Shot) => after.order.refundedMinor > before.order.refundedMinor

/** What went wrong on the way, as far as the shop can make it good: a parcel of its own, or a customer's complaint. */
const lossOf = (
  subject: SubjectView,
  system: string,
): { orderId: string; source: unknown; case: string } | null => {
  const parcel = objectsOf(subject, { role: 'storefront', type: 'shipment', system })[0]
  if (parcel && typeof parcel.attributes.orderId === 'string') {
    const { orderId, tracking } = parcel.attributes
    return { orderId, source: null, case: String(tracking).toLowerCase() }
  }
  const order = orderOf(subject, system)
  const claim = objectsOf(subject, { role: 'storefront', type: 'claim' }).find(
    ({ state }) => state === 'open',
  )
  if (!order || !claim) return null
  return { orderId: order.externalId, source: order.attributes.source, case: claim.externalId.toLowerCase() }
}

const refund = (shop: Shop): RoutingAction => {
  const { system } = shop
  return orderAction(shop, {
    id: 'refund',
    label: 'Refund all its articles, not the shipping',
    risk: 'second_person',
    target(subject) {
      const loss = lossOf(subject, system)
      if (!loss) return null
      const elsewhere = ownedElsewhere(subject.orderClass, loss.source)
      if (elsewhere) return { unavailable: elsewhere }
      return { externalId: loss.orderId, params: { orderId: loss.orderId } }
    },
    words: ({ order }) => `${order.name} is ${order.rawState} in ${system}.`,
    ready(shot) {
      const elsewhere = ownedElsewhere(shot.order.orderClass, shot.order.source)
      if (elsewhere) return { is: 'impossible', words: `${elsewhere}.` }
      return refundable(shot).length > 0
        ? { is: 'ready' }
        : { is: 'already_done', words: `Nothing of ${shot.order.name} is left to refund.` }
    },
    send: ({ signal }, key, shot) =>
      refundLines(shop, shot, refundable(shot), 'Refunded with Baton', key, signal),
    isDone: wasRefunded,
  })
}

/** Back and in order: the money too. What is back in stock is the warehouse's to say. */
const refundReturn = (shop: Shop): RoutingAction => {
  const { system } = shop
  const returnOf = (shot: Shot, id: string) => shot.returns.find((one) => one.id === id)
  const owed = (shot: Shot, id: string): RefundLine[] =>
    (returnOf(shot, id)?.lines ?? []).flatMap((line) => {
      const quantity = Math.min(line.quantity - line.refunded, line.refundable)
      return line.line !== null && quantity > 0 ? [{ id: line.line, quantity }] : []
    })
  return orderAction(shop, {
    id: 'refund_return',
    label: 'Refund the return',
    risk: 'second_person',
    target(subject) {
      const mine = objectsOf(subject, { role: 'storefront', type: 'return', system })[0]
      if (!mine || typeof mine.attributes.orderId !== 'string') return null
      if (mine.state !== 'open' && mine.state !== 'closed')
        return { unavailable: `The return is ${mine.state} in the shop` }
      const elsewhere = ownedElsewhere(subject.orderClass, null)
      if (elsewhere) return { unavailable: elsewhere }
      const inspected = objectsOf(subject, { role: 'wms', type: 'return' }).some(
        (o) => o.state === 'inspected',
      )
      return inspected
        ? { externalId: mine.externalId, params: { orderId: mine.attributes.orderId } }
        : { unavailable: 'The warehouse has not inspected it' }
    },
    words(shot, { target }) {
      const units = owed(shot, target.externalId).reduce((sum, { quantity }) => sum + quantity, 0)
      return `${returnOf(shot, target.externalId)?.name ?? 'The return'}: ${units} units are not refunded in ${system}.`
    },
    ready(shot, { target }) {
      const mine = returnOf(shot, target.externalId)
      if (!mine) return { is: 'impossible', words: `${shot.order.name} has no such return any more.` }
      if (mine.status !== 'OPEN' && mine.status !== 'CLOSED')
        return { is: 'impossible', words: `${mine.name} is ${mine.status}: it cannot be refunded.` }
      const elsewhere = ownedElsewhere(shot.order.orderClass, shot.order.source)
      if (elsewhere) return { is: 'impossible', words: `${elsewhere}.` }
      return owed(shot, target.externalId).length > 0
        ? { is: 'ready' }
        : { is: 'already_done', words: `${mine.name} is refunded already.` }
    },
    send({ signal, target }, key, shot) {
      const note = `Return ${returnOf(shot, target.externalId)?.name ?? ''}, refunded with Baton`
      return refundLines(shop, shot, owed(shot, target.externalId), note, key, signal)
    },
    isDone: (before, after, { target }) =>
      wasRefunded(before, after) &&
      owed(after, target.externalId).length < owed(before, target.externalId).length,
  })
}

/** Money that goes back. `lossOf` is what a second parcel makes good, too. */
export const moneyActions = (shop: Shop): RoutingAction[] => [refund(shop), refundReturn(shop)]
export { lossOf }
