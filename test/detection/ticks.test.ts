import { describe, expect, it } from 'vitest'
import {
  nextPoll,
  nextSweep,
  nothingKnown,
  tell,
  type Waiting,
  wantsPoll,
} from '../support/detection/ticks.ts'

const POLL_MS = 15_000
const SWEEP_MS = 2_000
const NEVER = Number.POSITIVE_INFINITY

const fresh = (dueAt: number): Waiting => ({ dueAt, nextCheckAt: dueAt, isFresh: true })
/** Looked at in vain at `lookedAt`. */
const resting = (dueAt: number, lookedAt: number): Waiting => ({
  dueAt,
  nextCheckAt: lookedAt + 5_000,
  isFresh: false,
})
const known = (over: Partial<ReturnType<typeof nothingKnown>> = {}) => ({
  ...nothingKnown(),
  upTo: 7,
  ...over,
})

/** A system that is up, and has seen so many changes. */
const seen = (changes: number, downUntil = Number.NEGATIVE_INFINITY) => ({ changes, downUntil })

describe('the sweeps that a simulation plays', () => {
  it('are the first after what is due', () => {
    expect(nextSweep([fresh(100_001), fresh(110_000)], 0, SWEEP_MS)).toBe(102_000)
    expect(nextSweep([], 0, SWEEP_MS)).toBe(NEVER)
  })

  it('leave out what waits until a poll wakes it, and then come after that poll', () => {
    const waiting = [resting(100_000, 100_000)]
    expect(nextSweep(waiting, 100_000, SWEEP_MS)).toBe(NEVER)
    expect(nextSweep([{ dueAt: 0, isFresh: false, nextCheckAt: 105_000 }], 105_000, SWEEP_MS)).toBe(106_000)
    expect(nextSweep([{ dueAt: 0, isFresh: false, nextCheckAt: 120_000 }], 120_000, SWEEP_MS)).toBe(122_000)
  })
})

describe('the polls that a simulation plays', () => {
  it('are the next ones when a webhook was lost, and none when every change was told', () => {
    expect(nextPoll(known(), seen(8), [], 100_000, POLL_MS)).toBe(105_000)
    expect(wantsPoll(known(), seen(8), [], 105_000)).toBe(true)
    expect(nextPoll(known(), seen(7), [], 100_000, POLL_MS)).toBe(NEVER)
    expect(wantsPoll(known(), seen(7), [], 105_000)).toBe(false)
  })

  it('count a change as told only when those before it are known too', () => {
    const feed = known()
    tell(feed, 9)
    expect(wantsPoll(feed, seen(9), [], 0)).toBe(true)
    tell(feed, 8)
    expect(wantsPoll(feed, seen(9), [], 0)).toBe(false)
  })

  it('bring the watermark past what is due, and then none', () => {
    const feed = known({ watermark: 90_000 })
    expect(nextPoll(feed, seen(7), [fresh(100_000)], 91_000, POLL_MS)).toBe(105_000)
    expect(wantsPoll(feed, seen(7), [fresh(100_000)], 99_999)).toBe(false)
    expect(wantsPoll(feed, seen(7), [fresh(100_000)], 105_000)).toBe(true)
    expect(nextPoll(known({ watermark: 105_000 }), seen(7), [fresh(100_000)], 105_000, POLL_MS)).toBe(NEVER)
  })

  it('meet a system when it goes down, wait for it, and meet it when it is back', () => {
    expect(nextPoll(known(), seen(7, 200_001), [], 100_000, POLL_MS)).toBe(105_000)
    expect(wantsPoll(known(), seen(7, 200_001), [], 105_000)).toBe(true)
    const feed = known({ downUntil: 200_001 })
    expect(nextPoll(feed, seen(7, 200_001), [], 105_000, POLL_MS)).toBe(210_000)
    expect(wantsPoll(feed, seen(8, 200_001), [], 200_000)).toBe(false)
    expect(wantsPoll(feed, seen(7, 200_001), [], 210_000)).toBe(true)
    expect(nextPoll(known(), seen(7, 200_001), [], 210_000, POLL_MS)).toBe(NEVER)
  })
})
