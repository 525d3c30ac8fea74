import type { ObjectState, SubjectView, Timeline } from '../domain/model.ts'
import { objectId } from '../domain/object.ts'
import type { Tx } from './ports.ts'
import type {
  ConflictRecord,
  EpisodeRecord,
  ExceptionRecord,
  ExpectationRecord,
  LagRecord,
  NewIntervention,
  RunRecord,
  SubjectRecord,
} from './records.ts'

/**
 * One subject while the pipeline works on it: loaded under its lock, changed in memory by the steps, saved once.
 * A step that changes something says so here; nothing is written behind its back.
 */
export type Draft = {
  record: SubjectRecord
  objects: Map<string, ObjectState>
  expectations: Map<string, ExpectationRecord>
  exceptions: Map<string, ExceptionRecord>
  /** Objects that said something new in this very step, by `objectId`. */
  moved: Set<string>
  touched: {
    expectations: Set<string>
    exceptions: Set<string>
    episodes: Omit<EpisodeRecord, 'exceptionId'>[]
    conflicts: ConflictRecord[]
    lags: LagRecord[]
    interventions: Omit<NewIntervention, 'exceptionId'>[]
    /** Runs whose exception closed: credited with it, or overtaken before anything was sent. */
    runs: { runId: string; at: Date; is: 'credited' | 'overtaken' }[]
  }
}

export const draftOf = (record: SubjectRecord): Draft => ({
  record,
  objects: new Map(record.objects.map((object) => [objectId(object), object])),
  expectations: new Map(record.expectations.map((e) => [e.contract, e])),
  exceptions: new Map(record.exceptions.map((e) => [e.contract, e])),
  moved: new Set(),
  touched: {
    expectations: new Set(),
    exceptions: new Set(),
    episodes: [],
    conflicts: [],
    lags: [],
    interventions: [],
    runs: [],
  },
})

const byName = (a: ObjectState, b: ObjectState): number => (objectId(a) < objectId(b) ? -1 : 1)

/** The order's class is what its storefront says; without one, the most ordinary. */
const classOf = (objects: ObjectState[]): SubjectView['orderClass'] => {
  const said = objects.filter((o) => o.orderClass !== undefined)
  return (said.find((o) => o.role === 'storefront') ?? said[0])?.orderClass ?? 'consumer'
}

/** The subject as contracts and actions see it: the same facts give the same view, in the same order. */
export const viewOf = (draft: Draft): SubjectView => {
  const objects = [...draft.objects.values()].sort(byName)
  const { id, timeline, kind, keys } = draft.record
  return { id, timeline, kind, keys, objects, orderClass: classOf(objects) }
}

/** Writes what the steps changed, in a fixed number of statements for all subjects of a timeline together. */
export const saveDrafts = async (tx: Tx, timeline: Timeline, drafts: Draft[]): Promise<void> => {
  const set: (ExpectationRecord & { subjectId: string })[] = []
  const remove: { subjectId: string; contract: string }[] = []
  const exceptions: { subjectId: string; record: ExceptionRecord }[] = []
  for (const draft of drafts) {
    const subjectId = draft.record.id
    for (const contract of draft.touched.expectations) {
      const expectation = draft.expectations.get(contract)
      if (expectation) set.push({ ...expectation, subjectId })
      else remove.push({ subjectId, contract })
    }
    for (const contract of draft.touched.exceptions) {
      const record = draft.exceptions.get(contract)
      if (record) exceptions.push({ subjectId, record })
    }
  }
  if (set.length + remove.length > 0) await tx.saveExpectations(timeline, set, remove)
  if (exceptions.length > 0) await tx.saveExceptions(timeline, exceptions)

  const touched = drafts.map((draft) => draft.touched)
  // An exception that was opened in this very batch has its id only now.
  const withId = <T extends { contract: string | null }>(
    draft: Draft,
    list: T[],
  ): (T & { exceptionId: string })[] =>
    list.flatMap((each) => {
      const id = draft.exceptions.get(each.contract ?? '')?.id
      return id ? [{ ...each, exceptionId: id }] : []
    })
  const episodes = drafts.flatMap((draft) => withId(draft, draft.touched.episodes))
  if (episodes.length > 0) await tx.saveEpisodes(episodes)
  const conflicts = touched.flatMap((t) => t.conflicts)
  if (conflicts.length > 0) await tx.saveConflicts(timeline, conflicts)
  const lags = touched.flatMap((t) => t.lags)
  if (lags.length > 0) await tx.saveLags(lags)
  const interventions = drafts.flatMap((draft) => withId(draft, draft.touched.interventions))
  if (interventions.length > 0) await tx.logInterventions(interventions)
  for (const { runId, at, is } of touched.flatMap((t) => t.runs)) {
    const run = await tx.loadRun(runId)
    if (run && run.state !== 'finished') await tx.saveRun({ ...run, ...ending(run, at, is) })
  }
}

/** What becomes of a run when its exception closes. One that is still at work ends itself, and finds its credit. */
const ending = (run: RunRecord, at: Date, is: 'credited' | 'overtaken'): Partial<RunRecord> => {
  if (is === 'overtaken') {
    const why = run.waitsSince === null ? 'before anybody approved it' : `before ${run.system} answered`
    const words = `The systems agreed ${why}. Nothing was sent.`
    return { state: 'finished', outcome: 'already_done', words, finishedAt: at }
  }
  return run.state === 'settling'
    ? { state: 'finished', outcome: run.outcome ?? 'done', finishedAt: at, verifiedAt: at, worker: null }
    : { verifiedAt: at }
}
