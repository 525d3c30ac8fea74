import type { RoutingAction } from '../../app/connector.ts'
import type { SubjectView } from '../../domain/model.ts'
import { objectsOf } from '../kit/action.ts'
import { holdOf, restId } from './facts.ts'
import { orderAction, orderOf, refused, type Shop } from './order-action.ts'

/** The order, and its part that is in no fulfillment yet: only that can be on hold. */
const restOf = (subject: SubjectView, system: string) => {
  const order = orderOf(subject, system)
  const rest = objectsOf(subject, { role: 'storefront', type: 'fulfillment', system }).find(
    ({ externalId }) => order && externalId === restId(order.externalId),
  )
  return order && rest ? { order, rest } : null
}

/**
 * Medusa has no holds. By this connector's convention an order is on hold while its metadata has a key that says why;
 * Medusa merges metadata, so that other keys stay as they are, and an empty value takes a key away.
 */
export const holdActions = (shop: Shop): RoutingAction[] => {
  const { system, client, holdMetadataKey } = shop
  const write = (order: string, value: string, signal: AbortSignal) =>
    client.post(['orders', order], { metadata: { [holdMetadataKey]: value } }, signal)
  return [
    orderAction(shop, {
      id: 'place_hold',
      label: 'Hold the order in the shop',
      target(subject) {
        const found = restOf(subject, system)
        if (!found || found.rest.state === 'held') return null
        const { order, rest } = found
        if (rest.state !== 'ready') return { unavailable: 'Nothing of the order is left to hold' }
        const isUnpaid = ['voided', 'failed', 'expired'].includes(String(order.attributes.paymentState))
        return { externalId: order.externalId, params: { reason: isUnpaid ? 'payment' : 'check' } }
      },
      ready({ number, hold, open, status }) {
        if (hold !== null) return { is: 'already_done', words: `Order ${number} is on hold: ${hold}.` }
        return open > 0 && status !== 'canceled'
          ? { is: 'ready' }
          : { is: 'impossible', words: `Nothing of order ${number} is left to hold.` }
      },
      async act(order, { target, signal }) {
        if (holdOf(order, holdMetadataKey) !== null) return
        await write(order.id, String(target.params.reason), signal)
      },
      compare: (before, after) =>
        after.hold !== null && before.hold === null
          ? { is: 'changed', words: `Order ${after.number} is on hold now: ${after.hold}.` }
          : { is: 'unchanged', words: `Order ${after.number} is not on hold.` },
      undo: { action: 'release_hold' },
    }),
    orderAction(shop, {
      id: 'release_hold',
      label: 'Release the hold in the shop',
      target(subject) {
        const found = restOf(subject, system)
        if (found?.rest.state !== 'held') return null
        const reason = String(found.rest.attributes.holdReason ?? '')
        return { externalId: found.order.externalId, params: { reason } }
      },
      ready({ number, hold }, { params }) {
        if (hold === null) return { is: 'already_done', words: `Order ${number} is not on hold any more.` }
        return hold === params.reason
          ? { is: 'ready' }
          : { is: 'impossible', words: `Order ${number} is on hold for another reason now: ${hold}.` }
      },
      async act(order, { target, signal }) {
        const hold = holdOf(order, holdMetadataKey)
        if (hold === null) return
        if (hold !== target.params.reason)
          throw refused(system, `The order is on hold for another reason now: ${hold}.`)
        await write(order.id, '', signal)
      },
      compare: (before, after) =>
        after.hold === null && before.hold !== null
          ? { is: 'changed', words: `Order ${after.number} is not on hold any more.` }
          : { is: 'unchanged', words: `Order ${after.number} is still on hold: ${after.hold}.` },
      undo: {
        action: 'place_hold',
        target: (subject, { target }) => {
          const found = restOf(subject, system)
          return found?.rest.state === 'ready'
            ? target
            : { unavailable: 'Nothing of the order is left to hold' }
        },
      },
    }),
  ]
}
