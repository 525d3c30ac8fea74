import { z } from 'zod'
import type { ActionInput, RoutingAction } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import { instantOf, type ObjectState, type SubjectView } from '../../domain/model.ts'
import { objectsOf } from '../kit/action.ts'
import { trackingNumber } from '../kit/facts.ts'
import {
  currentPart,
  notSupported,
  openPartOf,
  openPartsOf,
  orderAction,
  type Shop,
  type Shot,
  seenShot,
  supports,
} from './action.ts'
import { MUTATIONS } from './mutations.ts'
import { QUERIES } from './queries.ts'
import { gid, idOf, pageOf } from './wire.ts'

/** Asked or accepted by a warehouse that answers for itself: it has to give the order back first. */
const ASKED = /^(SUBMITTED|ACCEPTED|CANCELLATION_)/
const LIVE = new Set(['ready', 'held', 'allocated', 'short', 'picked', 'packed'])
const nothingLeft = (shot: Shot) => ({
  is: 'impossible' as const,
  words: `${shot.order.name} has nothing left to send.`,
})

/** Where the warehouse works on it, if that is not where the shop wants it sent from. */
const elsewhere = (subject: SubjectView, part: ObjectState): string | undefined =>
  objectsOf(subject, { role: 'wms', type: 'fulfillment' })
    .filter(({ state }) => LIVE.has(state))
    .map(({ attributes }) => attributes.location)
    .find((place): place is string => typeof place === 'string' && place !== part.attributes.location)

const isShort = (subject: SubjectView): boolean =>
  objectsOf(subject, { role: 'wms', type: 'fulfillment' }).some(({ state }) => state === 'short')

const placeOf = ({ target, values }: ActionInput): string =>
  String(target.params.location ?? values.location ?? '').trim()
const isSame = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()

/** What is still to be sent, sent from another place. */
const moveFulfillment = (shop: Shop): RoutingAction => {
  const { system, client } = shop
  const idOfPlace = async (part: string, place: string, signal: AbortSignal): Promise<string> => {
    const node = z.object({
      movable: z.boolean(),
      message: z.string().nullable(),
      location: z.object({ id: idOf('Location'), name: z.string() }),
    })
    const shape = z.object({ fulfillmentOrder: z.object({ locationsForMove: pageOf(node) }).nullable() })
    for (let after: string | null | undefined = null; ; ) {
      const variables: Record<string, unknown> = { id: gid('FulfillmentOrder', part), after }
      const { data } = await client.query(QUERIES.locationsForMove, variables, shape, signal)
      const page = data.fulfillmentOrder?.locationsForMove
      const there = page?.nodes.find(({ location }) => isSame(location.name, place))
      if (there?.movable) return there.location.id
      if (there || !page?.pageInfo.hasNextPage) {
        const why = there ? (there.message ?? 'it does not stock the goods') : 'the shop knows no such place'
        throw new SystemError(system, 'refused', `It cannot be moved to ${place}: ${why}.`)
      }
      after = page.pageInfo.endCursor
    }
  }
  return orderAction(shop, {
    id: 'move_fulfillment',
    label: 'Send it from another place in the shop',
    undo: {
      action: 'move_fulfillment',
      target(subject, { target, before }) {
        const part = openPartOf(subject, system)
        const shot = seenShot(before)
        const place = shot && currentPart(shot, { target })?.location
        if (!part || !place) return null
        return supports(part.attributes.supportedActions, 'MOVE')
          ? { externalId: part.externalId, params: { ...target.params, location: place } }
          : { unavailable: 'It cannot be moved any more' }
      },
    },
    target(subject) {
      const part = openPartOf(subject, system)
      if (!part) return null
      const place = elsewhere(subject, part)
      if (place === undefined && !isShort(subject)) return null
      const { orderId, requestStatus, supportedActions } = part.attributes
      if (typeof orderId !== 'string') return null
      if (ASKED.test(String(requestStatus)))
        return { unavailable: 'Its warehouse has the request: it has to give it back first' }
      if (!supports(supportedActions, 'MOVE'))
        return { unavailable: notSupported(String(supportedActions).split(','), 'moved') }
      return { externalId: part.externalId, params: { orderId, ...(place ? { location: place } : {}) } }
    },
    inputs(subject) {
      const part = openPartOf(subject, system)
      if (!part || elsewhere(subject, part) !== undefined) return []
      return [
        { kind: 'text', id: 'location', label: 'Place to send it from', required: true, maxLength: 100 },
      ]
    },
    words: (shot, input) =>
      `${shot.order.name} is sent from ${currentPart(shot, input)?.location ?? 'nowhere'} in ${system}.`,
    ready(shot, input) {
      const part = currentPart(shot, input)
      const place = placeOf(input)
      if (!part) return nothingLeft(shot)
      if (place === '') return { is: 'impossible', words: 'No place was named.' }
      if (isSame(part.location, place))
        return { is: 'already_done', words: `${shot.order.name} is sent from ${place} already.` }
      if (ASKED.test(part.requestStatus)) {
        const words = `Its warehouse has the request (${part.requestStatus}): it has to give it back first.`
        return { is: 'impossible', words }
      }
      return part.supported.includes('MOVE')
        ? { is: 'ready' }
        : { is: 'impossible', words: `${notSupported(part.supported, 'moved')} (${part.status}).` }
    },
    async send(input, _key, shot) {
      const part = currentPart(shot, input)?.id ?? input.target.externalId
      const location = gid('Location', await idOfPlace(part, placeOf(input), input.signal))
      const variables = { id: gid('FulfillmentOrder', part), location }
      await client.mutate(MUTATIONS.move, variables, z.unknown(), input.signal)
    },
    isDone(before, after, input) {
      const isThere = (shot: Shot) => isSame(currentPart(shot, input)?.location ?? '', placeOf(input))
      return !isThere(before) && isThere(after)
    },
  })
}

