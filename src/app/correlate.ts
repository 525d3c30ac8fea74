import type { Fact, ObjectState, Timeline } from '../domain/model.ts'
import { objectId } from '../domain/object.ts'
import type { Tx } from './ports.ts'
import type { IdentityKey, MovedException, ObjectName, SubjectRecord } from './records.ts'
import { type Group, joined, type Member, membershipsOf, parted, textOf, unify } from './unify.ts'

export type Correlated = {
  subjects: SubjectRecord[]
  /** Objects of the facts that no subject had yet, locked by themselves. */
  alone: ObjectState[]
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
  const members = await namingOf(tx, timeline, facts)
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
  const known = new Set(locked.flatMap(({ objects }) => objects.map(objectId)))
  const unknown = facts.filter((fact) => !known.has(objectId(fact)))
  const alone = unknown.length > 0 ? await tx.loadObjects(timeline, unknown) : []
  // Read once more, now that nobody else can link these objects.
  const nowLinked = await linksOf(tx, timeline, facts)
  if ([...nowLinked.values()].flat().some((id) => !wanted.has(id))) return null

  const sets = groups.map((group) => [...new Set(group.keys.flatMap((key) => homes.get(textOf(key)) ?? []))])
  if (sets.some((ids) => ids.length === 0)) return null
  const { homeOf, busy, moved } = await mergeSets(tx, timeline, sets, locked, now)
  const added = groups.flatMap((group, place) => {
    const subjectId = homeOf(sets[place]?.[0] ?? '')
    return group.keys.filter((key) => !homes.has(textOf(key))).map((key) => ({ key, subjectId }))
  })
  if (added.length > 0 && !(await tx.addKeys(timeline, added))) return null

  const given = new Map([...homes, ...added.map(({ key, subjectId }) => [textOf(key), subjectId] as const)])
  const postponed = new Set<number>()
  const fed = facts.map((fact) => new Set((nowLinked.get(objectId(fact)) ?? []).map(homeOf)))
  for (const { index, keys } of members) {
    const own = [...new Set(keys.flatMap((key) => given.get(textOf(key)) ?? []))]
    const ids = [...new Set(own.map(homeOf))]
    const isBusy = ids.length > 1 && own.some((id) => busy.has(id))
    if (isBusy) postponed.add(index)
    for (const id of isBusy ? ids : chosen(ids, fed[index])) fed[index]?.add(id)
  }
  // What a fact has linked its object to hears of it from then on, also within the batch.
  const linkedSoFar = new Map<string, Set<string>>()
  facts.forEach((fact, index) => {
    const ids = new Set([...(linkedSoFar.get(objectId(fact)) ?? []), ...(fed[index] ?? [])])
    linkedSoFar.set(objectId(fact), ids)
    fed[index] = ids
  })
  const survivors = [...new Set([...wanted].map(homeOf))]
  return {
    subjects: moved === null ? locked : await tx.lockSubjects(survivors),
    alone,
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

/** What the facts name, with the keys that decide it. */
const namingOf = async (tx: Tx, timeline: Timeline, facts: Fact[]): Promise<Member[]> => {
  const members = facts.flatMap(membershipsOf)
  const several = members.filter(({ keys }) => keys.length > 1).flatMap(({ keys }) => keys)
  if (several.length === 0) return members
  const splits = await tx.cannotLinks(timeline, several)
  return splits.length === 0 ? members : members.map((member) => parted(member, splits))
}

/**
 * Where keys name several subjects that a split keeps apart, a fact counts for the one that its object belongs to
 * already; a new one for the oldest.
 */
const chosen = (ids: string[], fed: Set<string> | undefined): string[] => {
  if (ids.length < 2) return ids
  const known = ids.filter((id) => fed?.has(id))
  return known.length > 0 ? known : ids.sort((a, b) => Number(a) - Number(b)).slice(0, 1)
}

type Merged = {
  /** Where a subject's rows are now. */
  homeOf: (id: string) => string
  /** Subjects that should be one and are not yet: an action is running. */
  busy: Set<string>
  /** Null when nothing was merged. */
  moved: MovedException[] | null
}

/**
 * Makes one subject of each set; the one with the lowest id, which is the oldest, takes in the others. What an admin
 * has split stays apart, whatever chain of keys would join it.
 */
const mergeSets = async (
  tx: Tx,
  timeline: Timeline,
  sets: string[][],
  locked: SubjectRecord[],
  now: Date,
): Promise<Merged> => {
  const root = joined(sets)
  const unions = new Map<string, Set<string>>()
  for (const id of sets.flat()) unions.set(root(id), (unions.get(root(id)) ?? new Set()).add(id))

  const homes = new Map<string, string>()
  const busy = new Set<string>()
  let moved: MovedException[] | null = null
  for (const union of unions.values()) {
    if (union.size < 2) continue
    const isApart = await splitsAmong(
      tx,
      timeline,
      locked.filter(({ id }) => union.has(id)),
    )
    const kept: string[][] = []
    for (const other of [...union].sort((a, b) => Number(a) - Number(b))) {
      const together = kept.find((ids) => !ids.some((id) => isApart(id, other)))
      const [home] = together ?? []
      if (!together || home === undefined) {
        kept.push([other])
        continue
      }
      const touched = await tx.mergeSubjects(home, other, now)
      if (touched === null) {
        for (const id of union) busy.add(id)
        continue
      }
      together.push(other)
      homes.set(other, home)
      moved = [...(moved ?? []), ...touched]
    }
  }
  return { homeOf: (id) => homes.get(id) ?? id, busy, moved }
}

/** Which of these subjects an admin has split from one another. */
const splitsAmong = async (
  tx: Tx,
  timeline: Timeline,
  subjects: SubjectRecord[],
): Promise<(a: string, b: string) => boolean> => {
  const owners = new Map(
    subjects.flatMap(({ id, keys }) =>
      keys.filter(({ kind }) => kind === 'identity').map((key) => [textOf(key), { id, key }] as const),
    ),
  )
  const splits = await tx.cannotLinks(
    timeline,
    [...owners.values()].map(({ key: { name, value } }) => ({ name, value })),
  )
  const pairs = new Set(
    splits.flatMap(({ stays, out }) => {
      const [one, other] = [owners.get(textOf(stays))?.id, owners.get(textOf(out))?.id]
      return one === undefined || other === undefined ? [] : [`${one} ${other}`, `${other} ${one}`]
    }),
  )
  return (a, b) => pairs.has(`${a} ${b}`)
}
