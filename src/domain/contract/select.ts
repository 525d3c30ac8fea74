import { instantOf, type ObjectState, type SubjectView } from '../model.ts'
import type { Evidence, Grace, Selector, Verdict } from './contract.ts'

/** Oldest first, so that a verdict does not depend on the order in which objects were loaded. */
const inOrder = (a: ObjectState, b: ObjectState): number =>
  a.firstAt.getTime() - b.firstAt.getTime() ||
  (a.system < b.system ? -1 : a.system > b.system ? 1 : a.externalId < b.externalId ? -1 : 1)

export const objectsOf = (view: SubjectView, selector: Pick<Selector, 'role' | 'type'>): ObjectState[] =>
  view.objects.filter((o) => o.role === selector.role && o.type === selector.type).sort(inOrder)

export const matching = (view: SubjectView, selector: Selector): ObjectState[] =>
  objectsOf(view, selector).filter((o) => !selector.states || selector.states.includes(o.state))

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

/** A break with its due time, or unknown while the deadline it depends on is not known. */
export const brokenSince = (view: SubjectView, grace: Grace, since: Date, evidence: Evidence): Verdict => {
  switch (grace.kind) {
    case 'duration':
      return { is: 'broken', since, dueAt: new Date(since.getTime() + grace.ms), evidence }
    case 'field': {
      const deadlines = objectsOf(view, grace).flatMap((object) => {
        return instantOf(object.attributes[grace.attribute])?.getTime() ?? []
      })
      if (deadlines.length === 0)
        return { is: 'unknown', waitingFor: `${grace.attribute} of the ${grace.role}'s ${grace.type}` }
      return { is: 'broken', since, dueAt: new Date(Math.min(...deadlines) + grace.plusMs), evidence }
    }
  }
}
