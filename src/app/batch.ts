import type { Person } from '../domain/model.ts'
import { calledBy, whyAlone } from './batch-plan.ts'
import { showBatch } from './batch-press.ts'
import type { BatchMember, BatchRecord, MemberEnd, MemberState } from './batch-records.ts'
import { checkContracts } from './check.ts'
import { draftOf, saveDrafts, viewOf } from './draft.ts'
import { wordsOf } from './errors.ts'
import { sayBatchEnded } from './follow-up-batch.ts'
import type { Log } from './log.ts'
import { type Offer, offersFor } from './offers.ts'
import { wantPosts } from './pipeline.ts'
import type { Tx } from './ports.ts'
import { aroundNow, decideOn } from './press.ts'
import { type ProcessDeps, playNow } from './process.ts'
import type { ExceptionRecord } from './records.ts'
import { startRun } from './start-run.ts'

type BatchDeps = ProcessDeps & { log: Log }

/** Runs of batches that one system is given at a time: whoever presses a single button meanwhile is not kept waiting. */
export const MOST_AT_ONCE = 5
/** A batch that finds its system full of others' runs looks again after this pause, in ms: no run of its own wakes it. */
const LOOK_AGAIN_MS = 2_000

/**
 * Brings a batch on: notes which runs have ended, and starts as many as may be under way. Every step is a transaction
 * that leaves the batch as true as it found it, so any process may take it up at any point, and several may be at it:
 * a member is started in the transaction that says so, and only while it is waiting.
 */
export const advanceBatch = async (deps: BatchDeps, id: string): Promise<void> => {
  for (;;) {
    const next = await settle(deps, id)
    if (next === null) return
    try {
      if ((await begin(deps, id, next)) === 'full') return
    } catch (error) {
      if (deps.isTransient(error)) throw error
      deps.log.error(
        { batch: id, exception: next.exceptionId, error: wordsOf(error) },
        'A run could not be started',
      )
      await giveUp(deps, id, next)
    }
  }
}

/** What the end of its run means for a member. */
const stateAfter = ({ outcome, isOver }: MemberEnd): MemberState => {
  switch (outcome) {
    case 'refused':
    case 'failed':
      return 'failed'
    case 'unknown':
      return 'unknown'
    case 'taken_back':
    case 'declined':
      return 'stopped'
    default:
      return isOver ? 'done' : 'unproven'
  }
}

/** Notes what has ended; a batch with nothing left to wait for is finished. Answers whose turn it is. */
const settle = ({ store, setup, clock }: BatchDeps, id: string): Promise<BatchMember | null> =>
  store.transaction(async (tx) => {
    const found = await tx.lockBatch(id)
    if (found?.batch.state !== 'running') return null
    const { batch, members } = found
    const ended = await tx.endedMembers(id)
    const changed = ended.flatMap((end) => afterRun(members, end))
    const byPlace = new Map(changed.map((member) => [member.place, member]))
    const now = members.map((member) => byPlace.get(member.place) ?? member)
    const next = now.find(({ state }) => state === 'waiting') ?? null
    const isOver = next === null && !now.some(({ state }) => state === 'running')
    if (changed.length > 0 || isOver) {
      const after = await save(tx, { setup, clock }, batch, changed, isOver)
      if (isOver) await sayBatchEnded(tx, setup, after, now, clock())
    }
    return next
  })

const afterRun = (members: BatchMember[], end: MemberEnd): BatchMember[] => {
  const { words, version } = end
  const member = members.find((each) => each.place === end.place)
  // Trying again is about the exception as the card now shows it.
  return member ? [{ ...member, state: stateAfter(end), words, version }] : []
}

const save = async (
  tx: Tx,
  { setup, clock }: Pick<BatchDeps, 'setup' | 'clock'>,
  batch: BatchRecord,
  changed: BatchMember[],
  isOver = false,
): Promise<BatchRecord> => {
  const now = clock()
  const over = isOver ? { state: 'finished' as const, finishedAt: now, version: batch.version + 1 } : {}
  const after: BatchRecord = { ...batch, revision: batch.revision + 1, ...over }
  await tx.saveBatch(after, changed)
  // Whoever pressed waits for the end, however long that took.
  await showBatch(tx, setup, after, now, isOver ? 'click' : 'progress')
  return after
}

