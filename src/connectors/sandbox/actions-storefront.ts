import type { RoutingAction } from '../../app/connector.ts'
import type { SubjectView } from '../../domain/model.ts'
import { objectsOf, reaches, readyWhen } from '../kit/action.ts'
import { requestedUntil, sandboxAction } from './action.ts'
import type { SandboxClient } from './client.ts'

const OPEN_ORDER = ['placed', 'confirmed']

/** The storefront's side of the chain. */
export const storefrontActions = (
  client: SandboxClient,
  system: string,
  now: () => Date,
): RoutingAction[] => [
  resendOrder(client, system),
  askCustomer(client, system, now),
  ...fulfillmentActions(client, system),
  sandboxAction(client, system, {
    id: 'cancel_order',
    label: 'Cancel the order and refund it',
    risk: 'second_person',
    on: 'orders',
    verb: 'cancel',
    target(subject) {
      const order = orderOf(subject, system)
      if (!order) return null
      return OPEN_ORDER.includes(order.state)
        ? { externalId: order.externalId, params: {} }
        : { unavailable: `The order is ${order.rawState}` }
    },
    ready: readyWhen({ ready: OPEN_ORDER, done: ['cancelled'], else: 'it is too late to cancel it' }),
    compare: reaches('cancelled'),
  }),
  sandboxAction(client, system, {
    id: 'reroute_orders',
    label: 'Send the largest order from the other warehouse',
    on: 'inventory_levels',
    verb: 'reroute',
    target(subject) {
      const level = objectsOf(subject, { role: 'storefront', type: 'inventory', system })[0]
      if (!level) return null
      return (level.quantities.available ?? 0) < 0
        ? { externalId: level.externalId, params: {} }
        : { unavailable: 'Nothing is oversold' }
    },
    ready: ({ quantities }) =>
      (quantities.available ?? 0) < 0
        ? { is: 'ready' }
        : { is: 'already_done', words: `${quantities.available} are available.` },
    compare: (before, after) =>
      (after.quantities.available ?? 0) > (before.quantities.available ?? 0)
        ? { is: 'changed', words: `${after.quantities.available} available now.` }
        : { is: 'unchanged', words: `Still ${after.quantities.available} available.` },
  }),
  claimAction(client, system, 'refund', 'Refund the customer'),
  claimAction(client, system, 'reship', 'Send it to the customer again'),
  sandboxAction(client, system, {
    id: 'refund_return',
    label: 'Refund the return',
    risk: 'second_person',
    on: 'returns',
    verb: 'refund',
    target(subject) {
      const mine = objectsOf(subject, { role: 'storefront', type: 'return', system })[0]
      if (!mine) return null
      if (mine.state === 'refunded') return { unavailable: `${mine.externalId} is refunded` }
      const inspected = objectsOf(subject, { role: 'wms', type: 'return' }).some(
        (o) => o.state === 'inspected',
      )
      return inspected
        ? { externalId: mine.externalId, params: {} }
        : { unavailable: 'The warehouse has not inspected it' }
    },
    ready: readyWhen({ ready: ['requested'], done: ['refunded'], else: 'it cannot be refunded' }),
    compare: reaches('refunded'),
  }),
  sandboxAction(client, system, {
    id: 'update_promise',
    label: 'Promise the date that the ERP expects',
    on: 'restocks',
    verb: 'promise',
    target(subject) {
      const mine = objectsOf(subject, { role: 'storefront', type: 'purchase_order', system })[0]
      if (!mine) return null
      const expected = objectsOf(subject, { role: 'erp', type: 'purchase_order' })[0]?.attributes.expectedAt
      if (typeof expected !== 'string') return { unavailable: 'The ERP expects no date' }
      if (expected === mine.attributes.promiseAt) return { unavailable: 'The shop promises that date' }
      return { externalId: mine.externalId, params: { expected } }
    },
    body: ({ params }) => ({ promised_for: params.expected }),
    ready: ({ attributes }, { params }) =>
      attributes.promiseAt === params.expected
        ? { is: 'already_done', words: 'The shop promises that date.' }
        : { is: 'ready' },
    compare: (before, after) =>
      after.attributes.promiseAt === before.attributes.promiseAt
        ? { is: 'unchanged', words: 'The shop still promises the old date.' }
        : { is: 'changed', words: `Promised for ${String(after.attributes.promiseAt).slice(0, 10)} now.` },
  }),
]

const orderOf = (subject: SubjectView, system: string) =>
  objectsOf(subject, { role: 'storefront', type: 'order', system })[0]

