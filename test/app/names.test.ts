import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CATALOGUE } from '../../src/app/catalogue.ts'
import { draftOf, viewOf } from '../../src/app/draft.ts'
import { createNameDesk } from '../../src/app/names.ts'
import { offersFor } from '../../src/app/offers.ts'
import { createSubjectDesk } from '../../src/app/split.ts'
import { mapsConfig } from '../../src/config/names.ts'
import { createBatonConnector } from '../../src/connectors/baton/index.ts'
import { testDatabase } from '../support/database.ts'
import type { FakeSystem } from '../support/fake-system.ts'
import { CONTRACTS, createWorld, key, MINUTE, order, type World } from '../support/world.ts'

const database = testDatabase()
const MAPS = mapsConfig.parse({
  locations: { MAIN: { shop: 'Berlin', wms: 'BER' }, OUTLET: { shop: 'Hamburg', erp: '900' } },
  skus: { 'MUG-RED': { shop: 'mug-red', erp: { name: 'MUG-CASE', units: 12 } }, PEN: { shop: 'pen-1' } },
})
const NAMES = CATALOGUE.filter(({ id }) => id === 'names-mapped')

let world: World
beforeEach(async () => {
  world = await createWorld(database.url, { contracts: [...CONTRACTS, ...NAMES], maps: MAPS })
  const desk = createNameDesk({ store: world.store, maps: MAPS, clock: world.clock })
  world.setup.connectors.push(createBatonConnector(desk))
})
afterEach(() => world.close())

const level = (sku: string, place: string, on_hand: number, externalId = `${sku}@${place}`) => ({
  type: 'inventory' as const,
  externalId,
  keys: [key('stock', `${sku}@${place}`), key('sku', sku, 'reference')],
  state: 'level',
  quantities: { on_hand },
  attributes: { location: place },
})
/** Which objects are on which stock item, by the item's keys. */
const items = async () => {
  const found = await world.rows(sql`
    select k.value as item, array_agg(so.system || ' ' || so.external_id order by so.system, so.external_id) as objects
    from subjects s join subject_keys k on k.subject_id = s.id left join subject_objects so on so.subject_id = s.id
    where s.kind = 'stock' and s.merged_into is null group by k.value order by k.value`)
  return Object.fromEntries(found.map(({ item, objects }) => [item, objects]))
}
const unknown = async () => (await world.exceptions()).filter(({ contract }) => contract === 'names-mapped')
const mapAs = async (values: Record<string, string>, who = 'ada') => {
  const open = (await unknown()).find(({ state }) => state === 'open')
  const pressed = await world.press(who, open?.id, 'baton.map_name', { values })
  await world.work('run', 'remap', 'process')
  return pressed
}
const cardOf = async (id: unknown) => {
  const [found] = await world.rows(
    sql`select subject_id::text as id from exceptions where id = ${Number(id)}`,
  )
  const [record] = await world.store.transaction((tx) => tx.lockSubjects([String(found?.id)]))
  const exception = record?.exceptions.find((each) => each.id === String(id))
  if (!record || !exception) throw new Error(`no exception ${String(id)}`)
  return offersFor(exception, NAMES[0], viewOf(draftOf(record)), world.setup, {
    now: world.clock(),
    clockText: world.clockText,
    past: [],
    unreachable: () => null,
  })
}
const says = (system: FakeSystem, ...args: Parameters<typeof level>) => world.say(system, level(...args))

describe('a name that the file maps', () => {
  it('is one stock item with what the others call it, and no question', async () => {
    await says(world.shop, 'mug-red', 'Berlin', 10)
    await says(world.wms, 'MUG-RED', 'BER', 10)
    await says(world.erp, 'MUG-RED', 'MAIN', 10)
    expect(await items()).toEqual({
      'MUG-RED@MAIN': ['erp MUG-RED@MAIN', 'shop mug-red@Berlin', 'wms MUG-RED@BER'],
    })
    expect(await unknown()).toEqual([])
    const places = await world.rows(sql`select distinct attributes->>'location' as place from objects`)
    expect(places).toEqual([{ place: 'MAIN' }])
  })

  it('is counted in pieces where the system counts in cases', async () => {
    await says(world.wms, 'MUG-RED', 'BER', 24)
    await says(world.erp, 'MUG-CASE', 'MAIN', 2)
    await world.later(31 * MINUTE)
    expect(await world.exceptions()).toEqual([])
    await says(world.erp, 'MUG-CASE', 'MAIN', 3)
    await world.later(31 * MINUTE)
    expect(await world.exceptions()).toMatchObject([{ contract: 'stock-agrees', magnitude: 12 }])
  })

  it('says nothing new when a system repeats itself under its own name', async () => {
    await says(world.shop, 'mug-red', 'Berlin', 10)
    const before = await world.rows(sql`select count(*) as n from facts`)
    await world.later(MINUTE)
    expect(await world.rows(sql`select count(*) as n from facts`)).toEqual(before)
  })
})

