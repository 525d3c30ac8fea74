import type { ObjectState, SubjectView } from '../model.ts'
import type { Agree, Grace, Term, Verdict } from './contract.ts'
import { brokenSince, latest, matching, objectsOf } from './select.ts'

type Side = { value: number; objects: ObjectState[] }

const termValue = (term: Term, object: ObjectState): number | undefined =>
  'quantity' in term ? object.quantities[term.quantity] : term.inState.includes(object.state) ? 1 : 0

/** The sum of a side, or the first term that nobody has stated yet. */
const sumOf = (terms: Term[], view: SubjectView): Side | { missing: Term } => {
  const side: Side = { value: 0, objects: [] }
  for (const term of terms) {
    const stated = objectsOf(view, term).filter((object) => termValue(term, object) !== undefined)
    if (stated.length === 0) return { missing: term }
    for (const object of stated) side.value += term.times * (termValue(term, object) ?? 0)
    side.objects.push(...stated)
  }
  return side
}

const missingWords = (term: Term): string =>
  'quantity' in term
    ? `${term.quantity} from the ${term.role}`
    : `the state of the ${term.role}'s ${term.type}`

const systemsOf = (side: Side): string => [...new Set(side.objects.map((o) => o.system))].join(' + ')

/** Both sides must sum to the same within the tolerance; unknown until every term has been stated once. */
export const checkAgree = (rule: Agree, grace: Grace, view: SubjectView): Verdict => {
  if (rule.suspend.some((selector) => matching(view, selector).length > 0)) {
    return { is: 'unknown', waitingFor: 'the count in progress' }
  }
  const left = sumOf(rule.left, view)
  if ('missing' in left) return { is: 'unknown', waitingFor: missingWords(left.missing) }
  const right = sumOf(rule.right, view)
  if ('missing' in right) return { is: 'unknown', waitingFor: missingWords(right.missing) }

  const difference = Math.abs(left.value - right.value)
  if (difference <= rule.tolerance) return { is: 'kept', reason: 'agrees' }
  const since = latest([...left.objects, ...right.objects].map((o) => o.occurredAt))
  const sentence = `${systemsOf(left)} says ${left.value}, ${systemsOf(right)} says ${right.value}: ${difference} apart.`
  return brokenSince(view, grace, since, { sentence, magnitude: difference })
}
