import { afterEach, describe, expect, it } from 'vitest'
import { CATALOGUE } from '../../src/sandbox/catalogue.ts'
import { DEFAULT_FAULTS, FAULTS, type FaultKind, FIRST_ROUND, LOOKALIKES } from '../../src/sandbox/faults.ts'
import { pollAll, START, startWorld, type TestWorld } from '../support/sandbox-world.ts'

const worlds: TestWorld[] = []
const open = async (options?: Parameters<typeof startWorld>[0]) => {
  const world = await startWorld(options)
  worlds.push(world)
  return world
}
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.stop()))
})

const MINUTE = 60_000
const everything = async (world: TestWorld) => ({
  ledger: world.sandbox.ledger(),
  webhooks: world.deliveries.map(({ url, body, headers, at }) => ({
    url,
    headers,
    at,
    body: body.toString(),
  })),
  shop: await world.facts('shop'),
  erp: await world.facts('erp'),
  wms: await world.facts('wms'),
  carrier: await world.facts('carrier'),
})

describe('the world', () => {
  it('is the same again with the same seed and start, to the last webhook', async () => {
    const run = async () => {
      const world = await open({ seed: 'same', faults: DEFAULT_FAULTS })
      await world.advance(6 * MINUTE)
      return everything(world)
    }
    const [once, again] = [await run(), await run()]
    expect(once.ledger.faults.length).toBeGreaterThan(10)
    expect(again).toEqual(once)
  })

  it('is the same whether it is lived in one go or in small steps', async () => {
    const [leap, walk] = [await open({ faults: DEFAULT_FAULTS }), await open({ faults: DEFAULT_FAULTS })]
    await leap.advance(2 * MINUTE)
    for (let i = 0; i < 240; i++) await walk.advance(500)
    expect(walk.sandbox.ledger()).toEqual(leap.sandbox.ledger())
    expect(await walk.facts('wms')).toEqual(await leap.facts('wms'))
  })

  it('is another one with another seed', async () => {
    const [one, other] = [await open({ seed: 'one' }), await open({ seed: 'other' })]
    await one.advance(MINUTE)
    await other.advance(MINUTE)
    expect(await other.facts('shop')).not.toEqual(await one.facts('shop'))
  })

  it('takes an order from payment to the customer, through all four systems', async () => {
    const world = await open()
    await world.until('order 1001 is delivered', async () => {
      const parcels = await world.facts('carrier')
      return parcels.find((f) => f.state === 'delivered' && f.keys.some((k) => k.value === '1001'))
    })
    const { objects } = await world.subject('order', '1001')
    const states = Object.fromEntries(
      objects.map((o) => [`${o.system} ${o.type}`, `${o.state} (${o.rawState})`]),
    )
    expect(states).toEqual({
      'shop order': 'complete (fulfilled)',
      'shop fulfillment': 'shipped (CLOSED)',
      'erp order': 'complete (done)',
      'erp fulfillment': 'shipped (done)',
      'wms fulfillment': 'shipped (DESPATCHED)',
    })
    const names = objects.map((o) => o.externalId).sort()
    expect(names).toEqual(['501001', '701001', 'D1001-1', 'OUT-00017', 'SO-00017'])
    const parcel = await world.subject('tracking', 'TRK1001X1NL')
    expect(parcel.objects.map((o) => `${o.system} ${o.state}`).sort()).toEqual([
      'carrier delivered',
      'wms shipped',
    ])
  })

  it('with no faults, has three systems agree on every stock level after every movement has arrived', async () => {
    const world = await open()
    await world.advance(10 * MINUTE)
    const levels = async (system: 'erp' | 'wms') =>
      Object.fromEntries(
        (await world.facts(system)).flatMap((f) =>
          f.type === 'inventory' ? [[f.externalId, f.quantities.on_hand]] : [],
        ),
      )
    // Movements take up to 2 s, so each item agrees again and again, though seldom all of them at once.
    const disagreeing = new Set(Object.keys(await levels('wms')))
    expect(disagreeing.size).toBe(2 * CATALOGUE.length)
    for (let i = 0; i < 40 && disagreeing.size > 0; i++) {
      const [erp, wms] = [await levels('erp'), await levels('wms')]
      for (const item of disagreeing) if (erp[item] === wms[item]) disagreeing.delete(item)
      await world.advance(500)
    }
    expect([...disagreeing]).toEqual([])
    expect(world.sandbox.ledger().faults).toEqual([])
  })

  it('plants every well-known fault within the first ten seconds, shows them within twenty, and no other before', async () => {
    const world = await open({ faults: DEFAULT_FAULTS })
    await world.advance(20_000)
    const first = world.sandbox.ledger().faults
    expect(new Set(first.map((f) => f.kind))).toEqual(new Set(FIRST_ROUND))
    const early = first.filter((f) => Date.parse(f.plantedAt) - START.getTime() < 10_000)
    expect(early.length).toBeGreaterThanOrEqual(8)
    expect(early.filter((f) => f.brokenAt !== null).length).toBe(early.length)
    expect(early.every((f) => f.expectedContract === FAULTS[f.kind as FaultKind].contract)).toBe(true)
  })

  it('goes on at a pace that people can follow, and never has more open faults than planned', async () => {
    const world = await open({ faults: { ...DEFAULT_FAULTS, maxOpen: 12 } })
    for (let i = 0; i < 30; i++) {
      await world.advance(MINUTE)
      const open = world.sandbox.ledger().faults.filter((f) => f.fixedAt === null)
      expect(open.length).toBeLessThanOrEqual(12)
    }
    const { faults, lookalikes } = world.sandbox.ledger()
    const inMinute = (n: number) =>
      faults.filter((f) => Math.floor((Date.parse(f.plantedAt) - +START) / MINUTE) === n)
    expect(inMinute(1).length).toBeLessThanOrEqual(6)
    expect(inMinute(10).length).toBeLessThanOrEqual(2)
    expect(new Set(lookalikes.map((l) => l.kind))).toEqual(new Set(Object.keys(LOOKALIKES)))
    expect(faults.some((f) => f.fixedBy?.kind === 'person')).toBe(true)
  })

  it('does not grow with time: finished orders and receipts are archived', async () => {
    const world = await open()
    await world.advance(35 * MINUTE)
    const before = (await world.store.load()).length
    await world.advance(15 * MINUTE)
    expect((await world.store.load()).length).toBeLessThan(before * 1.1)
    expect((await world.call('shop', '/orders/501001')).status).toBe(404)
    expect((await world.call('wms', '/deliveries/D1001-1')).status).toBe(404)
  }, 60_000)

  it('has clocks that are apart: forty seconds ahead in the ERP, twenty-five behind at the carrier', async () => {
    const world = await open()
    await world.advance(5_000)
    const nowOf = async (system: 'erp' | 'carrier') => {
      const { body } = await world.call(system, '/whoami')
      return Date.parse(String(body.now)) - world.now().getTime()
    }
    expect([await nowOf('erp'), await nowOf('carrier')]).toEqual([40_000, -25_000])
  })

  it('lists each object once, at its latest change, page by page', async () => {
    const world = await open()
    await world.advance(MINUTE)
    const seen: { id: string; sequence: number }[] = []
    let cursor = '0'
    for (let more = true; more; ) {
      const { body } = await world.call('wms', `/changes?cursor=${cursor}&limit=7`)
      const items = body.items as { kind: string; id: string; sequence: number }[]
      expect(items.length).toBeLessThanOrEqual(7)
      seen.push(...items.map(({ kind, id, sequence }) => ({ id: `${kind} ${id}`, sequence })))
      cursor = String(body.next_cursor)
      more = body.more === true
    }
    expect(new Set(seen.map((row) => row.id)).size).toBe(seen.length)
    expect(seen).toEqual([...seen].sort((a, b) => a.sequence - b.sequence))
    expect(seen.length).toBe((await pollAll(world.connectors.wms)).length)
  })
})
