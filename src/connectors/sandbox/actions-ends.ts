import { z } from 'zod'
import type { RoutingAction } from '../../app/connector.ts'
import { objectAction, objectsOf } from './action.ts'
import type { SandboxClient } from './client.ts'

/** The storefront's side of the chain. */
export const storefrontActions = (client: SandboxClient, system: string): RoutingAction[] => [
  objectAction(client, system, {
    id: 'resend_order',
    label: 'Send the order to the ERP again',
    on: 'orders',
    verb: 'resend',
    target(subject) {
      const order = objectsOf(subject, { role: 'storefront', type: 'order', system })[0]
      if (!order) return null
      const known = objectsOf(subject, { role: 'erp', type: 'order' })[0]
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
  }),
]

const traceAnswer = z.object({ case: z.string(), answer_within_s: z.number().positive() })

/** The carrier's side: it is asked, and answers later. */
export const carrierActions = (client: SandboxClient, system: string, now: () => Date): RoutingAction[] => [
  objectAction(client, system, {
    id: 'open_trace',
    label: 'Ask the carrier to trace it',
    kind: 'request',
    settleMs: 60_000,
    on: 'parcels',
    verb: 'trace',
    target(subject) {
      const parcel = objectsOf(subject, { role: 'carrier', type: 'shipment', system })[0]
      if (!parcel) return null
      if (parcel.state !== 'label') return { unavailable: `The carrier has it: ${parcel.rawState}` }
      const { trace } = parcel.attributes
      if (typeof trace === 'string') return { unavailable: `Trace ${trace} is open` }
      return { externalId: parcel.externalId, params: {} }
    },
    ready({ state, rawState, attributes }) {
      if (state !== 'label') return { is: 'already_done', words: `The carrier has it: ${rawState}.` }
      const { trace } = attributes
      return typeof trace === 'string'
        ? { is: 'already_done', words: `Trace ${trace} is open.` }
        : { is: 'ready' }
    },
    acted(answer) {
      const trace = traceAnswer.safeParse(answer)
      if (!trace.success) return { is: 'accepted', words: `${system} accepted it.` }
      const until = new Date(now().getTime() + trace.data.answer_within_s * 1000)
      return { is: 'requested', words: `Trace ${trace.data.case} is open.`, until }
    },
    compare(_before, after) {
      if (after.state !== 'label') return { is: 'changed', words: `Found: ${after.rawState}.` }
      const { trace } = after.attributes
      return typeof trace === 'string'
        ? { is: 'settling', words: `Trace ${trace} is open; the carrier has not found the parcel yet.` }
        : { is: 'unchanged', words: 'No trace is open.' }
    },
  }),
]
