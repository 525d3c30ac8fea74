/**
 * What is usual, learned from how long a handoff took each time. Pure: the same lags give the same answer, in any
 * order.
 *
 * What was slow in an incident or a peak is no measure of what is usual, and is left out. What is left counts in full,
 * also the lags that outlasted their grace: were they cut off, every night would learn a little less than the night
 * before. They cannot lengthen a grace, because nothing does but an admin (`judge`).
 */

/** One handoff: when it was completed, and how long it had taken, both in ms. */
export type Sample = { atMs: number; ms: number }

/** `quantileMs`: within this, 99.5% of the sample were completed. */
export type Learned = { sample: number; medianMs: number; quantileMs: number }

export const USUAL_SHARE = 0.995
/** Below this the quantile would be one single value: the slowest. */
export const LEAST_SAMPLE = 200
/** How far back is looked. */
export const WINDOW_DAYS = 28

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** The smallest value that at least this share of the sample does not exceed. `sorted`: ascending, not empty. */
const atShare = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN

const ascending = (samples: readonly Sample[]): number[] => samples.map(({ ms }) => ms).sort((a, b) => a - b)
const medianOf = (samples: readonly Sample[]): number => atShare(ascending(samples), 0.5)

/** A time in which a system could not be believed or reached. */
export type Incident = { fromMs: number; toMs: number }

/** What piled up in an incident comes in for a while after it. */
const AFTERMATH_MS = HOUR_MS

/** Leaves out the handoffs that were under way in an incident or in the hour after it. */
export const outside = (samples: readonly Sample[], incidents: readonly Incident[]): Sample[] =>
  samples.filter(
    ({ atMs, ms }) =>
      !incidents.some(({ fromMs, toMs }) => atMs >= fromMs && atMs - ms <= toMs + AFTERMATH_MS),
  )

/** Slow is a time in which half of what was completed took more than so many times as long as usual. */
const SLOW_TIMES = 3
/** Nobody waits for less: no grace is that fine. */
const NEVER_SLOW_MS = 60_000
/** Times that are looked at by themselves, with the fewest handoffs that say anything about them. */
const STRETCHES = [
  { lengthMs: HOUR_MS, least: 20 },
  { lengthMs: DAY_MS, least: 5 },
]
/** What happens on more than this share of the days is no peak: it is how it is. */
const MOST_PEAK_DAYS = 0.2

/** Leaves out the hours and days in which nearly everything was slow, unless that happens all the time. */
export const withoutPeaks = (samples: readonly Sample[]): Sample[] => {
  if (samples.length === 0) return []
  const limit = Math.max(SLOW_TIMES * medianOf(samples), NEVER_SLOW_MS)
  const slow = new Set<Sample>()
  for (const { lengthMs, least } of STRETCHES) {
    for (const group of grouped(samples, lengthMs)) {
      if (group.length < least || medianOf(group) <= limit) continue
      for (const sample of group) slow.add(sample)
    }
  }
  const days = grouped(samples, DAY_MS).length
  const isRare = grouped([...slow], DAY_MS).length <= days * MOST_PEAK_DAYS
  return isRare ? samples.filter((sample) => !slow.has(sample)) : [...samples]
}

const grouped = (samples: readonly Sample[], lengthMs: number): Sample[][] => {
  const groups = new Map<number, Sample[]>()
  for (const sample of samples) {
    const stretch = Math.floor(sample.atMs / lengthMs)
    const group = groups.get(stretch)
    if (group) group.push(sample)
    else groups.set(stretch, [sample])
  }
  return [...groups.values()]
}

/** What the sample teaches; null while it is too small. */
export const learnedFrom = (samples: readonly Sample[]): Learned | null => {
  if (samples.length < LEAST_SAMPLE) return null
  const sorted = ascending(samples)
  return {
    sample: sorted.length,
    medianMs: atShare(sorted, 0.5),
    quantileMs: atShare(sorted, USUAL_SHARE),
  }
}

/** Less than this apart is the same: a sample's quantile is never exact. */
const SAME_SHARE = 0.1

/**
 * What becomes of a newly learned grace. One that is shorter by more than a tenth comes into force; one that is
 * longer by more than a tenth is proposed, and one that an admin turned down only when it has grown by another tenth.
 * Nothing ever makes a grace longer by itself, in however small steps: what slowly decays stays an exception.
 */
export const judge = (
  newMs: number,
  presentMs: number,
  refusedMs: number | null,
): 'in_force' | 'proposed' | 'nothing' => {
  if (newMs < presentMs * (1 - SAME_SHARE)) return 'in_force'
  const known = Math.max(presentMs, refusedMs ?? 0)
  return newMs > known * (1 + SAME_SHARE) ? 'proposed' : 'nothing'
}
