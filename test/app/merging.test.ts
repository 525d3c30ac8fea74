import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { processFacts } from '../../src/app/process.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, fulfillment, HOUR, key, MINUTE, order, receipt, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

/** The ERP knows the order by its own number; only later does it say which order of the shop that is. */
const bothNumbers = { type: 'order' as const, externalId: 'S9', keys: [key('order', '1'), key('sale', 'S9')] }
const saleOnly = { type: 'order' as const, externalId: 'S9', keys: [key('sale', 'S9')] }
const delivery = (keys = [key('sale', 'S9')]) => ({ type: 'fulfillment' as const, externalId: 'D1', keys })

const keysOf = () => world.rows(sql`select name, value, subject_id from subject_keys order by name, value`)

describe('a key that shows two subjects to be one', () => {
  it('merges them, whatever they had: objects, keys, what they wait for', async () => {
    await world.say(world.shop, { ...order('1'), state: 'confirmed' })
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'shipped' })
    await world.say(world.erp, { ...saleOnly, state: 'open' })
    expect(await world.subjects()).toHaveLength(2)

    await world.say(world.erp, { ...bothNumbers, state: 'open' })
    const [only, ...more] = await world.subjects()
    expect(more).toEqual([])
    expect(await keysOf()).toEqual([
      { name: 'order', value: '1', subject_id: only?.id },
      { name: 'sale', value: 'S9', subject_id: only?.id },
    ])
    const linked = await world.rows(sql`select distinct subject_id from subject_objects`)
    expect(linked).toEqual([{ subject_id: only?.id }])
    expect(await world.expectations()).toMatchObject([{ contract: 'shipment-in-erp', subject_id: only?.id }])
    await world.later(30 * MINUTE)
    expect((await world.exception('shipment-in-erp')).evidence).toBe('wms says shipped; erp still says open.')
  })

  it('heals what was broken only because one half was not known', async () => {
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'shipped' })
    await world.say(world.erp, { ...saleOnly, state: 'shipped' })
    await world.later(HOUR)
    expect(await world.exceptions()).toMatchObject([{ contract: 'shipment-in-erp', state: 'open' }])
    await world.say(world.erp, { ...bothNumbers, state: 'shipped' })
    expect(await world.exceptions()).toMatchObject([{ state: 'healed' }])
  })

  it('keeps the older open exception; the other one points to it, and both cards are shown anew', async () => {
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'short' })
    world.pass(MINUTE)
    await world.say(world.wms, { ...fulfillment('x', 'D2'), keys: [key('sale', 'S9')], state: 'short' })
    const [older, younger] = await world.exceptions()
    await world.say(world.erp, { ...bothNumbers, state: 'open' })
    expect(await world.exceptions()).toMatchObject([
      { id: older?.id, state: 'open', merged_into: null, magnitude: 2 },
      {
        id: younger?.id,
        state: 'merged',
        merged_into: older?.id,
        status: `The systems say it is the same as exception #${older?.id}, which goes on.`,
      },
    ])
    const posts = await world.posts()
    const exceptions = await world.exceptions()
    expect(posts.map((p) => p.desired_revision)).toEqual(exceptions.map((e) => e.revision))
    expect(await world.episodes()).toMatchObject([{ closed_at: null }, { closed_as: 'merged' }])
  })

  it('keeps the open exception, though a closed one is older', async () => {
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'short' })
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'ready' })
    world.pass(MINUTE)
    await world.say(world.wms, { ...fulfillment('x', 'D2'), keys: [key('sale', 'S9')], state: 'short' })
    await world.say(world.erp, { ...bothNumbers, state: 'open' })
    expect((await world.exceptions()).map(({ state }) => state)).toEqual(['merged', 'open'])
  })

  it('leaves a card that answers: a press on the merged one is logged and does nothing', async () => {
    await world.say(world.wms, { ...fulfillment('1', 'D1'), state: 'short' })
    await world.say(world.wms, { ...fulfillment('x', 'D2'), keys: [key('sale', 'S9')], state: 'short' })
    const [, younger] = await world.exceptions()
    await world.say(world.erp, { ...bothNumbers, state: 'open' })
    expect(await world.press('ada', younger?.id, 'claim', { version: 1 })).toMatchObject({
      result: 'nothing_to_do',
    })
    expect(await world.interventions()).toMatchObject([
      { exception_id: younger?.id, result: 'nothing_to_do' },
    ])
  })

  it('merges chains of any length in one go', async () => {
    const names = ['1', '2', '3', '4', '5']
    for (const name of names) await world.say(world.wms, { ...fulfillment(name, `D${name}`), state: 'short' })
    const joining = (a: string, b: string) =>
      world.erp.put(
        { type: 'order', externalId: a + b, keys: [key('order', a), key('order', b)] },
        world.clock(),
      )
    await world.hook(world.erp, [joining('4', '5'), joining('1', '2'), joining('3', '4'), joining('2', '3')])
    await world.work('process')
    expect(await world.subjects()).toHaveLength(1)
    const states = (await world.exceptions()).map(({ state, merged_into }) => [state, merged_into])
    const [first] = await world.exceptions()
    expect(states).toEqual([['open', null], ...Array(4).fill(['merged', first?.id])])
    expect(await world.rows(sql`select * from quarantine`)).toEqual([])
  })

  it('merges once, when many processes find it out at once and others add to both halves', async () => {
    for (let round = 0; round < 5; round++) {
      const mine = (value: string) => `${value}${round}`
      const both = { keys: [key('order', mine('1')), key('sale', mine('S'))] }
      await world.say(world.wms, { ...fulfillment(mine('1'), mine('D')), state: 'ready' })
      await world.say(world.erp, { type: 'order', externalId: mine('S'), keys: [key('sale', mine('S'))] })
      const facts = [
        [
          world.erp,
          world.erp.put({ type: 'order', externalId: mine('S'), ...both, state: 'open' }, world.clock()),
        ],
        [
          world.wms,
          world.wms.put({ ...fulfillment(mine('1'), mine('D')), ...both, state: 'picked' }, world.clock()),
        ],
        [world.wms, world.wms.put({ ...fulfillment(mine('1'), mine('D')), state: 'shipped' }, world.clock())],
        [world.shop, world.shop.put({ ...order(mine('1')), keys: both.keys }, world.clock())],
        [
          world.carrier,
          world.carrier.put({ type: 'shipment', externalId: mine('T'), keys: both.keys }, world.clock()),
        ],
      ] as const
      const before = await world.rows(sql`select max(id) as id from facts`)
      for (const [system, fact] of facts) await world.hook(system, [fact])
      const refs = await world.rows(
        sql`select id::text, received_at::text as "receivedAt" from facts where id > ${Number(before[0]?.id ?? 0)}`,
      )
      await Promise.all(
        refs.map(({ id, receivedAt }) =>
          processFacts(world.base, [{ id: String(id), receivedAt: String(receivedAt) }]),
        ),
      )
      const subjects = await world.rows(sql`
        select distinct s.id from subjects s join subject_keys k on k.subject_id = s.id
        where k.value in (${mine('1')}, ${mine('S')}) and s.merged_into is null`)
      expect(subjects).toHaveLength(1)
      const objects = await world.rows(
        sql`select external_id from subject_objects where subject_id = ${subjects[0]?.id}`,
      )
      expect(objects).toHaveLength(4)
    }
    expect(await world.rows(sql`select problem from quarantine`)).toEqual([])
  })
})

