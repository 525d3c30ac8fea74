import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { takeFacts } from '../../src/app/pipeline.ts'
import type { Store, Tx } from '../../src/app/ports.ts'
import { processFacts } from '../../src/app/process.ts'
import { PLAIN_GRACES } from '../../src/domain/contract/terms.ts'
import { testDatabase } from '../support/database.ts'
import type { FakeObject, FakeSystem } from '../support/fake-system.ts'
import { createWorld, fulfillment, key, order, type World } from '../support/world.ts'

/*
 * Two processes take facts about the same things. The first is held up exactly between finding its subjects and
 * locking them, while the second one does all its work and commits.
 */

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

/** A store that does something else right before it locks subjects for the first time. */
const heldUpBeforeLocks = (meanwhile: () => Promise<void>): Store => {
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

const recorded = async (system: FakeSystem, fact: FakeObject) => {
  await world.hook(system, [fact])
  const [ref] = await world.rows(
    sql`select id::text, received_at::text as "receivedAt" from facts order by facts.id desc limit 1`,
  )
  return { id: String(ref?.id), receivedAt: String(ref?.receivedAt) }
}
/** The first process takes a fact; meanwhile the second takes another one. */
const race = async (first: [FakeSystem, FakeObject], second: [FakeSystem, FakeObject]) => {
  const [one, other] = [await recorded(...first), await recorded(...second)]
  await processFacts(
    { ...world.base, store: heldUpBeforeLocks(() => processFacts(world.base, [other]).then(() => {})) },
    [one],
  )
  expect(await world.rows(sql`select problem from quarantine`)).toEqual([])
}
const linked = (externalId: string) =>
  world.rows(sql`
    select s.kind from subject_objects so join subjects s on s.id = so.subject_id and s.merged_into is null
    where so.external_id = ${externalId} order by 1`)

const both = { type: 'order' as const, externalId: 'S9', keys: [key('order', '1'), key('sale', 'S9')] }

it('a subject that is merged away meanwhile is found where it has gone', async () => {
  await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'ready' })
  await world.say(world.erp, { ...both, keys: [key('sale', 'S9')], state: 'open' })
  const late = world.erp.put({ type: 'order', externalId: 'late', keys: [key('sale', 'S9')] }, world.clock())
  await race([world.erp, late], [world.erp, world.erp.put({ ...both, state: 'open' }, world.clock())])
  expect(await world.subjects()).toHaveLength(1)
  expect(await linked('late')).toEqual([{ kind: 'fulfillment' }])
})

it('a key that somebody else takes meanwhile shows the two subjects to be one', async () => {
  await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'ready' })
  const naming = world.erp.put({ ...both, state: 'open' }, world.clock())
  const taking = world.shop.put({ ...order('x'), keys: [key('sale', 'S9')] }, world.clock())
  await race([world.erp, naming], [world.shop, taking])
  expect(await world.subjects()).toHaveLength(1)
  expect(await linked('x')).toEqual([{ kind: 'fulfillment' }])
  expect(await world.rows(sql`select distinct subject_id from subject_keys`)).toHaveLength(1)
})

it('an object that is linked to one more subject meanwhile moves that one, too', async () => {
  await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'ready' })
  const keys = [key('order', '1'), key('tracking', 'T1')]
  const shipped = world.wms.put({ ...fulfillment('1', 'D1'), keys, state: 'shipped' }, world.clock())
  const cancelled = world.wms.put({ ...fulfillment('1', 'D1'), state: 'cancelled' }, world.clock())
  await race([world.wms, cancelled], [world.wms, shipped])
  expect(await linked('D1')).toEqual([{ kind: 'fulfillment' }, { kind: 'parcel' }])
  // The parcel was waited for as soon as it was shipped, and is not any more.
  expect(await world.expectations()).toEqual([])
})

it('a new order that two processes meet at once is one subject', async () => {
  const [mine, theirs] = [world.shop, world.erp].map((system) => system.put({ ...order('7') }, world.clock()))
  if (!mine || !theirs) throw new Error('two facts')
  let met = false
  const first = await recorded(world.shop, mine)
  const second = await recorded(world.erp, theirs)
  const store: Store = {
    transaction: (work) =>
      world.store.transaction((tx) =>
        work({
          ...tx,
          async createSubjects(timeline, groups, at) {
            if (!met) {
              met = true
              await processFacts(world.base, [second])
            }
            return tx.createSubjects(timeline, groups, at)
          },
        }),
      ),
  }
  await processFacts({ ...world.base, store }, [first])
  expect(met).toBe(true)
  expect(await world.subjects()).toHaveLength(1)
  expect(await world.rows(sql`select * from subject_objects`)).toHaveLength(2)
})

it('a batch gives up, and says so, where its subjects never hold still', async () => {
  await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'ready' })
  const [object] = world.wms.objects.values()
  if (!object) throw new Error('one object')
  const fact = { ...object, system: 'wms', role: 'wms' as const, receivedAt: world.clock() }
  const play = {
    timeline: 'live' as const,
    contracts: [],
    routing: null,
    postingSurfaces: [],
    graces: PLAIN_GRACES,
    systems: () => [],
    silent: () => null,
    suspect: () => null,
    recheckMs: 1,
  }
  const restless = world.store.transaction((tx) =>
    takeFacts({ ...tx, lockSubjects: async () => [] }, play, [fact], world.clock()),
  )
  await expect(restless).rejects.toThrow(/changed 20 times/)
})
