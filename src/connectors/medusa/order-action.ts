import { z } from 'zod'
import type { ActionInput, ActionTarget, Compared, Ready, RoutingAction } from '../../app/connector.ts'
import { SystemError, wordsOf } from '../../app/errors.ts'
import type { ObjectState, SubjectView } from '../../domain/model.ts'
import { objectsOf } from '../kit/action.ts'
import { sum } from '../kit/facts.ts'
import type { MedusaClient } from './client.ts'
import {
  factsOf,
  fulfillmentState,
  holdOf,
  majorOf,
  minorOf,
  numberOf,
  owedMinor,
  trackingsOf,
  unitsOf,
} from './facts.ts'
import type { Places } from './places.ts'
import type { Order } from './schema.ts'

/** What the actions of one shop need. */
export type Shop = {
  system: string
  client: MedusaClient
  places(signal: AbortSignal): Promise<Places>
  holdMetadataKey: string
  trackingUrl?: string
}

const glimpse = z.object({
  number: z.string(),
  status: z.string(),
  payment: z.string(),
  hold: z.string().nullable(),
  /** Units in no fulfillment. */
  open: z.number(),
  fulfillments: z.array(
    z.object({ id: z.string(), state: z.string(), trackings: z.array(z.string()), units: z.number() }),
  ),
  lines: z.array(z.object({ sku: z.string().nullable(), quantity: z.number(), fulfilled: z.number() })),
  currency: z.string(),
  /** Money in minor units: taken and not given back yet, given back, and owed by the shop's own sums. */
  keptMinor: z.number(),
  refundedMinor: z.number(),
  owedMinor: z.number(),
})

/** Where an order stands: what the actions decide by, and compare before and after. */
export type Glimpse = z.infer<typeof glimpse>

/** The payment that money can be given back of: captured, and the most of it left, in minor units. */
export const refundable = (order: Order): { id: string; leftMinor: number } | null => {
  const currency = order.currency_code.toUpperCase()
  const captured = order.payment_collections
    .flatMap(({ payments }) => payments)
    .filter((payment) => payment.captured_at && !payment.canceled_at)
    .map(({ id, amount, refunds }) => ({
      id,
      leftMinor: minorOf(amount, currency) - sum(refunds.map((each) => minorOf(each.amount, currency))),
    }))
  return captured.sort((a, b) => b.leftMinor - a.leftMinor)[0] ?? null
}

const refundedOf = (order: Order): number =>
  sum(
    order.payment_collections
      .flatMap(({ payments }) => payments.flatMap(({ refunds }) => refunds))
      .map(({ amount }) => minorOf(amount, order.currency_code.toUpperCase())),
  )

export const glimpseOf = (order: Order, holdMetadataKey: string): Glimpse => ({
  number: numberOf(order),
  status: order.status,
  payment: order.payment_status,
  hold: holdOf(order, holdMetadataKey),
  open: unitsOf(order).open,
  fulfillments: order.fulfillments.map((row) => ({
    id: row.id,
    state: fulfillmentState(row),
    trackings: trackingsOf(row),
    units: sum(row.items.map(({ quantity }) => quantity)),
  })),
  lines: order.items.map(({ variant_sku, quantity, detail }) => ({
    sku: variant_sku ?? null,
    quantity,
    fulfilled: detail.fulfilled_quantity,
  })),
  currency: order.currency_code.toUpperCase(),
  keptMinor: refundable(order)?.leftMinor ?? 0,
  refundedMinor: refundedOf(order),
  owedMinor: owedMinor(order),
})

export const moneyWords = (minor: number, currency: string): string =>
  `${majorOf(minor, currency)} ${currency}`

/** The shop's order on this subject. */
export const orderOf = (subject: SubjectView, system: string): ObjectState | undefined =>
  objectsOf(subject, { role: 'storefront', type: 'order', system })[0]

/** The id of the order that a return or a fulfillment belongs to. */
export const orderIdOf = ({ attributes: { orderId } }: ObjectState): string | null =>
  typeof orderId === 'string' ? orderId : null

type OrderAction = Pick<RoutingAction, 'id' | 'label' | 'target'> &
  Partial<Pick<RoutingAction, 'risk' | 'idempotent' | 'inputs' | 'undo'>> & {
    ready(now: Glimpse, target: ActionTarget, values: ActionInput['values']): Ready
    /**
     * Looks at the order as it is now, and writes only what is missing: a second call finds the first one's work. What
     * fails after something has changed must not be said to have changed nothing: see `onceChanged`.
     */
    act(order: Order, input: ActionInput, key: string): Promise<void>
    compare(before: Glimpse, after: Glimpse, target: ActionTarget): Compared
  }

const SETTLE_MS = 10_000

/** A routing action on one order; its `target` names the order's id. */
export const orderAction = (shop: Shop, spec: OrderAction): RoutingAction => {
  const { system, client, places, holdMetadataKey } = shop
  const { ready, act, compare, ...given } = spec
  return {
    kind: 'do',
    risk: 'safe',
    settleMs: SETTLE_MS,
    idempotent: true,
    ...given,
    async read({ target, signal }) {
      const order = await client.order(target.externalId, signal)
      const { reader } = await places(signal)
      const snapshot = glimpseOf(order, holdMetadataKey)
      const words = `Order ${snapshot.number} is ${order.status}, ${order.payment_status}, ${order.fulfillment_status} in ${system}.`
      return { facts: factsOf(order, reader), snapshot, words }
    },
    precondition: ({ target, values }, before) => ready(glimpse.parse(before.snapshot), target, values),
    async act(input, key) {
      await act(await client.order(input.target.externalId, input.signal), input, key)
      return { is: 'accepted', words: `${system} accepted it.` }
    },
    compare: ({ target }, before, after) =>
      compare(glimpse.parse(before.snapshot), glimpse.parse(after.snapshot), target),
  }
}

/** A step behind one that has changed something: whatever it fails of, nobody may say that nothing was changed. */
export const onceChanged = async <T>(system: string, done: string, step: () => Promise<T>): Promise<T> => {
  try {
    return await step()
  } catch (error) {
    const words = `${done} in ${system}, and then it went wrong: ${wordsOf(error)}`
    throw new SystemError(system, 'ambiguous', words)
  }
}

export const refused = (system: string, words: string): SystemError =>
  new SystemError(system, 'refused', words)
