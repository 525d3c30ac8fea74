import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startWorld, type TestWorld } from '../support/sandbox-world.ts'

let world: TestWorld
beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.stop())

const effects = () => world.sandbox.ledger().effects

describe('a system’s API', () => {
  it('lets nobody in without its own token', async () => {
    const { sandbox } = world
    const erpToken = sandbox.systems.find((s) => s.name === 'erp')?.token ?? ''
    expect((await world.call('wms', '/stock/MUG-RED@MAIN/count', { key: 'k', token: erpToken })).status).toBe(
      401,
    )
    const anonymous = await fetch(`${sandbox.systems[0]?.url}/changes`)
    expect(anonymous.status).toBe(401)
    expect(effects()).toEqual([])
  })

  it('answers nonsense with what is wrong about it', async () => {
    expect((await world.call('erp', '/sales/%zz')).status).toBe(400)
    expect((await world.call('erp', '/nothing/here')).status).toBe(404)
    expect((await world.call('erp', '/changes?cursor=minus')).status).toBe(422)
    const { url, token } = world.sandbox.systems[1] ?? { url: '', token: '' }
    const headers = { authorization: `Bearer ${token}`, 'idempotency-key': 'k' }
    const huge = await fetch(`${url}/sales`, { method: 'POST', headers, body: 'x'.repeat(70_000) })
    expect(huge.status).toBe(413)
    const broken = await fetch(`${url}/sales`, { method: 'POST', headers, body: '{"reference":' })
    expect(broken.status).toBe(422)
  })

  it('wants an idempotency key for every change', async () => {
    const answer = await world.call('wms', '/stock/MUG-RED@MAIN/count', {})
    expect(answer.status).toBe(400)
    expect(effects()).toEqual([])
  })

  it('answers a repeated key with the first answer and does nothing again', async () => {
    const fault = await world.plant('shipped_not_in_erp')
    const { objects } = await world.subject('order', fault.keys.order ?? '')
    const id = objects.find((o) => o.system === 'erp' && o.type === 'fulfillment')?.externalId
    const init = { key: 'press-7', body: { tracking: 'TRK' } }
    const first = await world.call('erp', `/deliveries/${id}/ship`, init)
    const again = await world.call('erp', `/deliveries/${id}/ship`, init)
    expect([first.status, again.status]).toEqual([200, 200])
    expect(again.body).toEqual(first.body)
    expect(effects()).toMatchObject([
      { system: 'erp', action: 'sync_shipment', object: id, idempotencyKey: 'press-7' },
    ])
  })

  it('answers a repeated refusal with the same refusal, even when it would work by now', async () => {
    const fault = await world.plant('short_pick')
    const path = `/deliveries/D${fault.keys.order}-1/hold`
    const init = { key: 'k', body: { reason: 'wait' } }
    expect((await world.call('wms', path, init)).status).toBe(409)
    expect((await world.call('wms', path, init)).headers.get('idempotent-replayed')).toBe('true')
  })

  it('does not take one key for two different calls', async () => {
    expect((await world.call('wms', '/stock/MUG-RED@MAIN/count', { key: 'k' })).status).toBe(202)
    const other = await world.call('wms', '/stock/PEN-GEL@MAIN/count', { key: 'k' })
    expect(other.status).toBe(422)
    expect(effects()).toHaveLength(1)
  })

  it('refuses what its state forbids, in its own words', async () => {
    await world.advance(20_000)
    const short = await world.plant('short_pick')
    const hold = await world.call('wms', `/deliveries/D${short.keys.order}-1/hold`, {
      key: 'a',
      body: { reason: 'x' },
    })
    expect(hold.status).toBe(409)
    expect(hold.body.message).toBe(
      `Delivery D${short.keys.order}-1 is SHORT: it can be held only before picking.`,
    )
    const split = await world.call('wms', '/deliveries/D1001-1/split', { key: 'b' })
    expect(split.status).toBe(409)
    const resend = await world.call('shop', '/orders/501001/resend', { key: 'c' })
    expect(resend.body.message).toMatch(/^Order #1001 is (in the ERP already, as SO-00017|fulfilled)/)
    const level = { quantity: -1, as_of: 999 }
    expect((await world.call('erp', '/levels/MUG-RED@MAIN/set', { key: 'd', body: level })).status).toBe(422)
    expect(
      (await world.call('wms', '/deliveries/NONE/hold', { key: 'e', body: { reason: 'x' } })).status,
    ).toBe(404)
    expect(effects()).toEqual([])
  })

  it('traps: the ERP says 200 to booking a receipt twice, and does nothing', async () => {
    await world.until('the first receipt is booked', async () =>
      (await world.facts('erp')).find((f) => f.type === 'receipt' && f.state === 'received'),
    )
    const before = await world.call('erp', '/receipts/GR-00001')
    const answer = await world.call('erp', '/receipts/GR-00001/book', { key: 'k', body: { quantity: 5 } })
    expect(answer.status).toBe(200)
    expect((await world.call('erp', '/receipts/GR-00001')).body).toEqual(before.body)
    expect(effects()).toEqual([])
  })

  it('traps: the ERP puts the error of a doubled order into a 200', async () => {
    await world.until('the first order is in the ERP', async () =>
      (await world.facts('erp')).find((f) => f.type === 'order'),
    )
    const body = {
      reference: 'WEB-1001',
      currency: 'EUR',
      amount: '10.00',
      lines: [{ product: 'MUG-RED', quantity: 1 }],
    }
    const answer = await world.call('erp', '/sales', { key: 'k', body })
    expect(answer.status).toBe(200)
    expect(answer.body.error).toMatchObject({ message: 'A sale with the reference WEB-1001 exists already.' })
    expect(effects()).toEqual([])
  })

  it('does not book a movement again that a count contains already', async () => {
    const { keys } = await world.plant('stock_drift')
    const stock = keys.stock ?? ''
    const wmsUnits = async () => Number((await world.call('wms', `/stock/${stock}`)).body.on_hand)
    const before = await wmsUnits()
    // The moment after a movement in the WMS, while its message is on the way to the ERP.
    await world.until('a movement', async () => ((await wmsUnits()) === before ? undefined : true), 600_000)
    const { body } = await world.call('wms', `/stock/${stock}`)
    const set = { quantity: body.on_hand, as_of: body.sequence }
    expect((await world.call('erp', `/levels/${stock}/set`, { key: 'k', body: set })).status).toBe(200)
    const agreed = await world.until('they agree', async () => {
      const erp = (await world.call('erp', `/levels/${stock}`)).body.quantity
      return erp === (await wmsUnits()) ? erp : undefined
    })
    expect(agreed).toBeDefined()
    expect(world.sandbox.ledger().faults.find((f) => f.kind === 'stock_drift')?.fixedBy?.name).toBe('baton')
    const stale = { key: 'late', body: { quantity: before, as_of: 1 } }
    expect((await world.call('erp', `/levels/${stock}/set`, stale)).status).toBe(409)
  })

  it('counts when asked to, and the result comes later', async () => {
    const asked = await world.call('wms', '/stock/MUG-RED@MAIN/count', { key: 'k' })
    expect(asked.status).toBe(202)
    expect(asked.body.counted_at).toBeNull()
    await world.advance(3_000)
    const counted = await world.call('wms', '/stock/MUG-RED@MAIN')
    expect(counted.body.counted_at).not.toBeNull()
    expect(counted.body.count_requested_at).toBeNull()
  })

  it('a count finds what was mistyped in the WMS', async () => {
    let drift = await world.plant('stock_drift')
    while (drift.wrongIn !== 'wms') drift = await world.plant('stock_drift')
    await world.call('wms', `/stock/${drift.keys.stock}/count`, { key: 'k' })
    await world.advance(3_000)
    const entry = world.sandbox.ledger().faults.find((f) => f.id === drift.id)
    expect(entry?.fixedBy?.kind).toBe('person')
  })

  it('an answer can get lost after the effect: the same key then tells what happened', async () => {
    const { keys } = await world.plant('short_pick')
    await world.control('/faults', { kind: 'lose_answer', system: 'wms' })
    const call = () => world.call('wms', `/deliveries/D${keys.order}-1/split`, { key: 'k' })
    await expect(call()).rejects.toThrow()
    expect(effects()).toHaveLength(1)
    const again = await call()
    expect(again.status).toBe(200)
    expect(effects()).toHaveLength(1)
  })
})

describe('the stubborn faults', () => {
  it('a resend or a booking that is accepted and does not help has another way out', async () => {
    await world.stop()
    world = await startWorld({
      faults: { ...(await import('../../src/sandbox/faults.ts')).NO_FAULTS, stubbornShare: 1 },
    })
    for (let i = 0; i < 16; i++) await world.control('/faults', { kind: 'import_late' })
    await world.advance(1_000)

    const order = await world.plant('paid_never_imported')
    expect(order.stubborn).toBe(true)
    const path = `/orders/50${order.keys.order}/resend`
    expect((await world.call('shop', path, { key: 'a' })).status).toBe(202)
    await world.advance(5_000)
    expect(
      (await world.subject('order', order.keys.order ?? '')).objects.some((o) => o.system === 'erp'),
    ).toBe(false)

    const receipt = await world.plant('receipt_never_booked')
    const find = async () =>
      (await world.subject('receipt', receipt.keys.receipt ?? '')).objects.find((o) => o.system === 'erp')
    const draft = await find()
    expect(draft?.rawState).toBe('draft')
    const body = { quantity: 24 }
    expect((await world.call('erp', `/receipts/${draft?.externalId}/book`, { key: 'b', body })).status).toBe(
      200,
    )
    expect((await find())?.state).toBe('ordered')
  })
})

describe('the control service', () => {
  it('is closed to web pages, which could post to loopback', async () => {
    const { controlUrl } = world.sandbox
    const page = await fetch(`${controlUrl}/pause`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
    })
    expect(page.status).toBe(403)
  })

  it('plants on the next order when asked to', async () => {
    await world.control('/faults', { kind: 'short_pick', on: 'next' })
    expect(world.sandbox.ledger().faults).toEqual([])
    await world.advance(5_000)
    expect(world.sandbox.ledger().faults).toMatchObject([{ kind: 'short_pick', keys: { order: '1001' } }])
  })

  it('says what it wants when it is asked wrongly', async () => {
    const wrong = await world.control('/faults', { kind: 'meteorite' })
    expect(wrong.status).toBe(422)
    expect((await world.control('/nowhere', {})).status).toBe(404)
  })

  it('pauses the world and lets it go on', async () => {
    await world.advance(10_000)
    await world.control('/pause', {})
    const before = await world.facts('shop')
    await world.advance(60_000)
    expect(await world.facts('shop')).toEqual(before)
    await world.control('/resume', {})
    await world.advance(10_000)
    const grown = (await world.facts('shop')).length - before.length
    expect(grown).toBeGreaterThan(4)
    expect(grown).toBeLessThan(16)
  })

  it('shows the ledger over HTTP', async () => {
    await world.plant('stock_drift')
    const page = await (await world.control('/ledger')).json()
    expect(page).toEqual(world.sandbox.ledger())
  })
})
