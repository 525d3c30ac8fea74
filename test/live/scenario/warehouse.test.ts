import { beforeAll, expect, it } from 'vitest'
import { liveBaton, mendsInOnePress } from '../support/baton.ts'
import { onRig } from '../support/rig.ts'
import { openWorld, type World } from '../support/world.ts'

/* What the warehouse does, and who does not hear of it. The numbers are those of the catalogue of exceptions. */

onRig('what the warehouse does and others do not know', (rig) => {
  const baton = liveBaton(rig, {
    tune: {
      'wms-short-resolved': { grace: '0s' },
      'wms-tracking-passed': { grace: '3s' },
      'wms-shipment-synced': { grace: '3s' },
    },
  })
  let world: World
  beforeAll(async () => {
    world = await openWorld(rig)
  })

  it.concurrent('9: a short pick: one press sets apart what is there, and the rest waits', async () => {
    const { wms } = world
    const sku = await world.article(2)
    const order = await world.order({ [sku]: 3 })
    await world.sale(order)
    const delivery = await world.delivery(order)
    // The answer is false, and the delivery stays `waiting`: two of three are set aside.
    await wms.press(delivery, 'assign_try')

    const card = await baton.finds({ contract: 'wms-short-resolved', key: 'order', value: order.number })
    expect(card.systems).toEqual(
      expect.arrayContaining([expect.objectContaining({ system: 'wms', state: 'short' })]),
    )
    await mendsInOnePress(baton, card, 'wms.ship_rest')

    const [short, rest, ...more] = await wms.deliveriesFor(order.number)
    expect(more).toEqual([])
    expect(short).toMatchObject({ id: delivery, state: 'assigned' })
    expect(await wms.planned(delivery)).toEqual({ [sku]: 2 })
    expect(rest).toMatchObject({ state: 'waiting' })
    expect(await wms.planned(rest?.id ?? 0)).toEqual({ [sku]: 1 })
    expect(await wms.onShelf(sku)).toBe(2)
  })

  it.concurrent('15: shipped, and the shop has no tracking: one press passes it on', async () => {
    const { erp, wms, shop } = world
    const sku = await world.article(10)
    const order = await world.order({ [sku]: 2 })
    const { delivery } = await world.sale(order)
    await erp.ship(delivery)
    const parcel = await world.delivery(order)
    await wms.ship(parcel)

    const card = await baton.finds({ contract: 'wms-tracking-passed', key: 'order', value: order.number })
    await mendsInOnePress(baton, card, 'shop.pass_tracking')

    // Tryton has no field for it: baton.yml makes it of the delivery's number.
    const { number } = await wms.delivery(parcel)
    const { fulfillment_status, fulfillments } = await shop.order(order.shop.id)
    expect(fulfillment_status).toBe('shipped')
    expect(fulfillments).toMatchObject([
      { shipped_at: expect.any(String), labels: [{ tracking_number: `TRK-${number}` }] },
    ])
  })

  it.concurrent('16: shipped in the warehouse, open in the ERP: one press books it there', async () => {
    const { erp, wms, shop } = world
    const sku = await world.article(10)
    const order = await world.order({ [sku]: 4 })
    const { sale, delivery } = await world.sale(order)
    const parcel = await world.delivery(order)
    await shop.ship(order.shop.id, `SEEN-${order.number}`)
    // The ERP has got as far as setting the goods aside.
    await erp.press(delivery, 'assign_try')
    await wms.ship(parcel)

    const card = await baton.finds({ contract: 'wms-shipment-synced', key: 'order', value: order.number })
    await mendsInOnePress(baton, card, 'erp.sync_shipment')

    expect(await erp.delivery(delivery)).toMatchObject({ state: 'done' })
    expect(await erp.sent(delivery)).toEqual(order.lines)
    expect(await erp.sale(sale)).toMatchObject({ shipment_state: 'sent' })
    expect(await erp.onShelf(sku)).toBe(await wms.onShelf(sku))
  })
})
