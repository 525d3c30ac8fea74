import { describe, expect, it } from 'vitest'
import { mayActAs, PERSON_ROLES } from '../../src/domain/model.ts'
import {
  mayAutomate,
  mayBulk,
  needsSecondPerson,
  RUNS_TO_EARN,
  type TrustPolicy,
  tierOf,
} from '../../src/domain/trust.ts'

const above10: TrustPolicy = { secondPerson: { aboveUnits: 10 } }

it.each<[string, 'safe' | 'second_person', TrustPolicy | undefined, number | undefined, boolean]>([
  ['a safe action runs at once', 'safe', undefined, 99, false],
  ['what cannot be taken back needs a second person', 'second_person', undefined, 1, true],
  ['an admin may ask for one always', 'safe', { secondPerson: 'always' }, 1, true],
  ['an admin may waive it', 'second_person', { secondPerson: 'never' }, 99, false],
  ['a small change needs none', 'second_person', above10, 10, false],
  ['a larger one does', 'safe', above10, 11, true],
  ['a change of unknown size counts as large', 'safe', above10, undefined, true],
])('%s', (_name, risk, policy, units, wanted) => {
  expect(needsSecondPerson(risk, policy, units)).toBe(wanted)
})

it('gives each role the rights of those below it', () => {
  const rights = PERSON_ROLES.map((have) => PERSON_ROLES.map((need) => mayActAs(have, need)))
  expect(rights).toEqual([
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ])
})

describe('automation', () => {
  it.each(['ask_customer', 'ask_supplier', 'place_hold', 'retry_message'])(
    'may %s from the start: it asks, or stops goods before they are touched',
    (id) => {
      expect(tierOf(id, 'safe', undefined)).toBe('from_the_start')
      expect(mayAutomate('from_the_start', 0)).toBe(true)
    },
  )

  it.each([
    'release_delivery',
    'send_delivery',
    'resend_order',
    'move_fulfillment',
    'ship_rest',
    'sync_shipment',
  ])('must earn to %s: thirty verified runs that lasted, and not one less', (id) => {
    expect(tierOf(id, 'safe', undefined)).toBe('earned')
    expect(RUNS_TO_EARN).toBe(30)
    expect(mayAutomate('earned', 29)).toBe(false)
    expect(mayAutomate('earned', 30)).toBe(true)
  })

  it('never does what needs a second person, however often it went well', () => {
    expect(tierOf('create_order', 'second_person', undefined)).toBe('never')
    expect(tierOf('place_hold', 'safe', { secondPerson: 'always' })).toBe('never')
    expect(tierOf('adjust_stock', 'second_person', above10)).toBe('never')
    expect(mayAutomate('never', 1_000)).toBe(false)
  })

  it('must earn what an admin has left to one person', () => {
    expect(tierOf('adjust_stock', 'second_person', { secondPerson: 'never' })).toBe('earned')
  })
})

describe('one press for many', () => {
  it.each<[string, 'do' | 'request', 'safe' | 'second_person', TrustPolicy | undefined, boolean]>([
    ['may do what can be taken back', 'do', 'safe', undefined, true],
    ['asks nobody: a question cannot be taken back', 'request', 'safe', undefined, false],
    ['moves no money and no goods', 'do', 'second_person', undefined, false],
    ['nor where an admin lets one person do it', 'do', 'second_person', { secondPerson: 'never' }, false],
    [
      'does nothing for which an admin wants a second person',
      'do',
      'safe',
      { secondPerson: 'always' },
      false,
    ],
    ['nor where that depends on the size', 'do', 'safe', above10, false],
  ])('%s', (_name, kind, risk, policy, may) => {
    expect(mayBulk({ kind, risk, undo: { action: 'the other way' } }, policy)).toBe(may)
    expect(mayBulk({ kind, risk }, policy)).toBe(false)
  })
})
