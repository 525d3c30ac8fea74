import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  judge,
  LEAST_SAMPLE,
  learnedFrom,
  outside,
  type Sample,
  withoutPeaks,
} from '../../src/domain/learn.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `count` handoffs, evenly over four weeks. */
const evenly = (count: number, ms: number): Sample[] =>
  Array.from({ length: count }, (_sample, n) => ({ atMs: (28 * DAY * n) / count, ms }))
const at = (atMs: number, count: number, ms: number): Sample[] =>
  Array.from({ length: count }, (_sample, n) => ({ atMs: atMs + n * 1_000, ms }))

describe('what is usual', () => {
  it('is the time within which 99.5 of a hundred are done, and that in the middle', () => {
    const samples = Array.from({ length: 1_000 }, (_sample, n) => ({ atMs: 0, ms: n + 1 }))
    expect(learnedFrom(samples)).toEqual({ sample: 1_000, medianMs: 500, quantileMs: 995 })
  })

  it('is not told from too few', () => {
    expect(learnedFrom(evenly(LEAST_SAMPLE - 1, MINUTE))).toBeNull()
    expect(learnedFrom(evenly(LEAST_SAMPLE, MINUTE))).not.toBeNull()
  })

  it('holds for at least 99.5% of any sample, is one of its values, and does not depend on its order', () => {
    const sample = fc.array(fc.record({ atMs: fc.nat(), ms: fc.nat() }), {
      minLength: LEAST_SAMPLE,
      maxLength: 600,
    })
    fc.assert(
      fc.property(sample, (samples) => {
        const learned = learnedFrom(samples)
        const within = samples.filter(({ ms }) => ms <= (learned?.quantileMs ?? -1)).length
        expect(within / samples.length).toBeGreaterThanOrEqual(0.995)
        expect(samples.map(({ ms }) => ms)).toContain(learned?.quantileMs)
        expect(learnedFrom([...samples].reverse())).toEqual(learned)
      }),
      { numRuns: 50 },
    )
  })
})

describe('what is left out', () => {
  it('is what was under way in an incident, or in the hour after it', () => {
    const incident = { fromMs: 10 * HOUR, toMs: 12 * HOUR }
    const done = (atMs: number, ms: number) => outside([{ atMs, ms }], [incident]).length === 1
    expect(done(10 * HOUR - 1, HOUR)).toBe(true)
    expect(done(10 * HOUR, 1)).toBe(false)
    expect(done(14 * HOUR, 3 * HOUR)).toBe(false)
    expect(done(13 * HOUR, 1)).toBe(false)
    expect(done(13 * HOUR + 2, 1)).toBe(true)
  })

  it('is an hour in which nearly everything was slow', () => {
    const piled = at(9 * DAY, 30, 2 * HOUR)
    const kept = withoutPeaks([...evenly(1_000, 4 * MINUTE), ...piled])
    expect(kept.filter(({ ms }) => ms > HOUR)).toEqual([])
    // The rest of that day stays.
    expect(kept.length).toBeGreaterThan(995)
  })

  it('is a peak of some days', () => {
    const peak = [20, 21, 22].flatMap((day) => at(day * DAY + HOUR, 80, HOUR))
    const kept = withoutPeaks([...evenly(1_000, 4 * MINUTE), ...peak])
    expect(kept.filter(({ ms }) => ms === HOUR)).toEqual([])
  })

  it('is not what is slow now and then: that is the very thing to be learned', () => {
    const mixed = evenly(1_000, 4 * MINUTE).map((s, n) => (n % 20 === 0 ? { ...s, ms: HOUR } : s))
    expect(withoutPeaks(mixed)).toEqual(mixed)
  })

  it('is not what is slow all the time: every weekend, every night', () => {
    const weekends = evenly(1_000, 4 * MINUTE).map((s) =>
      Math.floor(s.atMs / DAY) % 7 >= 5 ? { ...s, ms: HOUR } : s,
    )
    expect(withoutPeaks(weekends)).toEqual(weekends)
    const nights = Array.from({ length: 28 }, (_day, day) => [
      ...at(day * DAY + 2 * HOUR, 30, HOUR),
      ...at(day * DAY + 12 * HOUR, 100, 4 * MINUTE),
    ]).flat()
    expect(withoutPeaks(nights)).toEqual(nights)
  })

  it('is nothing of what takes seconds: no grace is that fine', () => {
    const quick = [...evenly(1_000, 500), ...at(9 * DAY, 60, 20_000)]
    expect(withoutPeaks(quick)).toEqual(quick)
  })
})

describe('a newly learned grace', () => {
  it.each([
    ['shorter comes into force', 10, 22, null, 'in_force'],
    ['a little shorter changes nothing', 20, 22, null, 'nothing'],
    ['a little longer changes nothing', 24, 22, null, 'nothing'],
    ['longer is proposed', 41, 22, null, 'proposed'],
    ['no longer than one that was turned down is not proposed again', 44, 22, 41, 'nothing'],
    ['still longer is', 46, 22, 41, 'proposed'],
  ] as const)('%s', (_what, learned, present, refused, expected) => {
    expect(judge(learned, present, refused)).toBe(expected)
  })

  it('never makes the present one longer by itself, whatever is learned for however long', () => {
    const nights = fc.array(fc.double({ min: 1, max: 1e9, noNaN: true }), { maxLength: 60 })
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e9, noNaN: true }), nights, (first, learned) => {
        let present = first
        for (const each of learned) {
          const next = judge(each, present, null) === 'in_force' ? each : present
          expect(next).toBeLessThanOrEqual(present)
          present = next
        }
      }),
    )
  })
})
