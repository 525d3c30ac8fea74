import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { People } from '../../src/app/people.ts'
import type { Store, Tx } from '../../src/app/ports.ts'
import { createPress } from '../../src/app/press.ts'
import type { Identity } from '../../src/app/surface.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, fulfillment, PEOPLE, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
let exception: string
beforeEach(async () => {
  world = await createWorld(database.url)
  await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'short' })
  exception = (await world.exception('short-pick')).id
})
afterEach(() => world.close())

type Options = { people?: People; store?: Store; action?: string; values?: Record<string, string> }
const pressing = ({ people = PEOPLE, store = world.store }: Pick<Options, 'people' | 'store'> = {}) => {
  const press = createPress({ ...world.base, store, people })
  return (identity: Identity, { action = 'claim', values = {} }: Options = {}) =>
    press({ identity, exception, action, version: 1, values, formOpenedAt: null, interactionKey: null })
}
const newcomer = (id: string, more: Partial<Identity> = {}): Identity => ({
  surface: 'test',
  externalId: id,
  displayName: `${id} Example`,
  ...more,
})
const identities = async () =>
  (await world.rows(sql`select external_id from identities order by 1`)).map((row) => row.external_id)

/** A store whose first press is held up where it locks its subject, until `meanwhile` is done. */
const heldUpAtTheSubject = (meanwhile: () => Promise<unknown>): Store => {
  let held = false
  return {
    transaction: (work) =>
      world.store.transaction((tx) =>
        work({
          ...tx,
          async lockSubjects(ids) {
            if (!held) {
              held = true
              await meanwhile()
            }
            return tx.lockSubjects(ids)
          },
        } satisfies Tx),
      ),
  }
}
/** Fails at once, instead of waiting, where somebody else holds the lock of newcomers. */
const isFree = async (): Promise<void> => {
  const [row] = await world.rows(sql`select pg_try_advisory_xact_lock(hashtext('baton_newcomer')) as free`)
  expect(row?.free).toBe(true)
}

it("a newcomer's press that waits for its subject holds up nobody else's first touch", async () => {
  const other = pressing()
  let free = false
  const press = pressing({
    store: heldUpAtTheSubject(async () => {
      await isFree()
      expect(await other(newcomer('second'))).toMatchObject({ result: 'acted' })
      free = true
    }),
  })
  expect(await press(newcomer('first'))).toMatchObject({ result: 'lost_race' })
  expect(free).toBe(true)
  expect(await identities()).toEqual(['first', 'second'])
})

it('nor does one that joins two identities of a human, or gives the work to somebody who never came', async () => {
  const email = 'ola@example.com'
  const before = pressing()
  await before(newcomer('W1:ola', { email }), { action: 'note', values: { note: 'seen' } })
  let free = 0
  const store = () =>
    heldUpAtTheSubject(async () => {
      await isFree()
      free += 1
    })
  const joining = pressing({ store: store() })
  await joining({ ...newcomer('W2:ola', { email }), surface: 'other' })
  const people = await world.rows(sql`select distinct coalesce(merged_into, id) as id from persons`)
  expect(people).toHaveLength(1)
  const listed = { ...world.base, setup: { ...world.setup, people: PEOPLE.configured } }
  const press = createPress({ ...listed, store: store(), people: PEOPLE })
  await press({
    ...{ identity: newcomer('lea'), exception, action: 'assign', values: { person: 'Lou Example' } },
    ...{ version: 2, formOpenedAt: null, interactionKey: null },
  })
  expect(await identities()).toContain('lou')
  expect(free).toBe(2)
})

it('a stranger who may do nothing leaves no trace, however often they press', async () => {
  const press = pressing({ people: { configured: PEOPLE.configured, defaultRole: null } })
  for (const _ of [1, 2]) await expect(press(newcomer('eve'))).rejects.toThrow('Baton does not know you')
  expect(await identities()).toEqual([])
  expect(await world.interventions()).toEqual([])
})

it('somebody who was met and then lost their group may do nothing from then on', async () => {
  const groups = [{ surface: 'test', id: 'G1', role: 'operator' as const }]
  const press = pressing({ people: { configured: [], groups, defaultRole: null } })
  expect(await press(newcomer('ola', { groups: ['G1'] }))).toMatchObject({ result: 'acted' })
  await expect(press(newcomer('ola', { groups: [] }))).rejects.toThrow('Baton does not know you')
})

it('a newcomer who presses many times at once is one person, and is logged as one', async () => {
  const press = pressing()
  await Promise.all(Array.from({ length: 6 }, () => press(newcomer('ola'))))
  expect(await identities()).toEqual(['ola'])
  const persons = new Set((await world.interventions()).map(({ person_id }) => person_id))
  expect(persons.size).toBe(1)
  expect(await world.interventions()).toHaveLength(6)
})
