import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concentrationOf, type Owned } from '../../../src/domain/diagnosis/concentration.ts'
import { dice } from '../../../src/domain/diagnosis/statistics.ts'

const of = (owner: string, late: number, inTime: number): Owned[] => [
  ...Array.from({ length: late }, () => ({ late: true, owners: [owner] })),
  ...Array.from({ length: inTime }, () => ({ late: false, owners: [owner] })),
]

describe('where late ones pile up', () => {
  it('names the worst with their share of the late ones beside their share of the volume', () => {
    const others = Array.from({ length: 99 }, (_, i) => of(`s${i}`, i < 20 ? 1 : 0, 10)).flat()
    const found = concentrationOf('seller', [...others, ...of('bad', 40, 10)])
    expect(found).toMatchObject({
      owners: 100,
      ownersWithLate: 21,
      worst: 20,
      // Forty of the one, and one each of nineteen others.
      late: { hits: 59, of: 60 },
      volume: { hits: 50 + 19 * 11, of: 50 + 20 * 11 + 79 * 10 },
      verdict: 'concentrated',
    })
    expect(found?.list[0]).toMatchObject({ name: 'bad', late: { hits: 40, of: 50 } })
  })

  it('does not take size for a pile: who handles most of the volume holds most of the late ones', () => {
    const small = Array.from({ length: 9 }, (_, i) => of(`s${i}`, 2, 18)).flat()
    const found = concentrationOf('warehouse', [...of('large', 80, 720), ...small])
    expect(found).toMatchObject({ worst: 2, verdict: 'spread' })
    expect(found?.late.share).toBeGreaterThan(0.8)
  })

  it('does not take luck for a pile: with one order a seller, somebody is always the worst', () => {
    const roll = dice(7)
    const all = Array.from(
      { length: 1_000 },
      (_, i): Owned => ({ late: roll() < 0.1, owners: [`s${i % 500}`] }),
    )
    const found = concentrationOf('seller', all)
    // Several times their part of the volume, and still nothing.
    expect((found?.late.share ?? 0) / (found?.volume.share ?? 1)).toBeGreaterThan(2)
    expect(found?.verdict).toBe('spread')
  })

  it('counts an order of several sellers once, though it is each one’s', () => {
    const shared: Owned[] = [{ late: true, owners: ['a', 'b'] }, ...of('c', 0, 3)]
    const found = concentrationOf('seller', shared)
    expect(found).toMatchObject({ late: { hits: 1, of: 1 }, volume: { hits: 1, of: 4 }, verdict: 'too_few' })
  })

  it('leaves out what is nobody’s, and says how much', () => {
    const found = concentrationOf('seller', [...of('a', 1, 1), ...of('b', 0, 2), { late: true, owners: [] }])
    expect(found).toMatchObject({ known: 4, unknown: 1, late: { hits: 1, of: 1 } })
    expect(concentrationOf('seller', of('only', 3, 3))).toBeNull()
  })

  it('says the same in whatever order the handoffs come', () => {
    const owned = fc.record({
      late: fc.boolean(),
      owners: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 3 }),
    })
    const shares = (found: ReturnType<typeof concentrationOf>) =>
      found && { ...found, luck: null, verdict: null }
    fc.assert(
      fc.property(fc.array(owned, { maxLength: 60 }), (all) => {
        const found = concentrationOf('seller', all)
        expect(shares(concentrationOf('seller', [...all].reverse()))).toEqual(shares(found))
        for (const { share } of found ? [found.late, found.volume] : []) {
          if (share !== null) expect(share >= 0 && share <= 1).toBe(true)
        }
      }),
      { numRuns: 50 },
    )
  })
})
