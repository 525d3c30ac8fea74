import type { Touch } from '../domain/drag.ts'
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
import type { ActionTarget } from './connector.ts'
import type { InterventionRow, Waiting } from './queries.ts'

/**
 * What the steps of the pipeline need from the world, implemented by `db/`. Everything that must happen together
 * happens in one `Tx`; bulk methods take many rows and cost a fixed number of statements.
 */
export type Store = {
  /** One transaction. Retries by itself on deadlock and serialization failure, never on anything else. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

export type Clock = () => Date

export type Tx = SignalTx & SubjectTx & ExceptionTx & RunTx & PersonTx & FeedTx & PostTx & QueueTx & ImportTx

export type NewSignal = {
  system: string
  via: 'webhook' | 'poll' | 'readback'
  receivedAt: Date
  deliveryKey: string
  body: Buffer
  problem: string | null
  badRows: number
  facts: Fact[]
}

export type StoredFact = { id: string; timeline: Timeline; fact: Fact }

export type SignalTx = {
  /** Writes signals whose delivery key is new, with their facts, and answers the ids of these facts. */
  recordSignals(signals: NewSignal[]): Promise<FactRef[]>
  insertFacts(timeline: Timeline, facts: Fact[]): Promise<FactRef[]>
  loadFacts(refs: FactRef[]): Promise<StoredFact[]>
  /** Every fact of these objects but those in quarantine, for folding a history anew when a late one arrives. */
  historyOf(timeline: Timeline, objects: ObjectName[]): Promise<Fact[]>
  quarantine(ref: FactRef, problem: string, at: Date): Promise<void>
  /** Which versions of these objects are in quarantine, each as `objectId` and version joined by a space. */
  quarantined(timeline: Timeline, objects: ObjectName[]): Promise<Set<string>>
}

/** A fact's id, with the receipt time that finds its partition. */
export type FactRef = { id: string; receivedAt: string }
/** An exception whose card must be shown anew. */
export type MovedException = { id: string; channel: string | null; revision: number }
export type ObjectName = { system: string; type: string; externalId: string }
export type IdentityKey = { name: string; value: string }

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
  decidedBy: string | null
  decidedAt: Date | null
  decidedWhat: string | null
  decidedOnVersion: number | null
  /** The active run, if there is one. */
  run: ActiveRun | null
}

/** `sends`: how often something was sent; `episode`: the one of the exception in which it was asked for. */
export type ActiveRun = Pick<
  RunRecord,
  'id' | 'action' | 'label' | 'state' | 'requestedBy' | 'episode' | 'sends'
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

export type SubjectTx = {
  /** Subjects that these identity keys name now. */
  subjectsByKey(timeline: Timeline, keys: IdentityKey[]): Promise<{ key: IdentityKey; subjectId: string }[]>
  /** Creates one subject for each group of keys, except where somebody else has just taken one of the keys. */
  createSubjects(
    timeline: Timeline,
    groups: { kind: SubjectKind; keys: IdentityKey[] }[],
    at: Date,
  ): Promise<void>
  /** The caller holds the subjects' locks. False when somebody else has just taken one of the keys: look again. */
  addKeys(timeline: Timeline, keys: { key: IdentityKey; subjectId: string }[]): Promise<boolean>
  /** Locks in ascending id and loads; subjects merged away meanwhile are left out. */
  lockSubjects(ids: string[]): Promise<SubjectRecord[]>
  /** The subjects that these objects are linked to. */
  subjectsOfObjects(
    timeline: Timeline,
    names: ObjectName[],
  ): Promise<{ object: ObjectName; subjectId: string }[]>
  /**
   * Moves everything of `from` to `into`; the caller holds both locks. Answers the exceptions that show something new,
   * or null while an action runs on either: try again later.
   */
  mergeSubjects(into: string, from: string, at: Date): Promise<MovedException[] | null>
  /**
   * Version and content hash of the objects as they stand, by `objectId`: a fact that says the same again is not kept
   * twice.
   */
  knownVersions(
    timeline: Timeline,
    names: ObjectName[],
  ): Promise<Map<string, { version: number; hash: string }>>
  /** Objects as they stand, each row locked: for those that belong to no locked subject. */
  loadObjects(timeline: Timeline, names: ObjectName[]): Promise<ObjectState[]>
  saveObjects(timeline: Timeline, objects: ObjectState[]): Promise<void>
  linkObjects(links: { subjectId: string; object: ObjectName }[]): Promise<void>
  linkReferences(
    timeline: Timeline,
    links: { subjectId: string; name: string; value: string }[],
  ): Promise<void>
  /** Subjects with an expectation to look at, earliest first. */
  dueSubjects(timeline: Timeline, now: Date, limit: number): Promise<string[]>
  /** Lets the due expectations of a subject rest until `until`; `why` is shown. */
  postponeSubject(subjectId: string, now: Date, until: Date, why: string): Promise<void>
}

export type ExceptionTx = {
  /** The subject of an exception; null when there is no such exception. */
  subjectOf(exceptionId: string): Promise<string | null>
  saveExpectations(
    timeline: Timeline,
    set: (ExpectationRecord & { subjectId: string })[],
    remove: { subjectId: string; contract: string }[],
  ): Promise<void>
  /** Inserts those without an id (and gives them one), updates the others. */
  saveExceptions(
    timeline: Timeline,
    exceptions: { subjectId: string; record: ExceptionRecord }[],
  ): Promise<void>
  saveEpisodes(episodes: EpisodeRecord[]): Promise<void>
  saveConflicts(timeline: Timeline, conflicts: ConflictRecord[]): Promise<void>
  logInterventions(interventions: NewIntervention[]): Promise<string[]>
  /** A question is a touch too; the same one delivered again is logged once. */
  logCommand(asked: {
    at: Date
    person: { id: string; role: PersonRole }
    command: string
    surface: string
    interactionKey: string | null
  }): Promise<void>
  /** The answer that this interaction got the first time. */
  answeredBefore(surface: string, interactionKey: string): Promise<{ result: string; message: string } | null>
}

