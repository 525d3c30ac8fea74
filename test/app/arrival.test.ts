import { sql } from 'drizzle-orm'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WireFact } from '../../src/app/connector.ts'
import { takeFacts } from '../../src/app/pipeline.ts'
import { processFacts } from '../../src/app/process.ts'
import { livePlay } from '../../src/app/world.ts'
import { testDatabase } from '../support/database.ts'
import type { FakeSystem } from '../support/fake-system.ts'
import {
  createWorld,
  fulfillment,
  HOUR,
  key,
  MINUTE,
  order,
  type Row,
  receipt,
  type World,
} from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

type Delivery = { from: 'shop' | 'erp' | 'wms' | 'carrier'; fact: WireFact; delivery: string }

/** One order and its parcel, from four systems; two deliveries, one of them cancelled again; a short pick, mended. */
const story = (): Delivery[] => {
  const told: Delivery[] = []
  const tell = (from: Delivery['from'], minute: number, object: Parameters<FakeSystem['put']>[0]) => {
    const fact = world[from].put(object, world.at((minute - 300) * MINUTE))
    told.push({ from, fact, delivery: `${from} ${minute}` })
  }
  const shipped = { keys: [key('order', '1'), key('tracking', 'T1')] }
  tell('shop', 0, { ...order('1'), state: 'confirmed' })
  tell('erp', 1, { ...order('1'), state: 'open', keys: [key('order', '1'), key('sale', 'S9')] })
  tell('erp', 2, { type: 'order', externalId: 'invoice', keys: [key('sale', 'S9')], state: 'open' })
  tell('wms', 3, { ...fulfillment('1', 'D1'), state: 'short' })
  tell('wms', 5, { ...fulfillment('1', 'D1'), state: 'ready' })
  tell('wms', 6, { ...fulfillment('1', 'D2'), state: 'ready' })
  tell('wms', 8, { ...fulfillment('1', 'D2'), state: 'cancelled' })
  tell('wms', 9, { ...fulfillment('1', 'D1'), ...shipped, state: 'shipped' })
  return told
}

const without = (row: Row, ...names: string[]): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)))

/** Everything that must come out the same; ids and the marks of arrival are left out. */
const outcome = async () => {
  const keysOf = await world.rows(sql`
    select s.kind, array_agg(k.name || ' ' || k.value order by k.name, k.value) as keys, (
        select array_agg(o.system || ' ' || o.external_id order by o.system, o.external_id)
        from subject_objects o where o.subject_id = s.id) as objects
    from subjects s join subject_keys k on k.subject_id = s.id where s.merged_into is null group by s.id order by 1, 2`)
  const exceptions = await world.rows(sql`
    select contract, state, since, due_at, evidence, magnitude from exceptions where state <> 'merged' order by 1`)
  const expectations = await world.rows(sql`select contract, since, due_at from expectations order by 1`)
  const objects = (await world.objects()).map((row) => without(row, 'received_at'))
  return { keysOf, exceptions, expectations, objects }
}

const deliver = ({ from, fact, delivery }: Delivery) => world.hook(world[from], [fact], { delivery })

const run = async (deliveries: Delivery[], { together }: { together: boolean }) => {
  if (together) {
    await Promise.all(deliveries.map(deliver))
    await world.work('process')
  } else {
    for (const each of deliveries) {
      await deliver(each)
      await world.work('process')
    }
  }
  return outcome()
}

const restart = async () => {
  await world.close()
  world = await createWorld(database.url)
}

