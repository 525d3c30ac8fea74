import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { check } from '../../src/domain/contract/check.ts'
import type {
  Condition,
  Contract,
  ContractForm,
  Grace,
  Graces,
  Selector,
} from '../../src/domain/contract/contract.ts'
import { OBJECT_TYPES, type ObjectState, ROLES } from '../../src/domain/model.ts'
import { foldAll } from '../../src/domain/object.ts'
import { fact, view } from '../support/objects.ts'

const STATES = ['open', 'held', 'shipped', 'done']
// Few enough that what a contract asks for is often there.
const role = fc.constantFrom(...ROLES.slice(0, 2))
const type = fc.constantFrom(...OBJECT_TYPES.slice(0, 2))
const states = fc.uniqueArray(fc.constantFrom(...STATES), { minLength: 1 })

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ attribute: fc.constant('limit'), in: fc.array(fc.string()) }),
  fc.record({ attribute: fc.constant('limit'), stated: fc.boolean() }),
  fc.record({ was: fc.constantFrom(...STATES) }),
  fc.record({ quantity: fc.constantFrom('a', 'b'), below: fc.integer() }),
  fc.record({ quantity: fc.constantFrom('a', 'b'), above: fc.integer() }),
)
const where = fc.array(condition, { maxLength: 2 })
const selector: fc.Arbitrary<Selector> = fc.oneof(
  fc.record({ role, type }),
  fc.record({ role, type, states, where }),
)
const stated = fc.record({ role, type, states, where })
const times = fc.integer({ min: -2, max: 2 })
const term = fc.oneof(
  fc.record({ role, type, times, quantity: fc.constantFrom('a', 'b') }),
  fc.record({ role, type, times, inState: states }),
  fc.record({ role, type, times, attribute: fc.constantFrom('limit', 'other') }),
  fc.record({ role, type, times, instant: fc.constantFrom('limit', 'other') }),
)
const grace: fc.Arbitrary<Grace> = fc.oneof(
  fc.record({ kind: fc.constant('duration' as const), ms: fc.nat(10 ** 9) }),
  fc.record({
    kind: fc.constant('field' as const),
    role,
    type,
    attribute: fc.constantFrom('limit', 'other'),
    plusMs: fc.nat(10 ** 9),
  }),
  fc.record({ kind: fc.constant('working' as const), calendar: fc.string(), ms: fc.nat(10 ** 9) }),
  fc.record({ kind: fc.constant('landing' as const), role, marginMs: fc.nat(10 ** 9) }),
  fc.record({
    kind: fc.constant('learned' as const),
    by: fc.option(fc.constantFrom('limit', 'other')),
    otherwiseMs: fc.nat(10 ** 9),
    floorMs: fc.nat(10 ** 9),
  }),
)
const form: fc.Arbitrary<ContractForm> = fc.oneof(
  fc.record({
    form: fc.constant('follow' as const),
    when: selector,
    then: selector,
    unless: fc.array(selector, { maxLength: 1 }),
    onlyIfKnown: fc.boolean(),
    covers: fc.option(fc.constantFrom('a', 'b')),
    clockToleranceMs: fc.nat(10 ** 6),
  }),
  fc.record({
    form: fc.constant('agree' as const),
    left: fc.array(term, { minLength: 1, maxLength: 2 }),
    right: fc.array(term, { minLength: 1, maxLength: 2 }),
    tolerance: fc.nat(3),
    breaks: fc.constantFrom('either' as const, 'left_above' as const),
    suspend: fc.array(selector, { maxLength: 1 }),
  }),
  fc.record({
    form: fc.constant('leave' as const),
    object: stated,
    while: fc.array(selector, { maxLength: 1 }),
    since: fc.constantFrom('entered' as const, 'seen' as const, 'silence' as const),
  }),
  fc.record({
    form: fc.constant('one' as const),
    object: stated,
    within: fc.option(fc.record({ quantity: fc.constantFrom('a', 'b'), of: fc.record({ role, type }) })),
  }),
)
const contract: fc.Arbitrary<Contract> = fc.record({
  id: fc.constant('any'),
  title: fc.constant('Any'),
  meaning: fc.constant(''),
  handoff: fc.constant({ from: 'wms' as const, to: 'erp' as const, object: 'any' }),
  subject: fc.constant('fulfillment' as const),
  severity: fc.constant('low' as const),
  classes: fc.constant(null),
  grace,
  rule: form,
  actions: fc.constant([]),
  hurts: fc.constant(''),
  fix: fc.constant(''),
  foldsUnder: fc.constant([]),
})

