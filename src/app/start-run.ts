import { randomUUID } from 'node:crypto'
import type { Person } from '../domain/model.ts'
import type { Draft } from './draft.ts'
import type { Offer } from './offers.ts'
import { episodeOf } from './open.ts'
import type { Tx } from './ports.ts'
import type { ExceptionRecord, RunRecord } from './records.ts'

/** A person's decision about an exception, under its subject's lock. */
export type Deciding = { draft: Draft; exception: ExceptionRecord; person: Person; now: Date }

/**
 * Stores a decision: it counts as a version, and names who made it for the one who comes second. Whatever is decided
 * about what was set aside brings it back, unless that is the decision.
 */
export const decideAs = (it: Deciding, what: string, change: Partial<ExceptionRecord>): ExceptionRecord => {
  const { draft, exception, person, now } = it
  const after: ExceptionRecord = {
    ...exception,
    version: exception.version + 1,
    revision: exception.revision + 1,
    decidedBy: person.id,
    decidedAt: now,
    decidedWhat: what,
    decidedOnVersion: exception.version,
    snoozedUntil: null,
    snoozedMagnitude: null,
    ...change,
  }
  if (after.claimedBy !== exception.claimedBy && change.assignedBy === undefined) after.assignedBy = null
  const wasFree =
    exception.state === 'open' && exception.claimedBy === null && exception.snoozedUntil === null
  if (after.state === 'open' && after.claimedBy === null && !wasFree) after.freeSince = now
  draft.exceptions.set(exception.contract, after)
  draft.touched.exceptions.add(exception.contract)
  if (after.state !== exception.state) draft.touched.episodes.push(episodeOf(after))
  return after
}

/**
 * Starts a run of what a card offers, for one exception and under its subject's lock: stores the run and its job, or
 * leaves it to wait for a second person, and shows it on the exception. Answers the run's id; null for an offer that
 * calls no system. The caller saves the draft and logs the press, and has made sure that the offer is enabled and no
 * run is in progress; what others were asked for may be open.
 */
export const startRun = async (
  tx: Tx,
  it: Deciding & { offer: Offer; values: RunRecord['values']; batch?: string; pressedOn?: string | null },
): Promise<string | null> => {
  const { offer, person, exception, now, values } = it
  if (!offer.routing || exception.id === null) return null
  const { connector, action, target, undoes } = offer.routing
  const waits = offer.needsSecondPerson
  // Whoever approves must see what exactly it is about to happen to.
  const label = waits ? `${offer.label} (${target.externalId})` : offer.label
  // Only what the card asked for reaches the system.
  const asked = Object.fromEntries(
    offer.inputs.flatMap(({ id }) => (values[id] === undefined ? [] : [[id, values[id]]])),
  )
  const run: Omit<RunRecord, 'id'> = {
    exceptionId: exception.id,
    episode: exception.episode,
    system: connector.system,
    action: action.id,
    label,
    values: asked,
    target,
    state: waits ? 'awaiting_approval' : 'queued',
    outcome: null,
    words: '',
    idempotencyKey: randomUUID(),
    before: null,
    after: null,
    requestedBy: person.id,
    approvedBy: null,
    worker: null,
    sends: 0,
    startedAt: now,
    waitsSince: null,
    undoes,
    batchId: it.batch ?? null,
    pressedOn: it.pressedOn ?? null,
    sentAt: null,
    settleBy: null,
    finishedAt: null,
    verifiedAt: null,
  }
  const id = await tx.insertRun(run)
  if (!waits) await tx.addJob('run', { run: id }, { key: `run:${id}` })
  const what = waits ? `asked for "${label}"` : `pressed "${offer.label}"`
  decideAs(it, what, {
    status: waits
      ? `${person.name} asks: ${label}. Waiting for a lead to approve.`
      : `${label}: started by ${person.name}.`,
    // What is over is nobody's to handle: only taken back.
    ...(exception.state === 'open'
      ? { claimedBy: exception.claimedBy ?? person.id, claimedAt: exception.claimedAt ?? now }
      : {}),
    run: { ...run, id },
  })
  return id
}
