import type { ExceptionState } from '../domain/exception.ts'
import type {
  Fact,
  Handoff,
  Key,
  ObjectState,
  PersonRole,
  Severity,
  SubjectKind,
  Timeline,
} from '../domain/model.ts'
import type { ActionTarget, SequenceNumber } from './connector.ts'
import type { ExceptionContext } from './context.ts'
import type { InterventionRow } from './queries.ts'

/*
 * What is stored, as the steps of the pipeline see it.
 */

export type NewSignal = {
  system: string
  /** `reconcile`: found by comparing everything, after the stream had missed it. */
  via: 'webhook' | 'poll' | 'readback' | 'reconcile'
  receivedAt: Date
  deliveryKey: string
  body: Buffer
  problem: string | null
  badRows: number
  facts: Fact[]
  sequence?: SequenceNumber[]
}

export type StoredFact = { id: string; timeline: Timeline; fact: Fact }

/** A fact's id, with the receipt time that finds its partition. */
export type FactRef = { id: string; receivedAt: string }

/** An exception whose card must be shown anew. */
export type MovedException = {
  id: string
  channel: string | null
  revision: number
  rootId: string | null
}

/** An exception as folding sees it. */
export type FoldNode = {
  id: string
  subjectId: string
  contract: string
  timeline: Timeline
  isOpen: boolean
}

export type ObjectName = { system: string; type: string; externalId: string }

export type IdentityKey = { name: string; value: string }

/**
 * Two identity keys that an admin split: they never name one subject again. What carries both belongs to the one that
 * was taken out.
 */
export type CannotLink = { stays: IdentityKey; out: IdentityKey }

/** A subject with everything a step may look at, loaded under its lock. */
export type SubjectRecord = {
  id: string
  timeline: Timeline
  kind: SubjectKind
  keys: Key[]
  objects: ObjectState[]
  expectations: ExpectationRecord[]
  exceptions: ExceptionRecord[]
}

export type ExpectationRecord = {
  contract: string
  since: Date
  dueAt: Date
  nextCheckAt: Date
  waitingFor: string | null
}

export type ExceptionRecord = {
  /** Null until it is stored. */
  id: string | null
  contract: string
  state: ExceptionState
  episode: number
  version: number
  revision: number
  since: Date
  dueAt: Date
  openedAt: Date
  closedAt: Date | null
  status: string
  severity: Severity
  evidence: string
  magnitude: number
  dismissalHolds: boolean
  valueMinor: number | null
  currency: string | null
  promiseAt: Date | null
  channel: string | null
  routeReason: string | null
  claimedBy: string | null
  claimedAt: Date | null
  /** Who gave it to the one who has it; null where they took it themselves. */
  assignedBy: string | null
  /** Since when it waits for somebody to take it; null = since it opened. */
  freeSince: Date | null
  /** Set aside until then, unless it gets worse than it was at that time. */
  snoozedUntil: Date | null
  snoozedMagnitude: number | null
  /** When it was raised, in this episode; the channel stays known: it has a post there. */
  escalatedAt: Date | null
  escalatedTo: string | null
  decidedBy: string | null
  decidedAt: Date | null
  decidedWhat: string | null
  decidedOnVersion: number | null
  /** The open exception that explains this one, which then has no card of its own. */
  rootId: string | null
  /** What a learned grace rests on. */
  graceWords: string | null
  /** The run in progress, if there is one: nothing else is begun meanwhile. */
  run: ActiveRun | null
  /** What somebody else was asked for and has not answered, or not carried out yet, oldest first: it locks nothing. */
  asked: ActiveRun[]
}

/** `sends`: how often something was sent; `episode`: the one of the exception in which it was asked for. */
export type ActiveRun = Pick<
  RunRecord,
  | 'id'
  | 'system'
  | 'action'
  | 'label'
  | 'state'
  | 'outcome'
  | 'requestedBy'
  | 'episode'
  | 'sends'
  | 'startedAt'
  | 'waitsSince'
  | 'undoes'
  | 'sentAt'
  | 'settleBy'
>

export type EpisodeRecord = {
  exceptionId: string
  contract: string
  episode: number
  since: Date
  dueAt: Date
  openedAt: Date
  closedAt: Date | null
  closedAs: string | null
  closedBy: string | null
  runId: string | null
}

export type ConflictRecord = { subjectId: string; contract: string; earlier: Date; later: Date }

/** How long a handoff took once. `value`: of the attribute that its grace is learned by; empty where there is none. */
export type LagRecord = {
  contract: string
  from: string
  to: string
  value: string
  reachedAt: Date
  ms: number
}

/**
 * What was learned of a handoff: in force; proposed, because it is longer than what is in force and an admin must
 * agree; or refused by one. `value` as in a lag; empty = the pair of systems as a whole.
 */
export type BaselineRecord = {
  contract: string
  from: string
  to: string
  value: string
  state: 'in_force' | 'proposed' | 'refused'
  learnedAt: Date
  sample: number
  medianMs: number
  quantileMs: number
  /** The admin who agreed to it, or turned it down; null where nobody had to be asked. */
  agreedBy: string | null
}

export type NewIntervention = {
  at: Date
  timeline: Timeline
  person: { id: string; role: PersonRole } | null
  kind: 'press' | 'command' | 'off_chat'
  action: string | null
  result: string | null
  exceptionId: string | null
  /** Of a press for a group: all its exceptions. Then `exceptionId` is null. */
  exceptionIds?: string[]
  subjectId: string | null
  contract: string | null
  handoff: Handoff | null
  startedAt: Date | null
  reportedMinutes: number | null
  note: string | null
  surface: string
  interactionKey: string | null
  snapshot: unknown
  message: string | null
}

