/**
 * The statistics of a diagnosis. Shares are between 0 and 1, intervals are 95%, times are in ms or hours as named.
 */

export type Interval = { low: number; high: number }

/** `hits` of `of`; the share is null where there is nothing to count. */
export type Part = { hits: number; of: number; share: number | null }
/** A part that is read as a sample: with its interval. */
export type Rate = Part & { interval: Interval | null }

/** The two-sided 95% point of the normal distribution. */
const Z = 1.959964

/**
 * Wilson's score interval for a share of `hits` in `of` > 0 (E. B. Wilson, 1927; Brown, Cai & DasGupta, 2001, who
 * recommend it over the textbook interval, which fails for rare events and small samples).
 */
export const wilson = (hits: number, of: number): Interval => {
  const share = hits / of
  const weight = 1 + Z ** 2 / of
  const centre = (share + Z ** 2 / (2 * of)) / weight
  const half = (Z / weight) * Math.sqrt((share * (1 - share)) / of + Z ** 2 / (4 * of ** 2))
  // Exact at the ends, where rounding would leave the share itself outside.
  return {
    low: hits === 0 ? 0 : Math.max(0, centre - half),
    high: hits === of ? 1 : Math.min(1, centre + half),
  }
}

export const partOf = (hits: number, of: number): Part => ({ hits, of, share: of === 0 ? null : hits / of })

export const rateOf = (hits: number, of: number): Rate => ({
  ...partOf(hits, of),
  interval: of === 0 ? null : wilson(hits, of),
})

/**
 * The difference of two independent shares, `a` less `b`, with its interval (R. G. Newcombe, 1998, method 10: built
 * from the two Wilson intervals). Null where one of them has nothing to count.
 */
export const differenceOf = (a: Rate, b: Rate): { value: number; interval: Interval } | null => {
  if (a.share === null || b.share === null || !a.interval || !b.interval) return null
  const value = a.share - b.share
  const below = Math.hypot(a.share - a.interval.low, b.interval.high - b.share)
  const above = Math.hypot(a.interval.high - a.share, b.share - b.interval.low)
  return { value, interval: { low: value - below, high: value + above } }
}

/**
 * The value below which the share `q` of a sample lies, by linear interpolation between its neighbours (Hyndman &
 * Fan, 1996, type 7). `sorted`: ascending, not empty.
 */
export const quantile = (sorted: readonly number[], q: number): number => {
  const place = (sorted.length - 1) * q
  const at = Math.floor(place)
  const below = sorted[at] ?? Number.NaN
  const above = sorted[at + 1] ?? below
  return below + (above - below) * (place - at)
}

/** How long something took, in hours; a quantile is null where the sample is too small to have one. */
export type Lag = { n: number; medianHours: number | null; p90Hours: number | null; p99Hours: number | null }

const HOUR_MS = 3_600_000
/** A quantile needs at least one value beyond it: one in ten for p90, one in a hundred for p99. */
const LEAST = { median: 1, p90: 10, p99: 100 }

export const lagOf = (lagsMs: readonly number[]): Lag => {
  const sorted = [...lagsMs].sort((a, b) => a - b)
  const hours = (q: number, least: number): number | null =>
    sorted.length < least ? null : quantile(sorted, q) / HOUR_MS
  return {
    n: sorted.length,
    medianHours: hours(0.5, LEAST.median),
    p90Hours: hours(0.9, LEAST.p90),
    p99Hours: hours(0.99, LEAST.p99),
  }
}

/** Random numbers in [0, 1) that are the same every time (mulberry32): the same export gives the same diagnosis. */
export const dice = (seed: number): (() => number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
