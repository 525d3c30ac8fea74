import type { SubjectView } from '../model.ts'
import type { Grace, One, Verdict } from './contract.ts'
import { brokenSince, enteredAny, matching } from './select.ts'

/** At most one live object: broken from the moment the second one appeared. */
export const checkOne = (rule: One, grace: Grace, view: SubjectView): Verdict => {
  const live = matching(view, rule.object)
  const times = live.map((o) => enteredAny(o, rule.object.states).getTime()).sort((a, b) => a - b)
  const second = times[1]
  if (second === undefined) return { is: 'kept', reason: 'at_most_one' }
  const names = live.map((o) => `${o.externalId} (${o.rawState})`).join(' and ')
  return brokenSince(view, grace, new Date(second), {
    sentence: `${live[0]?.system ?? rule.object.role} has ${live.length} live at once: ${names}.`,
    magnitude: live.length,
  })
}
