import type { Contract, Graces, Lag } from '../domain/contract/contract.ts'
import type { Grouping } from '../domain/group.ts'
import type { Role, Timeline } from '../domain/model.ts'
import type { NameMaps } from '../domain/names.ts'
import type { ChannelRule } from '../domain/route.ts'
import type { TrustPolicy } from '../domain/trust.ts'
import type { Calendars } from './calendar.ts'
import type { Connector } from './connector.ts'
import { gracesOf } from './graces.ts'
import { type Batch, landingsOf, missingFile } from './landing.ts'
import type { Shifts } from './lease.ts'
import type { BaselineRecord, FeedState } from './records.ts'
import type { ConfiguredPerson } from './same-person.ts'

/** What is configured: read once at start, the same for every step. */
export type Setup = {
  contracts: Contract[]
  connectors: Connector[]
  /** `group`: how exceptions are grouped where their rule does not say; without it each has a post of its own. */
  routing: { rules: ChannelRule[]; defaultChannel: string; group?: Grouping | null }
  /** By routing action id. */
  trust: Record<string, TrustPolicy>
  /** Surfaces that post messages (the console only shows the database). */
  postingSurfaces: string[]
  /** How often each system is polled, in ms: also how long a watermark may lag before it counts as silence. */
  pollMs: number
  /** Working time, by the names that contracts call. */
  calendars: Calendars
  /** Systems that hand over in batches. */
  batches: Batch[]
  /** The calendars of people's shifts, by channel, and of all other channels; without one a claim lasts 8 hours. */
  shifts?: Shifts
  /** To whom work can be given. */
  people?: readonly ConfiguredPerson[]
  /** IANA zone in which "tomorrow" is meant; UTC if absent. */
  zone?: string
  /** What the file says about names of articles and places; without it they are taken as they are. */
  maps?: NameMaps
}

/** A stretch of time in which a system could not be read; `words` for who waits because of it. */
export type Blind = { from: Date; to: Date; words: string }

/** A system whose feed cannot be trusted now; `words` say which, since when and why. */
export type Suspicion = { is: 'silent' | 'strange'; words: string }

/** What the pipeline is played against: the live world, or an import with its own clock and contracts. */
export type Play = {
  timeline: Timeline
  contracts: Contract[]
  routing: Setup['routing'] | null
  postingSurfaces: string[]
  graces: Graces
  /** The names of the systems of these roles. */
  systems(roles: Role[]): string[]
  /** The name of a system of these roles that is not known up to `dueAt`, or null. */
  silent(roles: Role[], dueAt: Date): string | null
  /**
   * The first file of a batch system of these roles that says what was true at `at` and has not landed; null when all
   * have. Absent where nothing lands: in an import.
   */
  missing?(roles: Role[], at: Date): { words: string; dueAt: Date } | null
  /** Whether a lag says what is usual: one that was seen in an outage or read from a past does not. Absent: none does. */
  learnsFrom?(lag: Lag, now: Date): boolean
  /** When systems of these roles were last out of sight. Absent where the past is known as a whole: in an import. */
  blind?(roles: Role[]): Blind[]
  /** The worst that is wrong with the feed of a system of these roles, or null. */
  suspect(roles: Role[]): Suspicion | null
  /** How long a waiting expectation rests before the next look, in ms. */
  recheckMs: number
  maps?: NameMaps
}

/** What is learned, and when each batch system was last heard of. */
export type Known = { baselines: BaselineRecord[]; heard: Map<string, Date> }

const NOTHING_KNOWN: Known = { baselines: [], heard: new Map() }

/** What comes in so long after it happened is read from a past: a first pull, a re-import. */
const PAST_MS = 86_400_000

/** Whether a system is read as always: not down, not suspect, and past its first pull. */
const isUsual = ({ connectors }: Setup, system: string | null, feed: FeedState | undefined): boolean => {
  const isRead = connectors.some((connector) => connector.system === system && connector.poll)
  return !feed?.downSince && !feed?.suspectSince && (!isRead || Boolean(feed?.watermark))
}

/** The live world at one moment: its watermarks decide what is known and what is only not heard of. */
export const livePlay = (
  setup: Setup,
  feeds: FeedState[],
  clockOf: (at: Date) => string,
  { baselines, heard }: Known = NOTHING_KNOWN,
): Play => {
  const byName = new Map(feeds.map((feed) => [feed.system, feed]))
  const suspects = suspectsAmong(setup.connectors, byName, clockOf)
  return {
    timeline: 'live',
    contracts: setup.contracts,
    routing: setup.routing,
    ...(setup.maps ? { maps: setup.maps } : {}),
    postingSurfaces: setup.postingSurfaces,
    graces: gracesOf(setup.calendars, landingsOf(setup), baselines),
    recheckMs: Math.min(setup.pollMs, 5_000),
    systems: (roles) =>
      setup.connectors.filter(({ role }) => roles.includes(role)).map(({ system }) => system),
    silent(roles, dueAt) {
      for (const { system, role, poll } of setup.connectors) {
        if (!poll || !roles.includes(role)) continue
        const watermark = byName.get(system)?.watermark
        if (!watermark) return `${system} has not been read yet`
        if (watermark < dueAt) return `${system} silent since ${clockOf(watermark)}`
      }
      return null
    },
    missing: (roles, at) => missingFile(setup, byName, heard, clockOf, roles, at),
    learnsFrom: ({ from, to, reachedAt }, now) =>
      now.getTime() - reachedAt.getTime() < PAST_MS &&
      [from, to].every((system) => isUsual(setup, system, byName.get(system ?? ''))),
    blind: (roles) =>
      setup.connectors.flatMap(({ system, role }) => {
        const { blindFrom: from, blindTo: to } = byName.get(system) ?? {}
        if (!from || !to || !roles.includes(role)) return []
        return [
          {
            from,
            to,
            words: `${system} could not be read until ${clockOf(to)} and has that time to catch up`,
          },
        ]
      }),
    suspect(roles) {
      const own = suspects.filter(({ role }) => roles.includes(role))
      return own.find(({ is }) => is === 'strange') ?? own[0] ?? null
    },
  }
}

/** Mostly none; see `watch.ts`, which writes the suspicion with its kind in front. */
const suspectsAmong = (
  connectors: Connector[],
  feeds: Map<string, FeedState>,
  clockOf: (at: Date) => string,
): (Suspicion & { role: Role })[] =>
  connectors.flatMap(({ system, role }) => {
    const { suspectSince, suspectWhy } = feeds.get(system) ?? {}
    if (!suspectSince || !suspectWhy) return []
    const [, kind = '', why = ''] = /^(silent|strange): (.*)$/s.exec(suspectWhy) ?? []
    const is = kind === 'strange' ? 'strange' : 'silent'
    return [{ role, is, words: `${system} ${is} since ${clockOf(suspectSince)}: ${why}` }]
  })
