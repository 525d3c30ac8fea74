import { describe, expect, it } from 'vitest'
import { press } from '../../support/tryton/press.ts'
import { openRig, rigEnv } from '../../support/tryton/rig.ts'

const env = rigEnv()

describe.skipIf(!env)('shipped in the WMS, synced into the ERP, on a real Tryton', async () => {
  if (!env) return
  const rig = await openRig(env)
  const { erp, wms, connectors } = rig
  const subject = (number: string) => rig.subject('order', number)
  const SHIPPED = ['wait', 'assign_try', 'pick', 'pack', 'done']

  it('ships the ERP’s delivery and takes its stock down, once', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 10, wms: 10 })]
    const sale = await erp.makeSale(`WEB-${number}`, [[sku, 3]])
    await wms.makeDelivery(`WEB-${number}`, [[sku, 3]], SHIPPED)
    const due = await subject(number)
    expect(await press(connectors.erp, 'sync_shipment', due)).toMatchObject({ is: 'changed' })
    expect(await press(connectors.erp, 'sync_shipment', due)).toMatchObject({ is: 'already_done' })
    const shown = await erp.one('sale.sale', [['id', '=', sale]], ['shipment_state'])
    expect(shown).toMatchObject({ shipment_state: 'sent' })
    expect(await erp.onHand(sku)).toBe(7)
    const shipped = (await subject(number)).objects.filter((o) => o.type === 'fulfillment')
    expect(shipped.map((o) => [o.role, o.state, o.quantities.shipped])).toEqual([
      ['erp', 'shipped', 3],
      ['wms', 'shipped', 3],
    ])
    const parcel = shipped.find((o) => o.role === 'wms')
    expect(parcel?.attributes.tracking).toBe(`TRK-WEB-${number}`)
    expect(parcel?.keys).toContainEqual({ name: 'tracking', value: `TRK-WEB-${number}`, kind: 'identity' })
  })

  it('ships only what the warehouse shipped, and the rest stays open in the ERP', async () => {
    const number = rig.number()
    const [one, two, three] = [
      await rig.article({ erp: 10, wms: 10 }),
      await rig.article({ erp: 10, wms: 10 }),
      await rig.article({ erp: 10, wms: 10 }),
    ]
    await erp.makeSale(`WEB-${number}`, [
      [one, 5],
      [two, 1],
      [three, 2],
    ])
    await wms.makeDelivery(
      `WEB-${number}`,
      [
        [one, 3],
        [two, 1],
      ],
      SHIPPED,
    )
    expect(await press(connectors.erp, 'sync_shipment', await subject(number))).toMatchObject({
      is: 'changed',
    })
    expect([await erp.onHand(one), await erp.onHand(two), await erp.onHand(three)]).toEqual([7, 9, 10])
    const parts = (await subject(number)).objects
      .filter((o) => o.role === 'erp' && o.type === 'fulfillment')
      .map((o) => [o.state, o.attributes.lines])
    expect(parts).toHaveLength(2)
    expect(parts).toContainEqual(['shipped', `${one}*3,${two}*1`])
    expect(parts).toContainEqual(['ready', `${one}*2,${three}*2`])
  })

  it('goes on from where a broken-off attempt has left the delivery', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 10, wms: 10 })]
    const sale = await erp.makeSale(`WEB-${number}`, [[sku, 3]])
    await wms.makeDelivery(`WEB-${number}`, [[sku, 3]], SHIPPED)
    const { shipments } = await erp.one('sale.sale', [['id', '=', sale]], ['shipments'])
    const id = Number(Array.isArray(shipments) ? shipments[0] : 0)
    for (const button of ['assign_try', 'pick']) await erp.press('stock.shipment.out', button, id)
    expect(await press(connectors.erp, 'sync_shipment', await subject(number))).toMatchObject({
      is: 'changed',
    })
    expect([await erp.stateOf('stock.shipment.out', id), await erp.onHand(sku)]).toEqual(['done', 7])
  })

  it('refuses where the ERP has not enough, and leaves everything as it was: no stock below nothing', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 2, wms: 10 })]
    const sale = await erp.makeSale(`WEB-${number}`, [[sku, 3]])
    await wms.makeDelivery(`WEB-${number}`, [[sku, 3]], SHIPPED)
    const pressed = press(connectors.erp, 'sync_shipment', await subject(number))
    await expect(pressed).rejects.toMatchObject({ failure: 'refused' })
    await expect(pressed).rejects.toThrow(new RegExp(`${sku}\\*1`))
    expect(await erp.onHand(sku)).toBe(2)
    const shown = await erp.one('sale.sale', [['id', '=', sale]], ['shipment_state', 'shipments.state'])
    expect(shown).toMatchObject({ shipment_state: 'waiting', 'shipments.': [{ state: 'waiting' }] })
  })
})
