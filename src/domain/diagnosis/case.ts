import { identityKeys } from '../keys.ts'
import type { Fact, ObjectType, Role, SubjectKind } from '../model.ts'
import { objectId } from '../object.ts'

/** What lies behind an attribute that was made from several rows: the deadline of each line of an order. */
export type LineDeadlines = {
  role: Role
  type: ObjectType
  attribute: string
  /** What the lines are called: "items". */
  lines: string
  atMs: number[]
}

/** A fact of an export, with what only a diagnosis asks for. */
export type Stated = {
  fact: Fact
  /** Whose it is, by dimension: `seller` > the sellers of the order's items. */
  dimensions: Record<string, string[]>
  deadlines: LineDeadlines[]
}

/** One business thing (a subject) and all that an export says about it, in the order of the facts' own times. */
export type Case = {
  kind: SubjectKind
  facts: Fact[]
  dimensions: Map<string, Set<string>>
  deadlines: Map<string, LineDeadlines>
}

export const deadlinesName = (of: Pick<LineDeadlines, 'role' | 'type' | 'attribute'>): string =>
  `${of.role} ${of.type} ${of.attribute}`

/** Sets that are joined; `rootOf` is the same for all members of one set. */
const unionFind = () => {
  const parent = new Map<string, string>()
  const rootOf = (name: string): string => {
    let at = name
    for (let up = parent.get(at); up !== undefined; up = parent.get(at)) at = up
    // Every name on the way now points at the root: later walks are short.
    for (let step = name; step !== at; ) {
      const next = parent.get(step) ?? at
      parent.set(step, at)
      step = next
    }
    return at
  }
  const join = (a: string, b: string): void => {
    const [rootA, rootB] = [rootOf(a), rootOf(b)]
    if (rootA !== rootB) parent.set(rootB, rootA)
  }
  return { rootOf, join }
}

/**
 * Sorts facts by what they speak about, as the live pipeline does: identity keys unify, reference keys only link, and
 * an object feeds the subject of every kind that its keys name. Who is who is settled before anything is played, so
 * that a key that came late does not make two things of one.
 */
export const casesOf = (stated: readonly Stated[]): Case[] => {
  const { rootOf, join } = unionFind()
  const kindsOf = new Map<string, Set<SubjectKind>>()
  for (const { fact } of stated) {
    const object = objectId(fact)
    for (const { kind, name, value } of identityKeys(fact.keys)) {
      join(JSON.stringify([kind, name, value]), `${kind} ${object}`)
      kindsOf.set(object, (kindsOf.get(object) ?? new Set()).add(kind))
    }
  }
  const cases = new Map<string, Case>()
  for (const { fact, dimensions, deadlines } of stated) {
    const object = objectId(fact)
    for (const kind of kindsOf.get(object) ?? []) {
      const root = rootOf(`${kind} ${object}`)
      const own: Case = cases.get(root) ?? { kind, facts: [], dimensions: new Map(), deadlines: new Map() }
      cases.set(root, own)
      own.facts.push(fact)
      for (const [dimension, values] of Object.entries(dimensions)) {
        const all = own.dimensions.get(dimension) ?? new Set()
        own.dimensions.set(dimension, all)
        for (const value of values) all.add(value)
      }
      for (const each of deadlines) own.deadlines.set(deadlinesName(each), each)
    }
  }
  for (const { facts } of cases.values())
    facts.sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime())
  return [...cases.values()]
}
