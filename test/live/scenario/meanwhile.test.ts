import { beforeAll, expect, it } from 'vitest'
import { liveBaton } from '../support/baton.ts'
import { onRig } from '../support/rig.ts'
import { openWorld, type World } from '../support/world.ts'

/*
 * Between the card and the press the world goes on. This Baton reads the systems once, at its start: whatever happens
 * after that it can only find out by looking again when somebody presses.
 */

onRig('a press against a system that has changed meanwhile', (rig) => {
  const baton = liveBaton(
    rig,
    {
      poll: '1h',
      tune: {
        'wms-shipment-synced': { grace: '0s' },
        'storefront-order-imported': { grace: '0s' },
        'wms-tracking-passed': { grace: '0s' },
      },
    },
    { later: true },
  )
  let world: World
  let shipped: Awaited<ReturnType<typeof shipInWarehouse>>[]
  let lost: Awaited<ReturnType<World['order']>>

  const shipInWarehouse = async () => {
    const sku = await world.article(10)
    const order = await world.order({ [sku]: 2 })
    const { sale, delivery } = await world.sale(order)
    const parcel = await world.delivery(order)
    await world.wms.ship(parcel)
    return { sku, order, sale, delivery, parcel }
  }

  beforeAll(async () => {
    world = await openWorld(rig)
    shipped = [await shipInWarehouse(), await shipInWarehouse()]
    lost = await world.order({ [await world.article(10)]: 1 })
    await baton.start()
  })

  it('does nothing where somebody has done it by hand in the ERP, and says so', async () => {
    const { erp } = world
    const [made] = shipped
    if (!made) throw new Error('unreachable')
    const { order, delivery, sku } = made
    const card = await baton.finds({ contract: 'wms-shipment-synced', key: 'order', value: order.number })
    await erp.ship(delivery)
    const before = await erp.history(delivery)

    expect(await baton.press(card, 'erp.sync_shipment')).toMatchObject({ result: 'acted' })
    expect(await baton.ended(card.id)).toMatchObject({
      outcome: 'already_done',
      verifiedAt: null,
      words: expect.stringContaining('Nothing was sent.'),
    })

    // Nothing was written in the ERP, and nothing of it by Baton; the goods have left once.
    expect(await erp.history(delivery)).toEqual(before)
    expect(before.every(({ by }) => by !== 'bot')).toBe(true)
    expect(await erp.sent(delivery)).toEqual(order.lines)
    expect(await erp.onShelf(sku)).toBe(8)
    // Whoever did it by hand has mended it: Baton takes no credit.
    expect(await baton.closed(card.id)).toMatchObject({ state: 'healed' })
  })

  it('does nothing where the ERP has given the delivery up, and says why', async () => {
    const { erp } = world
    const [, made] = shipped
    if (!made) throw new Error('unreachable')
    const { order, delivery, sku } = made
    const card = await baton.finds({ contract: 'wms-shipment-synced', key: 'order', value: order.number })
    await erp.press(delivery, 'cancel')
    const before = await erp.history(delivery)

    expect(await baton.press(card, 'erp.sync_shipment')).toMatchObject({ result: 'acted' })
    const run = await baton.ended(card.id)
    expect(run).toMatchObject({ outcome: 'refused', words: expect.stringContaining('Nothing was sent.') })
    expect(run.words).toContain('cancelled')

    expect(await erp.history(delivery)).toEqual(before)
    expect(await erp.delivery(delivery)).toMatchObject({ state: 'cancelled' })
    expect(await erp.onShelf(sku)).toBe(10)
    expect(await baton.as('olga').exception(card.id)).toMatchObject({ state: 'open' })
  })

  it('creates no second sale where somebody has entered the order while the approval was awaited', async () => {
    const { erp } = world
    const card = await baton.finds({
      contract: 'storefront-order-imported',
      key: 'order',
      value: lost.number,
    })
    expect(await baton.press(card, 'erp.create_order')).toMatchObject({ result: 'awaiting_approval' })
    const { sale } = await world.sale(lost)

    await baton.approve(card.id)
    expect(await baton.ended(card.id)).toMatchObject({
      outcome: 'already_done',
      words: expect.stringContaining('Nothing was sent.'),
    })

    expect(await erp.salesFor(lost.number)).toMatchObject([{ id: sale }])
  })

  it('ships nothing twice in the shop where its people have just done it', async () => {
    const { shop } = world
    const [, made] = shipped
    if (!made) throw new Error('unreachable')
    const { order } = made
    const card = await baton.finds({ contract: 'wms-tracking-passed', key: 'order', value: order.number })
    await shop.ship(order.shop.id, 'BY-HAND-1')

    expect(await baton.press(card, 'shop.pass_tracking')).toMatchObject({ result: 'acted' })
    expect(await baton.ended(card.id)).toMatchObject({ words: expect.stringContaining('Nothing was sent.') })

    expect((await shop.order(order.shop.id)).fulfillments).toMatchObject([
      { labels: [{ tracking_number: 'BY-HAND-1' }] },
    ])
  })
})
