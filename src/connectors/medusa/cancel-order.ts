import type { RoutingAction } from '../../app/connector.ts'
import { fulfillmentState } from './facts.ts'
import { onceChanged, orderAction, orderOf, refused, type Shop } from './order-action.ts'

const OPEN = ['placed', 'confirmed']

/**
 * Cancels an order. Medusa gives authorised money free and captured money back in the same step, and refuses while a
 * fulfillment is live: those that have not left are cancelled first, which puts their goods back into stock.
 */
export const cancelOrder = (shop: Shop): RoutingAction => {
  const { system, client } = shop
  return orderAction(shop, {
    id: 'cancel_order',
    label: 'Cancel the order and refund it',
    risk: 'second_person',
    target(subject) {
      const order = orderOf(subject, system)
      if (!order) return null
      return OPEN.includes(order.state)
        ? { externalId: order.externalId, params: {} }
        : { unavailable: `The order is ${order.state}` }
    },
    ready({ number, status, fulfillments }) {
      if (status === 'canceled') return { is: 'already_done', words: `Order ${number} is cancelled.` }
      if (status !== 'pending' && status !== 'requires_action')
        return { is: 'impossible', words: `Order ${number} is ${status}.` }
      const gone = fulfillments.find(({ state }) => state === 'shipped')
      return gone
        ? { is: 'impossible', words: `A part of order ${number} has left: Medusa cancels it no more.` }
        : { is: 'ready' }
    },
    async act(order, { signal }) {
      if (order.status === 'canceled') return
      const live = order.fulfillments.filter((row) => fulfillmentState(row) !== 'cancelled')
      if (live.some((row) => fulfillmentState(row) === 'shipped'))
        throw refused(system, 'A part of the order has left: it cannot be cancelled any more.')
      const [first, ...others] = live.map(
        ({ id }) =>
          () =>
            client.post(['orders', order.id, 'fulfillments', id, 'cancel'], {}, signal),
      )
      const cancel = () => client.post(['orders', order.id, 'cancel'], {}, signal)
      if (!first) return cancel()
      await first()
      await onceChanged(system, 'A fulfillment of the order was cancelled', async () => {
        for (const next of others) await next()
        await cancel()
      })
    },
    compare: (before, after) =>
      after.status === 'canceled' && before.status !== 'canceled'
        ? { is: 'changed', words: `Order ${after.number} is cancelled now, its payment ${after.payment}.` }
        : { is: 'unchanged', words: `Order ${after.number} is still ${after.status}.` },
  })
}
