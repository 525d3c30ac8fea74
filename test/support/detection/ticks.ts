/*
 * Which ticks of the polls and sweeps can make a difference. All times in ms. The others are left out: a poll of a system
 * whose every change is known already, whose watermark nobody waits for, and that is up or down as it was; a sweep with nothing due, or with nothing new
 * about what waits.
 */

/** A break that waits: for a time of its own (`isFresh`: its grace, or the end of a catching up), or for a silent system. */
export type Waiting = { dueAt: number; nextCheckAt: number; isFresh: boolean }

/** What Baton knows of one system. */
export type Known = {
  /** Every change up to this one, by the system's own numbers, was told by a webhook or read by a poll. */
  upTo: number
  /** Changes told out of turn. */
  ahead: Set<number>
  watermark: number
  /** It was polled while it was down, which is until then: more polls would only fail again. -Infinity = it was up. */
  downUntil: number
}

/** What a system is: how many changes it has seen, and until when it is down (in the past: it is up). */
export type Actual = { changes: number; downUntil: number }

/** It has gone down or come back, and no poll has met it so. */
const hasTurned = (known: Known, { downUntil }: Actual, now: number): boolean =>
  downUntil > now !== known.downUntil > Number.NEGATIVE_INFINITY

export const nothingKnown = (): Known => ({
  upTo: 0,
  ahead: new Set(),
  watermark: Number.NEGATIVE_INFINITY,
  downUntil: Number.NEGATIVE_INFINITY,
})

/** A webhook has told of a change. */
export const tell = (known: Known, sequence: number): void => {
  known.ahead.add(sequence)
  while (known.ahead.delete(known.upTo + 1)) known.upTo += 1
}

export const ceilTo = (ms: number, step: number): number => Math.ceil(ms / step) * step

/** Whether a poll at `now` can make a difference. */
export const wantsPoll = (
  known: Known,
  actual: Actual,
  waiting: readonly Waiting[],
  now: number,
): boolean => {
  const { upTo, watermark, downUntil } = known
  if (now < downUntil) return false
  const isWanted = waiting.some(({ dueAt }) => watermark < dueAt && dueAt <= now)
  return upTo < actual.changes || isWanted || hasTurned(known, actual, now)
}

/** The first poll after `now` that can make a difference, as far as is known now. Infinity = none. */
export const nextPoll = (
  known: Known,
  actual: Actual,
  waiting: readonly Waiting[],
  now: number,
  pollMs: number,
): number => {
  const { upTo, watermark, downUntil } = known
  const wanted = waiting.flatMap(({ dueAt }) => (watermark < dueAt ? dueAt : []))
  if (upTo < actual.changes || hasTurned(known, actual, now)) wanted.push(now)
  if (downUntil > now) wanted.push(downUntil)
  const following = (Math.floor(now / pollMs) + 1) * pollMs
  return Math.max(following, ceilTo(Math.max(Math.min(...wanted), downUntil), pollMs))
}

/**
 * The first sweep that can make a difference: of what is newly due, or of what a poll has woken at `newsAt`, which comes
 * after the sweep of the same moment. Infinity = none.
 */
export const nextSweep = (waiting: readonly Waiting[], newsAt: number, sweepMs: number): number =>
  Math.min(
    ...waiting.map(({ nextCheckAt, isFresh }) => {
      if (isFresh) return ceilTo(nextCheckAt, sweepMs)
      return nextCheckAt <= newsAt ? (Math.floor(newsAt / sweepMs) + 1) * sweepMs : Number.POSITIVE_INFINITY
    }),
  )
