import type { SubjectView } from '../model.ts'
import type { One, Verdict } from './contract.ts'
import { enteredAny, matching } from './select.ts'
import { broken, type Terms } from './terms.ts'

/** At most one live object: broken from the moment the second one appeared. */
export const checkOne = (rule: One, terms: Terms, view: SubjectView): Verdict => {
  const live = matching(view, rule.object)
  const times = live.map((o) => enteredAny(o, rule.object.states).getTime()).sort((a, b) => a - b)
  const [first] = live
  const second = times[1]
  if (!first || second === undefined) return { is: 'kept', reason: 'at_most_one' }
  const names = live.map((o) => `${o.externalId} (${o.rawState})`).join(' and ')
  return broken(terms, view, new Date(second), first, null, {
    sentence: `${first.system} has ${live.length} live at once: ${names}.`,
    magnitude: live.length,
  })
}
