import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { personBehind } from '../../src/app/people.ts'
import { createSubjectDesk, type SubjectDesk } from '../../src/app/split.ts'
import type { Person } from '../../src/domain/model.ts'
import { testDatabase } from '../support/database.ts'
import type { FakeSystem } from '../support/fake-system.ts'
import { createWorld, fulfillment, HOUR, key, MINUTE, order, receipt, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
let desk: SubjectDesk
let admin: Person
beforeEach(async () => {
  world = await createWorld(database.url)
  desk = createSubjectDesk(world.base)
  const known = await world.store.transaction((tx) =>
    personBehind(
      tx,
      { configured: [], defaultRole: 'admin' },
      { surface: 'test', externalId: 'cy', displayName: 'Cy Example' },
      world.clock(),
    ),
  )
  admin = { ...known, role: 'admin' }
})
afterEach(() => world.close())

/** A sale that names an order of the shop: rightly or not. */
const sale = (number: string, keys = [key('sale', number)], externalId = number) => ({
  type: 'order' as const,
  externalId,
  keys,
})
const naming = (orderNumber: string, number: string, externalId = number) =>
  sale(number, [key('order', orderNumber), key('sale', number)], externalId)
const deliveryOf = (number: string, externalId: string) => ({
  type: 'fulfillment' as const,
  externalId,
  keys: [key('sale', number)],
})

/** The live subjects: each by its keys, with the objects that speak of it. */
const subjects = async () => {
  const found = await world.rows(sql`
    select array(select name || ' ' || value from subject_keys k where k.subject_id = s.id order by 1) as keys,
      array(select external_id from subject_objects so where so.subject_id = s.id order by 1) as objects
    from subjects s where s.merged_into is null order by s.id`)
  return found.map(({ keys, objects }) => ({ keys, objects }))
}
const APART = [
  { keys: ['order 1'], objects: ['1', 'D1'] },
  { keys: ['sale S9'], objects: ['D9', 'S9'] },
]
/** Order 1, and sale S9 of somebody else that names it by mistake, with a delivery each. */
const wronglyOne = async () => {
  await world.say(world.shop, { ...order('1'), state: 'confirmed' })
  await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'ready' })
  await world.say(world.wms, { ...deliveryOf('S9', 'D9'), state: 'ready' })
  await world.say(world.erp, { ...naming('1', 'S9'), state: 'open' })
  expect(await subjects()).toHaveLength(1)
}

