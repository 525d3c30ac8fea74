import { beforeAll, expect, it } from 'vitest'
import { liveBaton, mendsInOnePress } from '../support/baton.ts'
import { onRig } from '../support/rig.ts'
import { openWorld, type World } from '../support/world.ts'

/* The shop stops an order or lets it go, and the warehouse does not hear. The numbers are those of the catalogue. */

onRig('what the shop stops or lets go and the warehouse does not', (rig) => {
  const baton = liveBaton(rig, {
    tune: {
      'storefront-hold-passed': { grace: '3s' },
      'storefront-release-passed': { grace: '2s' },
      'storefront-cancel-passed': { grace: '3s' },
    },
  })
  let world: World
  let sku: string
  beforeAll(async () => {
    world = await openWorld(rig)
    sku = await world.article(50)
  })

  it.concurrent('4: held in the shop, live in the warehouse: one press holds it there too', async () => {
    const { wms, shop } = world
    const order = await world.order({ [sku]: 2 })
    await world.sale(order)
    const delivery = await world.delivery(order)
    await wms.press(delivery, 'assign_try')
    await shop.hold(order.shop.id, 'fraud check')

    const card = await baton.finds({ contract: 'storefront-hold-passed', key: 'order', value: order.number })
    expect(card.systems).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ system: 'shop', state: 'held' }),
        expect.objectContaining({ system: 'wms', state: 'allocated', raw: 'assigned' }),
      ]),
    )
    await mendsInOnePress(baton, card, 'wms.place_hold')

    // A draft can be neither picked nor assigned: what Tryton has for a hold.
    expect(await wms.delivery(delivery)).toMatchObject({ state: 'draft' })
    expect(await wms.planned(delivery)).toEqual(order.lines)
    expect(await shop.order(order.shop.id)).toMatchObject({ metadata: { hold: 'fraud check' } })
  })

  it.concurrent('5: released in the shop, still held in the warehouse: one press lets it go', async () => {
    const { wms, shop } = world
    const order = await world.order({ [sku]: 1 })
    await world.sale(order)
    const delivery = await world.delivery(order)
    await shop.hold(order.shop.id, 'address check')
    await wms.press(delivery, 'draft')
    await baton.hasRead('shop', 'wms')
    await shop.hold(order.shop.id, '')

    const card = await baton.finds({
      contract: 'storefront-release-passed',
      key: 'order',
      value: order.number,
    })
    expect(card.systems).toEqual(
      expect.arrayContaining([expect.objectContaining({ system: 'wms', state: 'held', raw: 'draft' })]),
    )
    await mendsInOnePress(baton, card, 'wms.release_delivery')

    expect(await wms.delivery(delivery)).toMatchObject({
      state: expect.stringMatching(/^(waiting|assigned)$/),
    })
    expect(await wms.planned(delivery)).toEqual(order.lines)
  })

  it.concurrent('13: cancelled in the shop, live in the warehouse: one press stops it', async () => {
    const { wms, shop } = world
    const order = await world.order({ [sku]: 3 })
    await world.sale(order)
    const delivery = await world.delivery(order)
    await wms.press(delivery, 'assign_try')
    await shop.cancel(order.shop.id)

    const card = await baton.finds({
      contract: 'storefront-cancel-passed',
      key: 'order',
      value: order.number,
    })
    await mendsInOnePress(baton, card, 'wms.recall_delivery')

    expect(await wms.delivery(delivery)).toMatchObject({ state: 'cancelled' })
    expect(await wms.sent(delivery)).toEqual({})
    expect(await shop.order(order.shop.id)).toMatchObject({ status: 'canceled' })
  })
})
