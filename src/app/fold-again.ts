import type { FoldPlan } from '../domain/fold.ts'
import { checkContracts } from './check.ts'
import { draftOf, saveDrafts } from './draft.ts'
import { foldLater, place, planOf, stored } from './fold.ts'
import { wantPosts } from './pipeline.ts'
import type { Tx } from './ports.ts'
import { type ProcessDeps, playNow } from './process.ts'
import type { FoldNode } from './records.ts'

/*
 * The jobs of folding. They only ever compare what is with what should be, so that they may run again, in any order, or
 * at once.
 */

/** Exceptions looked at again in one transaction. */
const BATCH = 100

/**
 * Looks again at what explains these exceptions, and at what they explain. A root that has closed lets go what is
 * still broken; one that has opened takes in what was open before. In batches, each a transaction of its own.
 */
export const foldAgain = async (deps: ProcessDeps, ids: string[]): Promise<void> => {
  const plan = planOf(deps.setup.contracts)
  const all = await deps.store.transaction((tx) => tx.foldNodes(ids))
  const nodes = all.filter(({ timeline }) => timeline === 'live')
  const open = nodes.filter(({ isOpen }) => isOpen).map(({ id }) => id)
  for (let from = 0; from < open.length; from += BATCH) await settle(deps, open.slice(from, from + BATCH))
  for (const node of nodes) {
    if (plan.consequencesOf(node.contract).length === 0) continue
    await settlePages(deps, (tx, after) => tx.foldedUnder(node.id, after, BATCH))
    if (node.isOpen) await takeIn(deps, plan, node)
  }
}

const takeIn = (deps: ProcessDeps, plan: FoldPlan, node: FoldNode): Promise<void> =>
  settlePages(deps, (tx, after) =>
    tx.possibleConsequences(node, plan.consequencesOf(node.contract), after, BATCH),
  )

const settlePages = async (
  deps: ProcessDeps,
  page: (tx: Tx, after: string) => Promise<string[]>,
): Promise<void> => {
  for (let after: string | undefined = '0'; after !== undefined; ) {
    const from: string = after
    const ids = await deps.store.transaction((tx) => page(tx, from))
    if (ids.length > 0) await settle(deps, ids)
    after = ids.length < BATCH ? undefined : ids.at(-1)
  }
}

/** Checks these exceptions again under their subjects' locks, and puts those that are still open where they belong. */
const settle = (deps: ProcessDeps, ids: string[]): Promise<void> =>
  deps.store.transaction(async (tx) => {
    const now = deps.clock()
    const play = await playNow(tx, deps)
    const plan = planOf(play.contracts)
    const subjects = new Set((await tx.foldNodes(ids)).map(({ subjectId }) => subjectId))
    const drafts = (await tx.lockSubjects([...subjects])).map(draftOf)
    for (const draft of drafts) checkContracts(draft, play, now)
    await saveDrafts(tx, 'live', drafts)
    const wanted = new Set(ids)
    const held = drafts.flatMap((draft) =>
      [...draft.exceptions.values()].flatMap((exception) => stored(draft, exception)),
    )
    const moved = await place(
      tx,
      play,
      plan,
      held.filter(({ exception: { id, state } }) => wanted.has(id) && state === 'open'),
      now,
    )
    await wantPosts(tx, play, drafts, now)
    // A root that closes at this moment has looked for its consequences before this is committed: look once more.
    await foldLater(
      tx,
      moved.filter(({ exception }) => exception.rootId !== null),
    )
  })

/** What is folded under an exception has changed: the card at the end of its chain of roots is drawn anew. */
export const redraw = (deps: ProcessDeps, exception: string): Promise<void> =>
  deps.store.transaction(async (tx) => {
    const top = await tx.topRoot(exception)
    const [node] = await tx.foldNodes([top])
    if (!node?.isOpen) return
    const drafts = (await tx.lockSubjects([node.subjectId])).map(draftOf)
    for (const draft of drafts) {
      const shown = draft.exceptions.get(node.contract)
      if (shown?.id !== top) continue
      draft.exceptions.set(node.contract, { ...shown, revision: shown.revision + 1 })
      draft.touched.exceptions.add(node.contract)
    }
    await saveDrafts(tx, 'live', drafts)
    await wantPosts(tx, await playNow(tx, deps), drafts, deps.clock())
  })
