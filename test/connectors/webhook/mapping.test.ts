import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CATALOGUE } from '../../../src/app/catalogue.ts'
import { factMapping } from '../../../src/connectors/webhook/mapping/config.ts'
import { documentOf, readDocument } from '../../../src/connectors/webhook/mapping/document.ts'
import { factsIn } from '../../../src/connectors/webhook/mapping/facts.ts'
import { STATES } from '../../../src/connectors/webhook/mapping/words.ts'

const NOW = new Date('2026-11-23T10:00:00Z')

const shipments = {
  each: 'data.items[].merge(@, {sent: $.sent})',
  when: "kind == 'shipment'",
  type: 'fulfillment',
  id: 'id',
  keys: { order: 'number', tracking: 'tracking_no', sku: 'lines[].sku' },
  state: { path: 'status', map: { NEW: 'ready', SHIPPED: 'shipped', DRAFT: 'unrouted' } },
  quantities: { shipped: 'sum(lines[].shipped)', ordered: 'ordered' },
  attributes: {
    tracking: 'tracking_no',
    shipBy: { path: 'ship_by', format: 'epoch_s' },
    valueMinor: { path: 'total', format: 'money' },
    lines: { path: 'lines[].{sku: sku, quantity: shipped}', format: 'lines' },
    location: { path: 'site', map: { '01': 'MAIN' } },
  },
  at: 'sent',
  version: 'revision',
  changed_by: { path: 'user', integrations: ['edi'] },
  class: { path: 'channel', map: { web: 'consumer' }, otherwise: 'skip' },
}
const row = {
  kind: 'shipment',
  id: 17,
  number: '#1001',
  status: 'SHIPPED',
  tracking_no: ' trk 1a ',
  ordered: '3',
  lines: [
    { sku: 'MUG', shipped: 2 },
    { sku: 'PEN', shipped: 1 },
  ],
  ship_by: 1_795_428_000,
  total: '59.9',
  site: '01',
  revision: 7,
  user: 'edi',
  channel: 'web',
  customer: { name: 'Nora Nobody' },
}
const bodyOf = (...items: unknown[]) => ({ sent: '2026-11-23T09:00:00+01:00', data: { items } })
const read = (document: unknown, ...mappings: object[]) =>
  factsIn(
    (mappings.length > 0 ? mappings : [shipments]).map((each) => factMapping.parse(each)),
    documentOf(document),
    NOW,
  )
/** What is wrong with a mapping, with its place. */
const flaws = (over: object) =>
  (factMapping.safeParse({ ...shipments, ...over }).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  )

describe('a mapped row', () => {
  it('knows an order by its number, with whichever usual sign it is written', () => {
    for (const number of ['#1001', '# 1001', 'WEB-1001', ' 1001 '])
      expect(read(bodyOf({ ...row, number })).facts[0]?.keys[0]).toMatchObject({
        name: 'order',
        value: '1001',
      })
  })

  it('says nothing of a quantity that is blank, which is not zero', () => {
    expect(read(bodyOf({ ...row, ordered: '  ' })).facts[0]?.quantities).toEqual({ shipped: 3 })
  })

  it('becomes a fact in the words that all systems share, and takes nothing that is not named', () => {
    const { facts, bad } = read(bodyOf(row))
    expect(bad).toEqual([])
    expect(facts).toEqual([
      {
        type: 'fulfillment',
        externalId: '17',
        keys: [
          { name: 'order', value: '1001', kind: 'identity' },
          { name: 'tracking', value: 'TRK1A', kind: 'identity' },
          { name: 'sku', value: 'MUG', kind: 'reference' },
          { name: 'sku', value: 'PEN', kind: 'reference' },
        ],
        orderClass: 'consumer',
        state: 'shipped',
        rawState: 'SHIPPED',
        quantities: { shipped: 3, ordered: 3 },
        attributes: {
          tracking: 'TRK1A',
          shipBy: '2026-11-23T10:00:00.000Z',
          valueMinor: 5990,
          lines: 'MUG*2,PEN*1',
          location: 'MAIN',
        },
        occurredAt: new Date('2026-11-23T08:00:00Z'),
        version: 7,
        changedBy: { kind: 'integration', name: 'edi' },
      },
    ])
    expect(JSON.stringify(facts)).not.toContain('Nora')
  })

  it('is a parcel only once it has left', () => {
    const [fact] = read(bodyOf({ ...row, status: 'NEW' })).facts
    expect(fact?.keys.map(({ name }) => name)).toEqual(['order', 'sku', 'sku'])
  })

  it('is passed over where its condition does not hold, or its word is to be skipped', () => {
    expect(read(bodyOf({ ...row, kind: 'invoice' }))).toEqual({ facts: [], bad: [] })
    expect(read(bodyOf({ ...row, channel: 'fair' }))).toEqual({ facts: [], bad: [] })
  })

  it.each<[string, object, RegExp, string?]>([
    ['a word that no map knows', { status: 'LOST' }, /^state: nothing says what "LOST" means/, 'LOST'],
    ['a word that every object has', { status: 'constructor' }, /"constructor"/, 'constructor'],
    ['an unknown place', { site: '02' }, /^attributes.location: nothing says what "02"/, '02'],
    ['no id', { id: null }, /^id: nothing at id/],
    ['no state', { status: '' }, /^state: nothing at status/],
    ['no key of its own', { number: '#', tracking_no: null }, /^keys: nothing says which fulfillment/],
    ['a quantity in words', { ordered: 'three' }, /^quantities.ordered: "three" is no number/],
    ['a sum over words', { lines: [{ sku: 'A', shipped: 'x' }] }, /^quantities.shipped: /],
    ['half a unit', { lines: [{ sku: 'A', shipped: 0.5 }] }, /^attributes.lines: .*whole quantity/],
    ['an amount in words', { total: 'much' }, /^attributes.valueMinor: "much" is no amount/],
    ['a version in words', { revision: 'new' }, /^version: "new" is no number/],
    ['an object for a text', { tracking_no: {} }, /tracking.*is no text/],
  ])('is a bad one with %s; its neighbours go on', (_name, change, reason, unknownWord) => {
    const { facts, bad } = read(bodyOf(row, { ...row, ...change }, { ...row, id: 'b' }))
    expect(facts.map(({ externalId }) => externalId)).toEqual(['17', 'b'])
    expect(bad).toHaveLength(1)
    expect(bad[0]?.at).toMatch(/ row 2 \(fulfillment\)$/)
    expect(bad[0]?.reason).toMatch(reason)
    expect(bad[0]?.unknownWord).toBe(unknownWord)
  })

  it('has its time in the zone that it says; a time without one is no instant', () => {
    const { bad } = read({ ...bodyOf(row), sent: '2026-11-23T09:00:00' })
    expect(bad[0]?.reason).toMatch(/^at: .*with a zone/)
  })

  it('names a stock item by article and place together', () => {
    const stock = {
      each: 'levels',
      type: 'inventory',
      id: 'sku',
      keys: { sku: 'sku', location: 'site' },
      state: 'level',
      quantities: { on_hand: 'units' },
      at: { received: true },
    }
    const { facts } = read({ levels: [{ sku: 'MUG', site: 'MAIN', units: 4 }] }, stock)
    expect(facts[0]).toMatchObject({
      keys: [
        { name: 'stock', value: 'MUG@MAIN', kind: 'identity' },
        { name: 'sku', value: 'MUG', kind: 'reference' },
      ],
      state: 'level',
      occurredAt: NOW,
    })
    expect(read({ levels: [{ sku: 'MUG', units: 4 }] }, stock).bad[0]?.reason).toBe(
      'keys.location: nothing is there',
    )
  })
})

