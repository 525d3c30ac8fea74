import type { ObjectState, SubjectView } from '../model.ts'
import type { Condition, Leave, Verdict } from './contract.ts'
import { earliest, enteredAny, latest, matching } from './select.ts'
import { broken, type Terms } from './terms.ts'

const conditionWords = (object: ObjectState, condition: Condition): string =>
  'quantity' in condition
    ? `${condition.quantity.replaceAll('_', ' ')} ${object.quantities[condition.quantity] ?? 'not stated'}`
    : String(object.attributes[condition.attribute] ?? `no ${condition.attribute}`)

const sinceOf = (rule: Leave, stuck: ObjectState[]): Date => {
  switch (rule.since) {
    case 'entered':
      return earliest(stuck.map((o) => enteredAny(o, rule.object.states)))
    case 'seen':
    case 'silence':
      return latest(stuck.map((o) => o.occurredAt))
  }
}

/** The size of what is wrong where the condition measures it: units below zero; else how many objects are stuck. */
const magnitudeOf = (rule: Leave, stuck: ObjectState[]): number => {
  const sizes = (rule.object.where ?? []).flatMap((condition) => {
    if (!('quantity' in condition)) return []
    const limit = 'below' in condition ? condition.below : condition.above
    return stuck.map((o) => Math.abs((o.quantities[condition.quantity] ?? limit) - limit))
  })
  return sizes.length > 0 ? Math.max(...sizes) : stuck.length
}

/** The object must leave these states: a short pick at once, a hold by its reason, a parcel that nobody speaks of. */
export const checkLeave = (rule: Leave, terms: Terms, view: SubjectView): Verdict => {
  const stuck = matching(view, rule.object)
  const first = stuck[0]
  if (!first) return { is: 'kept', reason: 'left' }
  const meanwhile = rule.while.map((selector) => matching(view, selector)[0])
  if (meanwhile.some((object) => object === undefined)) return { is: 'kept', reason: 'not_owed' }

  const reasons = (rule.object.where ?? []).map((condition) => conditionWords(first, condition))
  const reason = reasons.length > 0 ? ` (${reasons.join(', ')})` : ''
  const others = meanwhile.flatMap((object) => (object ? `; ${object.system} says ${object.rawState}` : []))
  const tail = rule.since === 'silence' ? ' and nothing since' : ' and has not moved on'
  const ending = others.length > 0 ? others.join('') : tail
  return broken(terms, view, sinceOf(rule, stuck), first, null, {
    sentence: `${first.system} says ${first.rawState}${reason}${ending}.`,
    magnitude: magnitudeOf(rule, stuck),
  })
}
