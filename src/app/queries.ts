import type { Drag } from '../domain/drag.ts'
import type { Handoff, Key, Role, Severity, Timeline } from '../domain/model.ts'
import type { SystemColumn } from './card.ts'

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
  channel: string | null
  claimedBy: { id: string; name: string; at: Date } | null
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
  finishedAt: Date | null
  verifiedAt: Date | null
}

export type ExceptionDetail = ExceptionRow & {
  /** The systems side by side, as a card shows them. */
  columns: SystemColumn[]
  evidence: string
  routeReason: string | null
  interventions: InterventionRow[]
  actionRuns: ActionRunRow[]
}

export type FoundExceptions = {
  /** Subjects matched, with or without exceptions: "found, nothing wrong" is an answer. */
  subjects: { id: string; kind: string; keys: Key[]; systems: SystemSide[]; timeline: Timeline }[]
  exceptions: ExceptionRow[]
}

export type ChannelSummary = { id: string; title: string; open: number; surfaces: string[] }