describe('a name that no map knows', () => {
  it('is one exception, however many facts carry it, and says where it was seen', async () => {
    await says(world.erp, 'MUG-RED', '001', 5)
    await says(world.erp, 'PEN', '001', 7)
    await says(world.erp, 'MUG-RED', '001', 6)
    expect(await unknown()).toMatchObject([
      {
        state: 'open',
        evidence:
          'baton says location "001" of erp is on no map (seen on 1 thing, first on inventory MUG-RED@001) and has not moved on.',
      },
    ])
    expect(Object.keys(await items())).toEqual(['MUG-RED@001', 'PEN@001'])
  })

  it('is counted anew from time to time', async () => {
    for (const sku of ['MUG-RED', 'PEN', 'CUP', 'INK']) await says(world.wms, sku, 'nowhere', 5)
    await world.store.transaction((tx) => tx.addJob('remap', { name: null, after: '' }))
    await world.work('remap', 'process')
    expect((await unknown()).map(({ evidence }) => evidence)).toEqual([
      expect.stringContaining('seen on 4 things, first on inventory MUG-RED@nowhere'),
    ])
  })

  it('offers the known names, the one that looks most like it first, and any other', async () => {
    await says(world.wms, 'MUG-RED', 'OUTL', 5)
    const [open] = await unknown()
    const offer = (await cardOf(open?.id)).find(({ id }) => id === 'baton.map_name')
    expect(offer).toMatchObject({ label: 'Map it', enabled: true, style: 'primary' })
    const [choice, text] = offer?.inputs ?? []
    expect(choice).toMatchObject({ options: [{ value: 'OUTLET' }, { value: 'MAIN' }] })
    expect(text).toMatchObject({ kind: 'text', required: false })
  })

  it('is asked for by articles as well, one by one', async () => {
    const keys = [key('order', '1'), key('sku', 'what', 'reference'), key('sku', 'pen-1', 'reference')]
    await world.say(world.shop, { ...order('1'), keys })
    expect((await unknown()).map(({ evidence }) => evidence)).toEqual([
      expect.stringContaining('sku "what" of shop is on no map'),
    ])
  })

  it('is no question where the file does not ask for such names', async () => {
    await world.close()
    const maps = mapsConfig.parse({ locations: { MAIN: { erp: '900' } }, ask_for: ['skus'] })
    world = await createWorld(database.url, { contracts: [...CONTRACTS, ...NAMES], maps })
    await says(world.erp, 'MUG-RED', '001', 5)
    expect(await unknown()).toEqual([])
    expect(await world.rows(sql`select * from subject_links where name = 'mapping'`)).toEqual([])
  })
})

