import type { Contract, Selector } from '../contract/contract.ts'
import type { ObjectType, Role, SubjectKind } from '../model.ts'
import type { Case } from './case.ts'
import { type Lag, lagOf } from './statistics.ts'

/** That an object of a role came into a state: `wms fulfillment shipped`. */
export type Mark = { role: Role; type: ObjectType; state: string }

/**
 * One step from a system to the next, as the facts themselves show it: no contract is needed to see it. Times are
 * taken as they stand; where the later mark is dated before the earlier one, the lag is negative and counted.
 */
export type Step = {
  from: Mark
  to: Mark
  /** Cases with a dated `from`. */
  entered: number
  /** Of these, cases with a dated `to`. */
  reached: number
  /** Of these, cases whose `to` is stated without a date. */
  undated: number
  /** Of these, cases that never came to `to`. */
  never: number
  /** Of `reached`, dated before the step that it follows: clocks that disagree. */
  backwards: number
  /** From the first `from` to the first `to`, over all of `reached`, the negative ones too. */
  lag: Lag
  /** The contract that watches this very step, if one does. */
  contract: string | null
  /** By the systems at both ends; one that never came to `to` counts where the role has only one system. */
  pairs: { from: string; to: string; entered: number; never: number }[]
  /** Cases that never came to `to`, for a closer look. */
  lost: Case[]
}

/** A mark is usual after another if this share of cases that have the one also have the other, mostly later. */
const USUAL_SHARE = 0.5

type Seen = { own: Case; dated: Map<string, { ms: number; system: string }>; undated: Set<string> }

const nameOf = ({ role, type, state }: Mark): string => `${role} ${type} ${state}`

/**
 * Finds the steps between systems in the order in which cases usually take them: `a > b` where most cases with `a`
 * come to `b`, later, and no third mark usually lies between. Steps inside one role are no handoff.
 */
export const stepsOf = (
  cases: readonly Case[],
  contracts: readonly Contract[],
  systems: readonly { name: string; role: Role }[],
): Step[] => {
  const kinds = [...new Set(cases.map(({ kind }) => kind))]
  const found = kinds.flatMap((kind) => stepsOfKind(kind, cases, contracts, systems))
  // A fact may feed several subjects (an order's delivery and its parcel): a step seen twice is told once.
  const best = new Map<string, Step>()
  for (const step of found) {
    const name = `${nameOf(step.from)} > ${nameOf(step.to)}`
    if ((best.get(name)?.entered ?? 0) < step.entered) best.set(name, step)
  }
  return [...best.values()]
}

const stepsOfKind = (
  kind: SubjectKind,
  cases: readonly Case[],
  contracts: readonly Contract[],
  systems: readonly { name: string; role: Role }[],
): Step[] => {
  const marks = new Map<string, Mark>()
  const seen = cases.filter((own) => own.kind === kind).map((own) => seenOf(own, marks))
  const names = inTypicalOrder([...marks.keys()], seen)
  const follows = usualAfter(names, seen)
  return names.flatMap((a) =>
    names.flatMap((b): Step[] => {
      const [from, to] = [marks.get(a), marks.get(b)]
      if (!from || !to || from.role === to.role || !follows(a, b)) return []
      if (names.some((c) => c !== a && c !== b && follows(a, c) && follows(c, b))) return []
      return [stepOf(from, to, seen, contracts, systems)]
    }),
  )
}

const seenOf = (own: Case, marks: Map<string, Mark>): Seen => {
  const seen: Seen = { own, dated: new Map(), undated: new Set() }
  for (const { role, type, state, system, occurredAt, attributes } of own.facts) {
    const name = nameOf({ role, type, state })
    if (!marks.has(name)) marks.set(name, { role, type, state })
    if (attributes.untimed === true) seen.undated.add(name)
    else if (!seen.dated.has(name)) seen.dated.set(name, { ms: occurredAt.getTime(), system })
  }
  return seen
}

