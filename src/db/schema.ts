import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { MEMBER_STATES } from '../app/batch-records.ts'
import { PLACES } from '../domain/group.ts'

/*
 * Every hot table's key begins with the subject or with the system, so that the same schema can be distributed by
 * subject. `signals` and `facts` are partitioned by month of receipt (see migrations/0000): an old month can be
 * detached without touching interventions.
 */

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })
const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })
const id = (name: string) => bigint(name, { mode: 'number' })

/** What Baton knows about each configured system's feed. */
export const systemState = pgTable('system_state', {
  system: text('system').primaryKey(),
  cursor: text('cursor'),
  /** The time up to which Baton knows this system's world. */
  watermark: at('watermark'),
  /** Sender's clock minus ours, in ms, smoothed; null until it was measured once. */
  skewMs: doublePrecision('skew_ms'),
  lastSignalAt: at('last_signal_at'),
  /** Since when it cannot be read to the end, for whatever reason; null while it can. */
  downSince: at('down_since'),
  lastError: text('last_error'),
  /** Since when no call to it arrives, a poll's or an action's; null while they do. What is pressed waits. */
  unreachableSince: at('unreachable_since'),
  /** The last stretch of time in which it was not read as usual. */
  blindFrom: at('blind_from'),
  blindTo: at('blind_to'),
  /** Since when its stream is silent or strange; what depends on it is not judged meanwhile. */
  suspectSince: at('suspect_since'),
  suspectWhy: text('suspect_why'),
  /** The full comparison: when it was begun last, how far it has come, and when it was last finished. */
  reconcileStartedAt: at('reconcile_started_at'),
  reconcileCursor: text('reconcile_cursor'),
  reconciledAt: at('reconciled_at'),
})

/** One inbound delivery, raw, for 30 days. Partitioned by `received_at`. */
export const signals = pgTable(
  'signals',
  {
    id: id('id').generatedAlwaysAsIdentity(),
    system: text('system').notNull(),
    via: text('via', { enum: ['webhook', 'poll', 'readback', 'reconcile'] }).notNull(),
    receivedAt: at('received_at').notNull(),
    deliveryKey: text('delivery_key').notNull(),
    body: bytea('body').notNull(),
    /** Why it, or some of its rows, could not be read; null when all could. */
    problem: text('problem'),
    badRows: integer('bad_rows').notNull().default(0),
    facts: integer('facts').notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.system, t.receivedAt, t.id] }),
    index('signals_problem').on(t.receivedAt).where(sql`problem is not null`),
  ],
)

