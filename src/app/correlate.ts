import { identityKeys } from '../domain/keys.ts'
import type { Fact, SubjectKind, Timeline } from '../domain/model.ts'
import { objectId } from '../domain/object.ts'
import type { Tx } from './ports.ts'
import type { IdentityKey, MovedException, ObjectName, SubjectRecord } from './records.ts'

/** Identity keys of one kind that some fact states together: they name one subject. */
type Group = { kind: SubjectKind; keys: IdentityKey[] }
/** One kind of subject that one fact speaks about. */
type Member = { index: number; kind: SubjectKind; keys: IdentityKey[] }

const textOf = (key: IdentityKey): string => JSON.stringify([key.name, key.value])

/** The subjects that one fact speaks about: one for each kind that its identity keys name. */
const membershipsOf = (fact: Fact, index: number): Member[] => {
  const byKind = new Map<SubjectKind, IdentityKey[]>()
  for (const { kind, name, value } of identityKeys(fact.keys)) {
    byKind.set(kind, [...(byKind.get(kind) ?? []), { name, value }])
  }
  return [...byKind].map(([kind, keys]) => ({ index, kind, keys }))
}

/** Joins what shares a name, however long the chain: the members of each set, by any of their names. */
const joined = (sets: string[][]): ((name: string) => string) => {
  const parent = new Map<string, string>()
  const root = (name: string): string => {
    let at = name
    for (let up = parent.get(at); up !== undefined && up !== at; up = parent.get(at)) at = up
    parent.set(name, at)
    return at
  }
  for (const [first, ...rest] of sets) {
    for (const other of rest) if (first !== undefined) parent.set(root(other), root(first))
  }
  return root
}

/** Joins memberships that share a key. */
export const unify = (members: Member[]): Group[] => {
  const root = joined(members.map(({ keys }) => keys.map(textOf)))
  const groups = new Map<string, Group>()
  const seen = new Set<string>()
  for (const { kind, keys } of members) {
    for (const key of keys) {
      const text = textOf(key)
      if (seen.has(text)) continue
      seen.add(text)
      const group = groups.get(root(text)) ?? { kind, keys: [] }
      group.keys.push(key)
      groups.set(root(text), group)
    }
  }
  return [...groups.values()]
}

export type Correlated = {
  subjects: SubjectRecord[]
  /** For each fact of the batch, the subjects it feeds. */
  subjectsOfFact: string[][]
  /** Places of facts that show two subjects to be one while an action runs on them: to be taken again later. */
  postponed: number[]
  /** Exceptions that a merge has touched: their cards show something new. */
  moved: MovedException[]
}

/** Every round but the first is owed to another process that merged, made or linked something meanwhile. */
const MAX_ROUNDS = 20

/**
 * Finds, makes and, where a late key shows that two are one, merges the subjects of a batch of facts; answers them
 * locked and loaded. A fact also feeds every subject that its object was linked to before, so that an object only
 * ever changes under the locks of all its subjects. `exception`: its subject is locked with the others.
 */
export const correlate = async (
  tx: Tx,
  timeline: Timeline,
  facts: Fact[],
  now: Date,
  exception: string | null = null,
): Promise<Correlated> => {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const correlated = await attempt(tx, timeline, facts, now, exception)
    if (correlated) return correlated
  }
  throw new Error(`The subjects of ${facts.length} facts changed ${MAX_ROUNDS} times while they were locked`)
}