const attribute = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc
    .date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true })
    .map((d) => d.toISOString()),
)
const told = fc.record({
  state: fc.constantFrom(...STATES),
  minute: fc.integer({ min: -1000, max: 1000 }),
  version: fc.nat(5),
  quantities: fc.dictionary(fc.constantFrom('a', 'b'), fc.integer({ min: -9, max: 9 })),
  attributes: fc.dictionary(fc.constantFrom('limit', 'other'), attribute),
})
const anObject: fc.Arbitrary<ObjectState> = fc
  .tuple(role, type, fc.constantFrom('1', '2', '3'), fc.array(told, { minLength: 1, maxLength: 4 }))
  .map(([itsRole, itsType, externalId, history]) => {
    const folded = foldAll(history.map((each) => fact({ ...each, role: itsRole, type: itsType, externalId })))
    if (!folded) throw new Error('never empty')
    return folded
  })
const objects = fc.uniqueArray(anObject, {
  maxLength: 6,
  selector: (o) => `${o.role} ${o.type} ${o.externalId}`,
})

/** Calendars, landings and learned lags, as some installation may have them: or may not. */
const graces: fc.Arbitrary<Graces> = fc
  .record({
    closedMs: fc.nat(10 ** 9),
    landsEveryMs: fc.option(fc.integer({ min: 1, max: 10 ** 8 })),
    learnedMs: fc.option(fc.nat(10 ** 9)),
  })
  .map(({ closedMs, landsEveryMs, learnedMs }) => ({
    working: (calendar, from, ms) => new Date(from.getTime() + ms + (calendar === '' ? 0 : closedMs)),
    landing: (_role, after) =>
      landsEveryMs === null
        ? null
        : new Date((Math.floor(after.getTime() / landsEveryMs) + 1) * landsEveryMs),
    // What was learned depends on whose lag is asked for.
    learned: ({ from, value }) =>
      learnedMs === null ? null : { ms: learnedMs + (value ?? from).length, words: `usually ${learnedMs}` },
  }))

const fulfillment = (all: ObjectState[]) => view(all, { kind: 'fulfillment' })
const frozen = (all: ObjectState[]): ObjectState[] => {
  for (const each of all)
    for (const part of [each, each.enteredAt, each.quantities, each.attributes]) Object.freeze(part)
  return Object.freeze(all) as ObjectState[]
}

describe('a contract, whatever it says and whatever the systems say', () => {
  it('has a verdict, with real times; nothing is due before it is broken, unless a system said so', () => {
    fc.assert(
      fc.property(contract, graces, objects, (its, given, all) => {
        const verdict = check(its, fulfillment(all), given)
        if (verdict.is !== 'broken') return
        expect(Number.isNaN(verdict.since.getTime())).toBe(false)
        expect(Number.isNaN(verdict.dueAt.getTime())).toBe(false)
        if (its.grace.kind !== 'field') expect(verdict.dueAt >= verdict.since).toBe(true)
        expect(verdict.evidence.magnitude).toBeGreaterThan(0)
        expect(verdict.evidence.sentence).not.toMatch(/undefined|null|NaN|\[object/)
      }),
      { numRuns: 1000 },
    )
  })

  it('has the same verdict in whatever order the objects come, and changes none of them', () => {
    fc.assert(
      fc.property(
        contract,
        graces,
        objects.chain((all) =>
          fc.tuple(fc.constant(frozen(all)), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        (its, given, [all, shuffled]) => {
          expect(check(its, fulfillment(shuffled), given)).toEqual(check(its, fulfillment(all), given))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('is tried here in every form with every kind of grace, broken and not', () => {
    const met = new Set<string>()
    const samples = fc.sample(fc.tuple(contract, graces, objects), { seed: 1, numRuns: 4000 })
    for (const [its, given, all] of samples) {
      met.add(`${its.rule.form} ${its.grace.kind} ${check(its, fulfillment(all), given).is}`)
    }
    const forms = ['follow', 'agree', 'leave', 'one']
    const kinds = ['duration', 'field', 'working', 'landing', 'learned']
    const wanted = forms.flatMap((is) =>
      kinds.flatMap((kind) => [`${is} ${kind} kept`, `${is} ${kind} broken`]),
    )
    expect(wanted.filter((each) => !met.has(each))).toEqual([])
    expect(met).toContain('agree duration unknown')
    expect(met).toContain('one field unknown')
  })
})