/** Every delivery ever accepted; outlives all retry windows. A redelivery changes nothing. */
export const deliveries = pgTable(
  'deliveries',
  {
    system: text('system').notNull(),
    key: text('key').notNull(),
    receivedAt: at('received_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.system, t.key] })],
)

/** What a system says about one of its objects: in a fact, and in the object as it stands. */
const said = () => ({
  timeline: text('timeline').notNull(),
  system: text('system').notNull(),
  role: text('role').notNull(),
  type: text('type').notNull(),
  externalId: text('external_id').notNull(),
  version: doublePrecision('version').notNull(),
  keys: jsonb('keys').notNull(),
  orderClass: text('order_class'),
  state: text('state').notNull(),
  rawState: text('raw_state').notNull(),
  quantities: jsonb('quantities').notNull(),
  attributes: jsonb('attributes').notNull(),
  changedBy: jsonb('changed_by').notNull(),
  occurredAt: at('occurred_at').notNull(),
  receivedAt: at('received_at').notNull(),
})

/** Append-only. Partitioned by `received_at`. */
export const facts = pgTable(
  'facts',
  {
    id: id('id').generatedAlwaysAsIdentity(),
    ...said(),
  },
  (t) => [
    primaryKey({ columns: [t.id, t.receivedAt] }),
    index('facts_object').on(t.timeline, t.system, t.type, t.externalId, t.version),
  ],
)

/**
 * The newest known version of each object. Its pages are filled to four fifths (migrations/0005): a new version then
 * stays on its page and out of the indexes.
 */
export const objects = pgTable(
  'objects',
  {
    ...said(),
    hash: text('hash').notNull(),
    enteredAt: jsonb('entered_at').notNull(),
    firstAt: at('first_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.timeline, t.system, t.type, t.externalId] }),
    index('objects_orders').on(t.timeline, t.firstAt).where(sql`type = 'order' and role = 'storefront'`),
  ],
)

export const subjects = pgTable(
  'subjects',
  {
    id: id('id').primaryKey().generatedAlwaysAsIdentity(),
    timeline: text('timeline').notNull(),
    kind: text('kind').notNull(),
    createdAt: at('created_at').notNull(),
    /** Set when a late key showed that this subject is another one; its rows have moved there. */
    mergedInto: id('merged_into'),
  },
  (t) => [index('subjects_merged').on(t.mergedInto).where(sql`merged_into is not null`)],
)

/** Identity keys: each names exactly one subject. */
export const subjectKeys = pgTable(
  'subject_keys',
  {
    timeline: text('timeline').notNull(),
    name: text('name').notNull(),
    value: text('value').notNull(),
    subjectId: id('subject_id').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.timeline, t.name, t.value] }),
    index('subject_keys_subject').on(t.subjectId),
    index('subject_keys_value').on(t.value),
    // Stock is named `SKU@PLACE`: this finds a SKU at all its places, byte by byte in any collation.
    index('subject_keys_stock').on(t.timeline, t.value.op('text_pattern_ops')).where(sql`name = 'stock'`),
  ],
)

/** Which objects speak about a subject. */
export const subjectObjects = pgTable(
  'subject_objects',
  {
    subjectId: id('subject_id').notNull(),
    /** The subject's, so that one index finds the subjects of an object. */
    timeline: text('timeline').notNull(),
    system: text('system').notNull(),
    type: text('type').notNull(),
    externalId: text('external_id').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.subjectId, t.system, t.type, t.externalId] }),
    index('subject_objects_object').on(t.timeline, t.system, t.type, t.externalId),
  ],
)

/** Reference keys: they link, and never unify. Kept under what is referenced. */
export const subjectLinks = pgTable(
  'subject_links',
  {
    timeline: text('timeline').notNull(),
    name: text('name').notNull(),
    value: text('value').notNull(),
    subjectId: id('subject_id').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.timeline, t.name, t.value, t.subjectId] }),
    index('subject_links_subject').on(t.subjectId),
    index('subject_links_value').on(t.value),
  ],
)

/** A break that waits for its grace, or for a silent system. */
export const expectations = pgTable(
  'expectations',
  {
    subjectId: id('subject_id').notNull(),
    contract: text('contract').notNull(),
    timeline: text('timeline').notNull(),
    since: at('since').notNull(),
    dueAt: at('due_at').notNull(),
    /** When the sweeper should look: `due_at`, or later while it waits. */
    nextCheckAt: at('next_check_at').notNull(),
    /** "not yet known, erp silent since ...": visible, never guessed. */
    waitingFor: text('waiting_for'),
  },
  (t) => [
    primaryKey({ columns: [t.subjectId, t.contract] }),
    index('expectations_due').on(t.timeline, t.nextCheckAt),
    index('expectations_waiting').on(t.timeline, t.dueAt).where(sql`waiting_for is not null`),
  ],
)