const attempt = async (
  tx: Tx,
  timeline: Timeline,
  facts: Fact[],
  now: Date,
  exception: string | null,
): Promise<Correlated | null> => {
  const members = facts.flatMap(membershipsOf)
  const groups = unify(members)
  const [homes, linked, about] = await Promise.all([
    namedSubjects(tx, timeline, groups, now),
    linksOf(tx, timeline, facts),
    exception === null ? null : tx.subjectOf(exception),
  ])

  // First all locks, in ascending order, then everything else: two batches cannot lock each other out.
  const wanted = new Set([...homes.values(), ...linked.values()].flat())
  if (about !== null) wanted.add(about)
  const locked = await tx.lockSubjects([...wanted])
  if (locked.length < wanted.size) return null
  const nowLinked = await linksOf(tx, timeline, facts)
  if ([...nowLinked.values()].flat().some((id) => !wanted.has(id))) return null

  const sets = groups.map((group) => [...new Set(group.keys.flatMap((key) => homes.get(textOf(key)) ?? []))])
  if (sets.some((ids) => ids.length === 0)) return null
  const { homeOf, split, moved } = await mergeSets(tx, sets, now)
  const added = groups.flatMap((group, place) => {
    const subjectId = homeOf(sets[place]?.[0] ?? '')
    return group.keys.filter((key) => !homes.has(textOf(key))).map((key) => ({ key, subjectId }))
  })
  if (added.length > 0 && !(await tx.addKeys(timeline, added))) return null

  const setOfKey = new Map(
    groups.flatMap((group, i) => group.keys.map((key) => [textOf(key), sets[i] ?? []])),
  )
  const postponed = new Set<number>()
  const fed = facts.map((fact) => new Set((linked.get(objectId(fact)) ?? []).map(homeOf)))
  for (const { index, keys } of members) {
    const ids = keys.flatMap((key) => setOfKey.get(textOf(key)) ?? [])
    if (ids.some((id) => split.has(id))) postponed.add(index)
    for (const id of ids) fed[index]?.add(homeOf(id))
  }
  const survivors = [...new Set([...wanted].map(homeOf))]
  return {
    subjects: moved === null ? locked : await tx.lockSubjects(survivors),
    subjectsOfFact: fed.map((ids) => [...ids]),
    postponed: [...postponed],
    moved: moved ?? [],
  }
}

/** The subjects that the groups' keys name, made where nobody knows any key of the group. */
const namedSubjects = async (
  tx: Tx,
  timeline: Timeline,
  groups: Group[],
  now: Date,
): Promise<Map<string, string>> => {
  const find = async (keys: IdentityKey[]) =>
    (await tx.subjectsByKey(timeline, keys)).map((row) => [textOf(row.key), row.subjectId] as const)
  const found = new Map(await find(groups.flatMap((group) => group.keys)))
  const missing = groups.filter((group) => !group.keys.some((key) => found.has(textOf(key))))
  if (missing.length === 0) return found
  await tx.createSubjects(timeline, missing, now)
  return new Map([...found, ...(await find(missing.flatMap((group) => group.keys)))])
}

/** The subjects that the facts' objects are linked to already, by `objectId`. */
const linksOf = async (tx: Tx, timeline: Timeline, facts: Fact[]): Promise<Map<string, string[]>> => {
  const names = new Map<string, ObjectName>(facts.map((fact) => [objectId(fact), fact]))
  const links = new Map<string, string[]>()
  for (const { object, subjectId } of await tx.subjectsOfObjects(timeline, [...names.values()])) {
    const id = objectId(object)
    links.set(id, [...(links.get(id) ?? []), subjectId])
  }
  return links
}

type Merged = {
  /** Where a subject's rows are now. */
  homeOf: (id: string) => string
  /** Subjects that should be one and are not yet: an action is running. */
  split: Set<string>
  /** Null when nothing was merged. */
  moved: MovedException[] | null
}

/** Makes one subject of each set; the one with the lowest id, which is the oldest, takes in the others. */
const mergeSets = async (tx: Tx, sets: string[][], now: Date): Promise<Merged> => {
  const root = joined(sets)
  const unions = new Map<string, Set<string>>()
  for (const id of sets.flat()) unions.set(root(id), (unions.get(root(id)) ?? new Set()).add(id))

  const homes = new Map<string, string>()
  const split = new Set<string>()
  let moved: MovedException[] | null = null
  for (const union of unions.values()) {
    const [home, ...others] = [...union].sort((a, b) => Number(a) - Number(b))
    if (home === undefined) continue
    for (const other of others) {
      const touched = await tx.mergeSubjects(home, other, now)
      if (touched === null) {
        for (const id of union) split.add(id)
        continue
      }
      homes.set(other, home)
      moved = [...(moved ?? []), ...touched]
    }
  }
  return { homeOf: (id) => homes.get(id) ?? id, split, moved }
}
