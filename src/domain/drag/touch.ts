import type { Handoff } from '../model.ts'
import type { PressResult } from '../press.ts'

/** All exceptions of one contract on one handoff. */
export type Gap = { contract: string; handoff: Handoff }

/**
 * - `press`: a button on an exception's card, whatever it does (act, claim, note, "fixed by hand").
 * - `approval`: agreeing or declining what another person asked for.
 * - `command`: a question to Baton (`drag`, `open`, `find`).
 * - `off_chat`: a person changed the object in its own system; Baton saw the change, not the work.
 */
type TouchKind = 'press' | 'approval' | 'command' | 'off_chat'

/** One touch by one person, as the log has it. */
export type Touch = {
  /** Unique in the log; breaks ties between touches of the same instant. */
  id: string
  /** Null: somebody in the system itself whom Baton does not know. All of them count as one person, so that their
   * time is never counted twice. */
  personId: string | null
  at: Date
  kind: TouchKind
  /** What became of a press; null for every other kind. */
  result: PressResult | null
  /** The gap as it was when touched. Null for a touch that is about no exception (a report). */
  gap: Gap | null
  /** Exceptions the touch was about: one, or many for a bulk press; empty for a report. */
  exceptions: readonly string[]
  /** Form opened at: the time from then to `at` was seen, not assumed. */
  startedAt: Date | null
  /** "I fixed it by hand, 12 min": stands in for the estimate. */
  reportedMinutes: number | null
}

/** Lost races and refused presses are logged and may start a session, but bear no minutes of their own. */
export const bearsMinutes = (touch: Touch): boolean =>
  touch.result !== 'lost_race' && touch.result !== 'not_allowed'

/** Minutes that the person stated; null when none were. */
export const statedMinutes = (touch: Touch): number | null =>
  touch.reportedMinutes !== null && touch.reportedMinutes >= 0 ? touch.reportedMinutes : null

/** When the person is first seen at this touch, in ms: the opening of its form if that is believed. */
export const beginMs = (touch: Touch, formLimitMinutes: number): number => {
  const at = touch.at.getTime()
  const opened = touch.startedAt?.getTime() ?? at
  return opened < at && at - opened <= formLimitMinutes * 60_000 ? opened : at
}

/** The one order in which touches are read, so that the log's order changes nothing. */
export const inOrder = (touches: readonly Touch[]): Touch[] =>
  [...touches].sort((a, b) => a.at.getTime() - b.at.getTime() || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))

/** Touches by person, each list in order, persons in the order of their first touch. */
export const byPerson = (touches: readonly Touch[]): Touch[][] => {
  const persons = new Map<string | null, Touch[]>()
  for (const touch of inOrder(touches)) {
    const own = persons.get(touch.personId)
    if (own) own.push(touch)
    else persons.set(touch.personId, [touch])
  }
  return [...persons.values()]
}
