import type { ActionTarget, Aim, Done, RoutingAction } from '../../app/connector.ts'
import type { ObjectState, SubjectView } from '../../domain/model.ts'
import { objectsOf, reaches, readingOf, readyWhen, stood } from '../kit/action.ts'
import { sandboxAction } from './action.ts'
import type { SandboxClient } from './client.ts'

const BEFORE_PICKING = ['ready', 'allocated']
const BEFORE_MOVING = [...BEFORE_PICKING, 'held']
const BEFORE_PACKING = [...BEFORE_PICKING, 'held', 'short']
const GONE_ON = ['picked', 'packed', 'shipped']
const HELD_LATE = 'the warehouse holds only before picking'

const at = ({ externalId }: ObjectState, params: ActionTarget['params'] = {}): ActionTarget => ({
  externalId,
  params,
})

/** The warehouse's actions. */
export const wmsActions = (client: SandboxClient, system: string): RoutingAction[] => {
  const liveDeliveries = (subject: SubjectView) =>
    objectsOf(subject, { role: 'wms', type: 'fulfillment', system }).filter((o) => o.state !== 'cancelled')

  /** The delivery of an earlier run, if it is in one of these states. */
  const again = (
    subject: SubjectView,
    { target }: Done,
    states: string[],
    params: ActionTarget['params'] = {},
  ): Aim => {
    const delivery = objectsOf(subject, { role: 'wms', type: 'fulfillment', system }).find(
      ({ externalId }) => externalId === target.externalId,
    )
    if (!delivery) return null
    return states.includes(delivery.state)
      ? at(delivery, params)
      : { unavailable: `${delivery.externalId} is ${delivery.rawState} by now` }
  }

  return [
    sandboxAction(client, system, {
      id: 'place_hold',
      label: 'Hold it in the warehouse',
      // Also where the shop holds it still: that is what it was held for.
      undo: { action: 'release_delivery', target: (subject, done) => again(subject, done, ['held']) },
      on: 'deliveries',
      verb: 'hold',
      target(subject) {
        const live = liveDeliveries(subject)
        const delivery = live.find((o) => BEFORE_PICKING.includes(o.state))
        const other = live[0]
        if (delivery) {
          const shop = objectsOf(subject, { role: 'storefront', type: 'fulfillment' })[0]
          const reason = shop?.attributes.holdReason
          return at(delivery, { reason: typeof reason === 'string' ? reason : 'asked for by an operator' })
        }
        return other ? { unavailable: `${other.externalId} is ${other.rawState}: ${HELD_LATE}` } : null
      },
      body: ({ params }) => ({ reason: params.reason }),
      ready: readyWhen({ ready: BEFORE_PICKING, done: ['held'], else: HELD_LATE }),
      compare: reaches('held'),
    }),
    sandboxAction(client, system, {
      id: 'release_delivery',
      label: 'Release it in the warehouse',
      undo: {
        action: 'place_hold',
        target(subject, done) {
          const reason = stood(done).before?.attributes.holdReason
          return again(subject, done, BEFORE_PICKING, {
            reason: typeof reason === 'string' ? reason : 'released by mistake',
          })
        },
      },
      on: 'deliveries',
      verb: 'release',
      target(subject) {
        const delivery = liveDeliveries(subject).find((o) => o.state === 'held')
        if (!delivery) return null
        const shop = objectsOf(subject, { role: 'storefront', type: 'fulfillment' }).find(
          (o) => o.state === 'held',
        )
        if (shop)
          return {
            unavailable: `The storefront holds it: ${String(shop.attributes.holdReason ?? 'no reason')}`,
          }
        return at(delivery)
      },
      ready: readyWhen({
        ready: ['held'],
        done: [...BEFORE_PICKING, ...GONE_ON],
        else: 'there is no hold to release',
      }),
      compare: reaches(...BEFORE_PICKING, ...GONE_ON, 'short'),
    }),
    sandboxAction(client, system, {
      id: 'recall_delivery',
      label: 'Stop it in the warehouse',
      on: 'deliveries',
      verb: 'recall',
      target(subject) {
        const live = liveDeliveries(subject)
        const [delivery] = live.filter((o) => o.state !== 'shipped')
        const order = objectsOf(subject, { role: 'storefront', type: 'order' })[0]
        if (order && order.state !== 'cancelled')
          return { unavailable: `The shop has not cancelled it: ${order.rawState}` }
        if (delivery) return at(delivery)
        return live[0] ? { unavailable: `${live[0].externalId} has left` } : null
      },
      ready: readyWhen({
        ready: [...BEFORE_PACKING, 'picked', 'packed'],
        done: ['cancelled'],
        else: 'it has left the warehouse',
      }),
      compare: reaches('cancelled'),
    }),
    sandboxAction(client, system, {
      id: 'move_fulfillment',
      label: 'Move it to the warehouse that the shop chose',
      undo: {
        action: 'move_fulfillment',
        target(subject, done) {
          const site = stood(done).before?.attributes.location
          return typeof site === 'string' ? again(subject, done, BEFORE_MOVING, { site }) : null
        },
      },
      on: 'deliveries',
      verb: 'move',
      target(subject) {
        const site = objectsOf(subject, { role: 'storefront', type: 'fulfillment' })[0]?.attributes.location
        const delivery = liveDeliveries(subject).find((o) => o.attributes.location !== site)
        if (!delivery || typeof site !== 'string') return null
        return BEFORE_MOVING.includes(delivery.state)
          ? at(delivery, { site })
          : { unavailable: `${delivery.externalId} is ${delivery.rawState}: it is too late to move it` }
      },
      body: ({ params }) => ({ site: params.site }),
      ready({ state, rawState, attributes, externalId }, { params }) {
        if (attributes.location === params.site)
          return { is: 'already_done', words: `It is at ${params.site}.` }
        return BEFORE_MOVING.includes(state)
          ? { is: 'ready' }
          : { is: 'impossible', words: `${externalId} is ${rawState}: it is too late to move it.` }
      },
      compare: (before, after) =>
        after.attributes.location === before.attributes.location
          ? { is: 'unchanged', words: `It is still at ${after.attributes.location}.` }
          : { is: 'changed', words: `It is at ${after.attributes.location} now.` },
    }),
    expectReturn(client),
    sandboxAction(client, system, {
      id: 'ship_rest',
      label: 'Ship the rest, back-order the missing line',
      on: 'deliveries',
      verb: 'split',
      target(subject) {
        const delivery = liveDeliveries(subject).find((o) => o.state === 'short')
        if (!delivery) return null
        if (delivery.quantities.picked === 0)
          return { unavailable: 'Nothing was picked: there is no rest to ship' }
        return at(delivery)
      },
      ready: readyWhen({ ready: ['short'], done: GONE_ON, else: 'only a short delivery can be split' }),
      compare: reaches(...GONE_ON),
    }),
    sandboxAction(client, system, {
      id: 'cancel_duplicate',
      label: 'Cancel the duplicate delivery',
      risk: 'second_person',
      on: 'deliveries',
      verb: 'void',
      target(subject) {
        const live = liveDeliveries(subject)
        if (live.length < 2) return null
        const newest = live.filter((o) => BEFORE_PACKING.includes(o.state)).at(-1)
        if (!newest) return { unavailable: 'Both are picked already: stop one at the packing table' }
        return at(newest)
      },
      ready: readyWhen({ ready: BEFORE_PACKING, done: ['cancelled'], else: 'it is too late to cancel it' }),
      compare: reaches('cancelled'),
    }),
    sandboxAction(client, system, {
      id: 'recount',
      label: 'Recount it in the warehouse',
      settleMs: 30_000,
      on: 'stock',
      verb: 'count',
      target(subject) {
        const stock = objectsOf(subject, { role: 'wms', type: 'inventory', system })[0]
        if (!stock) return null
        if (typeof stock.attributes.countRequestedAt === 'string')
          return { unavailable: 'A count is under way' }
        return at(stock)
      },
      ready: ({ attributes }) =>
        attributes.countRequestedAt === null
          ? { is: 'ready' }
          : { is: 'impossible', words: 'A count is under way: wait for its result.' },
      compare(before, after) {
        const units = after.quantities.on_hand
        if (after.attributes.countedAt !== before.attributes.countedAt) {
          return { is: 'changed', words: `Counted: ${units} on hand, was ${before.quantities.on_hand}.` }
        }
        return after.attributes.countRequestedAt === null
          ? { is: 'unchanged', words: 'No count was started.' }
          : { is: 'settling', words: 'The count is under way.' }
      },
    }),
  ]
}

