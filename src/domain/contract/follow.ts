import type { SubjectView } from '../model.ts'
import type { Follow, Verdict } from './contract.ts'
import { earliest, enteredAny, latest, matching, objectsOf } from './select.ts'
import { broken, scopeOf, type Terms } from './terms.ts'

/**
 * Once `when` holds, `then` must come to hold. Reaching `then` keeps the contract even when the debt has ended
 * since; a `then` dated before its `when` is kept with a clock conflict, never a break: clocks disagree.
 */
export const checkFollow = (rule: Follow, terms: Terms, view: SubjectView): Verdict => {
  const sources = matching(view, rule.when)
  const [source] = sources
  if (!source) return { is: 'kept', reason: 'not_owed' }
  const since = earliest(sources.map((o) => enteredAny(o, rule.when.states)))

  const reached = matching(view, rule.then)
  if (reached[0]) {
    const at = earliest(reached.map((o) => enteredAny(o, rule.then.states)))
    // A state without a time of its own lies where its history begins: that is no clock's word.
    const timed = reached.some((o) => o.attributes.untimed !== true)
    const aheadMs = since.getTime() - at.getTime()
    const { contract: _, ...scope } = scopeOf(terms, source, reached[0])
    const lag = { ...scope, since, reachedAt: at }
    return timed && aheadMs > rule.clockToleranceMs
      ? { is: 'kept', reason: 'reached', conflict: { earlier: at, later: since, aheadMs } }
      : { is: 'kept', reason: 'reached', ...(timed ? { lag } : {}) }
  }
  if (rule.unless.some((selector) => matching(view, selector).length > 0))
    return { is: 'kept', reason: 'not_owed' }

  const target = objectsOf(view, rule.then)[0]
  if (rule.onlyIfKnown && !target) return { is: 'kept', reason: 'not_owed' }
  const here = `${source.system} says ${source.rawState}`
  const there = target
    ? `${target.system} still says ${target.rawState}`
    : `the ${rule.then.role} knows nothing of it`
  return broken(terms, view, brokenFrom(rule, view, since), source, target ?? null, {
    sentence: `${here}; ${there}.`,
    magnitude: 1,
  })
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
