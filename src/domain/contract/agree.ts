import { instantOf, type ObjectState, type SubjectView } from '../model.ts'
import type { Agree, Term, Verdict } from './contract.ts'
import { latest, matching, objectsOf } from './select.ts'
import { broken, type Terms } from './terms.ts'

const HOUR_MS = 3_600_000

/** What a side says: a sum, texts, or an instant as hours since 1970; with the words that people read. */
type Side = { value: number | string[]; words: string; objects: ObjectState[] }

const said = (term: Term, object: ObjectState): number | string | undefined => {
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

/** What a side lacks: a value that nobody has stated yet, or an object in the state that it speaks of. */
type Lacking = { missing: Term; owed: boolean }

/** What the terms of one side come to. */
const sideOf = (terms: Term[], view: SubjectView): Side | Lacking => {
  let sum = 0
  const texts = new Set<string>()
  const instants: number[] = []
  const objects: ObjectState[] = []
  const states = (term: Term) => (object: ObjectState) => said(term, object) !== undefined
  for (const term of terms) {
    const stated = matching(view, term).filter(states(term))
    if (stated.length === 0) return { missing: term, owed: !objectsOf(view, term).some(states(term)) }
    objects.push(...stated)
    for (const value of stated.map((object) => said(term, object))) {
      if (typeof value === 'string') texts.add(value)
      else if ('instant' in term) instants.push(value ?? 0)
      else sum += term.times * (value ?? 0)
    }
  }
  if (texts.size > 0) return { value: [...texts].sort(), words: [...texts].sort().join(' and '), objects }
  // Of several dates the last one counts: only then is everything there.
  const last = Math.max(...instants)
  return instants.length > 0
    ? { value: last, words: dayOf(last), objects }
    : { value: sum, words: String(sum), objects }
}

const lacking = (texts: string[], others: string[]): number =>
  texts.filter((text) => !others.includes(text)).length

/** How much more the left says than the right; less is negative. Texts are counted. */
const apart = (left: Side, right: Side): number => {
  if (typeof left.value === 'number' && typeof right.value === 'number') return left.value - right.value
  if (typeof left.value === 'number' || typeof right.value === 'number') return 1
  return lacking(left.value, right.value) || -lacking(right.value, left.value)
}

const systemsOf = (side: Side): string => [...new Set(side.objects.map((o) => o.system))].join(' + ')

/** Both sides must say the same within the tolerance; unknown until every term has been stated once. */
export const checkAgree = (rule: Agree, terms: Terms, view: SubjectView): Verdict => {
  const [unfinished] = rule.suspend.flatMap((selector) => matching(view, selector))
  if (unfinished)
    return { is: 'unknown', waitingFor: `${unfinished.system} to finish its ${unfinished.type}` }
  const left = sideOf(rule.left, view)
  const right = sideOf(rule.right, view)
  for (const side of [left, right]) {
    if ('missing' in side && !side.owed) return { is: 'kept', reason: 'not_owed' }
  }
  if ('missing' in left) return { is: 'unknown', waitingFor: missingWords(left.missing) }
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
