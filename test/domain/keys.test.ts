import { expect, it } from 'vitest'
import { identityKeys, subjectName } from '../../src/domain/keys.ts'
import type { Key } from '../../src/domain/model.ts'

const identity = (name: Key['name'], value: string): Key => ({ name, value, kind: 'identity' })

it('lets a fact be part of an order and a parcel at once', () => {
  const kinds = identityKeys([identity('order', '1'), identity('tracking', 'T')]).map(({ kind }) => kind)
  expect(kinds).toEqual(['fulfillment', 'parcel'])
})

it('never unifies by what ten thousand orders share, nor by a reference', () => {
  const shared = [
    identity('sku', 'S'),
    { ...identity('purchase_order', 'P'), kind: 'reference' as const },
    { ...identity('order', '1'), kind: 'reference' as const },
  ]
  expect(identityKeys(shared)).toEqual([])
})

it('names a subject by its most telling key', () => {
  expect(subjectName([identity('sale', '9'), identity('order', '1001')])).toBe('order 1001')
  expect(subjectName([{ ...identity('purchase_order', 'P7'), kind: 'reference' }])).toBe('purchase order P7')
  expect(subjectName([])).toBe('unnamed')
})
