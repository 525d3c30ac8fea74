import { afterEach, beforeEach, expect, it } from 'vitest'
import { createAdmins } from '../../src/app/admins.ts'
import { type People, personBehind } from '../../src/app/people.ts'
import type { Identity } from '../../src/app/surface.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, HOUR, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

const PEOPLE: People = {
  configured: [
    {
      name: 'slack:T1:UROOT',
      role: 'admin',
      identities: [{ surface: 'slack', externalId: 'T1:UROOT' }],
      place: 'BATON_ADMIN',
    },
    { name: 'Ada Example', role: 'admin', identities: [], email: 'ada@example.test' },
    { name: 'Bo Example', role: 'operator', identities: [{ surface: 'slack', externalId: 'T1:UBO' }] },
  ],
  groups: [{ surface: 'slack', id: 'S1', role: 'admin' }],
  defaultRole: 'operator',
}
const seen = (identity: Omit<Identity, 'displayName'>) =>
  world.store.transaction((tx) =>
    personBehind(tx, PEOPLE, { ...identity, displayName: 'Somebody Example' }, world.clock()),
  )
const admins = async () => {
  const found = await createAdmins({ ...world, people: PEOPLE })()
  return found
    .map((identities) =>
      identities.map(({ surface, externalId }) => `${surface} ${externalId}`).join(' and '),
    )
    .sort()
}

it('the first admin is one before anybody was seen, and once only when they were', async () => {
  expect(await admins()).toEqual(['slack T1:UROOT'])
  await seen({ surface: 'slack', externalId: 'T1:UROOT' })
  expect(await admins()).toEqual(['slack T1:UROOT'])
})

it('an admin known by an address is one person wherever their platforms vouched for it', async () => {
  await seen({ surface: 'slack', externalId: 'T1:UADA', email: 'ada@example.test' })
  await seen({ surface: 'teams', externalId: 'X:ADA', email: 'Ada@example.test' })
  await seen({ surface: 'slack', externalId: 'T1:UBO', email: 'bo@example.test' })
  expect(await admins()).toEqual(['slack T1:UADA and teams X:ADA', 'slack T1:UROOT'])
})

it('a member of a group of admins is one for as long as the platform said so lately', async () => {
  await seen({ surface: 'slack', externalId: 'T1:UCY', groups: ['S1'] })
  await seen({ surface: 'slack', externalId: 'T1:UDI', groups: ['S2'] })
  expect(await admins()).toEqual(['slack T1:UCY', 'slack T1:UROOT'])
  world.pass(24 * HOUR)
  expect(await admins()).toEqual(['slack T1:UROOT'])
})
