import type { Contract, Graces } from '../domain/contract/contract.ts'
import { PLAIN_GRACES } from '../domain/contract/terms.ts'
import type { Role, Timeline } from '../domain/model.ts'
import type { ChannelRule } from '../domain/route.ts'
import type { TrustPolicy } from '../domain/trust.ts'
import type { Connector } from './connector.ts'
import type { FeedState } from './records.ts'

/** What is configured: read once at start, the same for every step. */
export type Setup = {
  contracts: Contract[]
  connectors: Connector[]
  routing: { rules: ChannelRule[]; defaultChannel: string }
  /** By routing action id. */
  trust: Record<string, TrustPolicy>
  /** Surfaces that post messages (the console only shows the database). */
  postingSurfaces: string[]
  /** How often each system is polled, in ms: also how long a watermark may lag before it counts as silence. */
  pollMs: number
}

/** What the pipeline is played against: the live world, or an import with its own clock and contracts. */
export type Play = {
  timeline: Timeline
  contracts: Contract[]
  routing: Setup['routing'] | null
  postingSurfaces: string[]
  graces: Graces
  /** The name of a system of these roles that is not known up to `dueAt`, or null. */
  silent(roles: Role[], dueAt: Date): string | null
  /** How long a waiting expectation rests before the next look, in ms. */
  recheckMs: number
}

/** The live world at one moment: its watermarks decide what is known and what is only not heard of. */
export const livePlay = (setup: Setup, feeds: FeedState[], clockOf: (at: Date) => string): Play => {
  const byName = new Map(feeds.map((feed) => [feed.system, feed]))
  return {
    timeline: 'live',
    contracts: setup.contracts,
    routing: setup.routing,
    postingSurfaces: setup.postingSurfaces,
    graces: PLAIN_GRACES,
    recheckMs: Math.min(setup.pollMs, 5_000),
    silent(roles, dueAt) {
      for (const { system, role, poll } of setup.connectors) {
        if (!poll || !roles.includes(role)) continue
        const watermark = byName.get(system)?.watermark
        if (!watermark) return `${system} has not been read yet`
        if (watermark < dueAt) return `${system} silent since ${clockOf(watermark)}`
      }
      return null
    },
  }
}
