import { instantOf, type ObjectState, type SubjectView } from '../model.ts'
import type { Agree, Term, Verdict } from './contract.ts'
import { latest, matching, objectsOf } from './select.ts'
import { broken, type Terms } from './terms.ts'

const HOUR_MS = 3_600_000

/** What a side says: a sum, one text, or an instant as hours since 1970; with the words that people read. */
type Said = { value: number | string; words: string }
type Side = Said & { objects: ObjectState[] }

const valueOf = (term: Term, object: ObjectState): number | string | undefined => {
  if ('quantity' in term) return object.quantities[term.quantity]
  if ('inState' in term) return term.inState.includes(object.state) ? 1 : 0
  const value = object.attributes['attribute' in term ? term.attribute : term.instant] ?? undefined
  if ('attribute' in term) return value === undefined ? undefined : String(value)
  const at = instantOf(value)
  return at === null ? undefined : at.getTime() / HOUR_MS
}

const missingWords = (term: Term): string => {
  if ('inState' in term) return `the state of the ${term.role}'s ${term.type}`
  const name = 'quantity' in term ? term.quantity : 'attribute' in term ? term.attribute : term.instant
  return `${name} from the ${term.role}`
}

const dayOf = (hours: number): string => new Date(hours * HOUR_MS).toISOString().slice(0, 10)

/** What the terms of one side come to, or the first term that nobody has stated yet. */
const sideOf = (terms: Term[], view: SubjectView): Side | { missing: Term } => {
  let sum = 0
  const texts = new Set<string>()
  const objects: ObjectState[] = []
  for (const term of terms) {
    const stated = objectsOf(view, term).filter((object) => valueOf(term, object) !== undefined)
    if (stated.length === 0) return { missing: term }
    objects.push(...stated)
    const values = stated.map((object) => valueOf(term, object))
    const numbers = values.filter((value) => typeof value === 'number')
    // Of several dates the last one counts: only then is everything there.
    if ('instant' in term) sum = Math.max(...numbers)
    else for (const number of numbers) sum += term.times * number
    for (const value of values) if (typeof value === 'string') texts.add(value)
  }
  const text = [...texts].sort().join(' and ')
  const said: Said =
    texts.size > 0
      ? { value: text, words: text }
      : { value: sum, words: terms.some((term) => 'instant' in term) ? dayOf(sum) : String(sum) }
  return { ...said, objects }
}

const apart = (left: Side, right: Side): number =>
  typeof left.value === 'number' && typeof right.value === 'number'
    ? left.value - right.value
    : Number(left.value !== right.value)

const systemsOf = (side: Side): string => [...new Set(side.objects.map((o) => o.system))].join(' + ')

/** Both sides must say the same within the tolerance; unknown until every term has been stated once. */
export const checkAgree = (rule: Agree, terms: Terms, view: SubjectView): Verdict => {
  if (rule.suspend.some((selector) => matching(view, selector).length > 0)) {
    return { is: 'unknown', waitingFor: 'the count in progress' }
  }
  const left = sideOf(rule.left, view)
  if ('missing' in left) return { is: 'unknown', waitingFor: missingWords(left.missing) }
  const right = sideOf(rule.right, view)
  if ('missing' in right) return { is: 'unknown', waitingFor: missingWords(right.missing) }

  const difference = apart(left, right)
  const magnitude = Math.abs(difference)
  const { breaks, tolerance } = rule
  if (magnitude <= tolerance || (breaks === 'left_above' && difference < 0))
    return { is: 'kept', reason: 'agrees' }
  const [first] = left.objects
  const [other] = right.objects
  if (!first || !other) return { is: 'kept', reason: 'not_owed' }
  const since = latest([...left.objects, ...right.objects].map((o) => o.occurredAt))
  const numeric = rule.left.some((term) => 'quantity' in term || 'inState' in term)
  const sentence =
    `${systemsOf(left)} says ${left.words}, ${systemsOf(right)} says ${right.words}` +
    `${numeric ? `: ${magnitude} apart` : ''}.`
  return broken(terms, view, since, first, other, { sentence, magnitude })
}
