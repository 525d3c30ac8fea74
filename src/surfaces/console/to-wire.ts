import type { BatchDetail } from '../../app/batch-records.ts'
import type { Card } from '../../app/card.ts'
import type { ExceptionDetail, ExceptionRow, GapView, Waiter } from '../../app/queries.ts'
import { renderAdaptiveCard } from '../adaptive-card.ts'
import type {
  WireBatch,
  WireCard,
  WireException,
  WireExceptionDetail,
  WireHistory,
  WireWaiter,
} from './wire.ts'

/** Rows > the console's JSON, pure. Written out field by field: what is public is only what stands here. */

const iso = (at: Date): string => at.toISOString()
const isoOrNull = (at: Date | null): string | null => (at === null ? null : iso(at))

export const wireException = (row: ExceptionRow): WireException => ({
  id: row.id,
  version: row.version,
  state: row.state,
  contract: row.contract,
  handoff: { from: row.handoff.from, to: row.handoff.to, object: row.handoff.object },
  title: row.title,
  severity: row.severity,
  subject: { keys: row.subject.keys.map(({ name, value }) => ({ name, value })) },
  systems: row.systems.map((side) => ({
    system: side.system,
    role: side.role,
    state: side.state,
    raw: side.raw,
    at: isoOrNull(side.at),
  })),
  openedAt: iso(row.openedAt),
  dueAt: iso(row.dueAt),
  actions: row.actions.map(({ id, label, enabled, reason }) => ({ id, label, enabled, reason })),
})

const wireWaiter = ({ name, promiseAt, valueMinor, currency }: Waiter): WireWaiter => ({
  name,
  promiseAt: isoOrNull(promiseAt),
  valueMinor,
  currency,
})

const wireHistory = (gap: GapView): WireHistory => ({
  in7Days: gap.week,
  in90Days: gap.quarter,
  isCut: gap.isCut,
  closed: gap.closed,
  medianOpenMs: gap.medianOpenMs,
  healedAlone: gap.healedAlone,
  medianAloneMs: gap.medianAloneMs,
  actions: gap.actions.map(({ label, times, verified, proven, needed }) => ({
    label,
    times,
    verified,
    proven,
    needed,
  })),
  people: gap.people,
  notes: gap.notes.map(({ exception, person, note, at }) => ({ exception, person, note, at: iso(at) })),
})

const wireContext = ({ root, consequenceCount, consequences, orders, gap }: ExceptionDetail) => ({
  root: root && { id: root.id, title: root.title, name: root.name },
  consequences: {
    total: consequenceCount,
    amounts: consequences.amounts,
    items: consequences.first.map(({ id, title, severity, ...waiter }) => ({
      id,
      title,
      severity,
      ...wireWaiter(waiter),
    })),
  },
  orders: orders && {
    total: orders.total,
    isCut: orders.isCut,
    amounts: orders.amounts,
    items: orders.first.map(wireWaiter),
  },
  history: gap && wireHistory(gap),
})

export const wireDetail = (row: ExceptionDetail): WireExceptionDetail => ({
  ...wireException(row),
  valueMinor: row.valueMinor,
  currency: row.currency,
  promiseAt: isoOrNull(row.promiseAt),
  meaning: row.meaning,
  hurts: row.hurts,
  fix: row.fix,
  ...wireContext(row),
  status: row.status,
  evidence: row.evidence,
  routeReason: row.routeReason,
  channel: row.channel,
  timeline: row.timeline,
  episode: row.episode,
  since: iso(row.since),
  closedAt: isoOrNull(row.closedAt),
  claimedBy: row.claimedBy?.name ?? null,
  interventions: row.interventions.map((touch) => ({
    id: touch.id,
    at: iso(touch.at),
    person: touch.person,
    kind: touch.kind,
    action: touch.action,
    result: touch.result,
    note: touch.note,
    minutes: touch.minutes,
    surface: touch.surface,
  })),
  actionRuns: row.actionRuns.map((run) => ({
    id: run.id,
    action: run.action,
    label: run.label,
    system: run.system,
    requestedBy: run.requestedBy,
    approvedBy: run.approvedBy,
    state: run.state,
    outcome: run.outcome,
    words: run.words,
    startedAt: iso(run.startedAt),
    settleBy: isoOrNull(run.settleBy),
    finishedAt: isoOrNull(run.finishedAt),
    verifiedAt: isoOrNull(run.verifiedAt),
  })),
})

export const wireCard = (row: ExceptionRow, card: Card): WireCard => ({
  id: row.id,
  version: row.version,
  state: row.state,
  severity: row.severity,
  title: row.title,
  keys: row.subject.keys.map(({ name, value }) => ({ name, value })),
  handoff: { from: row.handoff.from, to: row.handoff.to, object: row.handoff.object },
  channel: row.channel,
  openedAt: iso(row.openedAt),
  closedAt: isoOrNull(row.closedAt),
  card: renderAdaptiveCard(card),
})

export const wireBatch = (batch: BatchDetail, card: Card): WireBatch => ({
  id: batch.id,
  version: batch.version,
  state: batch.state,
  contract: batch.contract,
  channel: batch.channel,
  action: batch.chosen?.action ?? null,
  startedBy: batch.startedBy,
  startedAt: isoOrNull(batch.startedAt),
  finishedAt: isoOrNull(batch.finishedAt),
  members: batch.members.map(({ exceptionId, state, words }) => ({ exception: exceptionId, state, words })),
  card: renderAdaptiveCard(card),
})
