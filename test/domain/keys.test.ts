import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  identityKeys,
  type KeyRule,
  normalised,
  stockKey,
  stockParts,
  subjectName,
  withRules,
} from '../../src/domain/keys.ts'
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

const rule = (over: Partial<KeyRule> = {}): KeyRule => ({
  strip: [],
  cutAt: null,
  dropZeros: false,
  upper: false,
  stores: [],
  ...over,
})

describe('a number as it is compared', () => {
  it.each<[string, Partial<KeyRule>, string, string]>([
    ['loses its prefix', { strip: ['#'] }, '#1001', '1001'],
    ['loses every prefix, however they are mixed', { strip: ['WEB-', '#'] }, 'WEB-#1001', '1001'],
    ['ends where a part of it begins', { strip: ['D'], cutAt: '-' }, 'D1001-2', '1001'],
    ['loses zeros in front', { dropZeros: true }, '00017', '17'],
    ['is still zero without them', { dropZeros: true }, '000', '0'],
    ['keeps zeros where it has letters', { dropZeros: true }, '00A7', '00A7'],
    ['is written in capitals', { upper: true, strip: ['web-'] }, 'web-a1', 'A1'],
    ['never becomes empty', { strip: ['#', '##'], cutAt: '-' }, '##', '#'],
    ['stays empty where nothing was said', { stores: [{ prefix: '', store: 'eu' }] }, ' ', ''],
    ['bears its store', { strip: ['#'], stores: [{ prefix: '', store: 'eu' }] }, '#1001', 'eu/1001'],
    [
      'tells its store by how it begins',
      {
        stores: [
          { prefix: 'US-', store: 'us' },
          { prefix: '', store: 'eu' },
        ],
      },
      'US-1001',
      'us/1001',
    ],
    ['belongs to none that it does not name', { stores: [{ prefix: 'US-', store: 'us' }] }, '1001', '1001'],
  ])('%s', (_what, over, value, wanted) => {
    expect(normalised(rule(over), value)).toBe(wanted)
  })

  const piece = fc.constantFrom('#', 'WEB-', 'EU-', '-', '0', '00', '1', '17', 'a', 'eu/', ' ', '/', 'ß')
  const number = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
    fc.string({ maxLength: 12, unit: 'binary' }),
  )
  const rules = fc.record({
    strip: fc.subarray(['WEB-', 'EU-', '#', '1']),
    cutAt: fc.constantFrom(null, '-', '/', '7'),
    dropZeros: fc.boolean(),
    upper: fc.boolean(),
    stores: fc.subarray([
      { prefix: 'EU-', store: 'eu' },
      { prefix: '', store: 'web' },
    ]),
  })

  it('is the same however often it is normalised', () => {
    fc.assert(
      fc.property(rules, number, (by, value) => {
        const once = normalised(by, value)
        expect(normalised(by, once)).toBe(once)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is never empty where something was said', () => {
    fc.assert(
      fc.property(rules, number, (by, value) => {
        if (value.trim() !== '') expect(normalised(by, value).trim()).not.toBe('')
      }),
      { numRuns: 2_000 },
    )
  })

  it('is two numbers, where two differ in anything that no rule takes away', () => {
    const bare = fc.stringMatching(/^[1-9A-Z][0-9A-Z]{0,8}$/)
    fc.assert(
      fc.property(bare, bare, fc.boolean(), (a, b, dropZeros) => {
        const by = rule({
          strip: ['#', 'web '],
          cutAt: '-',
          dropZeros,
          stores: [{ prefix: '', store: 'eu' }],
        })
        expect(normalised(by, `#${a}-1`) === normalised(by, `web ${b}-2`)).toBe(a === b)
      }),
    )
  })
})

describe('a stock item', () => {
  it('is one article at one place, and both follow their own rules', () => {
    expect(stockParts(stockKey('MUG@2', 'BER'))).toEqual({ sku: 'MUG@2', location: 'BER' })
    expect(stockParts('MUG')).toEqual({ sku: 'MUG', location: null })
    const keys = [identity('stock', 'mug-1@0017'), identity('feed', '#erp')]
    const fact = { keys, attributes: { location: '0017', note: '0017' } }
    const by = { sku: rule({ upper: true }), location: rule({ dropZeros: true }) }
    expect(withRules(fact, by)).toEqual({
      keys: [identity('stock', 'MUG-1@17'), identity('feed', '#erp')],
      attributes: { location: '17', note: '0017' },
    })
  })
})