export type RunState =
  | 'awaiting_approval'
  | 'queued'
  | 'reading'
  | 'sending'
  | 'sent'
  | 'settling'
  | 'finished'

/**
 * `requested`: asked, and not answered (yet); `accepted` and `declined`: by whom was asked, or by the lead who was to
 * approve it; `taken_back`: before anything was sent.
 */
export type RunOutcome =
  | 'done'
  | 'already_done'
  | 'requested'
  | 'accepted'
  | 'refused'
  | 'unknown'
  | 'failed'
  | 'declined'
  | 'taken_back'

/** A run that has ended, as what is offered next depends on it. */
export type PastRun = Pick<
  RunRecord,
  | 'id'
  | 'episode'
  | 'system'
  | 'action'
  | 'label'
  | 'outcome'
  | 'values'
  | 'target'
  | 'before'
  | 'after'
  | 'undoes'
> & { finishedAt: Date }

export type RunRecord = {
  id: string
  exceptionId: string
  episode: number
  system: string
  action: string
  label: string
  values: Record<string, string | number | boolean>
  target: ActionTarget | null
  state: RunState
  outcome: RunOutcome | null
  words: string
  idempotencyKey: string
  before: { snapshot: unknown; words: string } | null
  after: { snapshot: unknown; words: string } | null
  requestedBy: string
  approvedBy: string | null
  worker: string | null
  /** How often `act` was called: the key makes a second call safe only where the action says so. */
  sends: number
  startedAt: Date
  /** Since when it has waited for a system that could not be reached; kept once it has gone on. */
  waitsSince: Date | null
  /** The run that this one takes back. */
  undoes: string | null
  /** The batch that it belongs to: whoever ends the run wakes it. */
  batchId: string | null
  /** The card whose post was pressed, where that is not the exception's own. */
  pressedOn: string | null
  sentAt: Date | null
  settleBy: Date | null
  finishedAt: Date | null
  verifiedAt: Date | null
}

export type FeedState = {
  system: string
  cursor: string | null
  watermark: Date | null
  /** Sender's clock minus ours, in ms; null until measured. */
  skewMs: number | null
  lastSignalAt: Date | null
  downSince: Date | null
  lastError: string | null
  /** Since when no call arrives, a poll's or an action's. */
  unreachableSince: Date | null
  /** The last stretch of time in which it was not read as usual: an outage of its own, or of Baton. */
  blindFrom: Date | null
  blindTo: Date | null
  /** Since when its stream is silent or strange, and why: what depends on it is not judged meanwhile. */
  suspectSince: Date | null
  suspectWhy: string | null
  reconcileStartedAt: Date | null
  reconcileCursor: string | null
  reconciledAt: Date | null
}

export type PostRecord = {
  /** What the card is about, as in card-ref.ts. */
  card: string
  surface: string
  channel: string
  /** The card under whose post it stands; null = a post of its own. */
  under: string | null
  ref: string | null
  desiredRevision: number
  postedRevision: number
  attempts: number
  /** Why it is not shown as it should be, after the last attempt. */
  problem: string | null
  /** 0 = somebody pressed it, 1 = new and severe, 2 = new, 3 = a change of what is shown. */
  priority: number
  /** Why it is not in the channel that it was meant for. */
  detour: string | null
  /** The revision that the platform rejected. */
  plainRevision: number | null
}

/** What an admin must mend before cards go where they belong. `about`: a channel; '' = the whole surface. */
export type DeliveryTrouble = { surface: string; about: string; words: string; since: Date; retryAt: Date }

export type ImportRecord = {
  timeline: Timeline
  name: string
  startedAt: Date
  finishedAt: Date | null
  asOf: Date
  contracts: unknown
  played: number
}

/** `late`: opened and kept in the end; `open`: still broken at the end; `handled`: closed by a person. */
export type ImportTally = { contract: string; late: number; open: number; handled: number; conflicts: number }

export type SourceFilter = {
  state: 'open' | 'closed' | 'all'
  timeline: Timeline | 'any'
  limit: number
  /** The last one of the previous page: its severity's rank (0 = low; only where open ones are listed), time, id. */
  after: { rank: number; at: Date; id: string } | null
  channel: string | null
  /** Each word must match: one of these contracts, the severity, a system or a key's value. */
  words: { text: string; contracts: string[] }[]
  claimedBy: string | null
  handledBy: string | null
  subjectIds: string[] | null
  /** Only of this contract, whether or not another exception explains it. */
  contract: string | null
  /** Those that are set aside for now: left out, or nothing else. Without it both are listed. */
  snoozed?: 'hide' | 'only'
}

/** An exception with everything that was done about it, and what a person needs to decide, of the same moment. */
export type ExceptionHistory = ExceptionSource & {
  /** The moment of all of it. */
  asOf: Date
  context: ExceptionContext
  /** The identities of the person to whom it was given; empty where nobody gave it to them. */
  assigned: { surface: string; externalId: string; name: string }[]
  interventions: InterventionRow[]
  runs: (RunRecord & { requestedByName: string; approvedByName: string | null })[]
}

/** An exception with the subject it is about, and the names behind its person ids. */
export type ExceptionSource = {
  exception: ExceptionRecord
  subject: SubjectRecord
  names: Map<string, string>
  /** The exception on whose card it is shown, if another one explains it. */
  root: { id: string; contract: string; keys: Key[] } | null
  /** How many open exceptions it explains, directly or through others; at most `MOST_COUNTED` are counted. */
  consequences: number
  /** Its runs that have ended, newest first. */
  past: PastRun[]
  /** Systems that cannot be reached, and since when. */
  unreachable: ReadonlyMap<string, Date>
}
