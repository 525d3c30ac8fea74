import { wordsOf } from './errors.ts'
import { takeFacts } from './pipeline.ts'
import type { Clock, ClockText, Store, Tx } from './ports.ts'
import type { FactRef, FeedState } from './records.ts'
import { livePlay, type Play, type Setup } from './world.ts'

export type ProcessDeps = {
  store: Store
  setup: Setup
  clock: Clock
  clockText: ClockText
  /** True for failures of the database itself: the whole job is tried again, nothing is set aside. */
  isTransient: (error: unknown) => boolean
}

/** Facts whose subjects cannot be merged yet are looked at again after this pause. */
const MERGE_AGAIN_MS = 10_000

/** The live play, with the feeds that it was made from. */
export type PlayNow = Play & { feeds: FeedState[] }

/** The live play as the feeds stand inside this transaction. */
export const playNow = async (
  tx: Tx,
  { setup, clockText }: Pick<ProcessDeps, 'setup' | 'clockText'>,
): Promise<PlayNow> => {
  const learns = setup.contracts.some(({ grace }) => grace.kind === 'learned')
  const [feeds, baselines, heard] = await Promise.all([
    tx.feeds(),
    learns ? tx.baselines() : [],
    tx.lastHeard(setup.batches.map(({ system }) => system)),
  ])
  return { ...livePlay(setup, feeds, clockText, { baselines, heard }), feeds }
}

/** Facts whose subjects could not be merged, because an action is running, are taken once more later. */
export const takeAgain = async (tx: Tx, refs: FactRef[], postponed: number[], now: Date): Promise<void> => {
  const facts = postponed.flatMap((place) => refs[place] ?? [])
  if (facts.length === 0) return
  await tx.addJob('process', { facts }, { runAt: new Date(now.getTime() + MERGE_AGAIN_MS) })
}

/**
 * Takes recorded facts through record > correlate > check > open. A batch that fails is bisected until the one bad
 * fact is found; that one is quarantined for an admin, and its neighbours go on. Answers the systems that contradict
 * themselves and should be read again.
 */
export const processFacts = async (deps: ProcessDeps, refs: FactRef[]): Promise<Set<string>> => {
  const { store, clock, isTransient } = deps
  try {
    return await store.transaction(async (tx) => {
      const [stored, play] = await Promise.all([tx.loadFacts(refs), playNow(tx, deps)])
      const now = clock()
      const facts = stored.map(({ fact }) => fact)
      const { contradicting, postponed } = await takeFacts(tx, play, facts, now)
      const found = stored.map(({ id, fact }) => ({ id, receivedAt: fact.receivedAt.toISOString() }))
      await takeAgain(tx, found, postponed, now)
      return contradicting
    })
  } catch (error) {
    if (isTransient(error)) throw error
    const [only] = refs
    if (refs.length === 1 && only) {
      await store.transaction((tx) => tx.quarantine(only, wordsOf(error), clock()))
      return new Set()
    }
    const middle = refs.length >> 1
    const first = await processFacts(deps, refs.slice(0, middle))
    const second = await processFacts(deps, refs.slice(middle))
    return new Set([...first, ...second])
  }
}
