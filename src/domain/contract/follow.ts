import type { ObjectState, SubjectView } from '../model.ts'
import type { Follow, Verdict } from './contract.ts'
import { earliest, enteredAny, latest, matching, objectsOf, unitsOf } from './select.ts'
import { broken, scopeOf, type Terms } from './terms.ts'

/**
 * Once `when` holds, `then` must come to hold. Reaching `then` keeps the contract even when the debt has ended
 * since; a `then` dated before its `when` is kept with a clock conflict, never a break: clocks disagree.
 */
export const checkFollow = (rule: Follow, terms: Terms, view: SubjectView): Verdict => {
  const sources = matching(view, rule.when)
  const [source] = sources
  if (!source) return { is: 'kept', reason: 'not_owed' }
  const owed = sources.map((o) => enteredAny(o, rule.when.states))
  const reached = matching(view, rule.then)
  const part = partOf(rule, sources, reached)
  if (reached[0] && !part) return reachedAt(rule, terms, source, earliest(owed), reached)
  if (rule.unless.some((selector) => matching(view, selector).length > 0))
    return { is: 'kept', reason: 'not_owed' }

  const target = objectsOf(view, rule.then)[0]
  if (rule.onlyIfKnown && !target) return { is: 'kept', reason: 'not_owed' }
  const here = `${source.system} says ${source.rawState}`
  const there = target
    ? `${target.system} still says ${target.rawState}`
    : `the ${rule.then.role} knows nothing of it`
  const sentence =
    part && target
      ? `${source.system} says ${part.owed} ${source.rawState}, ${target.system} says ${part.reached}.`
      : `${here}; ${there}.`
  // What is missing is the part that came last.
  const since = part ? latest(owed) : brokenFrom(rule, view, earliest(owed))
  return broken(terms, view, since, source, target ?? null, {
    sentence,
    magnitude: part ? part.owed - part.reached : 1,
  })
}

/** How much of a quantity that both sides state has been reached, while it is not all; null when it is, or is not stated. */
const partOf = (
  { covers }: Follow,
  sources: ObjectState[],
  reached: ObjectState[],
): { owed: number; reached: number } | null => {
  if (covers === null) return null
  const owed = unitsOf(sources, covers)
  const units = unitsOf(reached, covers)
  return owed !== null && units !== null && units < owed ? { owed, reached: units } : null
}

const reachedAt = (
  rule: Follow,
  terms: Terms,
  source: ObjectState,
  since: Date,
  reached: ObjectState[],
): Verdict => {
  const at = earliest(reached.map((o) => enteredAny(o, rule.then.states)))
  const kept = { is: 'kept' as const, reason: 'reached' as const }
  // A state without a time of its own lies where its history begins: that is no clock's word.
  if (reached.every((o) => o.attributes.untimed === true)) return kept
  const aheadMs = since.getTime() - at.getTime()
  if (aheadMs > rule.clockToleranceMs) return { ...kept, conflict: { earlier: at, later: since, aheadMs } }
  const { contract: _, ...scope } = scopeOf(terms, source, reached[0] ?? null)
  return { ...kept, lag: { ...scope, since, reachedAt: at } }
}

/** What had been reached and was taken back is broken from then on, not from when it was first owed. */
const brokenFrom = ({ then }: Follow, view: SubjectView, owedSince: Date): Date => {
  const takenBack = objectsOf(view, then).flatMap((object) => {
    const states = Object.keys(object.enteredAt)
    const outside = states.filter((state) => !then.states?.includes(state))
    return outside.length < states.length ? [enteredAny(object, outside)] : []
  })
  return latest([owedSince, ...takenBack])
}