/** A parcel that the carrier brings back. There is nothing to read yet but the absence of a return for it. */
const expectReturn = (client: SandboxClient): RoutingAction => ({
  id: 'expect_return',
  label: 'Announce the return to the warehouse',
  kind: 'do',
  risk: 'safe',
  settleMs: 5_000,
  idempotent: true,
  target(subject) {
    const parcel = objectsOf(subject, { role: 'carrier', type: 'shipment' }).find(
      (o) => o.state === 'returning',
    )
    const order = parcel?.keys.find((key) => key.name === 'order')?.value
    const tracking = parcel?.keys.find((key) => key.name === 'tracking')?.value
    if (order === undefined || tracking === undefined) return null
    const known = objectsOf(subject, { role: 'wms', type: 'return' })[0]
    if (known) return { unavailable: `It is expected, as ${known.externalId}` }
    return { externalId: tracking, params: { order } }
  },
  async read({ target, signal }) {
    const facts = await client.find('returns', { tracking: target.externalId }, signal)
    const [found] = facts
    return readingOf(
      facts,
      found
        ? `${found.externalId} is ${found.rawState}.`
        : `No return is expected with ${target.externalId}.`,
    )
  },
  precondition: (_input, { facts: [found] }) =>
    found ? { is: 'already_done', words: `It is expected, as ${found.externalId}.` } : { is: 'ready' },
  async act({ target, signal }, key) {
    const body = { order: target.params.order, tracking: target.externalId }
    await client.post(['returns'], body, key, signal)
    return { is: 'accepted', words: 'The warehouse accepted it.' }
  },
  compare: (_input, _before, { facts: [found] }) =>
    found
      ? { is: 'changed', words: `Expected as ${found.externalId}.` }
      : { is: 'unchanged', words: 'No return is expected.' },
})
