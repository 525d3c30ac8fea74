import { describe, expect, it } from 'vitest'
import { actionOf, press } from '../../support/tryton/press.ts'
import { openRig, rigEnv, shopOrder } from '../../support/tryton/rig.ts'

const env = rigEnv()

describe.skipIf(!env)('orders and deliveries that never arrived, on a real Tryton', async () => {
  if (!env) return
  const rig = await openRig(env)
  const { erp, wms, connectors } = rig
  const live = [['state', '!=', 'cancelled']]

  it('enters a paid order once, confirmed, with its delivery waiting', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 5, wms: 0 })]
    const due = await rig.subject('order', number, [shopOrder(number, `${sku}*2`)])
    expect(await press(connectors.erp, 'create_order', due)).toMatchObject({ is: 'changed' })
    const found = await erp.search(
      'sale.sale',
      [['reference', '=', `WEB-${number}`]],
      ['state', 'shipment_state', 'lines.quantity'],
    )
    expect(found).toMatchObject([
      { state: 'processing', shipment_state: 'waiting', 'lines.': [{ quantity: 2 }] },
    ])
    // The card is stale by now: it is read first, and nothing is entered twice.
    expect(await press(connectors.erp, 'create_order', due)).toMatchObject({ is: 'already_done' })
    expect(await erp.search('sale.sale', [['reference', '=', `WEB-${number}`]], [])).toHaveLength(1)
    const now = await rig.subject('order', number, [shopOrder(number, `${sku}*2`)])
    expect(now.objects.filter((o) => o.role === 'erp').map((o) => [o.type, o.state])).toEqual(
      expect.arrayContaining([
        ['order', 'confirmed'],
        ['fulfillment', 'ready'],
      ]),
    )
  })

  it('finishes a sale that was left as a draft instead of entering a second one', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 5, wms: 0 })]
    await erp.makeSale(`WEB-${number}`, [[sku, 2]], [])
    const due = await rig.subject('order', number, [shopOrder(number, `${sku}*2`)])
    expect(await press(connectors.erp, 'create_order', due)).toMatchObject({ is: 'changed' })
    expect(await erp.search('sale.sale', [['reference', '=', `WEB-${number}`]], ['state'])).toMatchObject([
      { state: 'processing' },
    ])
  })

  it('refuses an article that the ERP does not have, by name, and enters nothing', async () => {
    const number = rig.number()
    const due = await rig.subject('order', number, [shopOrder(number, 'NO-SUCH-ARTICLE*2')])
    await expect(press(connectors.erp, 'create_order', due)).rejects.toThrow(/NO-SUCH-ARTICLE/)
    expect(await erp.search('sale.sale', [['reference', '=', `WEB-${number}`]], [])).toEqual([])
  })

  it('enters the missing delivery in the warehouse once, ready to be picked', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 5, wms: 5 })]
    await erp.makeSale(`WEB-${number}`, [[sku, 2]])
    const due = await rig.subject('order', number)
    expect(await press(connectors.wms, 'send_delivery', due)).toMatchObject({ is: 'changed' })
    expect(await press(connectors.wms, 'send_delivery', due)).toMatchObject({ is: 'already_done' })
    const found = await wms.search(
      'stock.shipment.out',
      [['reference', '=', `WEB-${number}`], ...live],
      ['state', 'outgoing_moves', 'inventory_moves'],
    )
    expect(found).toMatchObject([
      { state: 'waiting', outgoing_moves: [expect.any(Number)], inventory_moves: [expect.any(Number)] },
    ])
    const now = await rig.subject('order', number)
    expect(actionOf(connectors.wms, 'send_delivery').target(now)).toMatchObject({
      unavailable: expect.stringMatching(/has it/),
    })
  })

  it('sends it again after the warehouse has cancelled it', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 5, wms: 5 })]
    await erp.makeSale(`WEB-${number}`, [[sku, 2]])
    await wms.makeDelivery(`WEB-${number}`, [[sku, 2]], ['wait', 'cancel'])
    expect(await press(connectors.wms, 'send_delivery', await rig.subject('order', number))).toMatchObject({
      is: 'changed',
    })
    const found = await wms.search('stock.shipment.out', [['reference', '=', `WEB-${number}`]], ['state'])
    expect(found.map(({ state }) => state)).toEqual(['cancelled', 'waiting'])
  })
})