describe('"Map it"', () => {
  it('is verified, moves what was recorded, and everything that comes after', async () => {
    await says(world.wms, 'MUG-RED', 'BER', 10)
    await says(world.erp, 'MUG-RED', '001', 9)
    await says(world.erp, 'PEN', '001', 4)
    await world.later(31 * MINUTE)
    expect((await world.exceptions()).map(({ contract }) => contract)).toEqual(['names-mapped'])

    expect(await mapAs({ canonical: 'MAIN' })).toMatchObject({ result: 'acted' })
    expect(await world.runs()).toMatchObject([{ state: 'finished', outcome: 'done' }])
    expect((await world.runs())[0]?.verified_at).not.toBeNull()
    expect(await unknown()).toMatchObject([{ state: 'resolved' }])
    expect(await items()).toEqual({
      'MUG-RED@MAIN': ['erp MUG-RED@001', 'wms MUG-RED@BER'],
      'PEN@MAIN': ['erp PEN@001'],
    })
    expect(await world.rows(sql`select system, value, canonical, person_id from mappings`)).toMatchObject([
      { system: 'erp', value: '001', canonical: 'MAIN', person_id: expect.anything() },
    ])
    await says(world.erp, 'CUP', '001', 1)
    expect(Object.keys(await items())).toContain('CUP@MAIN')
    // What had been compared with nothing is compared now.
    await world.later(31 * MINUTE)
    expect(await world.exceptions()).toContainEqual(
      expect.objectContaining({ contract: 'stock-agrees', state: 'open', magnitude: 1 }),
    )
  })

  it('takes a name that is not on the list', async () => {
    await says(world.erp, 'PEN', '007', 4)
    await mapAs({ canonical: 'MAIN', other: 'BACKROOM' })
    expect(Object.keys(await items())).toEqual(['PEN@BACKROOM'])
  })

  it('does nothing without a name', async () => {
    await says(world.erp, 'PEN', '007', 4)
    await mapAs({})
    expect(await world.runs()).toMatchObject([
      { outcome: 'refused', words: expect.stringContaining('type its name') },
    ])
    expect(await unknown()).toMatchObject([{ state: 'open' }])
  })

  it('moves only what the one system said: another may mean another place by the same name', async () => {
    await says(world.erp, 'PEN', '001', 4)
    await says(world.carrier, 'PEN', '001', 8)
    expect(await items()).toEqual({ 'PEN@001': ['carrier PEN@001', 'erp PEN@001'] })
    await mapAs({ canonical: 'MAIN' })
    expect(await items()).toEqual({ 'PEN@001': ['carrier PEN@001'], 'PEN@MAIN': ['erp PEN@001'] })
  })
})

describe('a wrong "Map it"', () => {
  it('is taken back by forgetting it: everything is where it was, and Baton asks once more', async () => {
    await says(world.wms, 'MUG-RED', 'BER', 10)
    await says(world.erp, 'MUG-RED', '001', 9)
    await mapAs({ canonical: 'MAIN' })
    await world.later(31 * MINUTE)
    expect(await world.exception('stock-agrees')).toMatchObject({ state: 'open' })

    await createSubjectDesk(world.base).unmap('erp', 'location', '001')
    await world.work('remap', 'process')
    expect(await items()).toEqual({ 'MUG-RED@001': ['erp MUG-RED@001'], 'MUG-RED@MAIN': ['wms MUG-RED@BER'] })
    expect(await unknown()).toMatchObject([{ state: 'open', episode: 2 }])
    expect(await world.exception('stock-agrees')).toMatchObject({
      state: 'healed',
      status: expect.stringContaining('means something else now'),
    })

    await mapAs({ canonical: 'OUTLET' })
    expect(await items()).toEqual({
      'MUG-RED@MAIN': ['wms MUG-RED@BER'],
      'MUG-RED@OUTLET': ['erp MUG-RED@001'],
    })
  })
})

describe('a map in the file that was wrong', () => {
  it('is put right there: at the next start everything moves to what the file says now', async () => {
    const startWith = async (file: object) => {
      world.setup.maps = mapsConfig.parse(file)
      await world.store.transaction((tx) => tx.addJob('remap', { name: null, after: '' }))
      await world.work('remap', 'process')
    }
    await startWith({ locations: { MAIN: { wms: 'BER', erp: '001' } } })
    await says(world.wms, 'PEN', 'BER', 10)
    await says(world.erp, 'PEN', '001', 9)
    await world.later(31 * MINUTE)
    expect(await items()).toEqual({ 'PEN@MAIN': ['erp PEN@001', 'wms PEN@BER'] })
    expect(await world.exception('stock-agrees')).toMatchObject({ state: 'open' })

    await startWith({ locations: { MAIN: { wms: 'BER' }, OUTLET: { erp: '001' } } })
    expect(await items()).toEqual({ 'PEN@MAIN': ['wms PEN@BER'], 'PEN@OUTLET': ['erp PEN@001'] })
    expect(await world.exception('stock-agrees')).toMatchObject({ state: 'healed' })

    await startWith({ locations: { MAIN: { wms: 'BER' } } })
    expect(await items()).toEqual({ 'PEN@001': ['erp PEN@001'], 'PEN@MAIN': ['wms PEN@BER'] })
  })
})
