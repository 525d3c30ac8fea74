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

import type {
  ConflictRecord,
  EpisodeRecord,
  ExceptionHistory,
  ExceptionRecord,
  ExceptionSource,
  ExpectationRecord,
  FactRef,
  FeedState,
  IdentityKey,
  ImportRecord,
  ImportTally,
  MovedException,
  NewIntervention,
  NewSignal,
  ObjectName,
  PostRecord,
  RunRecord,
  SourceFilter,
  StoredFact,
  SubjectRecord,
} from './records.ts'

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

export type FeedTx = {
  feeds(): Promise<FeedState[]>
  /** Writes what is given; the watermark never goes back. */
  saveFeed(feed: Pick<FeedState, 'system'> & Partial<FeedState>): Promise<void>
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

export type ImportTx = {
  /** Locks the import's row, so that two processes cannot play the same one. */
  loadImport(timeline: Timeline): Promise<ImportRecord | null>
  saveImport(record: ImportRecord): Promise<void>
  /** Subjects of a timeline in the order of their ids, after this one. */
  subjectsAfter(timeline: Timeline, after: string, limit: number): Promise<string[]>
  /** How the exceptions and clocks of an import came out, by contract. */
  tally(timeline: Timeline): Promise<ImportTally[]>
}

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
