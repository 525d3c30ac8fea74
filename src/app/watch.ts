import { DateTime } from 'luxon'
import {
  type Counted,
  type FeedFigures,
  type FeedLimits,
  type FeedVerdict,
  FINDINGS,
  type Finding,
  HOUR_MS,
  judgeFeed,
  LONGEST_QUIET_MS,
  MISSED_FOR_MS,
  WEEKS,
} from '../domain/feed.ts'
import type { Fact, ObjectState } from '../domain/model.ts'
import { feedContract } from './catalogue/feeds.ts'
import type { Connector } from './connector.ts'
import type { Tx } from './ports.ts'
import { type ProcessDeps, processFacts } from './process.ts'
import type { FactRef, FeedState } from './records.ts'
import { storable } from './storable.ts'

export type WatchDeps = ProcessDeps & {
  limits: FeedLimits
  /** The hours of a week are those of this zone: people's habits move with the clocks. */
  zone: string
  /** When this process began to listen. */
  watchedSince: Date
}

/** Comparisons look at windows that end at multiples of this: they are counted once and then known. */
const WINDOW_STEP_MS = 300_000

/**
 * Looks at every feed, and states as a fact of its own when one goes silent, strange or well again. From there it goes
 * the way of all facts: one exception for each feed, which heals by itself.
 */
export const createWatch = (deps: WatchDeps): (() => Promise<void>) => {
  const counts = createCounts(deps)
  return async () => {
    for (const connector of deps.setup.connectors) {
      if (!connector.poll && !connector.webhook) continue
      const refs = await deps.store.transaction((tx) => watchOne(deps, counts, connector, tx))
      if (refs.length > 0) await processFacts(deps, refs)
    }
  }
}

/** What was said of the feed so far, and whether a person has said that it is to be taken as it is. */
type Known = { feed: ObjectState | undefined; isDismissed: boolean }

const knownOf = async (tx: Tx, { system, role }: Connector): Promise<Known> => {
  const [found] = await tx.subjectsByKey('live', [{ name: 'feed', value: system }])
  const [subject] = found ? await tx.lockSubjects([found.subjectId]) : []
  const exception = subject?.exceptions.find(({ contract }) => contract === feedContract(role))
  return {
    feed: subject?.objects.find(({ type }) => type === 'feed'),
    isDismissed: exception?.state === 'dismissed' && exception.dismissalHolds,
  }
}

const isFinding = (value: unknown): value is Finding => FINDINGS.some((finding) => finding === value)

const findingOf = (feed: ObjectState | undefined): Finding | null => {
  const finding = feed?.attributes.finding
  return feed && feed.state !== 'fresh' && isFinding(finding) ? finding : null
}

/** Fact and suspicion are written together; the fact has yet to be taken. */
const watchOne = async (
  deps: WatchDeps,
  counts: Counts,
  connector: Connector,
  tx: Tx,
): Promise<FactRef[]> => {
  const now = deps.clock()
  const feeds = await tx.feeds()
  const state = feeds.find(({ system }) => system === connector.system)
  if (!deps.setup.contracts.some(({ id }) => id === feedContract(connector.role))) {
    await suspect(tx, connector, state, { is: 'fresh' }, false)
    return []
  }
  const known = await knownOf(tx, connector)
  const figures = await figuresOf(deps, counts, connector, state, known, tx)
  const verdict = judgeFeed(figures, deps.limits)
  if (verdict.is === 'unclear') return []
  await suspect(tx, connector, state, verdict, known.isDismissed)
  const says = verdict.is === 'fresh' ? null : verdict.finding
  if (says === figures.was) return []
  return tx.insertFacts('live', [factOf(connector, verdict, now, known.feed)])
}

/** Lets what depends on the feed rest, or go on. */
const suspect = async (
  tx: Tx,
  { system }: Connector,
  state: FeedState | undefined,
  verdict: Exclude<FeedVerdict, { is: 'unclear' }>,
  isDismissed: boolean,
): Promise<void> => {
  if (verdict.is === 'fresh' || isDismissed) {
    if (state?.suspectSince) await tx.saveFeed({ system, suspectSince: null, suspectWhy: null })
    return
  }
  const suspectWhy = storable(`${verdict.is}: ${verdict.words}`)
  // The figures go on changing while it lasts; its kind is what counts.
  if (state?.suspectSince && state.suspectWhy?.startsWith(`${verdict.is}:`)) return
  await tx.saveFeed({ system, suspectSince: state?.suspectSince ?? verdict.since, suspectWhy })
}

