import type { Fact, ObjectState, Timeline } from '../domain/model.ts'
import type { NameMaps } from '../domain/names.ts'
import { contentHash, fold, foldAll, objectId } from '../domain/object.ts'
import { reading, type Understand } from './names.ts'
import type { Tx } from './ports.ts'

export type Recorded = {
  /** For each fact of the batch, its object as it stood once that fact was known. */
  after: ObjectState[]
  /** Objects of the batch that changed, by `objectId`, in their final version. */
  changed: Map<string, ObjectState>
  /** How many of them were not known before. */
  fresh: number
  /** Objects that say something new, and not only the same once more. */
  moved: Set<string>
  /** Systems that stated two different contents for one version: read them again. */
  contradicting: Set<string>
}

/** How facts are to be understood, and what by. */
export type Names = { maps: NameMaps | undefined; read: Understand }

const nameOf = ({ system, type, externalId }: Fact) => ({ system, type, externalId })

/**
 * Folds a batch of facts into the objects known so far, all of them locked. In order it costs one step a fact; an
 * object that got a late fact is folded again from its whole history, so that any order of arrival ends in the same
 * object. Facts are compared as they were stated, and understood as the maps of names say now.
 */
export const record = async (
  tx: Tx,
  timeline: Timeline,
  known: Map<string, ObjectState>,
  facts: Fact[],
  names: Names,
): Promise<Recorded> => {
  const fresh = new Set(facts.map(objectId).filter((id) => !known.has(id))).size
  const recorded: Recorded = {
    after: [],
    changed: new Map(),
    fresh,
    moved: new Set(),
    contradicting: new Set(),
  }
  const late = new Map<string, Fact>()
  for (const fact of facts) {
    const id = objectId(fact)
    const { object, effect, contradicts } = fold(
      recorded.changed.get(id) ?? known.get(id),
      names.read(fact),
      contentHash(fact),
    )
    recorded.after.push(object)
    if (contradicts) recorded.contradicting.add(fact.system)
    if (effect === 'late') late.set(id, fact)
    if (effect !== 'same' && effect !== 'late') recorded.changed.set(id, object)
    if (effect !== 'same' && effect !== 'confirmed') recorded.moved.add(id)
  }
  if (late.size > 0) await rebuild(tx, timeline, facts, [...late.values()], recorded, names)
  return recorded
}

/** Folds anew the objects that got a late fact, as they stood after each fact of the batch. */
const rebuild = async (
  tx: Tx,
  timeline: Timeline,
  facts: Fact[],
  late: Fact[],
  { after, changed }: Recorded,
  { maps }: Names,
): Promise<void> => {
  const histories = new Map<string, Fact[]>(late.map((fact) => [objectId(fact), []]))
  const inBatch = new Set(facts.filter((fact) => histories.has(objectId(fact))).map(statement))
  const past = await tx.historyOf(timeline, late.map(nameOf))
  const read = await reading(tx, maps, [...past, ...facts])
  for (const fact of past) {
    if (!inBatch.has(statement(fact))) histories.get(objectId(fact))?.push(fact)
  }
  facts.forEach((fact, index) => {
    const id = objectId(fact)
    const history = histories.get(id)
    history?.push(fact)
    const object = history && foldAll(history, read)
    if (!object) return
    after[index] = object
    changed.set(id, object)
  })
}

const statement = (fact: Fact): string =>
  JSON.stringify([objectId(fact), fact.version, contentHash(fact), fact.receivedAt, fact.occurredAt])
