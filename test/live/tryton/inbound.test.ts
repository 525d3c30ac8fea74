import { describe, expect, it } from 'vitest'
import { actionOf, press } from '../../support/tryton/press.ts'
import { openRig, rigEnv, supplierDate, withSupplier } from '../../support/tryton/rig.ts'

const env = rigEnv()

describe.skipIf(!env)('goods that come in, and stock, on a real Tryton', async () => {
  if (!env) return
  const rig = await openRig(env)
  const { erp, wms, connectors } = rig
  const note = () => `DN-${rig.number()}`
  const IN = 'stock.shipment.in'

  it('books what the warehouse received on the ERP’s receipt', async () => {
    const [number, sku] = [note(), await rig.article({ erp: 0, wms: 0 })]
    const purchase = await erp.makePurchase(`PO-${number}`, [[sku, 10]])
    const receipt = await erp.announce(purchase, number)
    await wms.makeReceipt(number, [[sku, 10]], ['receive', 'done'])
    expect(await press(connectors.erp, 'book_receipt', await rig.subject('receipt', number))).toMatchObject({
      is: 'changed',
    })
    expect([await erp.stateOf(IN, receipt), await erp.onHand(sku)]).toEqual(['done', 10])
    const states = (await rig.subject('receipt', number)).objects.map((o) => [o.role, o.state, o.quantities])
    expect(states).toEqual([
      ['erp', 'received', { advised: 10, received: 10 }],
      ['wms', 'received', { advised: 10, received: 10 }],
    ])
  })

  it('books it on the purchase itself where the ERP was never told that it is coming', async () => {
    const [number, sku] = [note(), await rig.article({ erp: 0, wms: 0 })]
    const purchase = await erp.makePurchase(number, [[sku, 4]])
    await wms.makeReceipt(number, [[sku, 4]], ['receive', 'done'])
    expect(await press(connectors.erp, 'book_receipt', await rig.subject('receipt', number))).toMatchObject({
      is: 'changed',
    })
    expect(await erp.one('purchase.purchase', [['id', '=', purchase]], ['shipment_state'])).toMatchObject({
      shipment_state: 'received',
    })
    expect(await erp.onHand(sku)).toBe(4)
  })

  it('books what came, leaves the rest open with the supplier, and writes it on the purchase', async () => {
    const number = note()
    const [cups, pens] = [await rig.article({ erp: 0, wms: 0 }), await rig.article({ erp: 0, wms: 0 })]
    const purchase = await erp.makePurchase(`PO-${number}`, [
      [cups, 10],
      [pens, 2],
    ])
    await erp.announce(purchase, number)
    await wms.makeReceipt(number, [[cups, 7]], ['receive', 'done'])
    const due = await rig.subject('receipt', number)
    expect(actionOf(connectors.erp, 'book_receipt').target(due)).toMatchObject({
      unavailable: expect.stringMatching(/claim/),
    })
    expect(await press(connectors.erp, 'claim_shortage', due)).toMatchObject({ is: 'changed' })
    const after = await rig.subject('receipt', number)
    const quantities = after.objects.map((o) => o.quantities.received)
    expect([quantities, after.objects[0]?.quantities.advised]).toEqual([[7, 7], 7])
    const row = await erp.one(
      'purchase.purchase',
      [['id', '=', purchase]],
      ['comment', 'moves.state', 'moves.quantity', 'moves.product.code'],
    )
    expect(row.comment).toMatch(new RegExp(`${cups}\\*3,${pens}\\*2.*Kim Example`))
    expect(row['moves.']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ state: 'draft', quantity: 3 }),
        expect.objectContaining({ state: 'draft', quantity: 2 }),
      ]),
    )
  })

  it('plans a purchase with the supplier’s date, each time he names another', async () => {
    const [number, sku] = [note(), await rig.article({ erp: 0, wms: 0 })]
    const purchase = await erp.makePurchase(`PO-${number}`, [[sku, 4]])
    const called = await erp.numberOf('purchase.purchase', purchase)
    const due = async (day: string) =>
      withSupplier(await rig.subject('purchase_order', called), supplierDate(called, `${day}T00:00:00.000Z`))
    const plan = () => erp.one('purchase.purchase', [['id', '=', purchase]], ['moves.planned_date'])
    for (const day of [15, 22]) {
      expect(await press(connectors.erp, 'take_over_date', await due(`2027-01-${day}`))).toMatchObject({
        is: 'changed',
      })
      expect((await plan())['moves.']).toMatchObject([{ planned_date: { year: 2027, month: 1, day } }])
    }
    const after = await due('2027-01-22')
    expect(after.objects[0]?.attributes.expectedAt).toBe('2027-01-22T00:00:00.000Z')
    expect(actionOf(connectors.erp, 'take_over_date').target(after)).toMatchObject({
      unavailable: expect.stringMatching(/too$/),
    })
  })

  it('puts away what stands at the dock', async () => {
    const [number, sku] = [note(), await rig.article({ erp: 0, wms: 0 })]
    const receipt = await wms.makeReceipt(number, [[sku, 4]], ['receive'])
    const due = await rig.subject('receipt', number)
    expect(due.objects[0]).toMatchObject({ state: 'received', attributes: { sellable: false } })
    expect(await press(connectors.wms, 'put_away', due)).toMatchObject({ is: 'changed' })
    expect([await wms.stateOf(IN, receipt), await wms.onHand(sku)]).toEqual(['done', 4])
  })

  it('sets the ERP’s stock to what the warehouse has, once', async () => {
    const sku = await rig.article({ erp: 9, wms: 6 })
    const due = await rig.subject('stock', `${sku}@WH`)
    expect(due.objects.map((o) => o.quantities.on_hand)).toEqual([9, 6])
    expect(actionOf(connectors.erp, 'adjust_stock').magnitude?.(due)).toBe(3)
    expect(await press(connectors.erp, 'adjust_stock', due)).toMatchObject({ is: 'changed' })
    expect(await erp.onHand(sku)).toBe(6)
    expect(await press(connectors.erp, 'adjust_stock', due)).toMatchObject({ is: 'already_done' })
    expect((await rig.subject('stock', `${sku}@WH`)).objects.map((o) => o.quantities.on_hand)).toEqual([6, 6])
  })
})