/** Under the subject's lock: everything is asked again, and then its run is started, or it is skipped with the reason. */
const begin = (deps: BatchDeps, id: string, { place, exceptionId }: BatchMember): Promise<'begun' | 'full'> =>
  deps.store.transaction(async (tx) => {
    const { setup } = deps
    const now = deps.clock()
    const subjectId = await tx.subjectOf(exceptionId)
    const [record] = subjectId === null ? [] : await tx.lockSubjects([subjectId])
    const found = await tx.lockBatch(id)
    const member = found?.members.find((each) => each.place === place)
    if (found?.batch.state !== 'running' || member?.state !== 'waiting') return 'begun'
    const { batch, members } = found
    if (!record) {
      await save(tx, deps, batch, [skipped(member, 'it is gone')])
      return 'begun'
    }
    if (batch.chosen && (await tx.batchRunsIn(batch.chosen.system)) >= MOST_AT_ONCE) {
      const wakes = members.some(({ state }) => state === 'running')
      const runAt = new Date(now.getTime() + LOOK_AGAIN_MS)
      if (!wakes) await tx.addJob('batch', { batch: id }, { key: `batch:${id}`, runAt })
      return 'full'
    }

    const draft = draftOf(record)
    const play = await playNow(tx, deps)
    checkContracts(draft, play, now)
    const exception = [...draft.exceptions.values()].find((e) => e.id === exceptionId) ?? null
    const person = await starter(tx, batch)
    const contract = setup.contracts.find((c) => c.id === exception?.contract)
    const offers = exception
      ? offersFor(
          exception,
          contract,
          viewOf(draft),
          setup,
          await aroundNow(tx, deps, exceptionId, play, now),
        )
      : []
    const offer = offers.find((each) => each.id === batch.chosen?.action) ?? null
    const why = exception
      ? await whyNot(tx, deps, { exception, offer, person, member })
      : 'it turned out to be the same as another one'
    const runId =
      why === null && exception && offer
        ? await startRun(tx, { draft, exception, person, now, offer, values: {}, batch: id })
        : null
    const after: BatchMember =
      runId === null
        ? skipped(member, why ?? 'there is nothing to do')
        : { ...member, state: 'running', words: '', runId }
    await saveDrafts(tx, record.timeline, [draft])
    await save(tx, deps, batch, [after])
    await wantPosts(tx, play, [draft], now)
    return 'begun'
  })

const skipped = (member: BatchMember, words: string): BatchMember => ({ ...member, state: 'skipped', words })

/** Who pressed. What needs more than an operator is not done in a batch, whoever that was. */
const starter = async (tx: Tx, { id, startedBy }: BatchRecord): Promise<Person> => {
  if (startedBy === null) throw new Error(`Batch ${id} runs and nobody has started it`)
  const stands = (await tx.standing([startedBy])).get(startedBy)
  return { id: stands?.id ?? startedBy, name: stands?.name ?? 'someone', role: 'operator' }
}

type Asked = { exception: ExceptionRecord; offer: Offer | null; person: Person; member: BatchMember }

/**
 * Why the exception is not what the card had shown, or may not be handled so; null where its run may start. Whoever took
 * it since has changed its version.
 */
const whyNot = async (
  tx: Tx,
  deps: BatchDeps,
  { exception, offer, person, member: { version } }: Asked,
): Promise<string | null> => {
  const bare = (words: string): string => words.replace(/\.$/, '')
  if (exception.state !== 'open') return `over by now: ${bare(exception.status)}`
  const { result, message } = await decideOn(tx, exception, offer, person, { version }, deps)
  if (result === 'stale' && exception.version !== version) return 'it has changed since the card was drawn'
  if (result !== 'acted') return bare(message.replace(/ Nothing was done\.$/, ''))
  const called = offer && calledBy(deps.setup, offer.id)
  if (!offer || !called) return 'it is no longer offered'
  const alone = whyAlone(called.action, offer, deps.setup)
  return alone === null ? null : `it is looked at one by one: ${alone}`
}

/** One that Baton itself stumbles over must not keep the others from their turn. */
const giveUp = (deps: BatchDeps, id: string, { place }: BatchMember): Promise<void> =>
  deps.store.transaction(async (tx) => {
    const found = await tx.lockBatch(id)
    const member = found?.members.find((each) => each.place === place)
    if (!found || member?.state !== 'waiting') return
    await save(tx, deps, found.batch, [
      { ...member, state: 'failed', words: 'Baton could not start it; its log says why. Nothing was sent.' },
    ])
  })
