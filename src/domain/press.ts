import { mayActAs, type Person, type PersonRole } from './model.ts'

/** What the log and the card say of a press. */
export const PRESS_RESULTS = [
  'acted',
  'awaiting_approval',
  'nothing_to_do',
  'lost_race',
  'not_allowed',
  'stale',
] as const
export type PressResult = (typeof PRESS_RESULTS)[number]

/** The exception as it stands under its subject's lock, when a press arrives. */
export type PressedException = {
  state: 'open' | 'resolved' | 'healed' | 'dismissed' | 'merged'
  version: number
  /** The latest decision a person made, with the version the card had before it; `what` without the name: `took it`. */
  decidedBy: { personId: string; name: string; at: Date; what: string; onVersion: number } | null
  /** How it ended, in plain words; empty while open. */
  closedWords: string
  /** A run that waits for a second person. */
  awaiting: { personId: string; name: string; label: string } | null
  /** A run in progress. */
  running: { name: string; label: string } | null
}

/** The pressed action as the current card offers it; null when the card does not offer it at all. */
export type PressedAction = {
  label: string
  enabled: boolean
  reason: string | null
  role: PersonRole
  /** The trust policy wants a second person before it runs. */
  needsSecondPerson: boolean
  /** Pressing it approves the waiting run: never by the one who asked for it. */
  approves: boolean
  /** The only person for whom it does anything; for others `reason` says why not. */
  onlyBy?: string
}

export type PressDecision = { result: PressResult; message: string }

/**
 * First press wins. The order of the questions matters: rights to what is on offer, then what
 * has happened meanwhile (a person's decision is a lost race, a healed world is nothing to do), then staleness.
 */
export const decidePress = (
  exception: PressedException,
  action: PressedAction | null,
  person: Person,
  version: number,
  clock: (at: Date) => string,
): PressDecision => {
  if (action && !mayActAs(person.role, action.role)) {
    return {
      result: 'not_allowed',
      message: `"${action.label}" needs the role ${action.role}; you are ${person.role}.`,
    }
  }
  const winner = exception.decidedBy
  const overtaken = winner !== null && winner.onVersion >= version && winner.personId !== person.id
  if (overtaken) {
    return {
      result: 'lost_race',
      message: `${winner.name} was first: ${winner.what} at ${clock(winner.at)}.`,
    }
  }
  if (exception.state !== 'open' && exception.version !== version) {
    return { result: 'nothing_to_do', message: exception.closedWords }
  }
  if (exception.version !== version) {
    return {
      result: 'stale',
      message: 'The card has changed since; here is the current one. Nothing was done.',
    }
  }
  if (!action) {
    const { running } = exception
    const why = running
      ? `"${running.label}" by ${running.name} is still running.`
      : 'This is no longer offered here.'
    return { result: 'stale', message: `${why} Nothing was done.` }
  }
  if (action.approves && exception.awaiting?.personId === person.id) {
    return { result: 'not_allowed', message: 'A second person has to approve what you asked for.' }
  }
  const isAnothers = action.onlyBy !== undefined && action.onlyBy !== person.id
  if (!action.enabled || isAnothers) {
    return {
      result: 'nothing_to_do',
      message: action.reason ?? 'This cannot work at the moment. Nothing was done.',
    }
  }
  return action.needsSecondPerson
    ? {
        result: 'awaiting_approval',
        message: `Asked for: "${action.label}". A lead has to approve it.`,
      }
    : { result: 'acted', message: `${action.label}: started.` }
}
