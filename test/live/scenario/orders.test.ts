import { beforeAll, expect, it } from 'vitest'
import { liveBaton, mendsInOnePress } from '../support/baton.ts'
import { onRig } from '../support/rig.ts'
import { openWorld, type World } from '../support/world.ts'

/* From the shop through the ERP to the warehouse. The numbers are those of the catalogue of exceptions. */

onRig('orders that get lost between shop, ERP and warehouse', (rig) => {
  const baton = liveBaton(rig, {
    tune: {
      'storefront-order-imported': { grace: '3s' },
      'erp-delivery-sent': { grace: '3s' },
      'wms-cancel-answered': { grace: '2s' },
    },
  })
  let world: World
  let sku: string
  beforeAll(async () => {
    world = await openWorld(rig)
    sku = await world.article(100)
  })

  it.concurrent('1: paid in the shop, never in the ERP: two people have it created there, once', async () => {
    const { erp, shop } = world
    const order = await world.order({ [sku]: 3 })

    const card = await baton.finds({
      contract: 'storefront-order-imported',
      key: 'order',
      value: order.number,
    })
    expect(new Set(card.systems.map(({ system }) => system))).toEqual(new Set(['shop']))
    await mendsInOnePress(baton, card, 'erp.create_order', { secondPerson: true })

    const sales = await erp.salesFor(order.number)
    expect(sales).toMatchObject([{ reference: `WEB-${order.number}`, state: 'processing' }])
    expect(await erp.saleLines(sales[0]?.id ?? 0)).toEqual(order.lines)
    expect(await shop.order(order.shop.id)).toMatchObject({ status: 'pending', payment_status: 'captured' })
  })

  it.concurrent('2: in the ERP, never in the warehouse: one press sends the delivery, once', async () => {
    const { erp, wms } = world
    const order = await world.order({ [sku]: 2 })
    const { sale, delivery } = await world.sale(order)

    const card = await baton.finds({ contract: 'erp-delivery-sent', key: 'order', value: order.number })
    await mendsInOnePress(baton, card, 'wms.send_delivery')

    const sent = await wms.deliveriesFor(order.number)
    expect(sent).toMatchObject([{ state: expect.stringMatching(/^(waiting|assigned)$/) }])
    expect(await wms.planned(sent[0]?.id ?? 0)).toEqual(order.lines)
    expect(await erp.delivery(delivery)).toMatchObject({ state: 'waiting' })
    expect(await erp.sale(sale)).toMatchObject({ state: 'processing' })
  })

  it.concurrent('14: cancelled in the warehouse, open in the shop: one press sends it anew', async () => {
    const { wms, shop } = world
    const order = await world.order({ [sku]: 2 })
    await world.sale(order)
    const given = await world.delivery(order)
    await wms.press(given, 'cancel')

    const card = await baton.finds({ contract: 'wms-cancel-answered', key: 'order', value: order.number })
    await mendsInOnePress(baton, card, 'wms.send_delivery')

    const [cancelled, anew, ...more] = await wms.deliveriesFor(order.number)
    expect(more).toEqual([])
    expect(cancelled).toMatchObject({ id: given, state: 'cancelled' })
    expect(anew).toMatchObject({ state: expect.stringMatching(/^(waiting|assigned)$/) })
    expect(await wms.planned(anew?.id ?? 0)).toEqual(order.lines)
    expect(await shop.order(order.shop.id)).toMatchObject({ status: 'pending' })
  })

  it.concurrent('14: or two people cancel it in the shop as well', async () => {
    const { wms, shop } = world
    const order = await world.order({ [sku]: 2 })
    await world.sale(order)
    const delivery = await world.delivery(order)
    await wms.press(delivery, 'cancel')

    const card = await baton.finds({ contract: 'wms-cancel-answered', key: 'order', value: order.number })
    await mendsInOnePress(baton, card, 'shop.cancel_order', { secondPerson: true })

    expect(await shop.order(order.shop.id)).toMatchObject({ status: 'canceled' })
    expect(await wms.deliveriesFor(order.number)).toMatchObject([{ id: delivery, state: 'cancelled' }])
  })
})
