import { describe, expect, it } from 'vitest'
import { press } from '../../support/tryton/press.ts'
import { openRig, rigEnv, shopOrder } from '../../support/tryton/rig.ts'

const env = rigEnv()

describe.skipIf(!env)('what the warehouse does with a delivery, on a real Tryton', async () => {
  if (!env) return
  const rig = await openRig(env)
  const { wms, connectors } = rig
  const subject = (number: string, state = 'confirmed') =>
    rig.subject('order', number, [shopOrder(number, 'ANY*1', state)])
  const OUT = 'stock.shipment.out'
  const pressed = async (id: string, number: string, state?: string) =>
    press(connectors.wms, id, await subject(number, state))

  it('holds it, so that nobody can pick it, and releases it again', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 0, wms: 5 })]
    const id = await wms.makeDelivery(`WEB-${number}`, [[sku, 2]], ['wait', 'assign_try'])
    expect(await pressed('place_hold', number)).toMatchObject({ is: 'changed' })
    expect((await subject(number)).objects.find((o) => o.role === 'wms')?.state).toBe('held')
    for (const button of ['assign_try', 'pick', 'pack', 'done'])
      await wms.press(OUT, button, id).catch(() => null)
    expect(await wms.stateOf(OUT, id)).toBe('draft')
    expect(await pressed('release_delivery', number)).toMatchObject({ is: 'changed' })
    expect(await wms.stateOf(OUT, id)).toBe('assigned')
  })

  it('says that it is too late to hold what is picked', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 0, wms: 5 })]
    const id = await wms.makeDelivery(`WEB-${number}`, [[sku, 2]], ['wait', 'assign_try'])
    const seen = await subject(number)
    await wms.press(OUT, 'pick', id)
    expect(await press(connectors.wms, 'place_hold', seen)).toMatchObject({ is: 'impossible' })
    expect(await wms.stateOf(OUT, id)).toBe('picked')
  })

  it('shows a short pick, finds the stock when it has come, and allocates again', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 0, wms: 2 })]
    const id = await wms.makeDelivery(`WEB-${number}`, [[sku, 3]], ['wait', 'assign_try'])
    const short = (await subject(number)).objects.find((o) => o.role === 'wms')
    expect(short).toMatchObject({ state: 'short', quantities: { ordered: 3, picked: 2 } })
    expect(await pressed('allocate', number)).toMatchObject({ is: 'unchanged' })
    await wms.setStock(sku, 3)
    expect(await pressed('allocate', number)).toMatchObject({ is: 'changed' })
    expect(await wms.stateOf(OUT, id)).toBe('assigned')
  })

  it('splits a short delivery: what is there can ship, what is missing waits on its own', async () => {
    const number = rig.number()
    const [cups, pens, none] = [
      await rig.article({ erp: 0, wms: 2 }),
      await rig.article({ erp: 0, wms: 9 }),
      await rig.article({ erp: 0, wms: 0 }),
    ]
    const id = await wms.makeDelivery(
      `WEB-${number}`,
      [
        [cups, 3],
        [pens, 1],
        [none, 1],
      ],
      ['wait', 'assign_try'],
    )
    expect(await pressed('ship_rest', number)).toMatchObject({ is: 'changed' })
    const parts = (await subject(number)).objects.filter((o) => o.role === 'wms')
    expect(parts.map((o) => [o.state, o.attributes.lines]).sort()).toEqual([
      ['allocated', [`${cups}*2`, `${pens}*1`].sort().join(',')],
      ['ready', [`${cups}*1`, `${none}*1`].sort().join(',')],
    ])
    for (const button of ['pick', 'pack', 'done']) await wms.press(OUT, button, id)
    expect([await wms.stateOf(OUT, id), await wms.onHand(cups), await wms.onHand(pens)]).toEqual([
      'done',
      0,
      8,
    ])
  })

  it('stops a delivery that the shop has cancelled, and not one that it has not', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 0, wms: 5 })]
    const id = await wms.makeDelivery(`WEB-${number}`, [[sku, 2]], ['wait', 'assign_try', 'pick'])
    await expect(pressed('recall_delivery', number)).rejects.toThrow(/not cancelled/)
    expect(await pressed('recall_delivery', number, 'cancelled')).toMatchObject({ is: 'changed' })
    expect(await wms.stateOf(OUT, id)).toBe('cancelled')
  })

  it('cancels the younger of two deliveries and leaves the other', async () => {
    const [number, sku] = [rig.number(), await rig.article({ erp: 0, wms: 5 })]
    const first = await wms.makeDelivery(`WEB-${number}`, [[sku, 2]])
    const second = await wms.makeDelivery(`WEB-${number}`, [[sku, 2]])
    expect(await pressed('cancel_duplicate', number)).toMatchObject({ is: 'changed' })
    expect([await wms.stateOf(OUT, first), await wms.stateOf(OUT, second)]).toEqual(['waiting', 'cancelled'])
  })
})
