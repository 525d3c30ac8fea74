import { z } from 'zod'
import type { Acted, ActionInput, Compared, Ready, RoutingAction, Seen } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { SubjectView } from '../../domain/model.ts'
import { objectsOf } from '../kit/action.ts'
import type { ShopifyClient } from './client.ts'
import type { ShopifyConfig } from './config.ts'
import { liveFulfillments, orderFact, orderSaid, trackingsOf, wholeFacts } from './facts.ts'
import type { Reader, Whole } from './read.ts'
import type { Clock } from './throttle.ts'

/** What every action of this shop works with. */
export type Shop = {
  client: ShopifyClient
  reader: Reader
  config: ShopifyConfig
  system: string
  clock: Clock
}

const lineShot = z.object({
  id: z.string(),
  sku: z.string().nullable(),
  quantity: z.number(),
  refundable: z.number(),
})
const fulfillmentOrderShot = z.object({
  id: z.string(),
  status: z.string(),
  requestStatus: z.string(),
  location: z.string(),
  supported: z.array(z.string()),
  holds: z.array(z.object({ id: z.string(), reason: z.string(), handle: z.string().nullable() })),
  tracking: z.array(z.string()),
  remaining: z.number(),
  fulfillAt: z.string().nullable(),
  fulfillBy: z.string().nullable(),
})
const shotShape = z.object({
  order: z.object({
    id: z.string(),
    name: z.string(),
    rawState: z.string(),
    orderClass: z.string(),
    source: z.string().nullable(),
    cancelled: z.boolean(),
    refundedMinor: z.number(),
    lines: z.array(lineShot),
  }),
  fulfillmentOrders: z.array(fulfillmentOrderShot),
  returns: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      status: z.string(),
      lines: z.array(
        z.object({
          line: z.string().nullable(),
          quantity: z.number(),
          refunded: z.number(),
          refundable: z.number(),
        }),
      ),
    }),
  ),
  /** What an action looked up besides: the orders that were made for this case already. */
  found: z.array(z.string()),
})
/** An order with everything on it, as far as actions compare it. Holds nothing personal. */
export type Shot = z.infer<typeof shotShape>
export type FulfillmentOrderShot = z.infer<typeof fulfillmentOrderShot>

/** An order as an earlier run saw it; null where nobody did. */
export const seenShot = (seen: Seen | null): Shot | null => shotShape.safeParse(seen?.snapshot).data ?? null

const shotOf = ({ order, fulfillmentOrders }: Whole, found: string[], config: ShopifyConfig): Shot => {
  const { rawState, orderClass = 'other' } = orderFact(orderSaid(order), config)
  return {
    order: {
      id: order.id,
      name: order.name,
      rawState,
      orderClass,
      source: order.sourceName,
      cancelled: order.cancelledAt !== null,
      refundedMinor: order.totalRefundedSet.minor,
      lines: order.lineItems.nodes.map((line) => ({
        id: line.id,
        sku: line.sku ?? null,
        quantity: line.currentQuantity,
        refundable: line.refundableQuantity,
      })),
    },
    fulfillmentOrders: fulfillmentOrders.map((each) => ({
      id: each.id,
      status: each.status,
      requestStatus: each.requestStatus,
      location: each.assignedLocation.name,
      supported: each.supportedActions.map(({ action }) => action).sort(),
      holds: each.fulfillmentHolds.map(({ id, reason, handle }) => ({ id, reason, handle })),
      tracking: liveFulfillments(each).flatMap(trackingsOf),
      remaining: each.lineItems.nodes.reduce((sum, line) => sum + line.remainingQuantity, 0),
      fulfillAt: each.fulfillAt?.toISOString() ?? null,
      fulfillBy: each.fulfillBy?.toISOString() ?? null,
    })),
    returns: order.returns.nodes.map((each) => ({
      id: each.id,
      name: each.name,
      status: each.status,
      lines: each.returnLineItems.nodes.map((line) => ({
        line: line.fulfillmentLineItem?.lineItem.id ?? null,
        quantity: line.quantity,
        refunded: line.refundedQuantity,
        refundable: line.refundableQuantity,
      })),
    })),
    found,
  }
}

