import { describe, expect, it } from 'vitest'
import type { WireFact } from '../../src/app/connector.ts'
import { sift, smoothSkew, toFacts } from '../../src/app/facts.ts'
import { at } from '../support/objects.ts'

const wire = (over: Partial<WireFact> = {}): WireFact => ({
  type: 'receipt',
  externalId: 'R1',
  keys: [{ name: 'receipt', value: 'R1', kind: 'identity' }],
  state: 'received',
  rawState: 'Received',
  quantities: {},
  attributes: {},
  occurredAt: at(0),
  version: 1,
  changedBy: { kind: 'unknown' },
  ...over,
})
const received = (over: Partial<WireFact>, skewMs = 0) =>
  toFacts({ system: 'wms', role: 'wms' }, [wire(over)], at(10), skewMs)
const ONE_MINUTE = 60_000

describe('the time of a fact', () => {
  it('is corrected by the clock of its system', () => {
    expect(received({ occurredAt: at(5) }, 2 * ONE_MINUTE)[0]?.occurredAt).toEqual(at(3))
    expect(received({ occurredAt: at(5) }, -2 * ONE_MINUTE)[0]?.occurredAt).toEqual(at(7))
  })

  it('is never later than its receipt', () => {
    expect(received({ occurredAt: at(90) })[0]?.occurredAt).toEqual(at(10))
  })
})

describe('the skew of a clock', () => {
  const measured = (known: number | null, sentMs: number) =>
    smoothSkew(known, new Date(at(0).getTime() + sentMs), at(0))

  it('is what the first delivery shows', () => {
    expect(measured(null, -90_000)).toBe(-90_000)
  })

  it('is corrected at once by a delivery that seems to come early: none can', () => {
    expect(measured(-90_000, 1_000)).toBe(1_000)
  })

  it('hardly moves by one that seems late: it was slow', () => {
    expect(measured(0, -100_000)).toBe(-5_000)
  })

  it('follows a clock that goes slow, after many deliveries', () => {
    let skew: number | null = 0
    for (let i = 0; i < 100; i++) skew = measured(skew, -60_000)
    expect(skew).toBeLessThan(-59_000)
  })

  it('stays as it is where the sender says no time', () => {
    expect(smoothSkew(7, undefined, at(0))).toBe(7)
    expect(smoothSkew(7, new Date('never'), at(0))).toBe(7)
  })
})

describe('a fact that cannot be stored', () => {
  it.each<[string, Partial<WireFact>]>([
    ['without an id', { externalId: '' }],
    ['with an id that no index takes', { externalId: 'x'.repeat(3_000) }],
    ['with an empty key', { keys: [{ name: 'receipt', value: '', kind: 'identity' }] }],
    ['without a time', { occurredAt: new Date('never') }],
    ['with the time that some systems write for never', { occurredAt: new Date('0001-01-01T00:00:00Z') }],
    ['without a version', { version: Number.NaN }],
    ['with a quantity that is no number', { quantities: { on_hand: Number.POSITIVE_INFINITY } }],
    ['with an attribute that is no number', { attributes: { minutes: Number.NaN } }],
  ])('%s is set aside, and its neighbour goes on', (_name, over) => {
    const { sound, bad } = sift([...received(over), ...received({ externalId: 'R2' })])
    expect(sound.map(({ externalId }) => externalId)).toEqual(['R2'])
    expect(bad).toHaveLength(1)
  })

  it('because of a character that no database takes is mended instead', () => {
    const [fact] = received({
      rawState: 'a\u0000b',
      attributes: { 'no\ud800te': 'x\udfff', path: 'c:\\u0000' },
    })
    expect(fact).toMatchObject({
      rawState: 'a\ufffdb',
      attributes: { 'no\ufffdte': 'x\ufffd', path: 'c:\\u0000' },
    })
    expect(fact?.occurredAt).toEqual(at(0))
  })
})
