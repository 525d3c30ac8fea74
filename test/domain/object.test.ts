import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Fact, Key, ObjectState } from '../../src/domain/model.ts'
import { contentHash, fold, foldAll, objectId } from '../../src/domain/object.ts'
import { at, fact } from '../support/objects.ts'

/** Folds one after the other as they arrive; a late one makes the whole history be folded again, as `record` does. */
const arriving = (facts: Fact[]): ObjectState | undefined => {
  let object: ObjectState | undefined
  facts.forEach((each, index) => {
    const folded = fold(object, each)
    object = folded.effect === 'late' ? foldAll(facts.slice(0, index + 1)) : folded.object
  })
  return object
}

const anyFact: fc.Arbitrary<Fact> = fc
  .record({
    state: fc.constantFrom('open', 'held', 'shipped'),
    minute: fc.nat(4),
    received: fc.nat(4),
    version: fc.nat(3),
    quantities: fc.constantFrom<Record<string, number>>({}, { a: 1 }),
    keys: fc.constantFrom<Key[]>(
      [{ name: 'order', value: '1', kind: 'identity' }],
      [{ name: 'tracking', value: 'T', kind: 'identity' }],
    ),
  })
  .chain((told) => fc.constantFrom(fact(told), fact({ ...told, orderClass: 'b2b' })))

const inAnyOrder = fc
  .array(anyFact, { minLength: 1, maxLength: 6 })
  .chain((facts) =>
    fc.tuple(fc.constant(facts), fc.shuffledSubarray(facts, { minLength: facts.length }), fc.subarray(facts)),
  )

describe('an object, made of facts', () => {
  it('ends the same whatever the order of arrival, and however often each arrives', () => {
    fc.assert(
      fc.property(inAnyOrder, ([facts, shuffled, repeated]) => {
        const whole = foldAll(facts)
        expect(foldAll(shuffled)).toEqual(whole)
        expect(arriving(facts)).toEqual(whole)
        expect(arriving([...shuffled, ...repeated])).toEqual(whole)
        expect(arriving([...repeated, ...shuffled])).toEqual(whole)
      }),
      { numRuns: 1000 },
    )
  })

  it('never goes back to an older version', () => {
    fc.assert(
      fc.property(inAnyOrder, ([, shuffled]) => {
        let newest = Number.NEGATIVE_INFINITY
        shuffled.forEach((_, index) => {
          const version = arriving(shuffled.slice(0, index + 1))?.version ?? Number.NaN
          expect(version).toBeGreaterThanOrEqual(newest)
          newest = version
        })
      }),
    )
  })

  it('remembers when it came into each state', () => {
    const object = foldAll([
      fact({ state: 'open', minute: 1 }),
      fact({ state: 'held', minute: 2 }),
      fact({ state: 'held', minute: 3 }),
      fact({ state: 'open', minute: 4 }),
    ])
    expect(object).toMatchObject({ state: 'open', firstAt: at(1) })
    expect(object?.enteredAt).toEqual({ open: at(4).toISOString(), held: at(2).toISOString() })
  })

  it('keeps every key it ever had, and the class that was said last', () => {
    const object = foldAll([
      fact({ minute: 1, orderClass: 'b2b', keys: [{ name: 'order', value: '1', kind: 'identity' }] }),
      fact({ minute: 2, keys: [{ name: 'tracking', value: 'T', kind: 'identity' }] }),
    ])
    expect(object?.keys.map(({ value }) => value)).toEqual(['1', 'T'])
    expect(object?.orderClass).toBe('b2b')
  })

  it.each([
    ['open', 'held'],
    ['held', 'open'],
  ])('says that a source contradicts itself, and believes what it said last: %s, then %s', (one, other) => {
    const first = fold(undefined, fact({ version: 7, state: one, received: 1 })).object
    const second = fold(first, fact({ version: 7, state: other, received: 2 }))
    expect(second).toMatchObject({ effect: 'moved', contradicts: true, object: { state: other } })
    const earlier = fold(second.object, fact({ version: 7, state: 'shipped', received: 1 }))
    expect(earlier).toMatchObject({ effect: 'late', contradicts: true, object: { state: other } })
  })

  it('is not moved by what it said already, with corrected times', () => {
    const first = fold(undefined, fact({ version: 7, minute: 2, received: 5 })).object
    const again = fold(first, fact({ version: 7, minute: 3, received: 6 }))
    expect(again).toMatchObject({ effect: 'confirmed', contradicts: false })
    expect(again.object).toEqual({ ...first, receivedAt: at(6) })
  })
})

describe('what a fact says', () => {
  it('hashes alike whatever the order of its parts, and unlike when any part differs', () => {
    const keys = [
      { name: 'order' as const, value: '1', kind: 'identity' as const },
      { name: 'sale' as const, value: '2', kind: 'identity' as const },
    ]
    const one = fact({ attributes: { a: 1, b: null }, keys })
    expect(contentHash(fact({ attributes: { b: null, a: 1 }, keys: [...keys].reverse() }))).toBe(
      contentHash(one),
    )
    expect(contentHash({ ...one, occurredAt: at(99), receivedAt: at(99) })).toBe(contentHash(one))
    const others: Partial<Fact>[] = [
      { state: 'x' },
      { rawState: 'x' },
      { quantities: { a: 1 } },
      { attributes: { a: 2, b: null } },
      { changedBy: { kind: 'person' } },
      { orderClass: 'b2b' },
      { keys: keys.slice(1) },
    ]
    for (const other of others) expect(contentHash({ ...one, ...other })).not.toBe(contentHash(one))
  })

  it('is about an object that no other name can be mistaken for', () => {
    expect(objectId({ system: 'a', type: 'b c', externalId: 'd' })).not.toBe(
      objectId({ system: 'a', type: 'b', externalId: 'c d' }),
    )
  })
})
