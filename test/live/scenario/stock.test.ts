import { beforeAll, expect, it } from 'vitest'
import { liveBaton, mendsInOnePress } from '../support/baton.ts'
import { onRig } from '../support/rig.ts'
import { openWorld, type World } from '../support/world.ts'

/* What is on the shelf, and what came in. The numbers are those of the catalogue of exceptions. */

onRig('stock and receipts on which warehouse and ERP disagree', (rig) => {
  const baton = liveBaton(rig, {
    tune: {
      'wms-erp-stock-agrees': { grace: '3s' },
      'erp-receipt-complete': { grace: '3s' },
      'wms-receipt-booked': { grace: '3s' },
    },
  })
  let world: World
  beforeAll(async () => {
    world = await openWorld(rig)
  })

  it.concurrent('10: the ERP believes in stock that is not there: two people book what was counted', async () => {
    const { erp, wms } = world
    const sku = await world.article(20, { wms: 17 })

    const card = await baton.finds({ contract: 'wms-erp-stock-agrees', key: 'stock', value: `${sku}@MAIN` })
    await mendsInOnePress(baton, card, 'erp.adjust_stock', { secondPerson: true })

    expect(await erp.onShelf(sku)).toBe(17)
    expect(await wms.onShelf(sku)).toBe(17)
  })

  it.concurrent('25: received in the warehouse, never booked in the ERP: one press books it', async () => {
    const { erp, wms } = world
    const sku = await world.article(5)
    const note = world.name('ASN')
    const { receipt } = await erp.newPurchase(note, { [sku]: 10 })
    const dock = await wms.newReceipt(note, { [sku]: 10 })
    await wms.takeIn(dock)

    const card = await baton.finds({ contract: 'wms-receipt-booked', key: 'receipt', value: note })
    await mendsInOnePress(baton, card, 'erp.book_receipt')

    expect(await erp.receipt(receipt)).toMatchObject({ state: 'done' })
    expect(await erp.received(receipt)).toEqual({ [sku]: 10 })
    expect(await erp.onShelf(sku)).toBe(15)
    expect(await wms.onShelf(sku)).toBe(15)
  })

  it.concurrent('23: less came in than was announced: one press books what came and claims the rest', async () => {
    const { erp, wms } = world
    const sku = await world.article(0)
    const note = world.name('ASN')
    const { purchase, receipt } = await erp.newPurchase(note, { [sku]: 10 })
    const dock = await wms.newReceipt(note, { [sku]: 7 })
    await wms.takeIn(dock)

    const card = await baton.finds({ contract: 'erp-receipt-complete', key: 'receipt', value: note })
    await mendsInOnePress(baton, card, 'erp.claim_shortage', { secondPerson: true })

    expect(await erp.receipt(receipt)).toMatchObject({ state: 'done' })
    expect(await erp.received(receipt)).toEqual({ [sku]: 7 })
    expect(await wms.received(dock)).toEqual({ [sku]: 7 })
    expect([await erp.onShelf(sku), await wms.onShelf(sku)]).toEqual([7, 7])
    // The rest stays ordered, and the purchase says what was claimed.
    const { comment, open } = await erp.purchase(purchase)
    expect(open).toBe(3)
    expect(comment).toContain(`Short by ${sku}*3 on ${note}`)
  })
})
