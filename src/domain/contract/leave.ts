import type { SubjectView } from '../model.ts'
import type { Grace, Leave, Verdict } from './contract.ts'
import { brokenSince, earliest, enteredAny, matching } from './select.ts'

/** The object must leave these states: a short pick at once, a hold by its reason. */
export const checkLeave = (rule: Leave, grace: Grace, view: SubjectView): Verdict => {
  const { where } = rule
  const stuck = matching(view, rule.object).filter((object) => {
    const value = where ? object.attributes[where.attribute] : null
    return !where || (typeof value === 'string' && where.in.includes(value))
  })
  const first = stuck[0]
  if (!first) return { is: 'kept', reason: 'left' }
  const since = earliest(stuck.map((o) => enteredAny(o, rule.object.states)))
  const reason = where ? ` (${String(first.attributes[where.attribute])})` : ''
  return brokenSince(view, grace, since, {
    sentence: `${first.system} says ${first.rawState}${reason} and has not moved on.`,
    magnitude: stuck.length,
  })
}