describe('the same deliveries', () => {
  it('end in the same objects, subjects and expectations, in whatever order and however often they come', async () => {
    const wanted = await run(story(), { together: false })
    expect(wanted.keysOf).toEqual([
      {
        kind: 'fulfillment',
        keys: ['order 1', 'sale S9'],
        objects: ['erp 1', 'erp invoice', 'shop 1', 'wms D1', 'wms D2'],
      },
      { kind: 'parcel', keys: ['tracking T1'], objects: ['wms D1'] },
    ])
    expect(wanted.expectations.map(({ contract }) => contract)).toEqual(['parcel-scanned', 'shipment-in-erp'])

    const count = story().length
    const orders = fc.tuple(
      fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
      fc.subarray([...Array(count).keys()]),
      fc.boolean(),
    )
    await fc.assert(
      fc.asyncProperty(orders, async ([first, again, together]) => {
        await restart()
        const told = story()
        const pick = (places: number[]) => places.flatMap((place) => told[place] ?? [])
        const got = await run([...pick(first), ...pick(again)], { together })
        // A short pick is due at once: whether anybody saw it before it was mended depends on the order.
        const lasting = got.exceptions.filter(({ contract }) => contract !== 'short-pick')
        const passing = got.exceptions.filter(({ contract }) => contract === 'short-pick')
        expect({ ...got, exceptions: lasting }).toEqual({ ...wanted, exceptions: [] })
        expect(passing.every(({ state }) => state === 'healed')).toBe(true)
      }),
      { numRuns: 12 },
    )
  })

  it('end in the same when many processes take them at once', async () => {
    const wanted = await run(story(), { together: false })
    for (let round = 0; round < 3; round++) {
      await restart()
      const told = story()
      for (const each of told) await deliver(each)
      const refs = await world.rows(
        sql`select id::text, received_at::text as "receivedAt" from facts order by id desc`,
      )
      await Promise.all(
        refs.map(({ id, receivedAt }) =>
          processFacts(world.base, [{ id: String(id), receivedAt: String(receivedAt) }]),
        ),
      )
      const got = await outcome()
      expect({ ...got, exceptions: [] }).toEqual({ ...wanted, exceptions: [] })
    }
  })

  it('open one exception for each contract and subject, however many processes find it at once', async () => {
    const facts = Array.from({ length: 12 }, (_, i) =>
      world.wms.put({ ...fulfillment('7', 'D7'), state: 'short', rawState: `short ${i}` }, world.at(i)),
    )
    for (const fact of facts) await world.hook(world.wms, [fact])
    const jobs = await world.rows(sql`select id::text, received_at::text as "receivedAt" from facts`)
    await Promise.all(
      jobs.map(({ id, receivedAt }) =>
        processFacts(world.base, [{ id: String(id), receivedAt: String(receivedAt) }]),
      ),
    )
    expect(await world.exceptions()).toMatchObject([{ contract: 'short-pick', state: 'open', episode: 1 }])
  })
})

describe('a late fact', () => {
  it('never moves an object backwards', async () => {
    const early = world.wms.put({ ...receipt('R1'), state: 'announced' }, world.at(-3 * HOUR))
    const middle = world.wms.put({ ...receipt('R1'), state: 'received' }, world.at(-2 * HOUR))
    const last = world.wms.put({ ...receipt('R1'), state: 'put_away' }, world.at(-1 * HOUR))
    for (const fact of [last, early, middle]) {
      await world.hook(world.wms, [fact])
      await world.work('process')
      expect(await world.objects()).toMatchObject([{ state: 'put_away', version: 3 }])
    }
    expect((await world.objects())[0]?.entered_at).toEqual({
      announced: '2026-11-23T03:00:00.000Z',
      received: '2026-11-23T04:00:00.000Z',
      put_away: '2026-11-23T05:00:00.000Z',
    })
  })

  it('is taken into an object that belongs to no subject, too', async () => {
    const told = (state: string) =>
      world.erp.put(
        { type: 'purchase_order', externalId: 'P1', keys: [key('sku', 'P1')], state },
        world.clock(),
      )
    const [first, second] = [told('draft'), told('sent')]
    for (const fact of [second, first]) {
      await world.hook(world.erp, [fact])
      await world.work('process')
    }
    expect(await world.objects()).toMatchObject([{ state: 'sent', version: 2 }])
    expect(await world.subjects()).toEqual([])
  })

  it('that names only a part of the keys still moves every subject of its object', async () => {
    const both = [key('order', '1'), key('tracking', 'T1')]
    await world.say(world.wms, { ...fulfillment('1', 'D1'), keys: both, state: 'shipped' })
    await world.say(world.wms, {
      ...fulfillment('1', 'D1'),
      keys: [key('tracking', 'T1')],
      state: 'cancelled',
    })
    expect(await world.expectations()).toEqual([])
    const [object] = await world.objects()
    expect(object).toMatchObject({ state: 'cancelled', version: 2 })
    expect(Object.keys(object?.entered_at as object).sort()).toEqual(['cancelled', 'shipped'])
  })
})

