import type { Drag } from '../domain/drag.ts'
import type { Handoff, Key, Role, Severity, Timeline } from '../domain/model.ts'
import type { Candidate } from './batch-plan.ts'
import type { BatchDetail } from './batch-records.ts'
import type { ButtonPlace, Mention, SystemColumn } from './card.ts'
import type { Amount } from './context.ts'
import type { Desk, DeskAsked } from './desk.ts'
import type { FollowUp } from './follow-up.ts'
import type { GroupDetail } from './group-records.ts'
import type { HandoverDetail } from './handover.ts'
import type { Today } from './today.ts'

/** What commands and surfaces may ask. Read-only; every answer is one consistent moment. */
export type Queries = {
  listExceptions(filter: ExceptionFilter): Promise<ExceptionPage>
  getException(id: string): Promise<ExceptionDetail | null>
  /** Exceptions of any state whose subject carries this order number, SKU, tracking or PO number, newest first. */
  findExceptions(text: string, limit: number): Promise<FoundExceptions>
  drag(period: { from: Date; to: Date }): Promise<Drag>
  channels(): Promise<ChannelSummary[]>
  /** Breaks that are due and not yet known, by what they wait for: "erp silent since 10:42". */
  waiting(): Promise<Waiting[]>
  /** What many open exceptions have in common, if one press may do something for all of them; largest first. */
  groups(words: string[]): Promise<Group[]>
  /** Open live exceptions of a contract that match the words, as a batch would take them; `total`: how many there are. */
  candidates(contract: string, words: string[]): Promise<{ candidates: Candidate[]; total: number }>
  batch(id: string): Promise<BatchDetail | null>
  /**
   * What a group of exceptions has in common that shares one message; null where there is none of this id. `list`: with
   * the lines of this one of its list cards, from 1.
   */
  group(id: string, list?: number): Promise<GroupDetail | null>
  /** What the claims of one shift left to the next. */
  handover(id: string): Promise<HandoverDetail | null>
  /** What was said under a post. */
  followUp(id: string): Promise<FollowUp | null>
  /** The latest episodes of an exception, newest first. */
  episodes(id: string): Promise<EpisodeRow[]>
  /** What lies in front of one person. */
  desk(asked: DeskAsked): Promise<Desk>
  /** What can still be saved before each cut-off from now until then, `shown` cards of each. */
  today(until: Date, shown: number): Promise<Today>
  /** Batches under way, and those that have ended a short while ago, newest first. */
  batches(): Promise<BatchDetail[]>
  /** Every contract's grace, what it rests on, and what is proposed. */
  graces(): Promise<GraceLine[]>
}

/**
 * The open exceptions of one contract. `together`: what a press may do for all of them, as it is called; empty where
 * each is looked at alone.
 */
export type Group = { contract: string; title: string; open: number; together: string[] }

export type GraceLine = {
  contract: string
  title: string
  handoff: Handoff
  /** What is configured: of a learned grace, what holds until it is learned. */
  grace: string
  /** In force, by pair of systems and value: `wms>erp`, `wms>erp DHL`. */
  learned: {
    scope: string
    ms: number
    usual: string
    sample: number
    learnedAt: Date
    agreedBy: string | null
  }[]
  /** Of a learned grace while nothing of it is in force: how far it has come. */
  progress: string | null
  proposals: GraceProposal[]
}

/** A longer grace that waits for an admin. Of the last weeks' handoffs `slower` outlasted the present one, `within` of these not the proposed one. */
export type GraceProposal = {
  scope: string
  presentMs: number
  proposedMs: number
  usual: string
  sample: number
  learnedAt: Date
  slower: number
  within: number
}

export type Waiting = { waitingFor: string; count: number }

export type ExceptionState = 'open' | 'resolved' | 'healed' | 'dismissed' | 'merged'

export type ExceptionFilter = {
  state: 'open' | 'closed' | 'all'
  timeline: Timeline | 'any'
  /** Opaque cursor of the previous page. */
  after: string | null
  limit: number
  channel?: string
  /** Free words: all must occur in title, handoff, contract, severity, system or a key's value. */
  words?: string[]
  claimedBy?: string
  /** Claimed by this person, or pressed by them with any effect. */
  handledBy?: string
  /** Those that are set aside for now: left out, or nothing else. Without it both are listed. */
  snoozed?: 'hide' | 'only'
}

export type ExceptionPage = { items: ExceptionRow[]; next: string | null; total: number }

export type SystemSide = {
  system: string
  role: Role
  type: string
  externalId: string
  state: string
  raw: string
  at: Date | null
  quantities: Record<string, number>
}

