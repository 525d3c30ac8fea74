import type { Evidence, Verdict } from './contract/contract.ts'
import type { ChangedBy } from './model.ts'

/**
 * The life of one exception. It is one row for each (contract, subject, timeline), for ever: a break that comes back
 * is a new episode of it, so that there is never a second open one.
 */
export type ExceptionState = 'open' | 'resolved' | 'healed' | 'dismissed' | 'merged'

/** A break that waits for its grace to pass. */
export type Expectation = { since: Date; dueAt: Date }

/** What is stored about (contract, subject) before a verdict is applied. */
export type Standing = {
  expectation: Expectation | null
  exception: {
    state: ExceptionState
    since: Date
    /** A dismissal holds until the contract is kept once or the evidence worsens. */
    dismissalHolds: boolean
    magnitude: number
    /** An action run is in progress or settling: if the contract is kept now, the run gets the credit. */
    runActive: boolean
  } | null
}

/** Since when it is broken and when that was due, as the facts have it now: a late one may move it. */
export type Start = { since: Date; dueAt: Date; graceWords: string | null }

export type Decision =
  /** Nothing to store. */
  | { do: 'nothing' }
  /** The break is new or its due time moved: wait for it. */
  | { do: 'expect'; since: Date; dueAt: Date }
  /** Kept again within the grace, or no worse than what was dismissed: nobody ever hears of it. */
  | { do: 'forget' }
  /** Due: open it, or open its next episode. */
  | { do: 'open'; since: Date; dueAt: Date; evidence: Evidence; graceWords: string | null }
  /** Still open. `start` is null where the first moment it was seen stands. */
  | { do: 'update'; evidence: Evidence; start: Start | null }
  /** Kept: `resolved` when Baton's own run did it, else `healed`. */
  | { do: 'close'; as: 'resolved' | 'healed' }
  /** Kept after a dismissal: the next break is news again. */
  | { do: 'release_dismissal' }
  /** Due, but something involved has not been heard of up to the due time: not yet known. */
  | { do: 'wait'; since: Date; dueAt: Date; waitingFor: string }

/** A break that waits for its grace, unless it waits already. */
const expectAgain = (standing: Standing, since: Date, dueAt: Date): Decision =>
  standing.expectation &&
  standing.expectation.since.getTime() === since.getTime() &&
  standing.expectation.dueAt.getTime() === dueAt.getTime()
    ? { do: 'nothing' }
    : { do: 'expect', since, dueAt }

/**
 * What a verdict means now. Pure: `silent` names a system whose watermark is not past the due time, or null when
 * every system involved is known up to then. `keepSince`: the break has no start of its own in the facts (an
 * agreement), so that the first moment it was seen stands for as long as it lasts.
 */
export const decide = (
  verdict: Verdict,
  standing: Standing,
  now: Date,
  silent: (dueAt: Date) => string | null,
  keepSince: boolean,
): Decision => {
  const { exception, expectation } = standing
  switch (verdict.is) {
    case 'unknown': {
      const due = expectation !== null && now >= expectation.dueAt
      return due ? { do: 'wait', ...expectation, waitingFor: verdict.waitingFor } : { do: 'nothing' }
    }
    case 'kept': {
      if (exception?.state === 'open') return { do: 'close', as: exception.runActive ? 'resolved' : 'healed' }
      if (exception?.state === 'dismissed' && exception.dismissalHolds) return { do: 'release_dismissal' }
      return expectation ? { do: 'forget' } : { do: 'nothing' }
    }
    case 'broken': {
      const { evidence } = verdict
      if (exception?.state === 'open') return { do: 'update', evidence, start: keepSince ? null : verdict }
      const holds = exception?.state === 'dismissed' && exception.dismissalHolds
      if (holds && evidence.magnitude <= exception.magnitude)
        return expectation ? { do: 'forget' } : { do: 'nothing' }
      const known = keepSince && expectation ? expectation : verdict
      const { since, dueAt } = known
      if (now < dueAt) return expectAgain(standing, since, dueAt)
      const waitingFor = silent(dueAt)
      if (waitingFor !== null) return { do: 'wait', since, dueAt, waitingFor }
      return { do: 'open', since, dueAt, evidence, graceWords: verdict.graceWords }
    }
  }
}

/**
 * What a verdict means while what it rests on cannot be trusted: nothing opens, closes or changes, and whatever it would
 * have touched is looked at again. `waitingFor` says what must come back first.
 */
export const hold = (
  verdict: Verdict,
  standing: Standing,
  now: Date,
  waitingFor: string,
  keepSince: boolean,
): Decision => {
  const { exception, expectation } = standing
  const stands = exception?.state === 'open' || (exception?.state === 'dismissed' && exception.dismissalHolds)
  if (stands) {
    const { since, dueAt } = expectation ?? { since: exception.since, dueAt: now }
    return { do: 'wait', since, dueAt, waitingFor }
  }
  if (verdict.is === 'kept')
    return expectation ? { do: 'wait', ...expectation, waitingFor } : { do: 'nothing' }
  return decide(verdict, standing, now, () => waitingFor, keepSince)
}

/** Who made the world right, for the card and for the log: a person in the system itself is an off-chat touch. */
export const healedBy = (changedBy: ChangedBy | undefined): string => {
  switch (changedBy?.kind) {
    case 'person':
      return changedBy.name ? `${changedBy.name}, in the system itself` : 'a person in the system itself'
    case 'integration':
      return changedBy.name ? `the integration ${changedBy.name}` : 'an integration'
    default:
      return 'unknown'
  }
}
