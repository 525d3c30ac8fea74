import type { ObjectState, SubjectView } from '../model.ts'
import type { One, Verdict } from './contract.ts'
import { enteredAny, matching, objectsOf, unitsOf } from './select.ts'
import { broken, type Terms } from './terms.ts'

/** Whether together they ask for no more than is owed: the parts of a split order do. */
const isWithin = ({ within }: One, live: ObjectState[], view: SubjectView): boolean => {
  if (!within) return false
  const owed = unitsOf(objectsOf(view, within.of), within.quantity)
  const asked = unitsOf(live, within.quantity)
  return owed !== null && asked !== null && asked <= owed
}

/** At most one live object: broken from the moment the second one appeared. */
export const checkOne = (rule: One, terms: Terms, view: SubjectView): Verdict => {
  const live = matching(view, rule.object)
  const times = live.map((o) => enteredAny(o, rule.object.states).getTime()).sort((a, b) => a - b)
  const [first] = live
  const second = times[1]
  if (!first || second === undefined || isWithin(rule, live, view))
    return { is: 'kept', reason: 'at_most_one' }
  const names = live.map((o) => `${o.externalId} (${o.rawState})`).join(' and ')
  return broken(terms, view, new Date(second), first, null, {
    sentence: `${first.system} has ${live.length} live at once: ${names}.`,
    magnitude: live.length,
  })
}