/** Clocks of two systems that contradict each other: reported, never carded. */
export const clockConflicts = pgTable(
  'clock_conflicts',
  {
    subjectId: id('subject_id').notNull(),
    contract: text('contract').notNull(),
    timeline: text('timeline').notNull(),
    earlierAt: at('earlier_at').notNull(),
    laterAt: at('later_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.subjectId, t.contract] }),
    index('clock_conflicts_timeline').on(t.timeline, t.contract),
  ],
)

/** One row for each (contract, subject, timeline), for ever; reopening is a new episode of it. */
export const exceptions = pgTable(
  'exceptions',
  {
    id: id('id').primaryKey().generatedAlwaysAsIdentity(),
    timeline: text('timeline').notNull(),
    subjectId: id('subject_id').notNull(),
    contract: text('contract').notNull(),
    state: text('state', { enum: ['open', 'resolved', 'healed', 'dismissed', 'merged'] }).notNull(),
    episode: integer('episode').notNull().default(1),
    /** Counts decisions: state, claim, offered actions. A button carries it. */
    version: integer('version').notNull().default(1),
    /** Counts everything that a reader could see change. */
    revision: integer('revision').notNull().default(1),
    since: at('since').notNull(),
    dueAt: at('due_at').notNull(),
    openedAt: at('opened_at').notNull(),
    closedAt: at('closed_at'),
    status: text('status').notNull(),
    severity: text('severity').notNull(),
    evidence: text('evidence').notNull(),
    magnitude: doublePrecision('magnitude').notNull(),
    dismissalHolds: boolean('dismissal_holds').notNull().default(false),
    valueMinor: bigint('value_minor', { mode: 'number' }),
    currency: text('currency'),
    promiseAt: at('promise_at'),
    channel: text('channel'),
    routeReason: text('route_reason'),
    claimedBy: id('claimed_by'),
    claimedAt: at('claimed_at'),
    /** Who gave it to the one who has it; null where they took it themselves. */
    assignedBy: id('assigned_by'),
    /** Since when it waits for somebody to take it; null = since it opened. */
    freeSince: at('free_since'),
    /** Set aside until then, unless its evidence gets worse than it was at that time. */
    snoozedUntil: at('snoozed_until'),
    snoozedMagnitude: doublePrecision('snoozed_magnitude'),
    /** Raised to another channel, where it has a post of its own. */
    escalatedAt: at('escalated_at'),
    escalatedTo: text('escalated_to'),
    /** The latest decision of a person: who, what, when, and on which version of the card. */
    decidedBy: id('decided_by'),
    decidedAt: at('decided_at'),
    decidedWhat: text('decided_what'),
    decidedOnVersion: integer('decided_on_version'),
    mergedInto: id('merged_into'),
    /** The open exception that explains this one: it is shown there as a consequence, and has no card of its own. */
    rootId: id('root_id'),
    /** What its grace rests on, where that was learned: "usually 4 min, 99.5% within 22 min". */
    graceWords: text('grace_words'),
  },
  (t) => [
    index('exceptions_root').on(t.rootId).where(sql`root_id is not null`),
    index('exceptions_contract').on(t.timeline, t.contract, t.openedAt),
    uniqueIndex('exceptions_one').on(t.subjectId, t.contract).where(sql`merged_into is null`),
    index('exceptions_merged').on(t.mergedInto).where(sql`merged_into is not null`),
    index('exceptions_open').on(t.timeline, t.openedAt).where(sql`state = 'open'`),
    index('exceptions_open_contract').on(t.timeline, t.contract, t.id).where(sql`state = 'open'`),
    index('exceptions_closed').on(t.timeline, t.closedAt),
    index('exceptions_claimed').on(t.id).where(sql`state = 'open' and claimed_by is not null`),
    index('exceptions_snoozed').on(t.snoozedUntil).where(sql`state = 'open' and snoozed_until is not null`),
    index('exceptions_free')
      .on(t.routeReason, sql`coalesce(free_since, opened_at)`)
      .where(
        sql`state = 'open' and claimed_by is null and snoozed_until is null and escalated_at is null and root_id is null`,
      ),
  ],
)

/** How each episode went, for history and measure. */
export const episodes = pgTable(
  'episodes',
  {
    exceptionId: id('exception_id').notNull(),
    episode: integer('episode').notNull(),
    since: at('since').notNull(),
    dueAt: at('due_at').notNull(),
    openedAt: at('opened_at').notNull(),
    closedAt: at('closed_at'),
    closedAs: text('closed_as'),
    closedBy: text('closed_by'),
    runId: id('run_id'),
  },
  (t) => [primaryKey({ columns: [t.exceptionId, t.episode] })],
)

/** One execution of a routing action. */
export const actionRuns = pgTable(
  'action_runs',
  {
    id: id('id').primaryKey().generatedAlwaysAsIdentity(),
    exceptionId: id('exception_id').notNull(),
    episode: integer('episode').notNull(),
    system: text('system').notNull(),
    action: text('action').notNull(),
    label: text('label').notNull(),
    values: jsonb('values').notNull(),
    target: jsonb('target'),
    state: text('state', {
      enum: ['awaiting_approval', 'queued', 'reading', 'sending', 'sent', 'settling', 'finished'],
    }).notNull(),
    outcome: text('outcome', {
      enum: [
        'done',
        'already_done',
        'requested',
        'accepted',
        'refused',
        'unknown',
        'failed',
        'declined',
        'taken_back',
      ],
    }),
    /** In the system's own words. */
    words: text('words').notNull().default(''),
    idempotencyKey: text('idempotency_key').notNull(),
    before: jsonb('before'),
    after: jsonb('after'),
    requestedBy: id('requested_by').notNull(),
    approvedBy: id('approved_by'),
    /** The process that is at it: fenced, so that a revived one cannot go on. */
    worker: text('worker'),
    sends: integer('sends').notNull().default(0),
    startedAt: at('started_at').notNull(),
    /** Since when it has waited for a system that could not be reached: nothing was sent by then. */
    waitsSince: at('waits_since'),
    /** The run that this one takes back. */
    undoes: id('undoes'),
    /** The batch that it belongs to: whoever ends the run wakes it. */
    batchId: id('batch_id'),
    /** The card whose post was pressed, where that is not the exception's own: what is said about the run goes there. */
    pressedOn: text('pressed_on'),
    sentAt: at('sent_at'),
    settleBy: at('settle_by'),
    finishedAt: at('finished_at'),
    /** The handoff is kept: the only thing that reads "verified". */
    verifiedAt: at('verified_at'),
  },
  (t) => [
    // Beside what somebody else was asked for, and has not answered or carried out yet, there is one at a time.
    uniqueIndex('action_runs_one_active')
      .on(t.exceptionId)
      .where(
        sql`state <> 'finished' and (state <> 'settling' or outcome is null or outcome not in ('requested', 'accepted'))`,
      ),
    index('action_runs_unfinished').on(t.exceptionId).where(sql`state <> 'finished'`),
    index('action_runs_exception').on(t.exceptionId, t.id),
    index('action_runs_active').on(t.state).where(sql`state <> 'finished'`),
    index('action_runs_undoes').on(t.undoes).where(sql`undoes is not null`),
    index('action_runs_batch').on(t.system).where(sql`batch_id is not null and state <> 'finished'`),
  ],
)

/** One human on one surface, or several of these that are one human: then one row stands for all. */
export const persons = pgTable(
  'persons',
  {
    id: id('id').primaryKey().generatedAlwaysAsIdentity(),
    name: text('name').notNull(),
    createdAt: at('created_at').notNull(),
    /** The row that stands for this one, always in one step: it has none itself. What was stored under this id stays. */
    mergedInto: id('merged_into'),
    /** The admin who said so; null where a verified address or baton.yml did. */
    linkedBy: id('linked_by'),
    linkedAt: at('linked_at'),
  },
  () => [index('persons_standing').on(sql`coalesce(merged_into, id)`)],
)

/** A person on one surface. Each has a row of `persons` of its own for ever, so that nothing moves when two are joined. */
export const identities = pgTable(
  'identities',
  {
    surface: text('surface').notNull(),
    externalId: text('external_id').notNull(),
    personId: id('person_id').notNull(),
    /** In small letters, as the platform vouched for it last; null where it never did. */
    email: text('email'),
    /** Its address joins it to nobody: it has changed, or passed from one account to another, or an admin said no. */
    isApart: boolean('is_apart').notNull().default(false),
    /** The platform's groups that it was in, when the platform said so last. */
    groups: text('groups').array().notNull().default([]),
    groupsAt: at('groups_at'),
  },
  (t) => [
    primaryKey({ columns: [t.surface, t.externalId] }),
    uniqueIndex('identities_person').on(t.personId),
    index('identities_email').on(t.email).where(sql`email is not null`),
  ],
)

/** Every human touch. Append-only: a trigger refuses update and delete. */
export const interventions = pgTable(
  'interventions',
  {
    id: id('id').primaryKey().generatedAlwaysAsIdentity(),
    at: at('at').notNull(),
    timeline: text('timeline').notNull(),
    /** Null: a person in the system itself, whom Baton does not know. */
    personId: id('person_id'),
    personRole: text('person_role'),
    kind: text('kind', { enum: ['press', 'command', 'off_chat'] }).notNull(),
    action: text('action'),
    result: text('result'),
    exceptionId: id('exception_id'),
    /** Of a press for a group: the ids of all its exceptions. */
    exceptionIds: jsonb('exception_ids'),
    subjectId: id('subject_id'),
    /** The gap as it was when touched. */
    contract: text('contract'),
    handoff: jsonb('handoff'),
    startedAt: at('started_at'),
    reportedMinutes: doublePrecision('reported_minutes'),
    note: text('note'),
    surface: text('surface').notNull(),
    /** The same press delivered again carries the same key. */
    interactionKey: text('interaction_key'),
    /** What the card showed: version, title, evidence, offered and suggested actions. */
    snapshot: jsonb('snapshot'),
    message: text('message'),
  },
  (t) => [
    uniqueIndex('interventions_interaction').on(t.surface, t.interactionKey),
    index('interventions_exception').on(t.exceptionId, t.id),
    index('interventions_at').on(t.timeline, t.at),
    index('interventions_notes')
      .on(t.contract, t.id)
      .where(sql`note is not null and kind = 'press' and action in ('note', 'fixed_by_hand')`),
  ],
)

/** The presence of one card in one channel: desired revision against posted revision. */
export const posts = pgTable(
  'posts',
  {
    /** What the card is about: `12` is an exception, `batch:7` a batch, `group:3` a group. */
    card: text('card').notNull(),
    surface: text('surface').notNull(),
    channel: text('channel').notNull(),
    /** The card under whose post this one stands, as a reply to it; null = a post of its own. */
    under: text('under'),
    ref: text('ref'),
    desiredRevision: integer('desired_revision').notNull(),
    postedRevision: integer('posted_revision').notNull().default(0),
    /** Held by the one writer of this post. */
    leaseBy: text('lease_by'),
    leaseUntil: at('lease_until'),
    nextAttemptAt: at('next_attempt_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    problem: text('problem'),
    /** 0 = somebody pressed it, 1 = new and severe, 2 = new, 3 = a change of what is shown. */
    priority: smallint('priority').notNull().default(2),
    /** Why it is not in the channel that it was meant for; shown on the card. */
    detour: text('detour'),
    /** The revision that the platform rejected: it is shown as a plain card. */
    plainRevision: integer('plain_revision'),
    /** Somebody pressed it and waits for what comes of that: until then changes are drawn like a press. */
    watchedUntil: at('watched_until'),
  },
  (t) => [
    primaryKey({ columns: [t.card, t.surface] }),
    index('posts_due')
      .on(t.surface, t.priority, t.nextAttemptAt)
      .where(sql`desired_revision > posted_revision`),
    index('posts_replying').on(t.surface, t.under).where(sql`under is not null and ref is null`),
  ],
)

/** One press for a group of exceptions: first offered, then run, one action run for each member. */
export const batches = pgTable(
  'batches',
  {
    id: id('id').primaryKey().generatedAlwaysAsIdentity(),
    contract: text('contract').notNull(),
    state: text('state', { enum: ['offered', 'running', 'finished'] }).notNull(),
    version: integer('version').notNull().default(1),
    revision: integer('revision').notNull().default(1),
    offers: jsonb('offers').notNull(),
    chosen: jsonb('chosen'),
    channel: text('channel').notNull(),
    askedBy: id('asked_by').notNull(),
    askedAt: at('asked_at').notNull(),
    startedBy: id('started_by'),
    startedAt: at('started_at'),
    stoppedBy: id('stopped_by'),
    finishedAt: at('finished_at'),
    /** The latest decision of a person: who, what, when, and on which version of the card. */
    decidedBy: id('decided_by'),
    decidedAt: at('decided_at'),
    decidedWhat: text('decided_what'),
    decidedOnVersion: integer('decided_on_version'),
  },
  (t) => [
    index('batches_running').on(t.id).where(sql`state = 'running'`),
    index('batches_finished').on(t.finishedAt).where(sql`state = 'finished'`),
    index('batches_offered').on(t.askedAt).where(sql`state = 'offered'`),
  ],
)

/** The exceptions of a batch, as its card showed them, and what became of each. */
export const batchMembers = pgTable(
  'batch_members',
  {
    batchId: id('batch_id').notNull(),
    place: integer('place').notNull(),
    exceptionId: id('exception_id').notNull(),
    version: integer('version').notNull(),
    name: text('name').notNull(),
    actions: text('actions').array().notNull(),
    state: text('state', { enum: MEMBER_STATES }).notNull(),
    words: text('words').notNull().default(''),
    runId: id('run_id'),
  },
  (t) => [primaryKey({ columns: [t.batchId, t.place] })],
)

/** Live processes; a silent one's work is taken over. */
export const workers = pgTable('workers', {
  id: text('id').primaryKey(),
  startedAt: at('started_at').notNull(),
  heartbeatAt: at('heartbeat_at').notNull(),
  /** The names under which the queue library locks jobs for this process. */
  queueWorkers: text('queue_workers').array().notNull(),
})

/** A schedule's tick and its job are inserted together: of many replicas one wins. */
export const scheduleTicks = pgTable(
  'schedule_ticks',
  { name: text('name').notNull(), tick: at('tick').notNull() },
  (t) => [primaryKey({ columns: [t.name, t.tick] })],
)

/** One imported export; its timeline is `import:` and the beginning of its fingerprint. */
export const imports = pgTable('imports', {
  timeline: text('timeline').primaryKey(),
  name: text('name').notNull(),
  startedAt: at('started_at').notNull(),
  /** Null while it is being played: it can be taken up where it stopped. */
  finishedAt: at('finished_at'),
  asOf: at('as_of').notNull(),
  /** The contracts that it is checked against, as the mapping gave them. */
  contracts: jsonb('contracts').notNull(),
  /** Facts played so far, in the order of their own times. */
  played: integer('played').notNull().default(0),
})

/** Facts that the pipeline could not take, kept for an admin: their neighbours went on. */
export const quarantine = pgTable('quarantine', {
  factId: id('fact_id').primaryKey(),
  receivedAt: at('received_at').notNull(),
  quarantinedAt: at('quarantined_at').notNull(),
  problem: text('problem').notNull(),
})

/** How long a handoff took, one row each time; what was slow in an incident is left out of what is learned. */
export const lags = pgTable(
  'lags',
  {
    contract: text('contract').notNull(),
    fromSystem: text('from_system').notNull(),
    toSystem: text('to_system').notNull(),
    /** The value of the attribute that the contract's grace is learned by; empty where it has none. */
    value: text('value').notNull(),
    reachedAt: at('reached_at').notNull(),
    ms: doublePrecision('ms').notNull(),
  },
  (t) => [index('lags_contract').on(t.contract, t.reachedAt)],
)

/** What was learned of a handoff's lag: in force; proposed because it is wider and an admin must agree; or refused. */
export const baselines = pgTable(
  'baselines',
  {
    contract: text('contract').notNull(),
    fromSystem: text('from_system').notNull(),
    toSystem: text('to_system').notNull(),
    value: text('value').notNull(),
    state: text('state', { enum: ['in_force', 'proposed', 'refused'] }).notNull(),
    learnedAt: at('learned_at').notNull(),
    sample: integer('sample').notNull(),
    medianMs: doublePrecision('median_ms').notNull(),
    quantileMs: doublePrecision('quantile_ms').notNull(),
    agreedBy: id('agreed_by'),
  },
  (t) => [primaryKey({ columns: [t.contract, t.fromSystem, t.toSystem, t.value, t.state] })],
)

/** What people told Baton in chat: this name of this system means that canonical one. `baton.yml` goes before it. */
export const mappings = pgTable(
  'mappings',
  {
    kind: text('kind', { enum: ['sku', 'location'] }).notNull(),
    system: text('system').notNull(),
    value: text('value').notNull(),
    canonical: text('canonical').notNull(),
    personId: id('person_id'),
    at: at('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.kind, t.system, t.value] })],
)

/** Two identity keys that an admin split: they never name one subject again. First the one that stayed. */
export const cannotLinks = pgTable(
  'cannot_links',
  {
    timeline: text('timeline').notNull(),
    firstName: text('first_name').notNull(),
    firstValue: text('first_value').notNull(),
    secondName: text('second_name').notNull(),
    secondValue: text('second_value').notNull(),
    personId: id('person_id').notNull(),
    at: at('at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.timeline, t.firstName, t.firstValue, t.secondName, t.secondValue] }),
    index('cannot_links_second').on(t.timeline, t.secondName, t.secondValue),
  ],
)

/** What a surface remembers between starts: JSON, or JSON encrypted. */
export const surfaceKeep = pgTable(
  'surface_keep',
  {
    surface: text('surface').notNull(),
    kind: text('kind').notNull(),
    key: text('key').notNull(),
    isSealed: boolean('is_sealed').notNull(),
    value: text('value').notNull(),
  },
  (t) => [primaryKey({ columns: [t.surface, t.isSealed, t.kind, t.key] })],
)

/** Exceptions that opened together; past a threshold a storm, which has one post for all. See domain/group.ts. */
export const groups = pgTable(
  'groups',
  {
    id: id('id').primaryKey().generatedAlwaysAsIdentity(),
    channel: text('channel').notNull(),
    /** The text of `parts`: names the group within its channel. */
    key: text('key').notNull(),
    parts: jsonb('parts').notNull(),
    rule: jsonb('rule').notNull(),
    openedAt: at('opened_at').notNull(),
    stormAt: at('storm_at'),
    closedAt: at('closed_at'),
    bar: jsonb('bar').notNull(),
    revision: integer('revision').notNull().default(0),
    showing: integer('showing').notNull().default(1),
    refreshedAt: at('refreshed_at').notNull(),
    postedAt: at('posted_at').notNull(),
    nextLookAt: at('next_look_at').notNull(),
    shown: text('shown').notNull().default(''),
    /** How many there ever were at the last look: as many again, and the storm has calmed. */
    seen: integer('seen').notNull().default(0),
    /** What the list cards under the present posting name, worst first, as exception ids; empty while there are none. */
    listed: jsonb('listed').notNull().default([]),
    /** When nobody took its members for too long, and where that was said. */
    escalatedAt: at('escalated_at'),
    escalatedTo: text('escalated_to'),
    /** What there is to say of one that is over. */
    figures: jsonb('figures'),
  },
  (t) => [
    uniqueIndex('groups_open').on(t.channel, t.key).where(sql`closed_at is null`),
    index('groups_due').on(t.nextLookAt).where(sql`closed_at is null`),
    index('groups_closed').on(t.closedAt).where(sql`closed_at is not null`),
  ],
)

/** The group that an exception opened in last, and whether it has a post of its own. */
export const groupMembers = pgTable(
  'group_members',
  {
    exceptionId: id('exception_id').primaryKey(),
    groupId: id('group_id').notNull(),
    place: text('place', { enum: PLACES }).notNull(),
    at: at('at').notNull(),
  },
  (t) => [index('group_members_group').on(t.groupId, t.at)],
)

/** Claims that ended with one shift in one channel: one message hands them over. */
export const handovers = pgTable(
  'handovers',
  {
    id: id('id').primaryKey().generatedAlwaysAsIdentity(),
    channel: text('channel').notNull(),
    /** The end of the shift; of claims without a calendar, the full hour in which they were seen to have ended. */
    endedAt: at('ended_at').notNull(),
  },
  (t) => [uniqueIndex('handovers_one').on(t.channel, t.endedAt), index('handovers_ended').on(t.endedAt)],
)

/** What was in hand when the shift ended, and in whose. */
export const handoverItems = pgTable(
  'handover_items',
  {
    handoverId: id('handover_id').notNull(),
    exceptionId: id('exception_id').notNull(),
    claimedBy: id('claimed_by').notNull(),
    claimedAt: at('claimed_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.handoverId, t.exceptionId] })],
)

/** Notes that are not shown any more on the cards of their gap; the log itself is never edited. */
export const retiredNotes = pgTable('retired_notes', {
  interventionId: id('intervention_id').primaryKey(),
  personId: id('person_id').notNull(),
  at: at('at').notNull(),
})

/** What may be called how fast, shared by all replicas: one row for each limit of a platform. */
export const rateBudgets = pgTable(
  'rate_budgets',
  {
    surface: text('surface').notNull(),
    key: text('key').notNull(),
    /** When the budget is whole again: every call moves it on by the time in which one call comes back. */
    fullAt: at('full_at').notNull(),
    /** How often a call had to wait for it. */
    waits: integer('waits').notNull().default(0),
    /** How often the platform said that calls came too fast. */
    limited: integer('limited').notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.surface, t.key] })],
)

/** What keeps cards from where they belong and an admin must mend: gone once something is delivered there again. */
export const deliveryTroubles = pgTable(
  'delivery_troubles',
  {
    surface: text('surface').notNull(),
    /** A channel, as Baton calls it; '' = the whole surface. */
    about: text('about').notNull(),
    words: text('words').notNull(),
    since: at('since').notNull(),
    retryAt: at('retry_at').notNull(),
    /** When the admins are to be told; null once they were. */
    tellAt: at('tell_at'),
  },
  (t) => [primaryKey({ columns: [t.surface, t.about] })],
)

/** Messages that somebody pressed and no post remembers: left by a process that died, to be taken away. */
export const strayPosts = pgTable(
  'stray_posts',
  {
    surface: text('surface').notNull(),
    ref: text('ref').notNull(),
    card: text('card').notNull(),
    nextAttemptAt: at('next_attempt_at').notNull(),
    /** How often the platform did not take it away, and did not just ask for patience. */
    attempts: integer('attempts').notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.surface, t.ref] })],
)

/** What was said under a post when somebody waited for news: kept as it was said then. */
export const followUps = pgTable(
  'follow_ups',
  {
    id: id('id').primaryKey().generatedAlwaysAsIdentity(),
    /** What made it: `run:7`, `approval:7`, `back:12.2`, `batch:3.4`. Each has one follow-up, however often it is told. */
    cause: text('cause').notNull(),
    /** What it is about: `12` or `batch:3`. */
    card: text('card').notNull(),
    title: text('title').notNull(),
    words: text('words').notNull(),
    tone: text('tone', { enum: ['good', 'warning'] }).notNull(),
    /** Whom it mentions: each with surface, id, kind and name. */
    tell: jsonb('tell').notNull(),
    at: at('at').notNull(),
  },
  (t) => [uniqueIndex('follow_ups_cause').on(t.cause), index('follow_ups_at').on(t.at)],
)