describe('a merge while an action runs', () => {
  /** A receipt that is being booked, and the same goods under another number. */
  const running = async () => {
    await world.say(world.erp, { ...receipt('R1'), state: 'open' })
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    await world.say(world.wms, { ...receipt('R2'), state: 'received' })
    await world.later(HOUR)
    const [first] = await world.exceptions()
    world.erp.manner = 'dawdles'
    await world.press('ada', first?.id, 'erp.book_receipt')
    await world.work('run')
    expect(await world.runs()).toMatchObject([{ state: 'sent' }])
    const same = {
      type: 'receipt' as const,
      externalId: 'R2',
      keys: [key('receipt', 'R1'), key('receipt', 'R2')],
    }
    await world.say(world.wms, { ...same, state: 'received' })
  }

  it('waits, and nothing waits for it: the fact counts for both subjects meanwhile', async () => {
    await running()
    expect(await world.subjects()).toHaveLength(2)
    const linked = await world.rows(sql`select subject_id from subject_objects where external_id = 'R2'`)
    expect(linked).toHaveLength(2)
    expect(await world.rows(sql`select * from quarantine`)).toEqual([])
  })

  it('happens when the run is over', async () => {
    await running()
    world.erp.appear()
    world.pass(3_000)
    await world.work()
    expect(await world.runs()).toMatchObject([{ state: 'finished', outcome: 'done' }])
    world.pass(10_000)
    await world.work()
    expect(await world.subjects()).toHaveLength(1)
    expect(await world.jobs()).toEqual([])
  })

  it('does not keep the run itself from ending, when its own read-back shows it', async () => {
    await world.say(world.erp, { ...receipt('R1'), state: 'open' })
    await world.say(world.wms, { ...receipt('R1'), state: 'received' })
    await world.say(world.wms, { ...receipt('R2'), state: 'received' })
    await world.later(HOUR)
    const [first] = await world.exceptions()
    await world.press('ada', first?.id, 'erp.book_receipt')
    world.erp.put({ ...receipt('R1'), keys: [key('receipt', 'R1'), key('receipt', 'R2')] }, world.clock())
    await world.work('run')
    expect(await world.runs()).toMatchObject([{ state: 'finished', outcome: 'done' }])
    world.pass(10_000)
    await world.work()
    expect(await world.subjects()).toHaveLength(1)
  })
})

describe('what only refers', () => {
  it('links and never unifies', async () => {
    const reference = (n: string) => ({
      ...order(n),
      keys: [key('order', n), key('sku', 'SHOE', 'reference')],
      state: 'confirmed',
    })
    await world.say(world.shop, reference('1'))
    await world.say(world.shop, reference('2'))
    expect(await world.subjects()).toHaveLength(2)
    expect(await world.rows(sql`select value from subject_links`)).toHaveLength(2)
  })

  it('is a parcel of an order: one fact feeds both', async () => {
    const shipped = { keys: [key('order', '1'), key('tracking', 'T')], state: 'shipped' }
    await world.say(world.wms, { ...delivery(), ...shipped })
    expect((await world.subjects()).map(({ kind }) => kind).sort()).toEqual(['fulfillment', 'parcel'])
    expect((await world.expectations()).map(({ contract }) => contract).sort()).toEqual([
      'parcel-scanned',
      'shipment-in-erp',
    ])
  })
})