/** The day after which nothing is promised any more; a day without a time lasts to its end (UTC). */
const promised = ({ target, values }: ActionInput): Date | null => {
  const text = String(target.params.expected ?? values.date ?? '').trim()
  const at = instantOf(text)
  return at && text.length === 10 ? new Date(at.getTime() + 86_399_000) : at
}

const expectedIn = (subject: SubjectView): string | undefined =>
  objectsOf(subject, { role: 'erp', type: 'order' })
    .map(({ attributes }) => attributes.expectedAt ?? attributes.promiseAt)
    .find((at): at is string => instantOf(at) !== null)

/** By when it is sent, as the shop tells everybody else. */
const updatePromise = (shop: Shop): RoutingAction => {
  const { system, client } = shop
  /** What is not due yet has a day on which it becomes due; the rest has a day by which it has to be gone. */
  const stated = (shot: Shot, input: Pick<ActionInput, 'target'>) => {
    const part = currentPart(shot, input)
    return part?.status === 'SCHEDULED' ? part.fulfillAt : (part?.fulfillBy ?? null)
  }
  const isThere = (shot: Shot, input: ActionInput) => {
    const at = stated(shot, input)
    return at !== null && Date.parse(at) === promised(input)?.getTime()
  }
  return orderAction(shop, {
    id: 'update_promise',
    label: 'Set the date of the order in the shop',
    undo: {
      action: 'update_promise',
      target(subject, { target, before }) {
        const part = openPartOf(subject, system)
        const shot = seenShot(before)
        const date = shot && stated(shot, { target })
        return part && date
          ? { externalId: part.externalId, params: { ...target.params, expected: date } }
          : null
      },
    },
    target(subject) {
      const part = openPartOf(subject, system)
      if (!part || typeof part.attributes.orderId !== 'string') return null
      const expected = expectedIn(subject)
      const params = { orderId: part.attributes.orderId, ...(expected ? { expected } : {}) }
      return { externalId: part.externalId, params }
    },
    inputs: (subject) =>
      expectedIn(subject) !== undefined
        ? []
        : [{ kind: 'text', id: 'date', label: 'New date, as 2026-12-31', required: true, maxLength: 25 }],
    words: (shot, input) =>
      `${shot.order.name} is to be sent by ${stated(shot, input)?.slice(0, 10) ?? 'no date'} in ${system}.`,
    ready(shot, input) {
      if (!currentPart(shot, input)) return nothingLeft(shot)
      const at = promised(input)
      if (!at) return { is: 'impossible', words: 'That is no date: write it as 2026-12-31.' }
      return isThere(shot, input)
        ? { is: 'already_done', words: `${shot.order.name} has that date already.` }
        : { is: 'ready' }
    },
    async send(input, _key, shot) {
      const part = currentPart(shot, input)
      const id = gid('FulfillmentOrder', part?.id ?? input.target.externalId)
      const at = promised(input)?.toISOString()
      await (part?.status === 'SCHEDULED'
        ? client.mutate(MUTATIONS.reschedule, { id, at }, z.unknown(), input.signal)
        : client.mutate(MUTATIONS.deadline, { ids: [id], at }, z.unknown(), input.signal))
    },
    isDone: (before, after, input) => !isThere(before, input) && isThere(after, input),
  })
}

