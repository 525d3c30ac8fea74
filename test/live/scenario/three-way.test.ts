import { beforeAll, expect, it } from 'vitest'
import { liveBaton, mendsInOnePress } from '../support/baton.ts'
import { onRig } from '../support/rig.ts'
import { openWorld, type World } from '../support/world.ts'

/*
 * The disagreement that Baton is for, on systems that other people wrote: the warehouse says done, the ERP says waiting,
 * the shop says delivered, and nobody owns the difference.
 */

onRig('the three-way disagreement', (rig) => {
  const baton = liveBaton(rig, { tune: { 'wms-shipment-synced': { grace: '3s' } } })
  let world: World
  beforeAll(async () => {
    world = await openWorld(rig)
  })

  it('is found within its grace, closed by one press through the ERP’s own API, and verified in all three', async () => {
    const { erp, wms, shop } = world
    const [red, blue] = [await world.article(20), await world.article(20)]
    const order = await world.order({ [red]: 2, [blue]: 1 })
    const { sale, delivery } = await world.sale(order)
    const parcel = await world.delivery(order)
    await shop.ship(order.shop.id, `SEEN-${order.number}`)
    await shop.deliver(order.shop.id)
    await wms.ship(parcel)

    const card = await baton.finds({ contract: 'wms-shipment-synced', key: 'order', value: order.number })
    expect(card.title).toBe('Shipped in the warehouse, still open in the ERP')
    expect(card.systems).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ system: 'wms', role: 'wms', state: 'shipped', raw: 'done' }),
        expect.objectContaining({ system: 'erp', role: 'erp', state: 'ready', raw: 'waiting' }),
        expect.objectContaining({ system: 'shop', role: 'storefront', raw: 'delivered' }),
      ]),
    )
    expect(await erp.sale(sale)).toMatchObject({ state: 'processing', shipment_state: 'waiting' })

    await mendsInOnePress(baton, card, 'erp.sync_shipment')

    expect(await erp.delivery(delivery)).toMatchObject({ state: 'done' })
    expect(await erp.sent(delivery)).toEqual(order.lines)
    expect(await erp.sale(sale)).toMatchObject({ shipment_state: 'sent' })
    expect(await wms.delivery(parcel)).toMatchObject({ state: 'done' })
    expect(await shop.order(order.shop.id)).toMatchObject({ fulfillment_status: 'delivered' })
    for (const sku of [red, blue]) expect(await erp.onShelf(sku)).toBe(await wms.onShelf(sku))
  })
})