describe('a split', () => {
  it('says first what would go where, and does nothing', async () => {
    await wronglyOne()
    expect(await desk.planSplit('#1', 's9')).toEqual({
      from: 'order 1',
      out: 'sale S9',
      moves: ['erp order S9', 'wms fulfillment D9'],
      stays: ['shop order 1', 'wms fulfillment D1'],
      open: 0,
    })
    expect(await subjects()).toHaveLength(1)
  })

  it('takes out everything that carries the number, and checks both sides at once', async () => {
    await wronglyOne()
    await world.later(6 * MINUTE)
    const { id } = await world.exception('one-delivery')
    await desk.split('1', 'S9', admin)
    expect(await subjects()).toEqual(APART)
    expect(await world.exception(id)).toMatchObject({
      state: 'healed',
      status: 'Closed: Cy Example split sale S9 from it.',
    })
    expect((await world.posts())[0]?.desired_revision).toBe((await world.exception(id)).revision)
    // Nobody mended anything in a system: that is no work of a person.
    expect(await world.interventions()).toEqual([])
    expect(
      await world.rows(sql`select person_id::text, first_value, second_value from cannot_links`),
    ).toEqual([{ person_id: admin.id, first_value: '1', second_value: 'S9' }])
  })

  it('opens on the new side what was broken there all along', async () => {
    await wronglyOne()
    await world.say(world.wms, { ...deliveryOf('S9', 'D9'), state: 'short' })
    await desk.split('1', 'S9', admin)
    expect((await world.exceptions()).map(({ state }) => state)).toEqual(['healed', 'open'])
  })

  it('leaves the touches where they were made', async () => {
    await wronglyOne()
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'short' })
    const { id } = await world.exception('short-pick')
    await world.press('ada', id, 'claim')
    await desk.split('1', 'S9', admin)
    expect(await world.interventions()).toMatchObject([{ exception_id: id, action: 'claim' }])
    expect(await world.exception(id)).toMatchObject({ state: 'open' })
  })

  it('stays: a fact that carries both numbers again joins nothing', async () => {
    await wronglyOne()
    await desk.split('1', 'S9', admin)
    await world.say(world.erp, { ...naming('1', 'S9'), state: 'shipped' })
    await world.later(MINUTE)
    expect(await subjects()).toEqual(APART)
  })

  it('gives something new that carries both to the one that was taken out', async () => {
    await wronglyOne()
    await desk.split('1', 'S9', admin)
    await world.say(world.erp, { ...naming('1', 'S9', 'S9-copy'), state: 'open' })
    expect(await subjects()).toEqual([APART[0], { keys: ['sale S9'], objects: ['D9', 'S9', 'S9-copy'] }])
  })

  it('stays, whatever chain of numbers would join the two, in whatever order it comes', async () => {
    const facts: [() => FakeSystem, ReturnType<typeof sale>][] = [
      [() => world.erp, sale('x', [key('order', '1'), key('sale', 'S10')], 'x')],
      [() => world.erp, sale('y', [key('sale', 'S10'), key('sale', 'S9')], 'y')],
      [() => world.erp, sale('z', [key('order', '2'), key('sale', 'S9')], 'z')],
      [() => world.shop, sale('w', [key('order', '1'), key('order', '2')], 'w')],
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        fc.boolean(),
        async (places, atOnce) => {
          await world.close()
          world = await createWorld(database.url)
          desk = createSubjectDesk(world.base)
          await wronglyOne()
          await desk.split('1', 'S9', admin)
          for (const place of places) {
            const [system, said] = facts[place] ?? []
            if (!system || !said) throw new Error('four facts')
            await world.hook(system(), [system().put(said, world.clock())])
            if (!atOnce) await world.work('process')
          }
          await world.work('process')
          const owners = await world.rows(sql`
            select value, subject_id from subject_keys where (name, value) in (('order', '1'), ('sale', 'S9'))`)
          expect(new Set(owners.map(({ subject_id }) => subject_id)).size).toBe(2)
          expect(await world.rows(sql`select problem from quarantine`)).toEqual([])
          // Nothing got lost: every object still speaks of something.
          expect(await world.rows(sql`select distinct external_id from subject_objects`)).toHaveLength(8)
        },
      ),
      { numRuns: 8 },
    )
  })

  it('waits for a running action, and for one that waits to be approved', async () => {
    await world.say(world.erp, { ...receipt('R1'), state: 'open' })
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    await world.say(world.wms, { ...receipt('R2'), state: 'ordered' })
    await world.say(world.wms, { ...receipt('R2'), keys: [key('receipt', 'R1'), key('receipt', 'R2')] })
    await world.later(HOUR)
    const [open] = await world.exceptions()
    await world.press('ada', open?.id, 'erp.book_receipt')
    await expect(desk.split('R1', 'R2', admin)).rejects.toThrow(/action is running/)
    await world.work('run')
    await desk.split('R1', 'R2', admin)
    expect(await subjects()).toMatchObject([{ keys: ['receipt R1'] }, { keys: ['receipt R2'] }])
  })

  it('refuses what would leave nothing, what is not one, and what is not clear', async () => {
    await wronglyOne()
    await expect(desk.split('S9', '1', admin)).resolves.toBeDefined()
    await expect(desk.split('1', 'S9', admin)).rejects.toThrow(/are not one subject/)
    await expect(desk.split('1', 'nothing', admin)).rejects.toThrow(
      /No live subject has the number "nothing"/,
    )
    await world.say(world.shop, sale('a', [key('order', '7'), key('sale', '7')], 'a'))
    await expect(desk.split('7', 'sale:7', admin)).rejects.toThrow(/nothing would be left.*baton\.yml/s)
  })
})

describe('a join', () => {
  it('takes a split back, and what the systems state makes them one from then on', async () => {
    await wronglyOne()
    await desk.split('1', 'S9', admin)
    expect(await desk.join('1', 'S9')).toEqual({ into: 'order 1', other: 'sale S9' })
    expect(await subjects()).toEqual([{ keys: ['order 1', 'sale S9'], objects: ['1', 'D1', 'D9', 'S9'] }])
    await world.later(6 * MINUTE)
    expect(await world.exception('one-delivery')).toMatchObject({ state: 'open' })
    expect(await world.rows(sql`select * from cannot_links`)).toEqual([])
  })

  it('joins only what was split: the rest is for the systems to say', async () => {
    await world.say(world.shop, { ...order('1') })
    await world.say(world.shop, { ...order('2') })
    await expect(desk.join('1', '2')).rejects.toThrow(/were never split/)
  })
})
