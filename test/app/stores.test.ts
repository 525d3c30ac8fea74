import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createQueries } from '../../src/app/ask.ts'
import { keysConfig } from '../../src/config/names.ts'
import { createReader } from '../../src/db/reader.ts'
import { testDatabase } from '../support/database.ts'
import { createWorld, order, type World } from '../support/world.ts'

const database = testDatabase()
let world: World
beforeEach(async () => {
  world = await createWorld(database.url)
})
afterEach(() => world.close())

const writes = (rule: object) => keysConfig.parse({ it: { order: rule } }).it ?? {}
const subjects = async () => {
  const found = await world.rows(sql`
    select k.value, array(select so.system from subject_objects so where so.subject_id = s.id order by 1) as systems
    from subjects s join subject_keys k on k.subject_id = s.id where s.merged_into is null order by 1`)
  return found.map(({ value, systems }) => [value, systems])
}

it('#1001, WEB-1001 and D0001001-2 are one order, where each system says how it writes its numbers', async () => {
  world.shop.keys = writes({ strip: ['#'] })
  world.erp.keys = writes({ strip: ['WEB-'] })
  world.wms.keys = writes({ strip: ['D'], cut_at: '-', leading_zeros: 'drop' })
  await world.say(world.shop, order('#1001'))
  await world.say(world.erp, order('WEB-1001'))
  await world.say(world.wms, order('D0001001-2'))
  expect(await subjects()).toEqual([['1001', ['erp', 'shop', 'wms']]])
  // A poll that says the same once more says nothing new.
  const before = await world.rows(sql`select count(*) from facts`)
  await world.poll()
  expect(await world.rows(sql`select count(*) from facts`)).toEqual(before)
})

it('the order 1001 of two shops is two orders, and the ERP says which of them it means', async () => {
  world.shop.keys = writes({ store: 'eu' })
  world.carrier.keys = writes({ store: 'us' })
  world.erp.keys = writes({ stores: { 'EU-': 'eu', 'US-': 'us' } })
  await world.say(world.shop, order('1001'))
  await world.say(world.carrier, order('1001'))
  await world.say(world.erp, order('US-1001'))
  expect(await subjects()).toEqual([
    ['eu/1001', ['shop']],
    ['us/1001', ['carrier', 'erp']],
  ])
})

it('a number is found as each system writes it, and as people do', async () => {
  world.shop.keys = writes({ store: 'eu' })
  world.erp.keys = writes({ stores: { 'EU-': 'eu' } })
  await world.say(world.shop, order('1001'))
  const queries = createQueries(
    createReader(world.connection.db),
    world.setup,
    [],
    world.clock,
    world.clockText,
  )
  for (const typed of ['1001', '#1001', 'EU-1001', 'eu/1001']) {
    const { subjects: found } = await queries.findExceptions(typed, 5)
    expect(found.map(({ keys }) => keys.map(({ value }) => value))).toEqual([['eu/1001']])
  }
})
