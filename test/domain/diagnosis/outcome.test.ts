import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Contract } from '../../../src/domain/contract/contract.ts'
import { casesOf, type Stated } from '../../../src/domain/diagnosis/case.ts'
import { diagnose } from '../../../src/domain/diagnosis/diagnosis.ts'
import { outcomesOf } from '../../../src/domain/diagnosis/outcome.ts'
import type { Fact, Key } from '../../../src/domain/model.ts'

const at = (hour: number): Date => new Date(Date.UTC(2026, 0, 5) + hour * 3_600_000)

const key = (name: Key['name'], value: string, kind: Key['kind'] = 'identity'): Key => ({ name, value, kind })

/** A fact of the warehouse ("received") or of the books ("booked") about one receipt. */
const said = (state: string, hour: number, id = 'r1', more: Partial<Fact> = {}): Stated => {
  const wms = state === 'received'
  const fact: Fact = {
    system: wms ? 'dock' : 'books',
    role: wms ? 'wms' : 'erp',
    type: 'receipt',
    externalId: id,
    keys: [key('receipt', id)],
    state,
    rawState: state,
    quantities: {},
    attributes: {},
    occurredAt: at(hour),
    receivedAt: at(hour),
    version: at(hour).getTime(),
    changedBy: { kind: 'unknown' },
    ...more,
  }
  return { fact, dimensions: {}, deadlines: [] }
}

const CONTRACT: Contract = {
  id: 'booked',
  title: 'Received, but not in the books',
  meaning: 'The goods are there and cannot be sold.',
  hurts: 'The customer who could have them.',
  fix: 'Book it.',
  handoff: { from: 'wms', to: 'erp', object: 'receipt' },
  subject: 'receipt',
  severity: 'medium',
  classes: null,
  grace: { kind: 'duration', ms: 4 * 3_600_000 },
  rule: {
    form: 'follow',
    when: { role: 'wms', type: 'receipt', states: ['received'] },
    then: { role: 'erp', type: 'receipt', states: ['booked'] },
    unless: [{ role: 'erp', type: 'receipt', states: ['refused'] }],
    onlyIfKnown: false,
    covers: null,
    clockToleranceMs: 60_000,
  },
  foldsUnder: [],
  actions: [],
}

const systems = [
  { name: 'dock', role: 'wms' as const },
  { name: 'books', role: 'erp' as const },
]

const outcome = (asOfHour: number, ...stated: Stated[]) => {
  const [own] = casesOf(stated)
  return own ? outcomesOf(own, [CONTRACT], { asOf: at(asOfHour), systems })[0] : undefined
}

describe('how a handoff ended', () => {
  it.each([
    ['in_time', 100, [said('received', 0), said('booked', 4)], 'at the very deadline'],
    ['late', 100, [said('received', 0), said('booked', 4.01)], 'just past it'],
    ['never', 4, [said('received', 0)], 'due when the export ends, and not there'],
    ['waiting', 3.9, [said('received', 0)], 'not yet due when the export ends'],
    ['called_off', 100, [said('received', 0), said('refused', 1)], 'no longer owed'],
    [
      'undated',
      100,
      [said('booked', 0, 'r1', { attributes: { untimed: true }, version: 1 }), said('received', 0)],
      'completed, but nothing says when',
    ],
  ])('is %s by hour %d: %#', (standing, asOf, stated, _why) => {
    expect(outcome(asOf, ...stated)).toMatchObject({
      standing,
      sinceMs: at(0).getTime(),
      from: 'dock',
      to: 'books',
    })
  })

  it('measures the lag from owed to completed, and keeps it where the clocks disagree', () => {
    expect(outcome(100, said('received', 1), said('booked', 3))).toMatchObject({ lagMs: 2 * 3_600_000 })
    expect(outcome(100, said('booked', 1), said('received', 3))).toMatchObject({
      standing: 'in_time',
      conflict: true,
      lagMs: -2 * 3_600_000,
    })
  })

  it('is nothing where it was never owed', () => {
    expect(outcome(100, said('booked', 1))).toBeNull()
  })
})

