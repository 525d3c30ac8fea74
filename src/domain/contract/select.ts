import type { ObjectState, SubjectView } from '../model.ts'
import type { Condition, Selector } from './contract.ts'

/** Oldest first, so that a verdict does not depend on the order in which objects were loaded. */
const inOrder = (a: ObjectState, b: ObjectState): number =>
  a.firstAt.getTime() - b.firstAt.getTime() ||
  (a.system < b.system ? -1 : a.system > b.system ? 1 : a.externalId < b.externalId ? -1 : 1)

export const objectsOf = (view: SubjectView, selector: Pick<Selector, 'role' | 'type'>): ObjectState[] =>
  view.objects.filter((o) => o.role === selector.role && o.type === selector.type).sort(inOrder)

const fulfils = (object: ObjectState, condition: Condition): boolean => {
  if ('was' in condition) return condition.was !== object.state && condition.was in object.enteredAt
  if ('quantity' in condition) {
    const units = object.quantities[condition.quantity]
    if (units === undefined) return false
    return 'below' in condition ? units < condition.below : units > condition.above
  }
  const value = object.attributes[condition.attribute] ?? null
  if ('stated' in condition) return (value !== null) === condition.stated
  return value !== null && condition.in.includes(value)
}

export const matching = (view: SubjectView, { states, where = [], ...of }: Selector): ObjectState[] =>
  objectsOf(view, of).filter(
    (o) => (!states || states.includes(o.state)) && where.every((condition) => fulfils(o, condition)),
  )

/**
 * Since when the object has been in the set of states without leaving it: the walk goes back from its present state
 * over the states it was in before, and ends at the first one outside the set.
 */
export const enteredAny = (object: ObjectState, states: string[] | undefined): Date => {
  if (!states) return object.firstAt
  const entered = object.enteredAt[object.state]
  let since = entered === undefined ? object.occurredAt.getTime() : Date.parse(entered)
  const trail = Object.entries(object.enteredAt)
    .filter(([state]) => state !== object.state)
    .map(([state, at]) => ({ at: Date.parse(at), inside: states.includes(state) }))
    .sort((a, b) => b.at - a.at || Number(b.inside) - Number(a.inside))
  for (const { at, inside } of trail) {
    // Dated after the present state: this system's own clock went back, and the time says nothing.
    if (at > since) continue
    if (!inside) break
    since = at
  }
  return new Date(since)
}

/** The earliest of several instants; the list is never empty where this is called. */
export const earliest = (dates: Date[]): Date => new Date(Math.min(...dates.map((d) => d.getTime())))
export const latest = (dates: Date[]): Date => new Date(Math.max(...dates.map((d) => d.getTime())))

/** What the objects state of a quantity together; null when one of them, or nobody, states it. */
export const unitsOf = (objects: ObjectState[], quantity: string): number | null => {
  const stated = objects.flatMap((object) => object.quantities[quantity] ?? [])
  return stated.length < Math.max(objects.length, 1) ? null : stated.reduce((sum, units) => sum + units, 0)
}