export type OfferedAction = {
  id: string
  label: string
  enabled: boolean
  reason: string | null
  style: 'primary' | 'danger' | 'default'
  confirm: { title: string; text: string; yes: string } | null
  inputs: import('./card.ts').CardInput[]
  place?: ButtonPlace
}

export type ExceptionRow = {
  id: string
  timeline: Timeline
  /** Counts decisions (state, claim, offered actions), not redraws. */
  version: number
  /** Counts everything that a reader could see change. */
  revision: number
  state: ExceptionState
  episode: number
  contract: string
  handoff: Handoff
  title: string
  severity: Severity
  subject: { id: string; kind: string; keys: Key[] }
  systems: SystemSide[]
  since: Date
  dueAt: Date
  openedAt: Date
  closedAt: Date | null
  valueMinor: number | null
  currency: string | null
  promiseAt: Date | null
  /** The last cut-off before the promise: until then it can still be saved. Null without a promise. */
  saveBy: Date | null
  channel: string | null
  /** `until`: when the claim ends with its shift; null where it has no end, in an import. */
  claimedBy: { id: string; name: string; at: Date; until: Date | null } | null
  /** Set aside until then. */
  snoozedUntil: Date | null
  /** The exception on whose card it is shown, because that one explains it. */
  root: { id: string; title: string; name: string } | null
  /** How many open exceptions it explains: they are shown on its card. */
  consequenceCount: number
  /** What is happening or what came of it, in plain words. */
  status: string
  actions: OfferedAction[]
}

export type InterventionRow = {
  id: string
  at: Date
  person: string
  kind: string
  action: string | null
  result: string | null
  note: string | null
  minutes: number | null
  surface: string
}

export type ActionRunRow = {
  id: string
  action: string
  label: string
  system: string
  requestedBy: string
  approvedBy: string | null
  state: string
  outcome: string | null
  words: string
  startedAt: Date
  /** Until when it is waited for; null where nothing is. */
  settleBy: Date | null
  finishedAt: Date | null
  verifiedAt: Date | null
}

/** `closedAs` and `closedBy`: how it ended, and in which words; null while it is open. */
export type EpisodeRow = {
  episode: number
  openedAt: Date
  closedAt: Date | null
  closedAs: string | null
  closedBy: string | null
}

/** An order, or something else that somebody waits for: its name, what was promised, and what it is worth. */
export type Waiter = {
  name: string
  promiseAt: Date | null
  valueMinor: number | null
  currency: string | null
}

export type Consequence = Waiter & { id: string; title: string; severity: Severity }

/** How all exceptions of one contract went in the past 90 days. */
export type GapView = {
  week: number
  quarter: number
  /** These are only the newest: there were more. */
  isCut: boolean
  closed: number
  medianOpenMs: number | null
  healedAlone: number
  medianAloneMs: number | null
  /**
   * What people did, the most frequent first; `verified`: how often it came out well; `proven`: and lasted; `needed`: of
   * how many such runs automation may take over, null where it may not or need not earn it.
   */
  actions: {
    /** As an offer is called. */
    id: string
    label: string
    times: number
    verified: number
    proven: number
    needed: number | null
    /** Half of them took no longer; null where nobody knows. */
    ms: number | null
  }[]
  /** How often somebody did something about one, these actions and rarer ones. */
  handled: number
  people: string[]
  notes: { id: string; exception: string; person: string; note: string; at: Date }[]
}

export type ExceptionDetail = ExceptionRow & {
  /** The moment of this answer: ages and the time that is left count from here. */
  asOf: Date
  meaning: string
  hurts: string
  fix: string
  /** The worst of what it explains, and what all of that is worth. */
  consequences: { first: Consequence[]; amounts: Amount[] }
  /** Other open orders that need the same goods, by promise date; null where that is not the question. */
  orders: { total: number; isCut: boolean; amounts: Amount[]; first: Waiter[] } | null
  /** When its latest episodes opened, newest first. */
  openings: Date[]
  /** Null for an import. */
  gap: GapView | null
  /** Who is mentioned on its post, and on that of the channel to which it was raised. */
  tell: { own: Mention[]; raised: Mention[] }
  /** The systems side by side, as a card shows them. */
  columns: SystemColumn[]
  evidence: string
  routeReason: string | null
  /** What a learned grace rests on: "usually 4 min, 99.5% within 22 min". */
  graceWords: string | null
  interventions: InterventionRow[]
  actionRuns: ActionRunRow[]
}

export type FoundExceptions = {
  /** Subjects matched, with or without exceptions: "found, nothing wrong" is an answer. */
  subjects: { id: string; kind: string; keys: Key[]; systems: SystemSide[]; timeline: Timeline }[]
  exceptions: ExceptionRow[]
}

export type ChannelSummary = { id: string; title: string; open: number; surfaces: string[] }