/** By the average place of each mark within its cases, so that steps are told in the order of the work. */
const inTypicalOrder = (names: string[], seen: readonly Seen[]): string[] => {
  const places = new Map<string, { sum: number; n: number }>()
  for (const { dated } of seen) {
    const sorted = [...dated].sort(([, a], [, b]) => a.ms - b.ms)
    sorted.forEach(([name], i) => {
      const place = places.get(name) ?? { sum: 0, n: 0 }
      places.set(name, { sum: place.sum + (i + 1) / sorted.length, n: place.n + 1 })
    })
  }
  const average = (name: string): number => {
    const place = places.get(name)
    return place ? place.sum / place.n : Number.POSITIVE_INFINITY
  }
  return names.sort((a, b) => average(a) - average(b) || (a < b ? -1 : 1))
}

const usualAfter = (names: readonly string[], seen: readonly Seen[]): ((a: string, b: string) => boolean) => {
  const counts = new Map<string, { with: number; after: number }>()
  const totals = new Map<string, number>()
  for (const { dated } of seen) {
    for (const [a, { ms: from }] of dated) {
      totals.set(a, (totals.get(a) ?? 0) + 1)
      for (const [b, { ms: to }] of dated) {
        if (a === b) continue
        const count = counts.get(`${a} > ${b}`) ?? { with: 0, after: 0 }
        counts.set(`${a} > ${b}`, { with: count.with + 1, after: count.after + Number(to >= from) })
      }
    }
  }
  const place = new Map(names.map((name, i) => [name, i]))
  return (a, b) => {
    const count = counts.get(`${a} > ${b}`)
    if (!count || count.with < (totals.get(a) ?? 0) * USUAL_SHARE) return false
    const share = count.after / count.with
    // Two marks that are always dated alike follow one another in one direction only.
    return share > 0.5 && (share < 1 || isFirst(counts, a, b, place))
  }
}

const isFirst = (
  counts: ReadonlyMap<string, { with: number; after: number }>,
  a: string,
  b: string,
  place: ReadonlyMap<string, number>,
): boolean => {
  const back = counts.get(`${b} > ${a}`)
  return !back || back.after < back.with || (place.get(a) ?? 0) < (place.get(b) ?? 0)
}

const stepOf = (
  from: Mark,
  to: Mark,
  seen: readonly Seen[],
  contracts: readonly Contract[],
  systems: readonly { name: string; role: Role }[],
): Step => {
  const [a, b] = [nameOf(from), nameOf(to)]
  const [only, ...others] = systems.filter(({ role }) => role === to.role)
  const usualTo = only && others.length === 0 ? only.name : to.role
  const pairs = new Map<string, Step['pairs'][number]>()
  const lags: number[] = []
  const lost: Case[] = []
  let [entered, undated] = [0, 0]
  for (const { own, dated, undated: without } of seen) {
    const [start, end] = [dated.get(a), dated.get(b)]
    if (!start) continue
    entered++
    const came = end !== undefined || without.has(b)
    if (end) lags.push(end.ms - start.ms)
    else if (came) undated++
    else lost.push(own)
    const ends = { from: start.system, to: end?.system ?? usualTo }
    const pair = pairs.get(`${ends.from} > ${ends.to}`) ?? { ...ends, entered: 0, never: 0 }
    pairs.set(`${ends.from} > ${ends.to}`, pair)
    pair.entered++
    if (!came) pair.never++
  }
  return {
    from,
    to,
    entered,
    reached: lags.length,
    undated,
    never: lost.length,
    backwards: lags.filter((ms) => ms < 0).length,
    lag: lagOf(lags),
    contract: contracts.find((contract) => watches(contract, from, to))?.id ?? null,
    pairs: [...pairs.values()].sort((x, y) => y.entered - x.entered),
    lost,
  }
}

const isOf = (selector: Selector, { role, type, state }: Mark): boolean =>
  selector.role === role && selector.type === type && (selector.states?.includes(state) ?? true)

const watches = ({ rule }: Contract, from: Mark, to: Mark): boolean =>
  rule.form === 'follow' && isOf(rule.when, from) && isOf(rule.then, to)
