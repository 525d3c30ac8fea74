import { z } from 'zod'
import type { ActionInput, RoutingAction } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { SubjectView } from '../../domain/model.ts'
import { readLines } from '../kit/facts.ts'
import { orderAction, orderOf, ownedElsewhere, type Shop, type Shot } from './action.ts'
import { MUTATIONS } from './mutations.ts'
import { gid } from './wire.ts'

/** How often it is looked whether Shopify has finished, and how many times, in ms. */
const LOOK_EVERY_MS = 1_000
const LOOKS = 8

/**
 * Looks until Shopify shows what it has accepted. Throws `ambiguous` where it does not within some seconds, or cannot
 * be asked: by then the change has been sent.
 */
export const untilShown = async (
  { clock, system }: Shop,
  what: string,
  signal: AbortSignal,
  isShown: () => Promise<boolean>,
): Promise<void> => {
  const notYet = `${system} has accepted it and does not show ${what} yet: look there before trying again.`
  try {
    for (let looks = 0; looks < LOOKS; looks++) {
      if (await isShown()) return
      await clock.sleep(LOOK_EVERY_MS, signal)
    }
  } catch {
    throw new SystemError(system, 'ambiguous', notYet)
  }
  throw new SystemError(system, 'ambiguous', notYet)
}

const OPEN_ORDER = new Set(['placed', 'confirmed'])

/** Off for good: what was paid is given back, what was set aside is for sale again. */
const cancelOrder = (shop: Shop): RoutingAction => {
  const { client, reader, system } = shop
  return orderAction(shop, {
    id: 'cancel_order',
    label: 'Cancel the order and refund it',
    risk: 'second_person',
    settleMs: 120_000,
    // Shopify works on it in the background: until it is done a second call is a second job.
    idempotent: false,
    target(subject) {
      const order = orderOf(subject, system)
      if (!order) return null
      const elsewhere = ownedElsewhere(subject.orderClass, order.attributes.source)
      if (elsewhere) return { unavailable: elsewhere }
      return OPEN_ORDER.has(order.state)
        ? { externalId: order.externalId, params: { orderId: order.externalId } }
        : { unavailable: `The order is ${order.rawState}` }
    },
    words: ({ order }) => `${order.name} is ${order.rawState} in ${system}.`,
    ready({ order, fulfillmentOrders }) {
      if (order.cancelled) return { is: 'already_done', words: `${order.name} is cancelled already.` }
      const elsewhere = ownedElsewhere(order.orderClass, order.source)
      if (elsewhere) return { is: 'impossible', words: `${elsewhere}.` }
      return fulfillmentOrders.some(({ tracking, status }) => status === 'CLOSED' && tracking.length > 0)
        ? { is: 'impossible', words: `A part of ${order.name} has been sent: it is too late to cancel it.` }
        : { is: 'ready' }
    },
    async send({ signal, by }, _key, { order }) {
      const variables = {
        id: gid('Order', order.id),
        note: by ? `Cancelled with Baton by ${by}` : 'Cancelled with Baton',
      }
      await client.mutate(MUTATIONS.cancel, variables, z.unknown(), signal)
      await untilShown(shop, 'the cancellation', signal, async () => {
        const whole = await reader.order(order.id, signal)
        return whole.order.cancelledAt !== null
      })
    },
    isDone: (before, after) => !before.order.cancelled && after.order.cancelled,
  })
}

const linesOf = (subject: SubjectView, system: string) =>
  readLines(String(orderOf(subject, system)?.attributes.lines ?? ''))
const skuOf = ({ values }: ActionInput) => String(values.sku ?? '')
const keepOf = ({ values }: ActionInput) => Number(values.keep ?? 0)
const unitsOf = (shot: Shot, input: ActionInput) => shot.order.lines.filter(({ sku }) => sku === skuOf(input))

const edited = z.object({
  calculatedOrder: z.object({
    id: z.string(),
    lineItems: z.object({ nodes: z.array(z.object({ id: z.string(), quantity: z.number() })) }),
  }),
})

