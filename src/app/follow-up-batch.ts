import { progressWords } from './batch-card.ts'
import type { BatchMember, BatchRecord } from './batch-records.ts'
import { batchRef } from './card-ref.ts'
import { LONG_MS, say } from './follow-up.ts'
import type { Tx } from './ports.ts'
import { elapsed } from './words.ts'
import type { Setup } from './world.ts'

/** A batch that is over, for whoever pressed: once for all its members. */
export const sayBatchEnded = async (
  tx: Tx,
  { postingSurfaces }: Pick<Setup, 'postingSurfaces'>,
  batch: BatchRecord,
  members: readonly BatchMember[],
  now: Date,
): Promise<void> => {
  const { id, version, chosen, startedBy, stoppedBy, startedAt } = batch
  if (startedBy === null || startedAt === null) return
  const inState = (...states: BatchMember['state'][]) =>
    members.filter(({ state }) => states.includes(state)).length
  // Whoever stopped it knows that not everything was done.
  const isVain = inState('done') === 0 && stoppedBy === null
  const isGood = inState('failed', 'unknown', 'unproven') === 0 && !isVain
  if (isGood && now.getTime() - startedAt.getTime() < LONG_MS) return
  const words = isGood
    ? `It took ${elapsed(startedAt, now)}. The card says what became of each.`
    : 'The card says which ones and why, and offers to try again what can be tried again.'
  await say(tx, postingSurfaces, {
    cause: `batch:${id}.${version}`,
    card: batchRef(id),
    under: null,
    title: `${chosen?.label ?? 'Many at once'}: ${progressWords(members)}`,
    words,
    tone: isGood ? 'good' : 'warning',
    to: await tx.mentionsOf([startedBy]),
    at: now,
  })
}
