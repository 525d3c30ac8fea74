import { describe, expect, it } from 'vitest'
import { createTrytonClient } from '../../../src/connectors/tryton/client.ts'
import { trytonConfig } from '../../../src/connectors/tryton/config.ts'
import { actionOf, press } from '../../support/tryton/press.ts'
import { connectorAt, openRig, rigEnv, shopOrder } from '../../support/tryton/rig.ts'
import { createTester } from '../../support/tryton/tester.ts'

const env = rigEnv()

/** Each shows first that Tryton really does it, and then that Baton is not taken in. */
describe.skipIf(!env)('the traps of a real Tryton', async () => {
  if (!env) return
  const rig = await openRig(env)
  const { erp, wms, connectors } = rig
  const OUT = 'stock.shipment.out'
  const subject = (number: string, state = 'confirmed') =>
    rig.subject('order', number, [shopOrder(number, 'ANY*1', state)])
  const signal = () => AbortSignal.timeout(90_000)

  it('a button in the wrong state answers 200 and does nothing: Baton says that it is not changed', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 0, wms: 5 })]
    const id = await wms.makeDelivery(`WEB-${number}`, [[sku, 2]], ['wait', 'assign_try'])
    const seen = await subject(number)
    await wms.press(OUT, 'pick', id)
    expect(await wms.press(OUT, 'draft', id)).toBeNull()
    expect(await wms.stateOf(OUT, id)).toBe('picked')
    const action = actionOf(connectors.wms, 'place_hold')
    const target = action.target(seen)
    if (target === null || 'unavailable' in target) throw new Error('not due')
    const input = { target, values: {}, signal: signal() }
    const before = await action.read(input)
    // Even if it is pressed all the same, past its own precondition.
    await action.act(input, 'key')
    expect(action.compare(input, before, await action.read(input))).toMatchObject({ is: 'unchanged' })
  })

  it('it picks what is not there, below nothing: Baton reserves first, and stops', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 0, wms: 9 })]
    const trap = await wms.makeDelivery(`WEB-${rig.number()}`, [[await rig.article({ erp: 0, wms: 0 }), 2]])
    await wms.press(OUT, 'pick', trap)
    expect(await wms.stateOf(OUT, trap)).toBe('picked')
    const sale = await erp.makeSale(`WEB-${number}`, [[sku, 2]])
    await wms.makeDelivery(`WEB-${number}`, [[sku, 2]], ['wait', 'assign_try', 'pick', 'pack', 'done'])
    await expect(press(connectors.erp, 'sync_shipment', await subject(number))).rejects.toThrow(
      /not enough stock/,
    )
    expect(await erp.onHand(sku)).toBe(0)
    expect(await erp.one('sale.sale', [['id', '=', sale]], ['shipment_state'])).toMatchObject({
      shipment_state: 'waiting',
    })
  })

  it('a shipment written since it was read refuses the press, in a 200, and nothing is done', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 0, wms: 5 })]
    const id = await wms.makeDelivery(`WEB-${number}`, [[sku, 2]])
    const { _timestamp } = await wms.one(OUT, [['id', '=', id]], ['_timestamp'])
    await wms.press(OUT, 'assign_try', id)
    const stale = { _timestamp: { [`${OUT},${id}`]: _timestamp } }
    await expect(wms.press(OUT, 'cancel', id, stale)).rejects.toMatchObject({
      status: 200,
      kind: 'ConcurrencyException',
    })
    expect(await wms.stateOf(OUT, id)).toBe('assigned')
    // Baton reads the stamp again at each step, so that only what happens in between can refuse it.
    expect(await press(connectors.wms, 'place_hold', await subject(number))).toMatchObject({ is: 'changed' })
  })

  it('an error comes inside a 200: Baton hears it in Tryton’s own words', async () => {
    const sku = await rig.article({ erp: 0, wms: 5 })
    const [done] = await wms.search('stock.move', [['product.code', '=', sku]], ['state'])
    const params = [[done?.id], { quantity: 4 }]
    const call = wms.call('model.stock.move.write', params)
    await expect(call).rejects.toMatchObject({ status: 200, kind: 'UserError' })
    const settings = trytonConfig.parse({ role: 'wms', url: env.wms, user: 'bot', password: env.password })
    const client = createTrytonClient({ ...settings, name: 'wms' })
    const heard = client.change('model.stock.move.write', params, signal())
    await expect(heard).rejects.toMatchObject({ failure: 'refused' })
    await expect(heard).rejects.toThrow(/^wms refused: .*move/i)
    expect(await wms.onHand(sku)).toBe(5)
  })

  it('a new record has no write_date: Baton sees it all the same', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 0, wms: 5 })]
    const id = await wms.makeDelivery(`WEB-${number}`, [[sku, 2]], [])
    expect(await wms.one(OUT, [['id', '=', id]], ['write_date'])).toMatchObject({ write_date: null })
    expect((await subject(number)).objects.find((o) => o.role === 'wms')).toMatchObject({ state: 'held' })
  })

  it('a change of a move does not touch its shipment: Baton sees that too', async () => {
    const [number, sku] = [`DN-${rig.number()}`, await rig.article({ erp: 0, wms: 0 })]
    const id = await wms.makeReceipt(number, [[sku, 10]])
    const read = async () => (await rig.subject('receipt', number)).objects[0]
    const before = await read()
    expect(before?.quantities.advised).toBe(10)
    const { write_date, incoming_moves } = await wms.one(
      'stock.shipment.in',
      [['id', '=', id]],
      ['write_date', 'incoming_moves'],
    )
    await wms.call('model.stock.move.write', [incoming_moves, { quantity: 7 }])
    expect(await wms.one('stock.shipment.in', [['id', '=', id]], ['write_date'])).toMatchObject({
      write_date,
    })
    const after = await read()
    expect(after?.quantities.advised).toBe(7)
    expect(after?.version).toBeGreaterThan(before?.version ?? 0)
  })

  it('what was cancelled and reopened ships nothing: Baton enters a new delivery instead', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 5, wms: 5 })]
    await erp.makeSale(`WEB-${number}`, [[sku, 2]])
    const id = await wms.makeDelivery(`WEB-${number}`, [[sku, 2]], ['wait', 'cancel'])
    expect(await press(connectors.wms, 'send_delivery', await subject(number))).toMatchObject({
      is: 'changed',
    })
    expect(await wms.stateOf(OUT, id)).toBe('cancelled')
  })

  it('a method that is not offered answers 403 in HTML, a wrong password 401: Baton calls both misconfigured', async () => {
    await expect(wms.call('model.stock.shipment.out.no_such_method', [[1]])).rejects.toMatchObject({
      status: 403,
    })
    await expect(createTester(env.wms, 'bot', 'wrong')).rejects.toMatchObject({ status: 401 })
    const wrong = connectorAt('wms', env.wms, 'wrong')
    await expect(wrong.probe(signal())).rejects.toMatchObject({ failure: 'misconfigured' })
    const missing = connectorAt('erp', env.wms, env.password)
    await expect(missing.probe(signal())).rejects.toThrow(/lacks the module .*sale/)
    await expect(connectors.erp.probe(signal())).resolves.toBeUndefined()
  })
})
