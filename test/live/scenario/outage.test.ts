import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../../support/baton.ts'
import { type FaultyProxy, startFaultyProxy } from '../../support/faulty-proxy.ts'
import { liveBaton, mendsInOnePress } from '../support/baton.ts'
import { onRig } from '../support/rig.ts'
import { openWorld, type World } from '../support/world.ts'

/* The line between Baton and the ERP is cut, and comes back. The ERP itself runs on: others work in it. */

onRig('an ERP that cannot be reached', (rig) => {
  let line: FaultyProxy
  let world: World
  // Registered before Baton's own hook: it is told the line's address.
  beforeAll(async () => {
    const { origin } = new URL(rig.erpUrl)
    line = await startFaultyProxy(origin)
  })
  afterAll(() => line?.close())
  const baton = liveBaton(rig, {
    tune: { 'wms-shipment-synced': { grace: '2s' } },
    urls: { erp: () => `${line.url}${new URL(rig.erpUrl).pathname}` },
  })
  beforeAll(async () => {
    world = await openWorld(rig)
  })

  const shippedUnseen = async () => {
    const { wms } = world
    const sku = await world.article(10)
    const order = await world.order({ [sku]: 3 })
    const { sale, delivery } = await world.sale(order)
    await wms.ship(await world.delivery(order))
    const card = await baton.finds({ contract: 'wms-shipment-synced', key: 'order', value: order.number })
    return { sku, order, sale, delivery, card }
  }

  it('is told on the card; what was pressed waits, is done once when it is back, and is verified', async () => {
    const { erp } = world
    const { sku, order, sale, delivery, card } = await shippedUnseen()

    line.cut()
    expect(await baton.press(card, 'erp.sync_shipment')).toMatchObject({ result: 'acted' })
    await until('the card says that the ERP cannot be reached', async () => {
      const { status, actionRuns } = await baton.as('olga').exception(card.id)
      return actionRuns[0]?.state === 'queued' && /erp unreachable since/i.test(status)
    })
    expect(await erp.delivery(delivery)).toMatchObject({ state: 'waiting' })

    line.mend()
    const closed = await baton.closed(card.id)
    expect(closed).toMatchObject({ state: 'resolved' })
    expect(closed.actionRuns).toMatchObject([
      { outcome: 'done', verifiedAt: expect.any(String), requestedBy: 'Olga Operator' },
    ])
    expect(await erp.sent(delivery)).toEqual(order.lines)
    expect(await erp.sale(sale)).toMatchObject({ shipment_state: 'sent' })
    expect(await erp.onShelf(sku)).toBe(7)
  })

  it('is looked at before anything is sent again when it has done what it was asked and its answer got lost', async () => {
    const { erp } = world
    const { sku, order, sale, delivery, card } = await shippedUnseen()

    line.arm({ kind: 'reset', when: 'after' }, (body) => body.includes('"model.stock.shipment.out.done"'))
    await mendsInOnePress(baton, card, 'erp.sync_shipment')

    expect(line.struck()).toBe(true)
    expect(await erp.sent(delivery)).toEqual(order.lines)
    expect(await erp.sale(sale)).toMatchObject({ shipment_state: 'sent' })
    expect(await erp.onShelf(sku)).toBe(7)
  })
})
