import { checkContracts } from './check.ts'
import { draftOf, saveDrafts } from './draft.ts'
import { wordsOf } from './errors.ts'
import { wantPosts } from './pipeline.ts'
import type { Tx } from './ports.ts'
import { type ProcessDeps, playNow } from './process.ts'

/** Subjects swept in one transaction: enough to amortise its statements, few enough to hold locks briefly. */
const SWEEP_BATCH = 200
/** A subject that cannot be checked is looked at again after this pause: others do not wait for it. */
const UNCHECKED_REST_MS = 600_000

/**
 * Takes due expectations, checks AGAIN under each subject's lock, and opens what is still broken and known. What is
 * not known yet waits, visibly. Answers how many subjects were looked at.
 */
export const sweep = async (deps: ProcessDeps): Promise<number> => {
  const swept = new Set<string>()
  for (;;) {
    const due = await deps.store.transaction((tx) => tx.dueSubjects('live', deps.clock(), SWEEP_BATCH))
    // A sweep looks at nothing twice: what is due again by now is for the next one.
    if (due.every((id) => swept.has(id))) return swept.size
    await sweepSome(deps, due)
    for (const id of due) swept.add(id)
  }
}

/** One bad subject does not stop its neighbours: a batch that fails is bisected until the one is found and set aside. */
const sweepSome = async (deps: ProcessDeps, ids: string[]): Promise<void> => {
  const { store, clock, isTransient } = deps
  try {
    await store.transaction((tx) => sweepSubjects(tx, deps, ids))
  } catch (error) {
    if (isTransient(error)) throw error
    const [only] = ids
    if (ids.length === 1 && only !== undefined) {
      const until = new Date(clock().getTime() + UNCHECKED_REST_MS)
      const why = `could not be checked: ${wordsOf(error)}`
      await store.transaction((tx) => tx.postponeSubject(only, clock(), until, why))
      return
    }
    const middle = ids.length >> 1
    await sweepSome(deps, ids.slice(0, middle))
    await sweepSome(deps, ids.slice(middle))
  }
}

const sweepSubjects = async (tx: Tx, deps: ProcessDeps, ids: string[]): Promise<void> => {
  const now = deps.clock()
  // The watermarks first: what is loaded after them is at least as new.
  const play = await playNow(tx, deps)
  const drafts = (await tx.lockSubjects(ids)).map(draftOf)
  for (const draft of drafts) {
    checkContracts(draft, play, now)
    for (const { contract, nextCheckAt } of draft.expectations.values()) {
      // No longer configured: nobody is owed this any more.
      if (nextCheckAt > now) continue
      draft.expectations.delete(contract)
      draft.touched.expectations.add(contract)
    }
  }
  await saveDrafts(tx, 'live', drafts)
  await wantPosts(tx, play, drafts, now)
}
