import type { Outcome } from './outcome.ts'
import { differenceOf, type Interval, type Rate, rateOf } from './statistics.ts'

/**
 * What goes with a missed handoff further down: how often the later handoff is late on the subjects on which this one
 * was late, beside those on which it was in time. It shows what goes together; it does not prove a cause.
 */
export type Downstream = {
  /** The contract of the later handoff. */
  contract: string
  /** Late further down, of the subjects on which both handoffs were completed and judged. */
  whenLate: Rate
  whenInTime: Rate
  /** `whenLate` less `whenInTime`, with its 95% interval. */
  difference: { value: number; interval: Interval } | null
  /** The same, counting also what never arrived: late or never further down, of all that were judged there. */
  missedWhenLate: Rate
  missedWhenInTime: Rate
  /** Missed further down where this handoff never came about. */
  missedWhenNever: Rate
  /** Late ones further down beyond what the rate of `whenInTime` would give; 0 unless `tells` is `more`. */
  excess: number
  /** `more`, `less`: the interval of the difference leaves out zero. */
  tells: 'more' | 'less' | 'no_difference' | 'too_few'
}

/** Below this many on either side nothing is said: our own, the customary least sample. */
const LEAST = 30

export type Pair = { here: Outcome | null; there: Outcome | null }

/** Compares two handoffs over the same subjects; null when the other one does not come later. */
export const downstreamOf = (contract: string, pairs: readonly Pair[]): Downstream | null => {
  const both = pairs.flatMap(({ here, there }) => (here && there ? [{ here, there }] : []))
  const timed = both.filter(({ here, there }) => isJudged(here) && isJudged(there))
  const later = timed.filter(({ here, there }) => (here.doneMs ?? 0) < (there.doneMs ?? 0)).length
  if (timed.length === 0 || later * 2 <= timed.length) return null
  const rate = (
    of: { here: Outcome; there: Outcome }[],
    standing: Outcome['standing'],
    counts: (there: Outcome) => boolean,
  ): Rate => {
    const own = of.filter(({ here }) => here.standing === standing)
    return rateOf(own.filter(({ there }) => counts(there)).length, own.length)
  }
  const whenLate = rate(timed, 'late', isLate)
  const whenInTime = rate(timed, 'in_time', isLate)
  const decided = both.filter(({ there }) => isDecided(there))
  const difference = differenceOf(whenLate, whenInTime)
  const tells = tell(whenLate, whenInTime, difference)
  return {
    contract,
    whenLate,
    whenInTime,
    difference,
    missedWhenLate: rate(decided, 'late', isMissed),
    missedWhenInTime: rate(decided, 'in_time', isMissed),
    missedWhenNever: rate(decided, 'never', isMissed),
    excess: tells === 'more' && difference ? difference.value * whenLate.of : 0,
    tells,
  }
}

const isLate = ({ standing }: Outcome): boolean => standing === 'late'
/** Completed, with a time and a deadline. */
export const isJudged = ({ standing }: Outcome): boolean => standing === 'in_time' || standing === 'late'
export const isMissed = ({ standing }: Outcome): boolean => standing === 'late' || standing === 'never'
/** Judged, or known never to have come about. */
export const isDecided = (outcome: Outcome): boolean => isJudged(outcome) || outcome.standing === 'never'

const tell = (a: Rate, b: Rate, difference: Downstream['difference']): Downstream['tells'] => {
  if (!difference || Math.min(a.of, b.of) < LEAST) return 'too_few'
  if (difference.interval.low > 0) return 'more'
  return difference.interval.high < 0 ? 'less' : 'no_difference'
}
