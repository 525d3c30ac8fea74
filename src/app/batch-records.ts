/*
 * Many exceptions handled by one press: what is stored of it, and what its card shows.
 */

/**
 * `offered`: a person was shown what could be done, and nobody has pressed yet. `running`: a few of its runs are under
 * way at a time. `finished`: none is left to start; it runs again when what failed is tried again.
 */
export type BatchState = 'offered' | 'running' | 'finished'

/**
 * `left_out`: never meant to be done, the card says why. `offered`, `waiting` and `running` come one after the other.
 * `skipped`: when its turn came it was not what the card had shown. `unknown`: nobody can say what the system made of
 * it, so it is looked at alone. `unproven`: the system did it, and the systems still do not agree. `stopped`: somebody stopped the batch before it had begun.
 */
export const MEMBER_STATES = [
  'left_out',
  'offered',
  'waiting',
  'running',
  'done',
  'failed',
  'unknown',
  'unproven',
  'skipped',
  'stopped',
] as const
export type MemberState = (typeof MEMBER_STATES)[number]

export type BatchMember = {
  /** Its turn, worst first. */
  place: number
  exceptionId: string
  /** The exception's version that was shown: one that has changed since is skipped. */
  version: number
  name: string
  /** What was offered for it, by the ids of the offers. */
  actions: string[]
  state: MemberState
  /** Why it is in that state, for whoever reads the card. */
  words: string
  runId: string | null
}

/** One button of the offer, the suggested one first. */
export type BatchOffer = { action: string; label: string; system: string }

export type BatchRecord = {
  id: string
  contract: string
  state: BatchState
  /** Counts decisions: a button carries it. */
  version: number
  /** Counts everything that a reader could see change. */
  revision: number
  offers: BatchOffer[]
  /** The one that was pressed; null until then. */
  chosen: BatchOffer | null
  /** Where its card is posted once it has begun: a channel of Baton's. */
  channel: string
  askedBy: string
  askedAt: Date
  /** Who pressed last to have something done: its runs are in this person's name. */
  startedBy: string | null
  startedAt: Date | null
  stoppedBy: string | null
  finishedAt: Date | null
  /** The latest decision of a person, as an exception keeps it. */
  decidedBy: string | null
  decidedAt: Date | null
  decidedWhat: string | null
  decidedOnVersion: number | null
}

/** How a member's run has ended, whether its exception is over, and the version that this one has now. */
export type MemberEnd = {
  place: number
  outcome: string | null
  words: string
  isOver: boolean
  version: number
}

/** A batch as its card shows it. */
export type BatchDetail = Pick<
  BatchRecord,
  | 'id'
  | 'contract'
  | 'state'
  | 'version'
  | 'revision'
  | 'offers'
  | 'chosen'
  | 'channel'
  | 'startedAt'
  | 'finishedAt'
> & {
  /** The contract's. */
  title: string
  startedBy: string | null
  stoppedBy: string | null
  members: (BatchMember & {
    since: Date
    valueMinor: number | null
    currency: string | null
    /** Its run waits for a system that cannot be reached; `status`, the word of the exception's own card, says which. */
    waits: boolean
    status: string
  })[]
}
