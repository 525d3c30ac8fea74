import { instantOf, type ObjectState, type SubjectView } from '../model.ts'
import type { Contract, Evidence, Graces, LagScope, Verdict } from './contract.ts'
import { objectsOf } from './select.ts'

/** What a contract allows, and what is needed to work it out. */
export type Terms = Pick<Contract, 'id' | 'grace'> & { graces: Graces }

/** A place that holds only for durations and fields: calendars, landings and learned lags are not known to it. */
export const PLAIN_GRACES: Graces = {
  working: (_calendar, from, ms) => new Date(from.getTime() + ms),
  landing: () => null,
  learned: () => null,
}

/** Between which systems, and for which value of the attribute that a grace is learned by. */
export const scopeOf = (
  { id, grace }: Pick<Contract, 'id' | 'grace'>,
  from: ObjectState,
  to: ObjectState | null,
): LagScope => {
  const value = grace.kind === 'learned' && grace.by !== null ? from.attributes[grace.by] : null
  return {
    contract: id,
    from: from.system,
    to: to?.system ?? null,
    value: value === null || value === undefined ? null : String(value),
  }
}

/** A break with its due time, or unknown while the deadline it depends on is not known. */
export const broken = (
  { id, grace, graces }: Terms,
  view: SubjectView,
  since: Date,
  from: ObjectState,
  to: ObjectState | null,
  evidence: Evidence,
): Verdict => {
  const due = (dueAt: Date, graceWords: string | null = null): Verdict => ({
    is: 'broken',
    since,
    dueAt,
    evidence,
    graceWords,
  })
  const after = (ms: number): Date => new Date(since.getTime() + ms)
  switch (grace.kind) {
    case 'duration':
      return due(after(grace.ms))
    case 'field': {
      const deadlines = objectsOf(view, grace).flatMap(
        (object) => instantOf(object.attributes[grace.attribute])?.getTime() ?? [],
      )
      if (deadlines.length === 0)
        return { is: 'unknown', waitingFor: `${grace.attribute} of the ${grace.role}'s ${grace.type}` }
      return due(new Date(Math.min(...deadlines) + grace.plusMs))
    }
    case 'working':
      return due(graces.working(grace.calendar, since, grace.ms))
    case 'landing': {
      const landing = graces.landing(grace.role, since) ?? since
      return due(new Date(landing.getTime() + grace.marginMs))
    }
    case 'learned': {
      const learned = graces.learned(scopeOf({ id, grace }, from, to))
      if (!learned) return due(after(Math.max(grace.otherwiseMs, grace.floorMs)))
      return due(after(Math.max(learned.ms, grace.floorMs)), learned.words)
    }
  }
}
