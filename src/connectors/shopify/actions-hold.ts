import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { RoutingAction } from '../../app/connector.ts'
import type { SubjectView } from '../../domain/model.ts'
import { objectsOf } from '../kit/action.ts'
import {
  currentPart,
  notSupported,
  openPartsOf,
  orderAction,
  orderOf,
  type Shop,
  seenShot,
  supports,
} from './action.ts'
import { MUTATIONS } from './mutations.ts'
import { gid } from './wire.ts'

const PREFIX = 'baton-'
const isOurs = (handle: string | null) => handle?.startsWith(PREFIX) ?? false
/** At most 64 characters, and the same for the same key: Shopify keeps a second hold of that handle away. */
const handleOf = (key: string): string =>
  `${PREFIX}${createHash('sha256').update(key).digest('base64url').slice(0, 32)}`

/** The reason that Shopify is told, by what the subject says is wrong. */
const reasonFor = (subject: SubjectView, system: string): string => {
  const payment = orderOf(subject, system)?.attributes.paymentState
  if (payment === 'expired' || payment === 'voided' || payment === 'pending') return 'AWAITING_PAYMENT'
  const deliveries = objectsOf(subject, { role: 'wms', type: 'fulfillment' })
  if (deliveries.some(({ attributes }) => String(attributes.holdReason ?? '').includes('address')))
    return 'INCORRECT_ADDRESS'
  return deliveries.some(({ state }) => state === 'short') ? 'INVENTORY_OUT_OF_STOCK' : 'OTHER'
}

/** Holds on what is still to be sent. */
export const holdActions = (shop: Shop): RoutingAction[] => {
  const { system, client } = shop
  return [
    orderAction(shop, {
      id: 'place_hold',
      label: 'Hold the order in the shop',
      undo: {
        action: 'release_hold',
        target(subject, { target, after }) {
          const part = openPartsOf(subject, system).find(({ externalId }) => externalId === target.externalId)
          const shot = seenShot(after)
          // The hold that this run has placed, whatever others there are.
          const mine = shot && currentPart(shot, { target })?.holds.find(({ handle }) => isOurs(handle))
          if (!part || !mine) return null
          return supports(part.attributes.supportedActions, 'RELEASE_HOLD')
            ? { externalId: part.externalId, params: { ...target.params, holdId: mine.id } }
            : { unavailable: 'The order is not on hold by now' }
        },
      },
      target(subject) {
        const part = openPartsOf(subject, system).find(({ state }) => state !== 'held')
        if (!part) return null
        const { orderId, supportedActions } = part.attributes
        if (typeof orderId !== 'string') return null
        if (!supports(supportedActions, 'HOLD'))
          return { unavailable: notSupported(String(supportedActions).split(','), 'held') }
        return { externalId: part.externalId, params: { orderId, reason: reasonFor(subject, system) } }
      },
      words: (shot, input) =>
        `${shot.order.name} is ${currentPart(shot, input)?.status ?? 'gone'} in ${system}.`,
      ready(shot, input) {
        const part = currentPart(shot, input)
        if (!part) return { is: 'impossible', words: `${shot.order.name} has nothing left to send.` }
        if (part.holds.length > 0)
          return { is: 'already_done', words: `${shot.order.name} is on hold already.` }
        return part.supported.includes('HOLD')
          ? { is: 'ready' }
          : { is: 'impossible', words: `${notSupported(part.supported, 'held')} (${part.status}).` }
      },
      async send(input, key, shot) {
        const part = currentPart(shot, input)
        const hold = {
          reason: input.target.params.reason,
          reasonNotes: 'Held with Baton',
          handle: handleOf(key),
        }
        const variables = { id: gid('FulfillmentOrder', part?.id ?? input.target.externalId), hold }
        // This very hold is there: a first attempt whose answer was lost.
        const known = ['DUPLICATE_FULFILLMENT_HOLD_HANDLE']
        await client.mutate(MUTATIONS.hold, variables, z.unknown(), input.signal, known)
      },
      isDone: (before, after, input) =>
        (currentPart(before, input)?.holds.length ?? 0) === 0 &&
        (currentPart(after, input)?.holds.length ?? 0) > 0,
    }),

    orderAction(shop, {
      id: 'release_hold',
      label: 'Release the hold in the shop',
      undo: {
        action: 'place_hold',
        target(subject, { target, before }) {
          const part = openPartsOf(subject, system).find(({ externalId }) => externalId === target.externalId)
          const shot = seenShot(before)
          const released =
            shot && currentPart(shot, { target })?.holds.find(({ id }) => id === target.params.holdId)
          if (!part || !released) return null
          if (part.state === 'held') return { unavailable: 'The order is on hold by now' }
          const { orderId } = target.params
          const params = { ...(orderId === undefined ? {} : { orderId }), reason: released.reason }
          return supports(part.attributes.supportedActions, 'HOLD')
            ? { externalId: part.externalId, params }
            : { unavailable: notSupported(String(part.attributes.supportedActions).split(','), 'held') }
        },
      },
      target(subject) {
        const part = openPartsOf(subject, system).find(({ state }) => state === 'held')
        if (!part) return null
        const { orderId, holdId, supportedActions } = part.attributes
        if (typeof orderId !== 'string' || typeof holdId !== 'string') return null
        if (!supports(supportedActions, 'RELEASE_HOLD'))
          return { unavailable: notSupported(String(supportedActions).split(','), 'released') }
        return { externalId: part.externalId, params: { orderId, holdId } }
      },
      words(shot, input) {
        const holds = currentPart(shot, input)?.holds ?? []
        const reasons = holds.map(({ reason }) => reason.toLowerCase().replaceAll('_', ' '))
        return holds.length > 0
          ? `${shot.order.name} is on hold in ${system}: ${reasons.join(', ')}.`
          : `${shot.order.name} is not on hold in ${system}.`
      },
      ready(shot, input) {
        const part = currentPart(shot, input)
        // Only the hold that the person saw: another one has reasons of its own.
        if (!part?.holds.some(({ id }) => id === input.target.params.holdId))
          return { is: 'already_done', words: `That hold on ${shot.order.name} is gone already.` }
        return part.supported.includes('RELEASE_HOLD')
          ? { is: 'ready' }
          : { is: 'impossible', words: `${notSupported(part.supported, 'released')} (${part.status}).` }
      },
      async send(input, _key, shot) {
        const id = gid('FulfillmentOrder', currentPart(shot, input)?.id ?? input.target.externalId)
        const holdIds = [gid('FulfillmentHold', String(input.target.params.holdId))]
        await client.mutate(MUTATIONS.release, { id, holdIds }, z.unknown(), input.signal)
      },
      isDone(before, after, input) {
        const held = (shot: typeof before) =>
          currentPart(shot, input)?.holds.some(({ id }) => id === input.target.params.holdId) ?? false
        return held(before) && !held(after)
      },
    }),
  ]
}