/** What the warehouse has sent, told to the shop and with it to the customer. */
const passTracking = (shop: Shop): RoutingAction => {
  const { system, client } = shop
  const numberOf = ({ target }: ActionInput) => String(target.params.tracking)
  const knows = (shot: Shot, input: ActionInput) =>
    shot.fulfillmentOrders.some(({ tracking }) => tracking.includes(numberOf(input)))
  return orderAction(shop, {
    id: 'pass_tracking',
    label: 'Pass the tracking number on to the shop',
    target(subject) {
      const parts = openPartsOf(subject, system)
      if (parts.length === 0) return null
      const known = objectsOf(subject, { role: 'storefront', type: 'fulfillment', system }).map(
        ({ attributes }) => attributes.tracking,
      )
      const sent = objectsOf(subject, { role: 'wms', type: 'fulfillment' }).find(
        ({ state, attributes: { tracking } }) =>
          state === 'shipped' && typeof tracking === 'string' && !known.includes(trackingNumber(tracking)),
      )
      if (!sent) return { unavailable: 'The warehouse has shipped nothing that the shop does not know' }
      const there = parts.filter(({ attributes }) => attributes.location === sent.attributes.location)
      const part = parts.length === 1 ? parts[0] : there.length === 1 ? there[0] : undefined
      if (!part) return { unavailable: 'The order has several parts to send: enter it in the shop' }
      if (typeof part.attributes.orderId !== 'string') return null
      const units = sent.quantities.shipped ?? sent.quantities.picked
      const open = part.quantities.remaining ?? 0
      // Which of the lines were sent is not known here: telling the customer that all is on its way would be a lie.
      if (units !== undefined && units < open)
        return { unavailable: `The warehouse sent ${units} of ${open}: enter these in the shop by line` }
      const { supportedActions } = part.attributes
      if (!supports(supportedActions, 'CREATE_FULFILLMENT'))
        return { unavailable: notSupported(String(supportedActions).split(','), 'marked as sent') }
      const { tracking, carrier } = sent.attributes
      const company = typeof carrier === 'string' ? { company: carrier } : {}
      const params = {
        orderId: part.attributes.orderId,
        tracking: trackingNumber(String(tracking)),
        ...company,
      }
      return { externalId: part.externalId, params }
    },
    words: (shot, input) =>
      knows(shot, input)
        ? `${system} knows ${numberOf(input)} for ${shot.order.name}.`
        : `${system} does not know ${numberOf(input)} for ${shot.order.name}.`,
    ready(shot, input) {
      if (knows(shot, input))
        return { is: 'already_done', words: `${system} knows ${numberOf(input)} already.` }
      const part = currentPart(shot, input)
      if (!part) return nothingLeft(shot)
      return part.supported.includes('CREATE_FULFILLMENT')
        ? { is: 'ready' }
        : { is: 'impossible', words: `${notSupported(part.supported, 'marked as sent')} (${part.status}).` }
    },
    async send(input, _key, shot) {
      const part = currentPart(shot, input)?.id ?? input.target.externalId
      const { company } = input.target.params
      const fulfillment = {
        lineItemsByFulfillmentOrder: [{ fulfillmentOrderId: gid('FulfillmentOrder', part) }],
        trackingInfo: { number: numberOf(input), ...(company ? { company } : {}) },
        notifyCustomer: true,
      }
      await client.mutate(MUTATIONS.fulfil, { fulfillment }, z.unknown(), input.signal)
    },
    isDone: (before, after, input) => !knows(before, input) && knows(after, input),
  })
}

/** What is still to be sent: from where, by when, and that it is gone. */
export const fulfillmentActions = (shop: Shop): RoutingAction[] => [
  moveFulfillment(shop),
  updatePromise(shop),
  passTracking(shop),
]
