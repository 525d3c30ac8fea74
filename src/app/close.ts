import type { Contract, Verdict } from '../domain/contract/contract.ts'
import { healedBy } from '../domain/exception.ts'
import { type ChangedBy, handoffName, type ObjectState } from '../domain/model.ts'
import { objectId } from '../domain/object.ts'
import type { Draft } from './draft.ts'
import { episodeOf } from './open.ts'
import type { ActiveRun, ExceptionRecord } from './records.ts'

/**
 * The object whose change kept the contract: of those that have just said something new (or, if none has, of all) the
 * one that changed last, on either side of the handoff if there is one.
 */
const mender = (draft: Draft, { handoff }: Contract): ObjectState | undefined => {
  const all = [...draft.objects.values()]
  const moved = all.filter((o) => draft.moved.has(objectId(o)))
  const candidates = moved.length > 0 ? moved : all
  const sides = candidates.filter(({ role }) => role === handoff.from || role === handoff.to)
  return (sides.length > 0 ? sides : candidates).sort(
    (a, b) => b.occurredAt.getTime() - a.occurredAt.getTime() || (objectId(a) < objectId(b) ? -1 : 1),
  )[0]
}

const wordsFor = (
  contract: Contract,
  before: ExceptionRecord,
  as: 'resolved' | 'healed',
  verdict: Verdict,
  changedBy: ChangedBy | undefined,
): string => {
  if (as === 'resolved')
    return `Resolved and verified: ${creditOf(before)?.label ?? 'the action'} worked, and the systems agree.`
  // Baton itself states this, and nobody changed anything.
  if (contract.subject === 'feed') return 'Healed: it is heard as usual again.'
  const why =
    verdict.is === 'kept' && verdict.reason === 'not_owed'
      ? 'nothing is owed any more'
      : 'the systems agree again'
  return `Healed: ${why} (changed by: ${healedBy(changedBy)}).`
}

/**
 * The run that has the credit if the contract is kept now: the one in progress, once something was sent, because before
 * that whatever happened was not its doing; else the latest that somebody else was asked for. Those go on otherwise.
 */
export const creditOf = ({ run, asked, episode }: ExceptionRecord): ActiveRun | null =>
  [...asked, ...(run ? [run] : [])].findLast((each) => each.sends > 0 && each.episode === episode) ?? null

/** Nobody has begun with it; to take something back is wanted all the same. */
const isPending = ({ state, waitsSince, undoes }: ActiveRun): boolean =>
  undoes === null && (state === 'awaiting_approval' || (state === 'queued' && waitsSince !== null))

/**
 * The contract is kept: an open exception ends. While one of Baton's runs is in progress or settling it gets the credit,
 * whichever way the news came (webhook or read-back); otherwise it healed, and a person who mended it in
 * the system itself is logged as an off-chat intervention, because that was work too.
 */
export const close = (
  draft: Draft,
  contract: Contract,
  as: 'resolved' | 'healed',
  verdict: Verdict,
  now: Date,
): void => {
  const before = draft.exceptions.get(contract.id)
  if (!before) return
  const changedBy = mender(draft, contract)?.changedBy
  const after: ExceptionRecord = {
    ...before,
    state: as,
    closedAt: now,
    snoozedUntil: null,
    snoozedMagnitude: null,
    status: wordsFor(contract, before, as, verdict, changedBy),
    version: before.version + 1,
    revision: before.revision + 1,
  }
  const { run } = before
  const credited = as === 'resolved' ? creditOf(before) : null
  const overtaken = run !== null && isPending(run) ? run : null
  draft.exceptions.set(contract.id, {
    ...after,
    run: overtaken ? null : run,
    asked: before.asked.filter(({ id }) => id !== credited?.id),
  })
  draft.touched.exceptions.add(contract.id)
  draft.touched.episodes.push(episodeOf(after, credited?.id))
  if (credited) draft.touched.runs.push({ runId: credited.id, at: now, is: 'credited' })
  if (overtaken) draft.touched.runs.push({ runId: overtaken.id, at: now, is: 'overtaken' })
  if (as === 'healed' && changedBy?.kind === 'person' && draft.record.timeline === 'live') {
    draft.touched.interventions.push({
      at: now,
      timeline: draft.record.timeline,
      person: null,
      kind: 'off_chat',
      action: null,
      result: null,
      subjectId: draft.record.id,
      contract: contract.id,
      handoff: contract.handoff,
      startedAt: null,
      reportedMinutes: null,
      note: `mended in the system itself (${handoffName(contract.handoff)})`,
      surface: 'system',
      interactionKey: null,
      snapshot: null,
      message: null,
    })
  }
}
