import type { Graces, LagScope, LearnedGrace } from '../domain/contract/contract.ts'
import type { Role } from '../domain/model.ts'
import type { Calendars } from './calendar.ts'
import type { BaselineRecord } from './records.ts'
import { lasting } from './words.ts'

type Landings = (role: Role, after: Date) => Date | null

/** "usually 4 min, 99.5% within 22 min". */
export const usualWords = ({
  medianMs,
  quantileMs,
}: Pick<BaselineRecord, 'medianMs' | 'quantileMs'>): string =>
  `usually ${lasting(medianMs)}, 99.5% within ${lasting(quantileMs)}`

const widest = (baselines: readonly BaselineRecord[]): BaselineRecord | undefined =>
  baselines.reduce<BaselineRecord | undefined>(
    (widest, each) => (widest && widest.quantileMs >= each.quantileMs ? widest : each),
    undefined,
  )

/**
 * The baseline that holds for a handoff: the one of its own value, else the one of the pair of systems. Where nobody
 * knows yet to which system it goes, the widest of those that it may turn out to be.
 */
export const baselineFor = (
  baselines: readonly BaselineRecord[],
  { contract, from, to, value }: LagScope,
): BaselineRecord | undefined => {
  const pair = baselines.filter(
    (each) =>
      each.state === 'in_force' &&
      each.contract === contract &&
      each.from === from &&
      (to === null || each.to === to),
  )
  const own = value === null ? [] : pair.filter((each) => each.value === value)
  return widest(own.length > 0 ? own : pair.filter((each) => each.value === ''))
}

/** What checks are handed to work out a grace, as it stands at this moment. */
export const gracesOf = (
  calendars: Calendars,
  landing: Landings,
  baselines: readonly BaselineRecord[],
): Graces => ({
  working(calendar, from, ms) {
    const worktime = calendars.get(calendar)
    if (!worktime) throw new Error(`There is no calendar "${calendar}"`)
    return worktime.after(from, ms)
  },
  landing,
  learned(scope): LearnedGrace | null {
    const found = baselineFor(baselines, scope)
    return found ? { ms: found.quantileMs, words: usualWords(found) } : null
  },
})

/** Graces of an import: its calendars; nothing lands and nothing is learned in it, and its mapping may not say so. */
export const importGraces = (calendars: Calendars): Graces => gracesOf(calendars, () => null, [])
