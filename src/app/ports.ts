import type { Touch } from '../domain/drag.ts'
import type { Counted, MissingNumbers } from '../domain/feed.ts'
import type { PossibleRoot } from '../domain/fold.ts'
import type { Fact, ObjectState, PersonRole, SubjectKind, Timeline } from '../domain/model.ts'
import type { NameKind, SystemName } from '../domain/names.ts'
import type { BatchDetail, BatchMember, BatchRecord, MemberEnd } from './batch-records.ts'
import type { SequenceNumber } from './connector.ts'
import type { DeskAsked, DeskSources, Owed } from './desk.ts'
import type { FollowUp, FollowUpTx } from './follow-up.ts'
import type { GroupDetail, GroupLine, GroupRecord, GroupTx } from './group-records.ts'
import type { HandoverSource } from './handover.ts'
import type { EpisodeRow, Waiting } from './queries.ts'
import type {
  BaselineRecord,
  CannotLink,
  ConflictRecord,
  DeliveryTrouble,
  EpisodeRecord,
  ExceptionHistory,
  ExceptionRecord,
  ExceptionSource,
  ExpectationRecord,
  FactRef,
  FeedState,
  FoldNode,
  IdentityKey,
  ImportRecord,
  ImportTally,
  LagRecord,
  MovedException,
  NewIntervention,
  NewSignal,
  ObjectName,
  PastRun,
  PostRecord,
  RunRecord,
  SourceFilter,
  StoredFact,
  SubjectRecord,
} from './records.ts'
import type { KnownIdentity, SurfaceId } from './same-person.ts'
import type { Budget } from './surface.ts'

/**
 * What the steps of the pipeline need from the world, implemented by `db/`. Everything that must happen together
 * happens in one `Tx`; bulk methods take many rows and cost a fixed number of statements.
 */
