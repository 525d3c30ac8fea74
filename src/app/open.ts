import type { Contract, Evidence } from '../domain/contract/contract.ts'
import type { Start } from '../domain/exception.ts'
import { instantOf, type SubjectView } from '../domain/model.ts'
import type { Draft } from './draft.ts'
import type { EpisodeRecord, ExceptionRecord } from './records.ts'
import { routeTo } from './route.ts'
import type { Play } from './world.ts'

/** The most that is at stake by what any system states about the order. */
const stakeOf = (view: SubjectView): { valueMinor: number | null; currency: string | null } => {
  const stated = view.objects.flatMap(({ attributes }) => {
    const { valueMinor, currency } = attributes
    return typeof valueMinor === 'number'
      ? [{ valueMinor, currency: typeof currency === 'string' ? currency : null }]
      : []
  })
  return stated.sort((a, b) => b.valueMinor - a.valueMinor)[0] ?? { valueMinor: null, currency: null }
}

/** The earliest promise to the customer that any system states. */
const promiseOf = (view: SubjectView): Date | null => {
  const times = view.objects.flatMap(({ attributes }) => instantOf(attributes.promiseAt)?.getTime() ?? [])
  return times.length > 0 ? new Date(Math.min(...times)) : null
}

/** `runId`: the run that has the credit of its end. */
export const episodeOf = (
  exception: ExceptionRecord,
  runId: string | null = null,
): Omit<EpisodeRecord, 'exceptionId'> => ({
  contract: exception.contract,
  episode: exception.episode,
  since: exception.since,
  dueAt: exception.dueAt,
  openedAt: exception.openedAt,
  closedAt: exception.closedAt,
  closedAs: exception.closedAt ? exception.state : null,
  closedBy: exception.closedAt ? exception.status : null,
  runId,
})

/**
 * Opens the exception of (contract, subject), or the next episode of it. The card's version goes on counting over
 * episodes, so that a button of an earlier episode can never act on a later one.
 */
export const openException = (
  draft: Draft,
  contract: Contract,
  breach: { since: Date; dueAt: Date; evidence: Evidence; graceWords: string | null },
  view: SubjectView,
  play: Play,
  now: Date,
): void => {
  const before = draft.exceptions.get(contract.id)
  const { valueMinor, currency } = stakeOf(view)
  const { channel, routeReason } = routeTo(contract, view, valueMinor, play)
  const episode = (before?.episode ?? 0) + 1
  const exception: ExceptionRecord = {
    id: before?.id ?? null,
    contract: contract.id,
    state: 'open',
    episode,
    version: (before?.version ?? 0) + 1,
    revision: (before?.revision ?? 0) + 1,
    since: breach.since,
    dueAt: breach.dueAt,
    openedAt: now,
    closedAt: null,
    status: episode > 1 ? `Open again, for the ${ordinal(episode)} time.` : 'Open.',
    severity: contract.severity,
    evidence: breach.evidence.sentence,
    magnitude: breach.evidence.magnitude,
    dismissalHolds: false,
    valueMinor,
    currency,
    promiseAt: promiseOf(view),
    channel,
    routeReason,
    claimedBy: null,
    claimedAt: null,
    assignedBy: null,
    freeSince: null,
    snoozedUntil: null,
    snoozedMagnitude: null,
    escalatedAt: null,
    escalatedTo: before?.escalatedTo ?? null,
    decidedBy: null,
    decidedAt: null,
    decidedWhat: null,
    decidedOnVersion: null,
    rootId: null,
    graceWords: breach.graceWords,
    run: null,
    asked: before?.asked ?? [],
  }
  draft.exceptions.set(contract.id, exception)
  draft.touched.exceptions.add(contract.id)
  draft.touched.episodes.push(episodeOf(exception))
}

const ordinal = (n: number): string => {
  const tail = n % 100 > 10 && n % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')
  return `${n}${tail}`
}

/** What was set aside is somebody's to take again. */
export const wokenAt = (
  { version }: ExceptionRecord,
  now: Date,
  status: string,
): Pick<ExceptionRecord, 'version' | 'snoozedUntil' | 'snoozedMagnitude' | 'freeSince' | 'status'> => ({
  version: version + 1,
  snoozedUntil: null,
  snoozedMagnitude: null,
  freeSince: now,
  status,
})

/**
 * What the facts say now about an open exception; once it is open it stays so, also where its due time moves into the
 * future. Only what offers or decides something counts as a version; this is a redraw.
 */
export const updateException = (
  draft: Draft,
  contract: Contract,
  { evidence, start }: { evidence: Evidence; start: Start | null },
  now: Date,
): void => {
  const exception = draft.exceptions.get(contract.id)
  if (!exception) return
  const { since, dueAt, graceWords } = start ?? exception
  const same =
    exception.evidence === evidence.sentence &&
    exception.magnitude === evidence.magnitude &&
    exception.graceWords === graceWords &&
    exception.since.getTime() === since.getTime() &&
    exception.dueAt.getTime() === dueAt.getTime()
  if (same) return
  const { snoozedMagnitude } = exception
  const isWorse = snoozedMagnitude !== null && evidence.magnitude > snoozedMagnitude
  draft.exceptions.set(contract.id, {
    ...exception,
    ...(isWorse ? wokenAt(exception, now, 'Back before its time: it got worse.') : {}),
    since,
    dueAt,
    graceWords,
    evidence: evidence.sentence,
    magnitude: evidence.magnitude,
    revision: exception.revision + 1,
  })
  draft.touched.exceptions.add(contract.id)
}