export type ConflictRecord = { subjectId: string; contract: string; earlier: Date; later: Date }

export type NewIntervention = {
  at: Date
  timeline: Timeline
  person: { id: string; role: PersonRole } | null
  kind: 'press' | 'command' | 'off_chat'
  action: string | null
  result: string | null
  exceptionId: string | null
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
export type RunOutcome = 'done' | 'already_done' | 'requested' | 'refused' | 'unknown' | 'failed' | 'declined'

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
  sentAt: Date | null
  settleBy: Date | null
  finishedAt: Date | null
  verifiedAt: Date | null
}

export type RunTx = {
  insertRun(run: Omit<RunRecord, 'id'>): Promise<string>
  /** Locks the run's row. */
  loadRun(id: string): Promise<RunRecord | null>
  saveRun(run: RunRecord): Promise<void>
  /** Unfinished runs, except those that wait for a person, whose job is gone or used up. */
  runsWithoutJob(): Promise<string[]>
}

export type PersonTx = {
  /** The person behind any of these identities, or a new one; all of them name that person from then on. */
  personOf(
    identities: { surface: string; externalId: string }[],
    name: string,
    /** Whether the name is one: if not, a known name stays. */
    named: boolean,
    at: Date,
  ): Promise<{ id: string; name: string }>
  personNames(ids: string[]): Promise<Map<string, string>>
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
}

export type FeedTx = {
  feeds(): Promise<FeedState[]>
  saveFeed(feed: FeedState): Promise<void>
}

export type PostRecord = {
  exceptionId: string
  surface: string
  channel: string
  ref: string | null
  desiredRevision: number
  postedRevision: number
  attempts: number
}

export type PostTx = {
  /** Wants the exception's card shown at its present revision on these surfaces. */
  wantPosts(
    wanted: { exceptionId: string; surface: string; channel: string; revision: number }[],
    at: Date,
  ): Promise<void>
  /** Leases the post that has been behind for longest, so that it has one writer; null when none may be tried now. */
  leasePost(surface: string, by: string, now: Date, leaseMs: number): Promise<PostRecord | null>
  /** When the next post that is behind may be tried (its pause or its lease ends); null when none is behind. */
  nextPostAt(surface: string): Promise<Date | null>
  savePost(
    post: Pick<PostRecord, 'exceptionId' | 'surface'>,
    by: string,
    result: {
      ref: string | null
      channel: string
      postedRevision: number
      nextAttemptAt: Date
      problem: string | null
    },
  ): Promise<void>
}

export type ImportRecord = {
  timeline: Timeline
  name: string
  startedAt: Date
  finishedAt: Date | null
  asOf: Date
  contracts: unknown
  played: number
}

export type ImportTx = {
  /** Locks the import's row, so that two processes cannot play the same one. */
  loadImport(timeline: Timeline): Promise<ImportRecord | null>
  saveImport(record: ImportRecord): Promise<void>
  /** Subjects of a timeline in the order of their ids, after this one. */
  subjectsAfter(timeline: Timeline, after: string, limit: number): Promise<string[]>
  /** How the exceptions and clocks of an import came out, by contract. */
  tally(timeline: Timeline): Promise<ImportTally[]>
}

/** `late`: opened and kept in the end; `open`: still broken at the end; `handled`: closed by a person. */
export type ImportTally = { contract: string; late: number; open: number; handled: number; conflicts: number }

export type QueueTx = {
  /** Adds a job inside this transaction; with a key, a waiting job of the same key is replaced. */
  addJob<N extends keyof Jobs>(
    name: N,
    payload: Jobs[N],
    options?: { key?: string; runAt?: Date },
  ): Promise<void>
}

/** Every kind of job, with its payload. */
export type Jobs = {
  process: { facts: FactRef[] }
  sweep: Record<string, never>
  poll: { system: string }
  run: { run: string }
  deliver: { surface: string }
  reclaim: Record<string, never>
  upkeep: Record<string, never>
}

/** What surfaces and commands read; every method answers one consistent moment. */
export type Reader = {
  exceptions(filter: SourceFilter): Promise<{ sources: ExceptionSource[]; total: number }>
  exception(id: string): Promise<ExceptionHistory | null>
  /** Subjects that carry this key value: as it is, or written in capitals or in small letters. */
  subjectsByValue(text: string, limit: number): Promise<SubjectRecord[]>
  touches(period: { from: Date; to: Date }): Promise<Touch[]>
  /** Live storefront orders first seen in the period. */
  orders(period: { from: Date; to: Date }): Promise<number>
  /** Exceptions that somebody dismissed as false alarms. */
  falseAlarms(): Promise<Set<string>>
  openByChannel(): Promise<Map<string, number>>
  waiting(): Promise<Waiting[]>
  /** The contracts an import was checked against, as its mapping gave them. */
  importedContracts(timeline: Timeline): Promise<unknown>
}

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
}

/** An exception with everything that was done about it, of the same moment. */
export type ExceptionHistory = ExceptionSource & {
  interventions: InterventionRow[]
  runs: (RunRecord & { requestedByName: string; approvedByName: string | null })[]
}

/** An exception with the subject it is about, and the names behind its person ids. */
export type ExceptionSource = {
  exception: ExceptionRecord
  subject: SubjectRecord
  names: Map<string, string>
}
