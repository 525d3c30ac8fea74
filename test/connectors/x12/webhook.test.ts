import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { feedContract, feeds } from '../../../src/app/catalogue/feeds.ts'
import { inbound } from '../../../src/app/catalogue/inbound.ts'
import { warehouse } from '../../../src/app/catalogue/warehouse.ts'
import { contractConfig } from '../../../src/app/contract-config.ts'
import { createReceiver } from '../../../src/app/receive.ts'
import { createWatch } from '../../../src/app/watch.ts'
import { x12Config } from '../../../src/connectors/x12/config.ts'
import { createX12Connector } from '../../../src/connectors/x12/index.ts'
import { isTransient } from '../../../src/db/store.ts'
import { testDatabase } from '../../support/database.ts'
import { createWorld, FEED_LIMITS, HOUR, MINUTE, type World } from '../../support/world.ts'
import { interchange, shipAdvice, shipNotice, stockReceipt } from '../../support/x12/documents.ts'

const CATALOGUE = [...warehouse, ...inbound, ...feeds].map((written) => contractConfig.parse(written))

const partner = (name: string, role: 'wms' | 'supplier') =>
  createX12Connector(
    { ...x12Config.parse({ role, verify: { bearer: { tokens: ['a token'] } } }), name },
    { now: () => new Date() },
  )

const database = testDatabase()
let world: World
let receiver: ReturnType<typeof createReceiver>
beforeEach(async () => {
  const connectors = [partner('bravo', 'wms'), partner('mill', 'supplier')]
  world = await createWorld(database.url, { contracts: CATALOGUE, connectors })
  receiver = createReceiver({ connectors, store: world.store, isTransient })
})
afterEach(() => world.close())

const post = async (system: string, body: string, token = 'a token') => {
  const head = { headers: { authorization: `Bearer ${token}` }, receivedAt: world.clock() }
  const { status } = await receiver.receive(system, head, Buffer.from(body))
  await world.work('process')
  return status
}
const open = async () =>
  (await world.exceptions()).filter(({ state }) => state === 'open').map(({ contract }) => contract)
const later = async (ms: number) => {
  world.pass(ms)
  await createWatch({ ...world.base, limits: FEED_LIMITS, zone: 'UTC', watchedSince: world.at(-HOUR) })()
  await world.sweep()
}
const count = async (table: 'signals' | 'facts') =>
  Number((await world.rows(sql`select count(*) as n from ${sql.raw(table)}`))[0]?.n)

const SHORT = shipAdvice({ lines: ['W12*CP*3*2*1*EA**SK*MUG-RED'] })
const PARTIAL = shipAdvice({ lines: ['W12*BP*3*2*1*EA**SK*MUG-RED'] })

describe('a 3PL that speaks only X12', () => {
  it('is a warehouse like any other: a final short pick is an exception, a partial shipment is none', async () => {
    expect(await post('bravo', interchange({ control: 905 }, PARTIAL))).toBe(200)
    await later(MINUTE)
    expect(await open()).not.toContain('wms-short-resolved')
    expect(await post('bravo', interchange({ control: 906, time: '0555' }, SHORT))).toBe(200)
    await later(MINUTE)
    expect(await open()).toContain('wms-short-resolved')
  })

  it('and what it received is compared with what the supplier announced', async () => {
    await post('mill', interchange({ control: 41, sender: 'MILL' }, shipNotice()))
    await post('bravo', interchange({ control: 905 }, stockReceipt()))
    await later(2 * HOUR)
    expect(await open()).not.toContain('supplier-receipt-complete')
    const less = stockReceipt({ lines: ['W07*90*EA**SK*MUG-RED', 'W07*24*EA**SK*PEN-GEL'] })
    await post('bravo', interchange({ control: 906, time: '0555' }, less))
    await later(2 * HOUR)
    expect(await open()).toContain('supplier-receipt-complete')
  })
})

describe('an interchange by HTTP', () => {
  it('changes nothing when it comes again', async () => {
    const body = interchange({ control: 905 }, SHORT)
    expect(await post('bravo', body)).toBe(200)
    const before = [await count('signals'), await count('facts'), await world.objects()]
    expect(await post('bravo', body)).toBe(200)
    expect(await post('bravo', body.replaceAll('\n', ''))).toBe(200)
    expect([await count('signals'), await count('facts'), await world.objects()]).toEqual(before)
  })

  it('with a broken envelope is kept and shown, says nothing, and is read when it comes again whole', async () => {
    const whole = interchange({ control: 905 }, SHORT)
    expect(await post('bravo', whole.replace('IEA*1*', 'IEA*2*'))).toBe(200)
    expect(await count('facts')).toBe(0)
    expect(await world.rows(sql`select problem, length(body) as bytes from signals`)).toEqual([
      { problem: 'ISA 000000905: IEA01 says 2 groups; there are 1', bytes: whole.length },
    ])
    expect(await post('bravo', whole)).toBe(200)
    expect(await count('facts')).toBe(2)
  })

  it('that was left out is an exception of the feed until it comes', async () => {
    await post('bravo', interchange({ control: 905 }, PARTIAL))
    world.pass(MINUTE)
    await post('bravo', interchange({ control: 907, time: '0555' }, stockReceipt()))
    await later(6 * MINUTE)
    expect((await world.exception(feedContract('wms'))).evidence).toBe(
      'bravo: number 906 of ZZ:BRAVO3PL>ZZ:BATONSHOP never came, while 907 did',
    )
    await post('bravo', interchange({ control: 906, time: '0550' }, ['997', 'AK1*OW*1', 'AK9*A*1*1*1']))
    await later(MINUTE)
    expect((await world.exception(feedContract('wms'))).state).toBe('healed')
  })

  it('from somebody who does not know the token is refused', async () => {
    expect(await post('bravo', interchange({ control: 905 }, SHORT), 'another')).toBe(401)
    expect(await count('signals')).toBe(0)
  })
})