const factOf = (
  { system, role }: Connector,
  verdict: Exclude<FeedVerdict, { is: 'unclear' }>,
  now: Date,
  before: ObjectState | undefined,
): Fact => {
  const isFresh = verdict.is === 'fresh'
  return storable({
    system,
    role,
    type: 'feed',
    externalId: system,
    keys: [{ name: 'feed', value: system, kind: 'identity' }],
    state: verdict.is,
    rawState: isFresh ? 'heard as usual' : verdict.words,
    quantities: {},
    attributes: { finding: isFresh ? null : verdict.finding },
    occurredAt: isFresh ? now : verdict.since,
    receivedAt: now,
    // A clock that was set back must not make the newest word the older one.
    version: Math.max(now.getTime(), (before?.version ?? 0) + 1),
    changedBy: { kind: 'unknown' },
  } satisfies Fact)
}

const figuresOf = async (
  { clock, watchedSince, limits }: WatchDeps,
  counts: Counts,
  connector: Connector,
  state: FeedState | undefined,
  { feed }: Known,
  tx: Tx,
): Promise<FeedFigures> => {
  const now = clock()
  const span = await tx.signalSpan(connector.system)
  const was = findingOf(feed)
  // Out of order is no hole: the others may be on their way.
  const to = new Date(now.getTime() - limits.silentAfterMs)
  const missing = await tx.missingNumbers(connector.system, {
    from: new Date(now.getTime() - MISSED_FOR_MS),
    to,
  })
  const freshAt = feed?.state === 'fresh' ? feed.enteredAt.fresh : undefined
  return {
    now,
    missing,
    watchedSince,
    freshSince: freshAt === undefined ? null : new Date(freshAt),
    read: connector.poll
      ? {
          downSince: state?.downSince ?? null,
          lastError: state?.lastError ?? null,
          knownUpTo: state?.watermark ?? null,
        }
      : null,
    lastSignalAt: span?.last ?? null,
    ...(await counts(tx, connector.system, span, now)),
    was,
  }
}

type Counts = (
  tx: Tx,
  system: string,
  span: { first: Date; last: Date } | null,
  now: Date,
) => Promise<Pick<FeedFigures, 'hour' | 'hours' | 'quiet'>>

const NOTHING: Counted = { signals: 0, facts: 0, unreadable: 0, longestGapMs: HOUR_MS }

/** Counts the windows that are compared. The latest answer for each system is kept: till the next step it stands. */
const createCounts = ({ zone, limits }: Pick<WatchDeps, 'zone' | 'limits'>): Counts => {
  const kept = new Map<string, { name: string; figures: Awaited<ReturnType<Counts>> }>()
  return async (tx, system, span, now) => {
    const end = Math.floor(now.getTime() / WINDOW_STEP_MS) * WINDOW_STEP_MS
    const isQuiet = span && end - span.last.getTime() >= limits.silentAfterMs
    const quietFrom = isQuiet ? Math.max(span.last.getTime(), end - LONGEST_QUIET_MS) : null
    const name = `${end} ${quietFrom}`
    const known = kept.get(system)
    if (known?.name === name) return known.figures
    const figures = await count(tx, system, span, end, quietFrom, zone)
    kept.set(system, { name, figures })
    return figures
  }
}

const count = async (
  tx: Tx,
  system: string,
  span: { first: Date; last: Date } | null,
  end: number,
  quietFrom: number | null,
  zone: string,
): Promise<Awaited<ReturnType<Counts>>> => {
  if (!span) return { hour: NOTHING, hours: [], quiet: null }
  const hours = earlier(end, HOUR_MS, span.first, zone)
  const quietMs = quietFrom === null ? 0 : end - quietFrom
  const stretches = quietMs > 0 ? earlier(end, quietMs, span.first, zone) : []
  const windows = [windowEnding(end, HOUR_MS), ...hours, ...stretches]
  const [hour = NOTHING, ...before] = await tx.countSignals(system, windows)
  return {
    hour,
    hours: before.slice(0, hours.length),
    quiet: quietMs > 0 ? { ms: quietMs, weeks: before.slice(hours.length) } : null,
  }
}

type Window = { from: Date; to: Date }

const windowEnding = (end: number, ms: number): Window => ({ from: new Date(end - ms), to: new Date(end) })

/** The same stretch of the weeks before, as far as the system was known then. */
const earlier = (end: number, ms: number, first: Date, zone: string): Window[] =>
  Array.from({ length: WEEKS }, (_, week) => {
    const then = DateTime.fromMillis(end, { zone }).minus({ weeks: week + 1 })
    return windowEnding(then.toMillis(), ms)
  }).filter(({ from }) => from >= first)
