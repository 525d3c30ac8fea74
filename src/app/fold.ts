import { type Contract, rolesInvolved } from '../domain/contract/contract.ts'
import { chooseRoot, type FoldPlan, foldPlan } from '../domain/fold.ts'
import type { Draft } from './draft.ts'
import type { Tx } from './ports.ts'
import type { ExceptionRecord } from './records.ts'
import type { Play } from './world.ts'

/*
 * What another open exception explains is folded under it: it keeps its row and its buttons, and has no card of its
 * own. Roots are looked for twice: here, when an exception opens, so that a consequence interrupts nobody; and in a job
 * afterwards (fold-again.ts), because the root and its consequence live under different locks and neither transaction
 * may see the other: of any two the later one's job sees both.
 */

const plans = new WeakMap<readonly Contract[], FoldPlan>()

/** The plan of these contracts, worked out once. */
export const planOf = (contracts: readonly Contract[]): FoldPlan => {
  const plan = plans.get(contracts) ?? foldPlan(contracts)
  plans.set(contracts, plan)
  return plan
}

/** An exception with the subject it is about, both under the subject's lock. */
export type Held = { draft: Draft; exception: ExceptionRecord & { id: string } }

export const stored = (draft: Draft, exception: ExceptionRecord | undefined): Held[] =>
  exception?.id ? [{ draft, exception: { ...exception, id: exception.id } }] : []

/**
 * Folds what has just opened under what explains it, and has a job look again at whatever has opened or closed. The
 * drafts are saved and their posts not yet wanted.
 */
export const foldOpened = async (tx: Tx, play: Play, drafts: Draft[], now: Date): Promise<void> => {
  const plan = planOf(play.contracts)
  const live = drafts.filter(({ record }) => record.timeline === 'live')
  const changed = live.flatMap((draft) =>
    [...new Set(draft.touched.episodes.map(({ contract }) => contract))].flatMap((contract) =>
      stored(draft, draft.exceptions.get(contract)),
    ),
  )
  const explained = changed.filter(({ exception }) => plan.rootsOf(exception.contract).length > 0)
  const explaining = changed.filter(({ exception }) => plan.consequencesOf(exception.contract).length > 0)
  const opened = explained.filter(({ exception }) => exception.state === 'open')
  await place(tx, play, plan, opened, now)
  for (const { exception } of explained) {
    if (exception.state !== 'open' && exception.rootId !== null) await redrawLater(tx, exception.rootId)
  }
  await foldLater(tx, [...opened, ...explaining])
}

/** What has been merged, or refers to something new, may be explained by something else now. */
export const foldMoved = async (tx: Tx, play: Play, ids: string[]): Promise<void> => {
  const isFolding = play.contracts.some(({ foldsUnder }) => foldsUnder.length > 0)
  if (play.timeline !== 'live' || !isFolding) return
  await foldLater(
    tx,
    ids.map((id) => ({ exception: { id } })),
  )
}

/** The open exceptions of a draft that another might explain. */
export const explainable = (draft: Draft, play: Play): string[] =>
  [...draft.exceptions.values()].flatMap(({ id, state, contract }) =>
    id !== null && state === 'open' && planOf(play.contracts).rootsOf(contract).length > 0 ? [id] : [],
  )

export const foldLater = async (tx: Tx, list: { exception: { id: string } }[]): Promise<void> => {
  const exceptions = [...new Set(list.map(({ exception }) => exception.id))]
  if (exceptions.length > 0) await tx.addJob('fold', { exceptions })
}

const redrawLater = (tx: Tx, exception: string): Promise<void> =>
  tx.addJob('redraw', { exception }, { key: `redraw:${exception}` })

/**
 * Puts each under the root that explains it now, or on its own, and has the cards of the roots drawn anew. Answers those
 * that have moved.
 */
export const place = async (tx: Tx, play: Play, plan: FoldPlan, list: Held[], now: Date): Promise<Held[]> => {
  if (list.length === 0) return []
  const found = await tx.possibleRoots(
    'live',
    list.map(({ draft, exception: { contract } }) => ({
      subjectId: draft.record.id,
      contracts: plan.rootsOf(contract),
      systems: systemsOf(play, contract),
    })),
  )
  const redrawn = new Set<string>()
  const moved = list.flatMap(({ draft, exception }, index) => {
    const possible = found.filter(({ of }) => of === index)
    const root = chooseRoot(plan, exception.contract, possible)?.id ?? null
    if (root === exception.rootId) return []
    for (const id of [root, exception.rootId]) if (id !== null) redrawn.add(id)
    const after = { ...exception, ...(root === null ? onItsOwn(exception, now) : under(exception, root)) }
    draft.exceptions.set(after.contract, after)
    draft.touched.exceptions.add(after.contract)
    return [{ draft, exception: after }]
  })
  if (moved.length === 0) return []
  const changes = moved.map(({ draft, exception }) => ({ subjectId: draft.record.id, record: exception }))
  await tx.saveExceptions('live', changes)
  for (const root of redrawn) await redrawLater(tx, root)
  return moved
}

const systemsOf = (play: Play, id: string): string[] => {
  const contract = play.contracts.find((candidate) => candidate.id === id)
  return contract ? play.systems(rolesInvolved(contract)) : []
}

type Change = Partial<Omit<ExceptionRecord, 'id'>>

/** Folding decides nothing about it: what was pressed a moment before still counts. */
const under = ({ revision }: ExceptionRecord, rootId: string): Change => ({
  rootId,
  revision: revision + 1,
})

/** Back on its own it is news: a card of its own, as a new version, and somebody's to take. What was set aside stays so. */
const onItsOwn = (exception: ExceptionRecord, now: Date): Change => {
  const { version, revision, claimedBy, run, snoozedUntil } = exception
  const isFree = claimedBy === null && run === null && snoozedUntil === null
  return {
    rootId: null,
    version: version + 1,
    revision: revision + 1,
    ...(isFree ? { freeSince: now, status: 'Open: what explained it is over, and it is still broken.' } : {}),
  }
}