describe('who is who', () => {
  it('joins what shares an identity key, over as many objects as it takes, and never by a reference', () => {
    const shop = said('received', 0, 'a', { keys: [key('receipt', '1'), key('sku', 'lamp', 'reference')] })
    const link = said('booked', 1, 'b', { keys: [key('receipt', '1'), key('receipt', '2')] })
    const far = said('received', 2, 'c', { keys: [key('receipt', '2')] })
    const other = said('received', 3, 'd', { keys: [key('receipt', '3'), key('sku', 'lamp', 'reference')] })
    expect(
      casesOf([shop, other, far, link]).map(({ facts }) => facts.map(({ externalId }) => externalId)),
    ).toEqual([['a', 'b', 'c'], ['d']])
  })
})

describe('a diagnosis', () => {
  const input = (stated: Stated[]) => ({
    asOf: at(200),
    systems,
    contracts: [CONTRACT],
    stated,
    weekOf: (ms: number) =>
      new Date(ms - ((new Date(ms).getUTCDay() + 6) % 7) * 86_400_000).toISOString().slice(0, 10),
  })

  it('parts every volume without rest: each subject has one standing', () => {
    const receipt = fc.record({
      received: fc.option(fc.integer({ min: 0, max: 150 })),
      booked: fc.option(fc.integer({ min: 0, max: 190 })),
      refused: fc.option(fc.integer({ min: 0, max: 190 })),
    })
    fc.assert(
      fc.property(fc.array(receipt, { maxLength: 30 }), (receipts) => {
        const stated = receipts.flatMap((times, i) =>
          Object.entries(times).flatMap(([state, hour]) =>
            hour === null ? [] : [said(state, hour, `r${i}`)],
          ),
        )
        const [handoff] = diagnose(input(stated)).handoffs
        if (!handoff) throw new Error('the contract is gone')
        const sum = Object.values(handoff.standings).reduce((a, b) => a + b, 0)
        expect(sum).toBe(handoff.volume)
        expect(handoff.missed.of).toBe(handoff.late.of + handoff.standings.never)
        expect(handoff.trend.weeks.reduce((total, { missed }) => total + missed.of, 0)).toBe(
          handoff.missed.of,
        )
        // The order in which an export lists its facts says nothing.
        const { handoffs } = diagnose(input([...stated].reverse()))
        expect(handoffs[0]?.standings).toEqual(handoff.standings)
      }),
      { numRuns: 50 },
    )
  })

  it('finds the steps between systems by itself, and who got lost there', () => {
    const stated = Array.from({ length: 20 }, (_, i) => [
      said('received', i, `r${i}`),
      ...(i < 17 ? [said('booked', i + (i < 2 ? -1 : 6), `r${i}`)] : []),
    ]).flat()
    const { steps, fixFirst } = diagnose({ ...input(stated), contracts: [] })
    expect(steps).toMatchObject([
      {
        from: { role: 'wms', state: 'received' },
        to: { role: 'erp', state: 'booked' },
        entered: 20,
        reached: 17,
        never: 3,
        backwards: 2,
        contract: null,
        lag: { n: 17, medianHours: 6 },
        pairs: [{ from: 'dock', to: 'books', entered: 20, never: 3 }],
      },
    ])
    expect(fixFirst).toMatchObject([{ kind: 'step', unwatched: 3 }])
  })

  it('shows weeks in which nothing happened as empty, not as absent', () => {
    const stated = [said('received', 0, 'a'), said('received', 24 * 15, 'b')]
    const [handoff] = diagnose({ ...input(stated), asOf: at(1_000) }).handoffs
    expect(handoff?.trend.weeks.map(({ start, missed }) => [start, missed.hits])).toEqual([
      ['2026-01-05', 1],
      ['2026-01-12', 0],
      ['2026-01-19', 1],
    ])
  })
})