describe('a source that contradicts itself', () => {
  it('is read again, and what it says then stands', async () => {
    const said = world.wms.put({ ...receipt('R1'), state: 'received' }, world.clock())
    await world.hook(world.wms, [said])
    await world.work('process')
    world.pass(1_000)
    await world.hook(world.wms, [{ ...said, state: 'announced' }])
    expect(await world.work('process')).toEqual(['process'])
    expect(await world.jobs()).toMatchObject([{ task_identifier: 'poll', key: 'poll:wms' }])
    world.pass(1_000)
    await world.work()
    expect(await world.objects()).toMatchObject([{ state: 'received' }])
    expect(await world.jobs()).toEqual([])
  })
})

describe('a fact that the pipeline cannot take', () => {
  /** Its quantities are no numbers: what a bug of a connector, or a restored backup, may leave in the table. */
  const poison = (name: string) =>
    world.rows(sql`update facts set quantities = '{"on_hand": "many"}' where external_id = ${name}`)

  it('is set aside for an admin, and its neighbours go on', async () => {
    const facts = ['R1', 'R2', 'R3', 'R4', 'R5'].map((name) =>
      world.wms.put({ ...receipt(name), state: 'received' }, world.clock()),
    )
    await world.hook(world.wms, facts)
    await poison('R3')
    await world.work()
    expect((await world.objects()).map((o) => o.external_id)).toEqual(['R1', 'R2', 'R4', 'R5'])
    const [aside, ...more] = await world.rows(sql`select problem from quarantine`)
    expect(aside?.problem).toContain('on_hand')
    expect(more).toEqual([])
    expect(await world.jobs()).toEqual([])
  })

  it('does not poison the history of its object', async () => {
    const [first, second, third] = ['announced', 'received', 'put_away'].map((state, i) =>
      world.wms.put({ ...receipt('R1'), state }, world.at(i)),
    )
    if (!first || !second || !third) throw new Error('three facts')
    await world.hook(world.wms, [first])
    await poison('R1')
    await world.work()
    for (const fact of [third, second]) {
      await world.hook(world.wms, [fact])
      await world.work()
    }
    expect(await world.objects()).toMatchObject([{ state: 'put_away' }])
    expect(await world.rows(sql`select * from quarantine`)).toHaveLength(1)
  })

  it('is not stored anew by every poll that says it again', async () => {
    world.wms.put({ ...receipt('R1'), state: 'received' }, world.clock())
    await world.hook(world.wms, [...world.wms.objects.values()])
    await poison('R1')
    await world.work()
    await world.poll(world.wms)
    await world.poll(world.wms)
    expect(await world.rows(sql`select * from facts`)).toHaveLength(1)
  })

  it('is not blamed for a database that is down: the job is tried again', async () => {
    await world.hook(world.wms, [world.wms.put({ ...receipt('R1'), state: 'received' }, world.clock())])
    const down = { ...world.base, isTransient: () => true }
    await poison('R1')
    const refs = await world.rows(sql`select id::text, received_at::text as "receivedAt" from facts`)
    const [ref] = refs.map(({ id, receivedAt }) => ({ id: String(id), receivedAt: String(receivedAt) }))
    if (!ref) throw new Error('one fact')
    await expect(processFacts(down, [ref])).rejects.toThrow()
    expect(await world.rows(sql`select * from quarantine`)).toEqual([])
  })
})

describe('timelines', () => {
  it('never mix: the same order in an import is another subject, with objects and exceptions of its own', async () => {
    const short = { ...fulfillment('1', 'D1'), state: 'short' }
    await world.say(world.wms, short)
    const live = await outcome()
    const play = {
      ...livePlay(world.setup, [], world.base.clockText),
      timeline: 'import:old' as const,
      routing: null,
    }
    const fact = {
      ...world.wms.put({ ...short, state: 'ready' }, world.clock()),
      system: 'wms',
      role: 'wms' as const,
      receivedAt: world.clock(),
    }
    await world.store.transaction((tx) => takeFacts(tx, play, [fact], world.clock()))
    expect(await world.subjects()).toMatchObject([{ timeline: 'live' }, { timeline: 'import:old' }])
    expect(await world.exceptions()).toMatchObject([{ timeline: 'live', state: 'open' }])
    expect((await world.objects()).map(({ timeline, state }) => [timeline, state])).toEqual([
      ['import:old', 'ready'],
      ['live', 'short'],
    ])
    expect(live.exceptions).toEqual((await outcome()).exceptions)
  })
})
