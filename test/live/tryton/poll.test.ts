import { describe, expect, it } from 'vitest'
import { about, pollAll } from '../../support/tryton/press.ts'
import { openRig, rigEnv } from '../../support/tryton/rig.ts'

const env = rigEnv()

describe.skipIf(!env)('polling a real Tryton', async () => {
  if (!env) return
  const rig = await openRig(env)
  const { erp, connectors } = rig

  it('reads everything from the start, then what is new, then the same again with the same cursor', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 7, wms: 0 })]
    const first = await pollAll(connectors.erp)
    expect(about(first.facts, 'stock', `${sku}@WH`).at(-1)).toMatchObject({ quantities: { on_hand: 7 } })
    const sale = await erp.makeSale(`WEB-${number}`, [[sku, 2]])
    const second = await pollAll(connectors.erp, first.cursor)
    const order = about(second.facts, 'order', number)
    expect(order.map(({ type, state }) => [type, state])).toEqual([
      ['order', 'confirmed'],
      ['fulfillment', 'ready'],
    ])
    expect(order[0]).toMatchObject({
      externalId: await erp.numberOf('sale.sale', sale),
      attributes: { valueMinor: 2400, currency: expect.stringMatching(/^[A-Z]{3}$/), lines: `${sku}*2` },
      changedBy: { kind: 'integration' },
    })
    const third = await pollAll(connectors.erp, second.cursor)
    expect(about(third.facts, 'order', number)).toEqual(order)
  })

  it('says when a purchase is expected, and that part of it has come', async () => {
    const [note, sku] = [`DN-${rig.number()}`, await rig.article({ erp: 0, wms: 0 })]
    const purchase = await erp.makePurchase(`PO-${note}`, [[sku, 5]])
    const number = await erp.numberOf('purchase.purchase', purchase)
    const receipt = await erp.announce(purchase, note)
    const { moves } = await erp.one('purchase.purchase', [['id', '=', purchase]], ['moves'])
    const planned_date = { __class__: 'date', year: 2027, month: 1, day: 31 }
    await erp.call('model.stock.move.write', [moves, { quantity: 3, planned_date }])
    const { facts, cursor } = await pollAll(connectors.erp)
    expect(about(facts, 'purchase_order', number).at(-1)).toMatchObject({
      state: 'ordered',
      quantities: { ordered: 5, received: 0 },
      attributes: { expectedAt: '2027-01-31T00:00:00.000Z', sku },
    })
    await erp.press('stock.shipment.in', 'receive', receipt)
    const after = await pollAll(connectors.erp, cursor)
    expect(about(after.facts, 'purchase_order', number).at(-1)).toMatchObject({
      state: 'partial',
      quantities: { ordered: 5, received: 3 },
    })
    expect(about(after.facts, 'receipt', note).at(-1)).toMatchObject({
      state: 'received',
      quantities: { advised: 3 },
    })
  })
})
