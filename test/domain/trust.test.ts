import { expect, it } from 'vitest'
import { mayActAs, PERSON_ROLES } from '../../src/domain/model.ts'
import { needsSecondPerson, type TrustPolicy } from '../../src/domain/trust.ts'

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
