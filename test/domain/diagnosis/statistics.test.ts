import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  dice,
  differenceOf,
  lagOf,
  quantile,
  rateOf,
  wilson,
} from '../../../src/domain/diagnosis/statistics.ts'

const counts = fc
  .integer({ min: 1, max: 100_000 })
  .chain((of) => fc.integer({ min: 0, max: of }).map((hits) => ({ hits, of })))
const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 })
const ascending = (list: number[]): number[] => [...list].sort((a, b) => a - b)

describe('the interval of a share', () => {
  it.each([
    // Worked out by hand from Wilson's formula.
    [10, 100, 0.0552, 0.1744],
    [0, 10, 0, 0.2775],
    [10, 10, 0.7225, 1],
    [104, 442, 0.1981, 0.277],
  ])('of %i in %i is Wilson’s', (hits, of, low, high) => {
    const interval = wilson(hits, of)
    expect(interval.low).toBeCloseTo(low, 4)
    expect(interval.high).toBeCloseTo(high, 4)
  })

  it('lies within 0 and 1 around the share, and mirrors when hits and misses change places', () => {
    fc.assert(
      fc.property(counts, ({ hits, of }) => {
        const { low, high } = wilson(hits, of)
        const mirrored = wilson(of - hits, of)
        expect(low).toBeGreaterThanOrEqual(0)
        expect(high).toBeLessThanOrEqual(1)
        expect(low).toBeLessThanOrEqual(hits / of)
        expect(high).toBeGreaterThanOrEqual(hits / of)
        expect(mirrored.low).toBeCloseTo(1 - high, 9)
      }),
    )
  })

  it('narrows as the same share is seen more often', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 2, max: 50 }), ({ hits, of }, times) => {
        const [few, many] = [wilson(hits, of), wilson(hits * times, of * times)]
        expect(many.high - many.low).toBeLessThan(few.high - few.low)
      }),
    )
  })

  it('is not made up where nothing was counted', () => {
    expect(rateOf(0, 0)).toEqual({ hits: 0, of: 0, share: null, interval: null })
    expect(differenceOf(rateOf(0, 0), rateOf(1, 2))).toBeNull()
  })
})

describe('the difference of two shares', () => {
  it('has the interval of Newcombe’s own example: 56 of 70 less 48 of 80', () => {
    const difference = differenceOf(rateOf(56, 70), rateOf(48, 80))
    expect(difference?.value).toBeCloseTo(0.2, 10)
    expect(difference?.interval.low).toBeCloseTo(0.0524, 4)
    expect(difference?.interval.high).toBeCloseTo(0.3339, 4)
  })

  it('turns its sign when the two change places, and never leaves -1 to 1', () => {
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const [one, other] = [rateOf(a.hits, a.of), rateOf(b.hits, b.of)]
        const [there, back] = [differenceOf(one, other), differenceOf(other, one)]
        expect(there?.value).toBeCloseTo(-(back?.value ?? Number.NaN), 12)
        expect(there?.interval.low).toBeCloseTo(-(back?.interval.high ?? Number.NaN), 12)
        expect(there?.interval.low).toBeGreaterThanOrEqual(-1 - 1e-9)
        expect(there?.interval.high).toBeLessThanOrEqual(1 + 1e-9)
      }),
    )
  })
})

describe('a quantile', () => {
  it('interpolates between its neighbours', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5)
    expect(quantile([1, 2, 3, 4, 5], 0.9)).toBeCloseTo(4.6, 12)
    expect(quantile([7], 0.99)).toBe(7)
  })

  it('lies within the sample, never falls as the share rises, and meets the ends', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(values, share, share, (list, a, b) => {
        const sorted = ascending(list)
        const [low, high] = [quantile(sorted, Math.min(a, b)), quantile(sorted, Math.max(a, b))]
        expect(low).toBeLessThanOrEqual(high + 1e-6)
        expect(quantile(sorted, 0) - (sorted[0] ?? Number.NaN)).toBeCloseTo(0, 12)
        expect(quantile(sorted, 1) - (sorted.at(-1) ?? Number.NaN)).toBeCloseTo(0, 12)
      }),
    )
  })

  it('of a lag is given in hours, whatever the order, and not where the sample is too small to have one', () => {
    const hour = 3_600_000
    expect(lagOf([3 * hour, hour, 2 * hour])).toEqual({
      n: 3,
      medianHours: 2,
      p90Hours: null,
      p99Hours: null,
    })
    expect(lagOf([])).toEqual({ n: 0, medianHours: null, p90Hours: null, p99Hours: null })
    expect(lagOf(Array.from({ length: 100 }, (_, i) => (99 - i) * hour)).p99Hours).toBeCloseTo(98.01, 9)
  })
})

it('the dice fall the same way every time, and evenly', () => {
  const roll = dice(1)
  const again = dice(1)
  const rolls = Array.from({ length: 10_000 }, roll)
  expect(rolls).toEqual(Array.from({ length: 10_000 }, again))
  expect(rolls.every((value) => value >= 0 && value < 1)).toBe(true)
  expect(rolls.reduce((sum, value) => sum + value, 0) / rolls.length).toBeCloseTo(0.5, 1)
})
