import type { Fact, ObjectState, Timeline } from '../domain/model.ts'
import { contentHash, fold, foldAll, objectId } from '../domain/object.ts'
import type { Tx } from './ports.ts'

export type Recorded = {
  /** For each fact of the batch, its object as it stood once that fact was known. */
  after: ObjectState[]
  /** Objects of the batch that changed, by `objectId`, in their final version. */
  changed: Map<string, ObjectState>
  /** Objects that say something new, and not only the same once more. */
  moved: Set<string>
  /** Systems that stated two different contents for one version: read them again. */
  contradicting: Set<string>
}

const nameOf = ({ system, type, externalId }: Fact) => ({ system, type, externalId })

/**
 * Folds a batch of facts into the objects known so far; `known` holds those of the locked subjects, any other is
 * loaded here. In order it costs one step a fact; an object that got a late fact is folded again from its whole
 * history, so that any order of arrival ends in the same object.
 */
export const record = async (
  tx: Tx,
  timeline: Timeline,
  known: Map<string, ObjectState>,
  facts: Fact[],
): Promise<Recorded> => {
  const unknown = facts.filter((fact) => !known.has(objectId(fact))).map(nameOf)
  const elsewhere = unknown.length > 0 ? await tx.loadObjects(timeline, unknown) : []
  const before = new Map([...known, ...elsewhere.map((object) => [objectId(object), object] as const)])

  const recorded: Recorded = { after: [], changed: new Map(), moved: new Set(), contradicting: new Set() }
  const late = new Map<string, Fact>()
  for (const fact of facts) {
    const id = objectId(fact)
    const { object, effect, contradicts } = fold(recorded.changed.get(id) ?? before.get(id), fact)
    recorded.after.push(object)
    if (contradicts) recorded.contradicting.add(fact.system)
    if (effect === 'late') late.set(id, fact)
    if (effect !== 'same' && effect !== 'late') recorded.changed.set(id, object)
    if (effect !== 'same' && effect !== 'confirmed') recorded.moved.add(id)
  }
  if (late.size > 0) await rebuild(tx, timeline, facts, [...late.values()], recorded)
  return recorded
}

/** Folds anew the objects that got a late fact, as they stood after each fact of the batch. */
const rebuild = async (
  tx: Tx,
  timeline: Timeline,
  facts: Fact[],
  late: Fact[],
  { after, changed }: Recorded,
): Promise<void> => {
  const histories = new Map<string, Fact[]>(late.map((fact) => [objectId(fact), []]))
  const inBatch = new Set(facts.filter((fact) => histories.has(objectId(fact))).map(statement))
  for (const fact of await tx.historyOf(timeline, late.map(nameOf))) {
    if (!inBatch.has(statement(fact))) histories.get(objectId(fact))?.push(fact)
  }
  facts.forEach((fact, index) => {
    const id = objectId(fact)
    const history = histories.get(id)
    history?.push(fact)
    const object = history && foldAll(history)
    if (!object) return
    after[index] = object
    changed.set(id, object)
  })
}

const statement = (fact: Fact): string =>
  JSON.stringify([objectId(fact), fact.version, contentHash(fact), fact.receivedAt, fact.occurredAt])