/** Fewer of one article: what nobody can send. The quantity to keep is stated, so that twice is the same as once. */
const cancelLine = (shop: Shop): RoutingAction => {
  const { client, system } = shop
  return orderAction(shop, {
    id: 'cancel_line',
    label: 'Take an article off the order',
    risk: 'second_person',
    target(subject) {
      const order = orderOf(subject, system)
      if (!order) return null
      const elsewhere = ownedElsewhere(subject.orderClass, order.attributes.source)
      if (elsewhere) return { unavailable: elsewhere }
      if (!['placed', 'confirmed', 'partial'].includes(order.state))
        return { unavailable: `The order is ${order.rawState}` }
      return linesOf(subject, system).length > 0
        ? { externalId: order.externalId, params: { orderId: order.externalId } }
        : { unavailable: 'No line of the order has a SKU' }
    },
    inputs(subject) {
      const lines = linesOf(subject, system)
      const options = lines.map(({ sku, quantity }) => ({ value: sku, label: `${sku} (${quantity})` }))
      const max = Math.max(0, ...lines.map(({ quantity }) => quantity))
      return [
        { kind: 'choice', id: 'sku', label: 'Article', required: true, options },
        {
          kind: 'number',
          id: 'keep',
          label: 'Keep on the order',
          required: true,
          min: 0,
          max,
          unit: 'units',
        },
      ]
    },
    words(shot, input) {
      const units = unitsOf(shot, input).reduce((sum, { quantity }) => sum + quantity, 0)
      return `${shot.order.name} has ${units} of ${skuOf(input) || 'it'} in ${system}.`
    },
    ready(shot, input) {
      const [line, another] = unitsOf(shot, input)
      const keep = keepOf(input)
      if (!line)
        return { is: 'impossible', words: `${shot.order.name} has no ${skuOf(input) || 'such article'}.` }
      if (another)
        return { is: 'impossible', words: `${skuOf(input)} stands on two lines: edit it in the shop.` }
      if (!Number.isInteger(keep) || keep < 0)
        return { is: 'impossible', words: 'Say how many units are kept: 0 or more.' }
      if (line.quantity <= keep)
        return {
          is: 'already_done',
          words: `${shot.order.name} has ${line.quantity} of ${skuOf(input)} already.`,
        }
      return shot.order.cancelled
        ? { is: 'impossible', words: `${shot.order.name} is cancelled.` }
        : { is: 'ready' }
    },
    async send(input, _key, shot) {
      const { signal, by } = input
      const line = unitsOf(shot, input)[0]?.id ?? ''
      // Until the commit this is a draft that nobody sees.
      const { payload } = await client.mutate(
        MUTATIONS.beginEdit,
        { id: gid('Order', shot.order.id) },
        edited,
        signal,
      )
      const { id, lineItems } = payload.calculatedOrder
      const draft = lineItems.nodes.find((node) => node.id.endsWith(`/${line}`))
      // A draft is read no further than its first page.
      if (!draft) {
        const words = `${system} does not show this line among the first 100 of the edit: edit it in the shop.`
        throw new SystemError(system, 'refused', words)
      }
      const change = { id, line: draft.id, quantity: keepOf(input) }
      await client.mutate(MUTATIONS.setQuantity, change, z.unknown(), signal)
      const note = by ? `Edited with Baton by ${by}` : 'Edited with Baton'
      await client.mutate(MUTATIONS.commitEdit, { id, note }, z.unknown(), signal)
    },
    isDone(before, after, input) {
      const units = (shot: Shot) => unitsOf(shot, input)[0]?.quantity ?? 0
      return units(after) < units(before) && units(after) <= keepOf(input)
    },
  })
}

/** What is bought, as far as it is not sent yet. */
export const orderActions = (shop: Shop): RoutingAction[] => [cancelOrder(shop), cancelLine(shop)]