export type Store = {
  /** One transaction. Retries by itself on deadlock and serialization failure, never on anything else. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

export type Clock = () => Date

/** The time of day, for words that all readers see; with the day before it where that is not the day of `now`. */
export type ClockText = (at: Date, now?: Date) => string

export type Tx = SignalTx &
  SubjectTx &
  ExceptionTx &
  FoldTx &
  RunTx &
  PersonTx &
  FeedTx &
  PostTx &
  DeliveryTx &
  BatchTx &
  GroupTx &
  FollowUpTx &
  QueueTx &
  ImportTx &
  GraceTx &
  NameTx &
  SplitTx &
  TendTx

export type SignalTx = {
  /** Writes signals whose delivery key is new, with their facts, and answers the ids of these facts. */
  recordSignals(signals: NewSignal[]): Promise<FactRef[]>
  /** Remembers which of a sender's numbers have come, and when each came first. */
  noteNumbers(numbers: (SequenceNumber & { system: string; receivedAt: Date })[]): Promise<void>
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
  /**
   * Writes objects that the caller has locked, and makes those that did not exist yet, of which there are `fresh`. Where
   * another process has just made one of these the transaction is tried again: it would know only half its history.
   */
  saveObjects(timeline: Timeline, objects: ObjectState[], fresh: number): Promise<void>
  linkObjects(timeline: Timeline, links: { subjectId: string; object: ObjectName }[]): Promise<void>
  linkReferences(
    timeline: Timeline,
    links: { subjectId: string; name: string; value: string }[],
  ): Promise<void>
  /** Subjects with an expectation to look at, earliest first. */
  dueSubjects(timeline: Timeline, now: Date, limit: number): Promise<string[]>
  /** Has the next sweep look at what waits for news and was due by `upTo`. */
  wakeWaiting(timeline: Timeline, upTo: Date, now: Date): Promise<void>
  /** Lets the due expectations of a subject rest until `until`; `why` is shown. */
  postponeSubject(subjectId: string, now: Date, until: Date, why: string): Promise<void>
}

/** Names that systems use for articles and places, and what people said they mean. */
export type NameTx = {
  /** What was mapped in chat, by `systemNameText`. */
  mappingsOf(names: SystemName[]): Promise<Map<string, string>>
  /** Canonical names that were given in chat. */
  canonicalNames(kind: NameKind, limit: number): Promise<string[]>
  saveMapping(name: SystemName, canonical: string, personId: string | null, at: Date): Promise<void>
  /** Remembers what the file says now; answers the names that were seen and meant something else until now. */
  adoptMeanings(meanings: (SystemName & { canonical: string })[], at: Date): Promise<SystemName[]>
  /** Answers what the name meant until now; null when nobody had mapped it in chat. */
  forgetMapping(name: SystemName): Promise<string | null>
  /** On how many live subjects a name (`systemNameText`) was seen, counted up to the limit. */
  timesNamed(name: string, limit: number): Promise<number>
  /** Live subjects on which a name was seen, in the order of their ids, after this one. */
  subjectsNaming(name: string, after: string, limit: number): Promise<string[]>
  /** Names that Baton has something to say about, in their own order, after this one. */
  namesStated(after: string, limit: number): Promise<string[]>
}

/** What an admin took apart, and the taking apart itself; the caller holds the locks of the subjects. */
export type SplitTx = {
  /** Pairs of which one of these keys is a part. */
  cannotLinks(timeline: Timeline, keys: IdentityKey[]): Promise<CannotLink[]>
  saveCannotLinks(timeline: Timeline, pairs: CannotLink[], personId: string, at: Date): Promise<void>
  /** Answers how many there were. */
  removeCannotLinks(timeline: Timeline, pairs: CannotLink[]): Promise<number>
  /** Identity keys of any of these values, with their subjects. */
  keysOfValue(timeline: Timeline, values: string[]): Promise<{ key: IdentityKey; subjectId: string }[]>
  unlinkObjects(subjectId: string, names: ObjectName[]): Promise<void>
  dropKeys(timeline: Timeline, keys: IdentityKey[]): Promise<void>
  dropReferences(links: { subjectId: string; name: string; value: string }[]): Promise<void>
}

export type ExceptionTx = {
  /** The subject of an exception; null when there is no such exception. */
  subjectOf(exceptionId: string): Promise<string | null>
  /** Open live exceptions of these contracts, by id, after `after`. */
  openExceptions(
    contracts: readonly string[],
    after: string,
    limit: number,
  ): Promise<{ id: string; subjectId: string }[]>
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

/** Looking for what explains what: never under another subject's lock, so that a job looks again afterwards. */
export type FoldTx = {
  /**
   * The open exceptions of `contracts` that may explain each of these: on its own subject, on one that it refers to, or
   * on the feed of one of `systems`. `of`: its place in the list.
   */
  possibleRoots(
    timeline: Timeline,
    broken: { subjectId: string; contracts: readonly string[]; systems: string[] }[],
  ): Promise<(PossibleRoot & { of: number })[]>
  foldNodes(ids: string[]): Promise<FoldNode[]>
  /** Open exceptions folded under this one, by id, after `after`. */
  foldedUnder(id: string, after: string, limit: number): Promise<string[]>
  /** Open exceptions of these contracts that this one may explain, by id, after `after`. */
  possibleConsequences(
    root: FoldNode,
    contracts: readonly string[],
    after: string,
    limit: number,
  ): Promise<string[]>
  /** The exception on whose card this one is shown: its root's root, and so on; itself where it has none. */
  topRoot(id: string): Promise<string>
}

export type RunTx = {
  insertRun(run: Omit<RunRecord, 'id'>): Promise<string>
  /** Locks the run's row. */
  loadRun(id: string): Promise<RunRecord | null>
  saveRun(run: RunRecord): Promise<void>
  /**
   * Whether a process has another run in hand that is calling the same object of the same system. Until this transaction
   * ends nobody else begins a call on that.
   */
  isBeingCalled(run: Pick<RunRecord, 'id' | 'system' | 'target'>): Promise<boolean>
  /** Unfinished runs, except those that wait for a person, whose job is gone or used up. */
  runsWithoutJob(): Promise<string[]>
  /** Runs in nobody's hands that wait for this system to answer: to take their call, or to show what became of it. */
  restingRuns(system: string): Promise<string[]>
  /** The exception's runs that have ended, newest first: as many as what is offered next depends on. */
  pastRuns(exceptionId: string): Promise<PastRun[]>
}

export type PersonTx = {
  /** Everybody who is one with these identities, or with whom these addresses were seen: whole persons, by age. */
  knownPeople(of: { identities: SurfaceId[]; emails: string[] }): Promise<KnownIdentity[]>
  everybody(): Promise<KnownIdentity[]>
  /** Until this transaction ends nobody else becomes known, or is joined to somebody: look again afterwards. */
  lockPeople(): Promise<void>
  /** Makes somebody known who was not; the caller holds the lock. */
  meet(identity: SurfaceId, name: string, at: Date): Promise<KnownIdentity>
  /** Writes an identity's name, address, groups, and whether it is kept apart. */
  noteIdentity(identity: KnownIdentity): Promise<void>
  /** Each list of `own` is one person from now on, and the first stands for it; the caller holds the lock. */
  standAs(lists: string[][], link: { by: string; at: Date } | null): Promise<void>
  /** Whether anything that one of these asked for waits for approval. */
  isAsking(ids: string[]): Promise<boolean>
  /** The persons that stand for these ids, by the id that was asked for. */
  standing(ids: string[]): Promise<Map<string, { id: string; name: string }>>
  /** The names of the persons that stand for these ids. */
  personNames(ids: string[]): Promise<Map<string, string>>
}

export type FeedTx = {
  feeds(): Promise<FeedState[]>
  /** Writes what is given; the watermark never goes back. */
  saveFeed(feed: Pick<FeedState, 'system'> & Partial<FeedState>): Promise<void>
  /** The first one to find it out says since when. */
  markUnreachable(system: string, at: Date): Promise<{ since: Date; isNew: boolean }>
  /** Answers since when it was not; null when nothing was known of that. */
  markReachable(system: string): Promise<Date | null>
  /** When the system's stream was heard first (as far as signals are kept) and last; null if never. */
  signalSpan(system: string): Promise<{ first: Date; last: Date } | null>
  /** What the system's stream brought in each of these windows, `to` excluded, in their order. */
  countSignals(system: string, windows: { from: Date; to: Date }[]): Promise<Counted[]>
  /**
   * Holes in the system's numbers above which a later one came first in this stretch of time, the oldest first. A series
   * that begins anew leaves none.
   */
  missingNumbers(system: string, came: { from: Date; to: Date }): Promise<MissingNumbers[]>
  /** The system's objects whose subjects wait for something or are open: at most those of about `limit` subjects. */
  watchedObjects(system: string, limit: number): Promise<ObjectName[]>
}

export type GraceTx = {
  saveLags(lags: LagRecord[]): Promise<void>
  /** The lags of a contract that were completed from `from` on and before `to`. */
  lagsOf(contract: string, from: Date, to: Date): Promise<LagRecord[]>
  /** What is in force. */
  baselines(): Promise<BaselineRecord[]>
  /** Everything learned of a contract, each row locked. */
  lockBaselines(contract: string): Promise<BaselineRecord[]>
  saveBaselines(baselines: BaselineRecord[]): Promise<void>
  removeBaselines(baselines: BaselineRecord[]): Promise<void>
  /** When each of these systems last said something by itself that made sense: a reading back is no word of its own. */
  lastHeard(systems: string[]): Promise<Map<string, Date>>
  /** Times since `from` in which the feed of a system was an exception; `to` is null while it still is. */
  feedIncidents(from: Date): Promise<{ system: string; from: Date; to: Date | null }[]>
}

export type PostTx = {
  /**
   * Wants a card shown at its present revision on these surfaces; `card` as in card-ref.ts. `show`: in place of the post that there
   * is, or as a new one; as a `fresh` post, because an old one is too far up to be seen; or only `where_shown`.
   */
  wantPosts(
    wanted: {
      card: string
      surface: string
      channel: string
      revision: number
      show: 'in_place' | 'fresh' | 'where_shown'
      /**
       * The card under whose newest message it stands, as a reply. It waits until that is posted, and stands wherever
       * that really is: `channel` matters only for a post of its own. Where the other card has no post on this surface,
       * and gets none in this call, there is nothing to reply to, and nothing is wanted. Absent: a post of its own.
       */
      under?: string
      /**
       * `click`: somebody pressed for it: drawn first and at once, and so is what comes of it while they watch.
       * `severe`: among what is new, the first. `progress`: comes often; drawn at once while somebody watches, but
       * without the calls that are kept for clicks.
       */
      urgency?: 'click' | 'severe' | 'progress'
      /** The surface shows it itself in a moment (`SurfaceHost.redraw`): the dispatcher leaves it that long. */
      redrawn?: boolean
    }[],
    at: Date,
  ): Promise<void>
  /**
   * Leases the most urgent post that is behind, so that it has one writer; null when none may be tried now. Passed over
   * is what rests, with `clicksOnly` everything that nobody pressed for, with `changesOnly` what was never posted, and
   * always a reply to what is not posted itself.
   */
  leasePost(
    surface: string,
    by: string,
    now: Date,
    leaseMs: number,
    among?: { resting: Resting[]; clicksOnly: boolean; changesOnly: boolean },
  ): Promise<LeasedPost | null>
  /** Gives a lease back as if it had not been taken. */
  dropLease(post: Pick<PostRecord, 'card' | 'surface'>, by: string): Promise<void>
  /**
   * Leases this card's post if nobody else has it and `ref` is its message, or none is known; null otherwise. `ref`
   * null: whichever message it is.
   */
  leasePostOf(
    which: { card: string; surface: string; ref: string | null },
    by: string,
    now: Date,
    leaseMs: number,
  ): Promise<PostRecord | null>
  /** When the next post that is behind may be tried (its pause or its lease ends); null when none is behind. */
  nextPostAt(surface: string, resting?: Resting[]): Promise<Date | null>
  /** Ends the lease of `by`; `lost`: it was no longer that one's, and nothing was written down. */
  savePost(
    post: Pick<PostRecord, 'card' | 'surface'>,
    by: string,
    result: {
      ref: string | null
      channel: string
      postedRevision: number
      nextAttemptAt: Date
      problem: string | null
      detour?: string | null
      plainRevision?: number | null
    },
  ): Promise<'current' | 'behind' | 'lost'>
  /**
   * A writer whose lease had run out may have shown something old in this message: it is drawn again. Whoever is at it
   * now may have come before that, so that their lease is lost too, and they ask for the same.
   */
  drawAgain(post: { card: string; surface: string; ref: string }, at: Date): Promise<void>
  /** Has this message drawn again to see whether it is still there; nothing where somebody is at it, who will see that. */
  probePost(post: { card: string; surface: string; ref: string }, at: Date): Promise<void>
}

/** `parentRef`: of a reply, the message that it stands under, and `channel` is where that is; null for any other post. */
export type LeasedPost = PostRecord & { parentRef: string | null }

/** Calls for one channel that must wait: those for new posts or those for changes, also for clicks or not. */
export type Resting = { channel: string; fresh: boolean; clicks: boolean }

export type DeliveryTx = {
  /**
   * Takes one call from each of these budgets, or from none of them; answers when it may be tried again, or null when it
   * was taken. A part of each budget is kept for clicks.
   */
  takeBudgets(surface: string, budgets: Budget[], now: Date, isClick: boolean): Promise<Date | null>
  /** Nobody calls on this budget until then. `limited`: because the platform said that calls came too fast. */
  restBudget(surface: string, budget: Budget, until: Date, limited: boolean): Promise<void>
  troubles(surface: string): Promise<DeliveryTrouble[]>
  /** Notes a trouble, or that it goes on: the admins are told of it once. */
  saveTrouble(trouble: DeliveryTrouble): Promise<void>
  endTrouble(surface: string, about: string): Promise<void>
  /** Leases a trouble of which nobody was told yet. */
  untoldTrouble(now: Date, leaseMs: number): Promise<DeliveryTrouble | null>
  /** `again`: when it is to be tried again; null = they were told. */
  toldTrouble(trouble: DeliveryTrouble, again: Date | null): Promise<void>
  /**
   * A message of this card was pressed. Where nobody remembers which message shows the card, it is that one from now on;
   * where it is another one, this one is to be taken away. Answers whether it is the card's post.
   */
  pressedPost(pressed: { card: string; surface: string; ref: string }, now: Date): Promise<boolean>
  /** Leases a message that is to be taken away, with what the card's post is by now. */
  nextStray(
    surface: string,
    now: Date,
    leaseMs: number,
  ): Promise<{ ref: string; card: string; channel: string; isPost: boolean; attempts: number } | null>
  /** `again`: when it is to be tried again, and after how many attempts by then; null = it is gone, or let be. */
  settleStray(surface: string, ref: string, again: { at: Date; attempts: number } | null): Promise<void>
  /** When the next stray or untold trouble is due. */
  nextErrandAt(surface: string): Promise<Date | null>
}

export type BatchTx = {
  insertBatch(batch: Omit<BatchRecord, 'id'>, members: BatchMember[]): Promise<string>
  /** Locks the batch's row: never before a subject's. Its members by their turn. */
  lockBatch(id: string): Promise<{ batch: BatchRecord; members: BatchMember[] } | null>
  /** Writes the batch, and these of its members. */
  saveBatch(batch: BatchRecord, members: BatchMember[]): Promise<void>
  /** Of its members that are running: those whose run has ended. */
  endedMembers(id: string): Promise<MemberEnd[]>
  /** Runs of all batches that one system has before it, those left out that only wait to be proven; until this transaction ends nobody else starts one there. */
  batchRunsIn(system: string): Promise<number>
  /** Running batches that nobody is at: no job, and no run that would wake them when it ends. */
  batchesWithoutJob(): Promise<string[]>
}

/** An open live exception that may have to change because time has passed. */
export type DueException = { id: string; subjectId: string; channel: string | null }
export type DueClaim = DueException & { claimedBy: string; claimedAt: Date }

export type TendTx = {
  /** What is claimed and has no run of its own in progress, in the order of ids, after this one. */
  claims(after: string, limit: number): Promise<DueClaim[]>
  /** What was snoozed until `now`, the first due first. */
  dueSnoozes(now: Date, limit: number): Promise<DueException[]>
  /**
   * What was routed for this reason and has waited for somebody since `before`, without having been raised. What is in
   * the summary of a storm alone is left out: that is raised as one.
   */
  untaken(routeReason: string, before: Date, limit: number): Promise<DueException[]>
  /**
   * Adds to the handover of one channel and shift end, which is made if there is none; answers its id. The caller holds
   * the locks of the subjects.
   */
  handOver(
    channel: string,
    endedAt: Date,
    items: { exceptionId: string; claimedBy: string; claimedAt: Date }[],
  ): Promise<string>
  /** Handovers of shifts that ended since then whose posts are behind what their exceptions show. */
  handoversBehind(since: Date): Promise<{ id: string; channel: string; revision: number }[]>
  /** Takes a note off the cards of its gap; false when there is no such note on them. */
  retireNote(note: string, personId: string, at: Date): Promise<boolean>
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
  /** Starts as many runs of a batch as may be under way, and notes which have ended. */
  batch: { batch: string }
  /** Looks again at what explains these exceptions, and at what they explain. */
  fold: { exceptions: string[] }
  /** What is folded under this exception has changed: the card that shows it is drawn anew. */
  redraw: { exception: string }
  /**
   * Cards that offer something of this system are drawn anew: it is unreachable `since` then and still is, or (null) it
   * answers again.
   */
  reach: { system: string; since: string | null }
  deliver: { surface: string }
  /** Looks at what time alone changes: snoozes and claims that end, what nobody took, what a handover shows. */
  tend: Record<string, never>
  /** Tells somebody in private what was given to them, and by whom; or what was said where they cannot read it. */
  notify: {
    surface: string
    externalId: string
    /** When it became news. */
    at: string
  } & ({ by: string; about: string; exception: string } | { followUp: string })
  reclaim: Record<string, never>
  /** Looks at the groups of exceptions that are due: what was held back, and summaries. */
  groups: Record<string, never>
  /** What was recorded under one name moves to what it means now; without a name, every name is looked at. */
  remap: { name: string | null; after: string }
  upkeep: Record<string, never>
  learn: Record<string, never>
  /** Compares everything that one system holds, if that is due. */
  reconcile: { system: string }
  watch: Record<string, never>
}

export type StoredGroup = GroupRecord &
  Pick<GroupDetail, 'closedAt' | 'figures'> & {
    worst: GroupLine[]
    lines: GroupLine[]
    /** Why its open members stand where they do: each reason once. */
    routeReasons: string[]
  }

/** What surfaces and commands read; every method answers one consistent moment. */
export type Reader = {
  exceptions(filter: SourceFilter): Promise<{ sources: ExceptionSource[]; total: number }>
  /** `needsGoods`: whether other orders that need the same goods are asked for. */
  exception(
    id: string,
    now: Date,
    needsGoods: (contract: string) => boolean,
  ): Promise<ExceptionHistory | null>
  /** Subjects that carry this key value: as it is, or written in capitals or in small letters. */
  subjectsByValue(text: string, limit: number): Promise<SubjectRecord[]>
  /** Identities for which a platform vouches one of these addresses, and that it still joins to their person. */
  vouched(emails: readonly string[]): Promise<(SurfaceId & { email: string })[]>
  touches(period: { from: Date; to: Date }): Promise<Touch[]>
  /** Live storefront orders first seen in the period. */
  orders(period: { from: Date; to: Date }): Promise<number>
  /** Exceptions that somebody dismissed as false alarms. */
  falseAlarms(): Promise<Set<string>>
  openByChannel(): Promise<Map<string, number>>
  desk(asked: DeskAsked): Promise<DeskSources>
  /** What is open and was promised from `now` on. */
  owed(now: Date): Promise<Owed>
  /** These exceptions, in this order, whatever their state. */
  exceptionsById(ids: readonly string[]): Promise<ExceptionSource[]>
  /** How many of these there are of each contract, most first. */
  countByContract(filter: SourceFilter): Promise<{ contract: string; count: number }[]>
  batch(id: string): Promise<Omit<BatchDetail, 'title'> | null>
  handover(id: string): Promise<HandoverSource | null>
  followUp(id: string): Promise<FollowUp | null>
  episodes(exceptionId: string, limit: number): Promise<EpisodeRow[]>
  /** Batches under way, and those that have ended since then, newest first. */
  recentBatches(since: Date, limit: number): Promise<string[]>
  /** A storm, with so many of its worst members, and the listed ones from one place to another; null where there is none of this id. */
  group(
    id: string,
    now: Date,
    worst: number,
    listed: { from: number; to: number },
  ): Promise<StoredGroup | null>
  waiting(): Promise<Waiting[]>
  /** What was learned of these contracts, who agreed, and how many lags of each were seen since `from`. */
  learned(
    contracts: string[],
    from: Date,
  ): Promise<{ baselines: BaselineRecord[]; names: Map<string, string>; samples: Map<string, number> }>
  /** Of the lags of one handoff since `from`: how many outlasted `overMs`, and how many of these not `withinMs`. */
  slowerLags(
    of: Pick<BaselineRecord, 'contract' | 'from' | 'to' | 'value'>,
    from: Date,
    than: { overMs: number; withinMs: number },
  ): Promise<{ slower: number; within: number }>
  /** The contracts an import was checked against, as its mapping gave them. */
  importedContracts(timeline: Timeline): Promise<unknown>
}
