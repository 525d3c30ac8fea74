import type { ObjectState, SubjectView } from '../model.ts'
import type { Condition, Leave, Verdict } from './contract.ts'
import { earliest, enteredAny, latest, matching } from './select.ts'
import { broken, type Terms } from './terms.ts'

/** The value that makes the object one of those in question; what is only absent or past goes without saying. */
const conditionWords = (object: ObjectState, condition: Condition): string[] => {
  if ('quantity' in condition)
    return [`${condition.quantity.replaceAll('_', ' ')} ${object.quantities[condition.quantity]}`]
  if (!('in' in condition)) return []
  const value = object.attributes[condition.attribute]
  const words = typeof value === 'boolean' ? `${value ? '' : 'not '}${condition.attribute}` : String(value)
  return [words.replaceAll('_', ' ')]
}

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
  const meanwhile = rule.while.map((selector) => ({ selector, objects: matching(view, selector) }))
  if (meanwhile.some(({ objects }) => objects.length === 0)) return { is: 'kept', reason: 'not_owed' }

  const since = latest([
    sinceOf(rule, stuck),
    ...meanwhile.map(({ selector, objects }) => earliest(objects.map((o) => enteredAny(o, selector.states)))),
  ])
  const reasons = (rule.object.where ?? []).flatMap((condition) => conditionWords(first, condition))
  const reason = reasons.length > 0 ? ` (${reasons.join(', ')})` : ''
  const others = meanwhile.flatMap(({ objects }) =>
    objects.slice(0, 1).map((object) => `; ${object.system} says ${object.rawState}`),
  )
  const tail = rule.since === 'silence' ? ' and nothing since' : ' and has not moved on'
  const said = `${first.system} says ${first.rawState}${reason}${others.length > 0 ? others.join('') : tail}.`
  return broken(terms, view, since, first, null, {
    // What Baton itself has seen of a feed is a sentence already.
    sentence: first.type === 'feed' ? `${first.system}: ${first.rawState}` : said,
    magnitude: magnitudeOf(rule, stuck),
  })
}
