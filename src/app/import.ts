import { applies, check } from '../domain/contract/check.ts'
import type { Contract, Graces } from '../domain/contract/contract.ts'
import type { Role, Timeline } from '../domain/model.ts'
import type { WireFact } from './connector.ts'
import { draftOf, saveDrafts, viewOf } from './draft.ts'
import { UserError } from './errors.ts'
import { toFacts } from './facts.ts'
import { replayFacts, sweepBefore } from './pipeline.ts'
import type { Clock, Store, Tx } from './ports.ts'
import type { ImportRecord, ImportTally } from './records.ts'
import type { Play } from './world.ts'

/** What an import plays: facts in the order of their own times, the same order every time. */
export type Importable = {
  name: string
  /** The same export has the same one, wherever it lies. */
  fingerprint: string
  contracts: Contract[]
  /** What the contracts' graces are worked out by. */
  graces: Graces
  facts(): AsyncIterable<WireFact & { system: string; role: Role }>
  factCount: number
  asOf: Date | null
}

export type ImportSummary = {
  timeline: Timeline
  name: string
  asOf: Date
  facts: number
  /** It had been imported before, whole: nothing was changed. */
  known: boolean
  contracts: (ImportTally & { title: string; handoff: Contract['handoff']; completed: number })[]
}

export type ImportDeps = { store: Store; clock: Clock }

/** Facts played in one transaction. */
const PLAY_BATCH = 500
const SWEEP_BATCH = 500

/** A past is known up to its end: no system is silent in it, no channel hears of it. */
const importPlay = (timeline: Timeline, { contracts, graces }: Importable): Play => ({
  timeline,
  contracts,
  routing: null,
  postingSurfaces: [],
  graces,
  systems: () => [],
  silent: () => null,
  suspect: () => null,
  recheckMs: 0,
})

/**
 * Plays an export through the same record > correlate > check > open as live signals, on a timeline of its own and
 * by its own clock. Each batch and how far it came are committed together: a stopped import goes on where it was,
 * and one that is done changes nothing when it is given again.
 */
export const importExport = async (
  { store, clock }: ImportDeps,
  source: Importable,
  onProgress: (played: number, of: number) => void,
): Promise<ImportSummary> => {
  const { name, asOf, contracts } = source
  if (asOf === null) throw new UserError(`The export "${name}" states nothing: no row of it has a time.`)
  const timeline: Timeline = `import:${source.fingerprint.slice(0, 16)}`
  const play = importPlay(timeline, source)
  const fresh: ImportRecord = {
    timeline,
    name,
    startedAt: clock(),
    finishedAt: null,
    asOf,
    contracts,
    played: 0,
  }
  const begun = await store.transaction(async (tx) => {
    const known = await tx.loadImport(timeline)
    if (!known) await tx.saveImport(fresh)
    return known ?? fresh
  })
  const known = begun.finishedAt !== null
  if (!known) {
    await playAll(store, play, source, begun, clock, onProgress)
    await finish(store, play, { ...fresh, startedAt: begun.startedAt, played: source.factCount }, clock)
  }
  const [tallies, completed] = await Promise.all([
    store.transaction((tx) => tx.tally(timeline)),
    completions(store, timeline, contracts),
  ])
  return {
    timeline,
    name,
    asOf,
    facts: source.factCount,
    known,
    contracts: contracts.map(({ id, title, handoff }) => {
      const tally = tallies.find((t) => t.contract === id) ?? {
        contract: id,
        late: 0,
        open: 0,
        handled: 0,
        conflicts: 0,
      }
      return { ...tally, title, handoff, completed: completed.get(id) ?? 0 }
    }),
  }
}

type TimedFact = WireFact & { system: string; role: Role }

const playAll = async (
  store: Store,
  play: Play,
  source: Importable,
  begun: ImportRecord,
  clock: Clock,
  onProgress: (played: number, of: number) => void,
): Promise<void> => {
  let seen = 0
  let played = begun.played
  let batch: TimedFact[] = []
  const flush = async (): Promise<void> => {
    const next = played + batch.length
    await store.transaction((tx) => playBatch(tx, play, batch, { ...begun, played: next }, clock()))
    played = next
    batch = []
    onProgress(played, source.factCount)
  }
  for await (const fact of source.facts()) {
    seen++
    if (seen <= begun.played) continue
    batch.push(fact)
    if (batch.length === PLAY_BATCH) await flush()
  }
  if (batch.length > 0) await flush()
}

const playBatch = async (
  tx: Tx,
  play: Play,
  batch: TimedFact[],
  progress: ImportRecord,
  now: Date,
): Promise<void> => {
  const held = await tx.loadImport(play.timeline)
  if (held && held.played !== progress.played - batch.length) {
    throw new UserError(
      'Another process is importing the same export at this moment. Let it finish, then look again.',
    )
  }
  // The facts' own times are the clock of an import: nothing is corrected, and "received" is when it happened.
  const facts = batch.flatMap(({ system, role, ...wire }) =>
    toFacts({ system, role }, [wire], wire.occurredAt, 0),
  )
  await tx.insertFacts(play.timeline, facts)
  await replayFacts(tx, play, facts, now)
  await tx.saveImport(progress)
}

/** The end of the export's world: whatever fell due until then is opened, and the rest will never be known. */
const finish = async (store: Store, play: Play, record: ImportRecord, clock: Clock): Promise<void> => {
  for (let swept = -1; swept !== 0; ) {
    swept = await store.transaction(async (tx) => {
      const due = await tx.dueSubjects(play.timeline, record.asOf, SWEEP_BATCH)
      const drafts = (await tx.lockSubjects(due)).map(draftOf)
      for (const draft of drafts) sweepBefore(draft, play, new Date(record.asOf.getTime() + 1))
      for (const draft of drafts) dropUndecided(draft, record.asOf)
      await saveDrafts(tx, play.timeline, drafts)
      return due.length
    })
  }
  await store.transaction((tx) => tx.saveImport({ ...record, finishedAt: clock() }))
}

/** An expectation that was due and could not be decided stays undecided for ever: nothing more will be heard. */
const dropUndecided = (draft: ReturnType<typeof draftOf>, asOf: Date): void => {
  for (const { contract, nextCheckAt } of draft.expectations.values()) {
    if (nextCheckAt > asOf) continue
    draft.expectations.delete(contract)
    draft.touched.expectations.add(contract)
  }
}

/** For each contract, on how many subjects the handoff was completed in the end, late or not. */
const completions = async (
  store: Store,
  timeline: Timeline,
  contracts: Contract[],
): Promise<Map<string, number>> => {
  const counts = new Map<string, number>()
  for (let after = '0'; ; ) {
    const page = await store.transaction(async (tx) => {
      const ids = await tx.subjectsAfter(timeline, after, SWEEP_BATCH)
      return tx.lockSubjects(ids)
    })
    for (const record of page) {
      const view = viewOf(draftOf(record))
      for (const contract of contracts) {
        if (!applies(contract, view)) continue
        const verdict = check(contract, view)
        const done = verdict.is === 'kept' && verdict.reason === 'reached'
        if (done) counts.set(contract.id, (counts.get(contract.id) ?? 0) + 1)
      }
    }
    const last = page.at(-1)
    if (!last) return counts
    after = last.id
  }
}
