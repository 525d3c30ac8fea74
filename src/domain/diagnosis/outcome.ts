import { applies, check } from '../contract/check.ts'
import type { Contract, Follow, Graces, Verdict } from '../contract/contract.ts'
import { earliest, enteredAny, matching } from '../contract/select.ts'
import type { ObjectState, OrderClass, Role, SubjectView } from '../model.ts'
import { fold, foldAll, objectId } from '../object.ts'
import type { Case } from './case.ts'

export const STANDINGS = [
  'in_time',
  'late',
  'undated',
  'never',
  'waiting',
  'called_off',
  'no_deadline',
] as const
/**
 * How a handoff ended on one subject.
 * - `in_time`, `late`: completed, before or after its deadline. - `undated`: completed, but nothing says when.
 * - `never`: overdue and still not completed when the export ends. - `waiting`: not completed, and not yet due.
 * - `called_off`: it had begun and was no longer owed in the end. - `no_deadline`: nobody knows when it was due.
 */
export type Standing = (typeof STANDINGS)[number]

export type Outcome = {
  standing: Standing
  /** When it became owed. */
  sinceMs: number
  /** When it was completed; null if it was not, or nothing says when. */
  doneMs: number | null
  /** From owed to completed, in ms; negative where the clocks of two systems contradict each other. */
  lagMs: number | null
  conflict: boolean
  /** The systems at both ends, or the role where the export does not tell which. */
  from: string
  to: string
}

export type System = { name: string; role: Role }

/** What a play needs to know beyond the facts. */
export type World = { asOf: Date; systems: System[]; graces?: Graces }

/** What was seen of one contract so far while a case is played. */
type Watch = {
  sinceMs: number | null
  doneMs: number | null
  overdue: boolean
  unknown: boolean
  last: Verdict | null
}

/**
 * Plays one case in the order of its facts' own times and answers, for each contract, how it ended; null where it was
 * never owed. The same rules as in live work: what happens in one instant is judged together, and what happens at the
 * very moment it is due is in time.
 */
export const outcomesOf = (own: Case, contracts: readonly Contract[], world: World): (Outcome | null)[] => {
  const watches = contracts.map(
    (): Watch => ({ sinceMs: null, doneMs: null, overdue: false, unknown: false, last: null }),
  )
  const objects = new Map<string, ObjectState>()
  own.facts.forEach((fact, index) => {
    const atMs = fact.occurredAt.getTime()
    for (const watch of watches) markOverdue(watch, atMs)
    const id = objectId(fact)
    const { object, effect } = fold(objects.get(id), fact)
    const history = () => own.facts.slice(0, index + 1).filter((other) => objectId(other) === id)
    objects.set(id, effect === 'late' ? (foldAll(history()) ?? object) : object)
    if (own.facts[index + 1]?.occurredAt.getTime() === atMs) return
    const view = viewOf(own, objects)
    contracts.forEach((contract, i) => {
      const watch = watches[i]
      if (watch) look(watch, contract, view, atMs, world.graces)
    })
  })
  const view = viewOf(own, objects)
  return contracts.map((contract, i) => {
    const watch = watches[i]
    if (!watch?.last) return null
    markOverdue(watch, world.asOf.getTime() + 1)
    return ended(watch, watch.last, contract, view, world)
  })
}

const markOverdue = (watch: Watch, beforeMs: number): void => {
  if (watch.last?.is === 'broken' && watch.last.dueAt.getTime() < beforeMs) watch.overdue = true
}

const look = (watch: Watch, contract: Contract, view: SubjectView, atMs: number, graces?: Graces): void => {
  watch.last = applies(contract, view) ? check(contract, view, graces) : null
  const { last } = watch
  if (!last) return
  if (last.is === 'unknown') watch.unknown = true
  if (last.is === 'broken') watch.doneMs = null
  else if (last.is === 'kept') watch.doneMs ??= atMs
  if (contract.rule.form !== 'follow') {
    if (last.is === 'broken') watch.sinceMs ??= last.since.getTime()
    return
  }
  const begun = matching(view, contract.rule.when)
  if (begun.length > 0) {
    const states = contract.rule.when.states
    watch.sinceMs ??= earliest(begun.map((object) => enteredAny(object, states))).getTime()
  }
}

const ended = (
  watch: Watch,
  last: Verdict,
  contract: Contract,
  view: SubjectView,
  world: World,
): Outcome | null => {
  const { rule, handoff } = contract
  const ends = {
    from: systemOf(handoff.from, view, world.systems),
    to: systemOf(handoff.to, view, world.systems),
    conflict: last.is === 'kept' && last.conflict !== undefined,
  }
  const open = (standing: Standing): Outcome | null =>
    watch.sinceMs === null ? null : { standing, sinceMs: watch.sinceMs, doneMs: null, lagMs: null, ...ends }
  if (last.is === 'broken') return open(watch.overdue ? 'never' : 'waiting')
  if (last.is === 'unknown') return open('no_deadline')
  if (last.reason === 'not_owed') return open('called_off')
  if (rule.form !== 'follow') {
    // Nothing was owed in a way that has a beginning: it held from the first word on, or was mended later.
    const sinceMs =
      watch.sinceMs ?? view.objects.reduce((ms, o) => Math.min(ms, o.firstAt.getTime()), Infinity)
    const doneMs = watch.doneMs
    const lagMs = watch.sinceMs === null || doneMs === null ? null : doneMs - watch.sinceMs
    return { standing: watch.overdue ? 'late' : 'in_time', sinceMs, doneMs, lagMs, ...ends }
  }
  return completed(watch, rule, view, ends)
}

const completed = (
  watch: Watch,
  rule: Follow,
  view: SubjectView,
  ends: Pick<Outcome, 'from' | 'to' | 'conflict'>,
): Outcome | null => {
  if (watch.sinceMs === null) return null
  const reached = matching(view, rule.then).filter((object) => object.attributes.untimed !== true)
  const { sinceMs } = watch
  if (reached.length === 0) return { standing: 'undated', sinceMs, doneMs: null, lagMs: null, ...ends }
  const doneMs = earliest(reached.map((object) => enteredAny(object, rule.then.states))).getTime()
  const standing = watch.overdue ? 'late' : watch.unknown ? 'no_deadline' : 'in_time'
  return { standing, sinceMs, doneMs, lagMs: doneMs - sinceMs, ...ends }
}

/** The system of a role that speaks about the subject, or the only one there is; else the role itself. */
const systemOf = (role: Role, view: SubjectView, systems: readonly System[]): string => {
  const speaking = view.objects.find((object) => object.role === role)?.system
  if (speaking !== undefined) return speaking
  const [only, ...others] = systems.filter((system) => system.role === role)
  return only && others.length === 0 ? only.name : role
}

const byName = (a: ObjectState, b: ObjectState): number => (objectId(a) < objectId(b) ? -1 : 1)

const viewOf = ({ kind }: Case, known: ReadonlyMap<string, ObjectState>): SubjectView => {
  const objects = [...known.values()].sort(byName)
  return { id: '', timeline: 'import:diagnosis', kind, keys: [], objects, orderClass: classOf(objects) }
}

/** The order's class is what its storefront says; without one, the most ordinary. */
const classOf = (objects: readonly ObjectState[]): OrderClass => {
  const said = objects.filter((object) => object.orderClass !== undefined)
  return (said.find((object) => object.role === 'storefront') ?? said[0])?.orderClass ?? 'consumer'
}