describe('a document', () => {
  it('in which nothing is found is reported: its shape is not the one that was mapped', () => {
    expect(read({ other: 1 }).bad).toEqual([
      { at: 'the body', reason: expect.stringContaining('its shape is not the one mapped') },
    ])
    expect(read(bodyOf())).toEqual({ facts: [], bad: [] })
  })

  it('that is too deep or has too many rows is refused as a whole', () => {
    const deep = JSON.stringify(Array.from({ length: 100 }).reduce((inner) => [inner], 1))
    expect(() => readDocument(Buffer.from(deep))).toThrow(/deeper than 64/)
    expect(() => read(bodyOf(...Array(1_001).fill(row)))).toThrow(/more than 1000 rows/)
    expect(() => readDocument(Buffer.from('{'))).toThrow('The body is no JSON.')
  })

  it('whatever it holds, gives facts, bad rows with their place, or one error', () => {
    const items = fc.array(
      fc.oneof(fc.jsonValue(), fc.record({ kind: fc.constant('shipment'), id: fc.jsonValue() })),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          items.map((each) => bodyOf(...each)),
        ),
        (document) => {
          const { facts, bad } = read(document)
          for (const { at, reason } of bad) expect([at, reason]).not.toContain('')
          for (const { occurredAt } of facts) expect(occurredAt.getTime()).not.toBeNaN()
        },
      ),
    )
  })
})

describe('a mapping is checked when it is loaded', () => {
  it('and a sound one has no flaw', () => expect(flaws({})).toEqual([]))

  it.each<[string, object, RegExp]>([
    ['a path that does not parse', { id: 'lines[' }, /^id: "lines\[" is no path: .*write JMESPath/],
    ['a function that there is not', { id: 'sun(a)' }, /^id: .*knows no sun\(\); did you mean sum\(\)\?/],
    ['a state that no contract knows', { state: 'shiped' }, /^state: .*did you mean shipped\?/],
    [
      'a state in the map',
      { state: { path: 'status', map: { X: 'delivered' } } },
      /^state.map.X: no contract knows a fulfillment that is "delivered"; use one of unrouted/,
    ],
    ['no key of its own', { keys: { sku: 'sku' } }, /^keys: nothing says which fulfillment it is; add order/],
    ['an identity that is no key', { identity: ['order', 'sale'] }, /^identity: sale is not among the keys/],
    ['an article as identity', { identity: ['order', 'sku'] }, /^identity: an article says no more/],
    [
      'a place as a key of a shipment',
      { keys: { order: 'o', location: 'l' } },
      /^keys.location: .*attributes/,
    ],
    ['half a stock item', { type: 'inventory', state: 'level', keys: { sku: 's' } }, /^keys: .*add location/],
  ])('%s', (_name, over, message) => {
    const found = flaws(over)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(message)
  })

  it('knows every state that a contract of the catalogue names', () => {
    const selectors = JSON.stringify(CATALOGUE.map(({ rule }) => rule))
    const named = [...selectors.matchAll(/"type":"(\w+)"[^{}]*?"states":\[([^\]]*)\]/g)]
    expect(named.length).toBeGreaterThan(20)
    const known = new Map(Object.entries(STATES))
    for (const [, type = '', states = ''] of named) {
      if (!known.has(type)) continue
      for (const state of states.split(',')) expect(known.get(type), type).toContain(JSON.parse(state))
    }
  })
})