const resendOrder = (client: SandboxClient, system: string) =>
  sandboxAction(client, system, {
    id: 'resend_order',
    label: 'Send the order to the ERP again',
    on: 'orders',
    verb: 'resend',
    target(subject) {
      const order = orderOf(subject, system)
      if (!order) return null
      const known = objectsOf(subject, { role: 'erp', type: 'order' }).find((o) => o.state !== 'rejected')
      if (known) return { unavailable: `The ERP has it already, as ${known.externalId}` }
      if (order.state !== 'confirmed') return { unavailable: `The order is ${order.rawState}, not paid` }
      return { externalId: order.externalId, params: {} }
    },
    ready({ externalId, state, rawState, attributes }) {
      const { erpNumber } = attributes
      if (typeof erpNumber === 'string')
        return { is: 'already_done', words: `The ERP has confirmed it, as ${erpNumber}.` }
      if (state === 'confirmed') return { is: 'ready' }
      return { is: 'impossible', words: `${externalId} is ${rawState}: only a paid order can be sent again.` }
    },
    compare: (before, after) =>
      after.attributes.resentAt === before.attributes.resentAt
        ? { is: 'unchanged', words: 'The order has not been sent.' }
        : { is: 'changed', words: 'The order has been sent again.' },
  })

/** Of a payment that has run out; the customer answers when it suits. */
const askCustomer = (client: SandboxClient, system: string, now: () => Date) =>
  sandboxAction(client, system, {
    id: 'ask_customer',
    label: 'Ask the customer to pay again',
    kind: 'request',
    settleMs: 60_000,
    on: 'orders',
    verb: 'ask_payment',
    target(subject) {
      const order = orderOf(subject, system)
      return order?.attributes.paymentState === 'expired'
        ? { externalId: order.externalId, params: {} }
        : null
    },
    ready: ({ attributes: { paymentState } }) =>
      paymentState === 'expired'
        ? { is: 'ready' }
        : { is: 'already_done', words: `The payment is ${paymentState}.` },
    acted: requestedUntil(system, now, 'The customer is asked to pay again.'),
    compare(before, after) {
      const { paymentState, paymentAskedAt } = after.attributes
      if (paymentState !== before.attributes.paymentState)
        return { is: 'changed', words: `The payment is ${paymentState} now.` }
      return paymentAskedAt === before.attributes.paymentAskedAt
        ? { is: 'unchanged', words: 'The customer was not asked.' }
        : { is: 'settling', words: 'The customer has not paid yet.' }
    },
  })

const fulfillmentActions = (client: SandboxClient, system: string): RoutingAction[] => {
  const mineIn = (subject: SubjectView) =>
    objectsOf(subject, { role: 'storefront', type: 'fulfillment', system })[0]
  return [
    sandboxAction(client, system, {
      id: 'release_hold',
      label: 'Release the hold in the shop',
      on: 'fulfillment_orders',
      verb: 'release',
      target(subject) {
        const mine = mineIn(subject)
        return mine?.state === 'held' ? { externalId: mine.externalId, params: {} } : null
      },
      ready: readyWhen({ ready: ['held'], done: ['ready', 'shipped'], else: 'there is no hold to release' }),
      compare: reaches('ready', 'shipped'),
    }),
    sandboxAction(client, system, {
      id: 'pass_tracking',
      label: 'Pass the tracking number on to the shop',
      on: 'fulfillment_orders',
      verb: 'fulfil',
      target(subject) {
        const mine = mineIn(subject)
        if (!mine) return null
        if (typeof mine.attributes.tracking === 'string')
          return { unavailable: `The shop has ${mine.attributes.tracking}` }
        const tracking = objectsOf(subject, { role: 'wms', type: 'fulfillment' }).find(
          (o) => o.state === 'shipped',
        )?.attributes.tracking
        return typeof tracking === 'string'
          ? { externalId: mine.externalId, params: { tracking } }
          : { unavailable: 'The warehouse has not shipped it' }
      },
      body: ({ params }) => ({ tracking: params.tracking }),
      ready: readyWhen({ ready: ['ready', 'held'], done: ['shipped'], else: 'it cannot be fulfilled' }),
      compare: reaches('shipped'),
    }),
  ]
}

const claimAction = (client: SandboxClient, system: string, answer: 'refund' | 'reship', label: string) =>
  sandboxAction(client, system, {
    id: answer,
    label,
    risk: 'second_person',
    on: 'claims',
    verb: 'answer',
    target(subject) {
      const claim = objectsOf(subject, { role: 'storefront', type: 'claim', system })[0]
      if (!claim) return null
      return claim.state === 'open'
        ? { externalId: claim.externalId, params: {} }
        : { unavailable: `The claim is ${claim.rawState}` }
    },
    body: () => ({ answer }),
    ready: readyWhen({ ready: ['open'], done: ['answered'], else: 'it cannot be answered' }),
    compare: reaches('answered'),
  })
