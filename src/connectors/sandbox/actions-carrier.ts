import type { RoutingAction } from '../../app/connector.ts'
import { objectsOf } from '../kit/action.ts'
import { requestedUntil, sandboxAction } from './action.ts'
import type { SandboxClient } from './client.ts'

/** Where a search can help: nobody has it, or nobody says where it is. */
const TRACEABLE = ['label', 'in_transit', 'lost', 'exception']

/** The carrier's side: it is asked, and answers later. */
export const carrierActions = (client: SandboxClient, system: string, now: () => Date): RoutingAction[] => [
  sandboxAction(client, system, {
    id: 'open_trace',
    label: 'Ask the carrier to trace it',
    kind: 'request',
    settleMs: 60_000,
    on: 'parcels',
    verb: 'trace',
    target(subject) {
      const parcel = objectsOf(subject, { role: 'carrier', type: 'shipment', system })[0]
      if (!parcel) return null
      if (!TRACEABLE.includes(parcel.state)) return { unavailable: `The carrier has it: ${parcel.rawState}` }
      const { trace } = parcel.attributes
      if (typeof trace === 'string') return { unavailable: `Trace ${trace} is open` }
      return { externalId: parcel.externalId, params: { from: parcel.state } }
    },
    ready({ state, rawState, attributes }, { params }) {
      if (state !== params.from) return { is: 'already_done', words: `The carrier has it: ${rawState}.` }
      const { trace } = attributes
      return typeof trace === 'string'
        ? { is: 'already_done', words: `Trace ${trace} is open.` }
        : { is: 'ready' }
    },
    acted: requestedUntil(system, now, 'A trace is open.'),
    compare(before, after) {
      if (after.state !== before.state) return { is: 'changed', words: `Found: ${after.rawState}.` }
      const { trace } = after.attributes
      return typeof trace === 'string'
        ? { is: 'settling', words: `Trace ${trace} is open; the carrier has not found the parcel yet.` }
        : { is: 'unchanged', words: 'No trace is open.' }
    },
  }),
]