/** An action that works on one order or on what hangs on it; `target.params.orderId` says which. */
export type OrderAction = Pick<RoutingAction, 'id' | 'label' | 'target'> &
  Partial<Pick<RoutingAction, 'risk' | 'settleMs' | 'idempotent' | 'inputs' | 'magnitude' | 'undo'>> & {
    /** What to look up besides the order itself. */
    find?(input: ActionInput): Promise<string[]>
    /** In one sentence: how what the action works on stands. */
    words(shot: Shot, input: ActionInput): string
    ready(shot: Shot, input: ActionInput): Ready
    /** Sends the change; called only while it is ready. */
    send(input: ActionInput, key: string, shot: Shot): Promise<void>
    /** Whether what was asked is there now and was not before. */
    isDone(before: Shot, after: Shot, input: ActionInput): boolean
  }

const SETTLE_MS = 30_000

/**
 * Reads the whole order, before and after, and once more right before the change: what is done already is not done
 * again, whatever key it comes with, and what has become impossible meanwhile is refused without a call.
 */
export const orderAction = (shop: Shop, spec: OrderAction): RoutingAction => {
  const { id, label, target, find, words, ready, send, isDone, ...given } = spec
  const { reader, config, system } = shop
  const look = async (input: ActionInput) => {
    const whole = await reader.order(String(input.target.params.orderId), input.signal)
    const shot = shotOf(whole, (await find?.(input)) ?? [], config)
    return { shot, facts: wholeFacts(whole.order, whole.fulfillmentOrders, config) }
  }
  return {
    id,
    label,
    target,
    kind: 'do',
    risk: 'safe',
    settleMs: SETTLE_MS,
    idempotent: true,
    ...given,
    async read(input) {
      const { shot, facts } = await look(input)
      return { facts, snapshot: shot, words: words(shot, input) }
    },
    precondition: (input, before) => ready(shotShape.parse(before.snapshot), input),
    async act(input, key): Promise<Acted> {
      const { shot } = await look(input)
      const now = ready(shot, input)
      if (now.is === 'impossible') throw new SystemError(system, 'refused', now.words)
      if (now.is === 'ready') await send(input, key, shot)
      return { is: 'accepted', words: `${system} accepted it.` }
    },
    compare(input, before, after): Compared {
      const shot = shotShape.parse(after.snapshot)
      return isDone(shotShape.parse(before.snapshot), shot, input)
        ? { is: 'changed', words: words(shot, input) }
        : { is: 'unchanged', words: words(shot, input) }
    },
  }
}

/** The subject's order in this shop. */
export const orderOf = (subject: SubjectView, system: string) =>
  objectsOf(subject, { role: 'storefront', type: 'order', system })[0]

const ENDED = new Set(['shipped', 'cancelled'])
/** The parts of the order that are still to be sent: not shipped, not called off, not moved elsewhere; oldest first. */
export const openPartsOf = (subject: SubjectView, system: string) =>
  objectsOf(subject, { role: 'storefront', type: 'fulfillment', system }).filter(
    (part) => !ENDED.has(part.state),
  )
export const openPartOf = (subject: SubjectView, system: string) => openPartsOf(subject, system)[0]

/** Whether a fulfillment order, as it was last read, lets itself be treated so. */
export const supports = (supportedActions: unknown, action: string): boolean =>
  String(supportedActions ?? '')
    .split(',')
    .includes(action)

/** The words for a fulfillment order that Shopify does not let anybody treat so. */
export const notSupported = (supported: string[], what: string): string =>
  supported.includes('EXTERNAL')
    ? `Another system fulfils it, so that it cannot be ${what} here: do it there`
    : `Shopify does not let it be ${what} in its present state`

const CLOSED = new Set(['CLOSED', 'CANCELLED'])
/**
 * The fulfillment order that the target meant. A move can close it and go on under another id: then the only one
 * that is open stands for it.
 */
export const currentPart = (
  shot: Shot,
  { target }: Pick<ActionInput, 'target'>,
): FulfillmentOrderShot | undefined => {
  const meant = shot.fulfillmentOrders.find(({ id }) => id === target.externalId)
  if (meant && !CLOSED.has(meant.status)) return meant
  const open = shot.fulfillmentOrders.filter(({ status }) => !CLOSED.has(status))
  return open.length === 1 ? open[0] : meant
}

/** Why nothing of this kind is done here: whoever sold it decides, and what is done here may not reach him. */
export const ownedElsewhere = (orderClass: string, source: unknown): string | null =>
  orderClass === 'marketplace'
    ? `The order belongs to ${source ? String(source) : 'a marketplace'}: do it there, it would not hear of it`
    : null
