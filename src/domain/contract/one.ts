import type { ObjectState, SubjectView } from '../model.ts'
import type { One, Verdict } from './contract.ts'
import { enteredAny, matching, objectsOf } from './select.ts'
import { broken, type Terms } from './terms.ts'

/** Whether together they ask for no more than is owed: the parts of a split order do. */
const isWithin = ({ within }: One, live: ObjectState[], view: SubjectView): boolean => {
  if (!within) return false
  const { quantity, of } = within
  const owed = objectsOf(view, of).flatMap((o) => o.quantities[quantity] ?? [])
  const asked = live.map((o) => o.quantities[quantity])
  if (owed.length === 0 || asked.some((units) => units === undefined)) return false
  return total(asked) <= total(owed)
}

const total = (numbers: (number | undefined)[]): number =>
  numbers.reduce<number>((sum, n) => sum + (n ?? 0), 0)

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
