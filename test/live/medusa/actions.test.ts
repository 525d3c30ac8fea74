import { beforeAll, describe, expect, it } from 'vitest'
import type { WireFact } from '../../../src/app/connector.ts'
import { actionOf, aimOf, parcel, subjectOf } from '../../support/medusa/subject.ts'
import { asAdmin } from '../support/medusa.ts'
import { onRig } from '../support/rig.ts'
import { openShop, type Shop, type ShopOrder } from '../support/shop.ts'
import { freshSku, liveConnector, poll, press, signal, takeBack } from './support.ts'

onRig('the actions of a real Medusa shop', (rig) => {
  const connector = liveConnector(rig)
  const sku = freshSku('ACT')
  const other = freshSku('ACU')
  let shop: Shop
  /** Where the polls of these tests begin: what was in the shop before is not theirs. */
  let start: string
  beforeAll(async () => {
    shop = await openShop(rig)
    start = (await poll(connector, null)).cursor
    await shop.newArticle(sku, 50)
    await shop.newArticle(other, 50)
  })
  const about = async ({ display_id }: ShopOrder, others: Parameters<typeof subjectOf>[3] = []) =>
    subjectOf(
      connector,
      (await poll(connector, start)).facts,
      { name: 'order', value: String(display_id) },
      others,
    )
  const labelsOf = (order: ShopOrder) =>
    order.fulfillments.flatMap((f) => (f.shipped_at ? f.labels.map((l) => l.tracking_number) : []))

  describe('pass_tracking', () => {
    it('creates the fulfillment and ships it with the number, once', async () => {
      const bought = await shop.buy({ [sku]: 2, [other]: 1 })
      const tracking = `TRK-${bought.display_id}-A`
      const lines = { tracking, lines: `${sku}*2,${other}*1` }
      const subject = await about(bought, [
        parcel(String(bought.display_id), tracking, { attributes: lines, quantities: { shipped: 3 } }),
      ])
      const { compared, again } = await press(connector, 'pass_tracking', subject)
      expect([compared.is, again.is]).toEqual(['changed', 'unchanged'])
      const now = await shop.order(bought.id)
      expect(now).toMatchObject({ fulfillment_status: 'shipped', status: 'pending' })
      expect(labelsOf(now)).toEqual([tracking])
      expect(now.fulfillments).toHaveLength(1)
    })

    it('passes two parcels of one order one after the other, each with what it holds', async () => {
      const bought = await shop.buy({ [sku]: 2, [other]: 1 })
      const number = String(bought.display_id)
      const first = parcel(number, `TRK-${number}-1`, {
        attributes: { tracking: `TRK-${number}-1`, lines: `${other}*1` },
        quantities: { shipped: 1 },
      })
      const second = parcel(number, `TRK-${number}-2`, {
        attributes: { tracking: `TRK-${number}-2`, lines: `${sku}*2` },
        quantities: { shipped: 2 },
      })
      expect((await press(connector, 'pass_tracking', await about(bought, [first]))).compared.is).toBe(
        'changed',
      )
      expect((await shop.order(bought.id)).fulfillment_status).toBe('partially_shipped')
      const rest = await about(bought, [first, second])
      expect((await press(connector, 'pass_tracking', rest)).compared.is).toBe('changed')
      const now = await shop.order(bought.id)
      expect([now.fulfillment_status, labelsOf(now).sort()]).toEqual([
        'shipped',
        [`TRK-${number}-1`, `TRK-${number}-2`],
      ])
      expect(
        actionOf(connector, 'pass_tracking').target(await about(bought, [first, second])),
      ).toHaveProperty('unavailable')
    })

    it('goes on from a fulfillment that an attempt before had made, and makes no second one', async () => {
      const bought = await shop.buy({ [sku]: 1 })
      const number = String(bought.display_id)
      const subject = await about(bought, [parcel(number, `TRK-${number}-R`)])
      const admin = await asAdmin(rig)
      await admin.post(`/admin/orders/${bought.id}/fulfillments`, {
        items: [{ id: bought.items[0]?.id, quantity: 1 }],
        metadata: { baton_tracking: `TRK-${number}-R` },
      })
      expect((await press(connector, 'pass_tracking', subject)).compared.is).toBe('changed')
      expect((await shop.order(bought.id)).fulfillments).toHaveLength(1)
    })

    // Two calls at once Medusa would take both: Baton sends one at a time on one object (test/app/turns.test.ts).
    it('ships no unit twice when it is sent again by somebody who had not seen the first call', async () => {
      const bought = await shop.buy({ [sku]: 1 })
      const number = String(bought.display_id)
      const action = actionOf(connector, 'pass_tracking')
      const target = aimOf(action, await about(bought, [parcel(number, `TRK-${number}-T`)]))
      const input = () => ({ target, values: {}, signal: signal() })
      await action.act(input(), 'one')
      await action.act(input(), 'two')
      const now = await shop.order(bought.id)
      expect(now.fulfillments.filter((f) => f.shipped_at)).toHaveLength(1)
      expect(now.fulfillments.filter((f) => !f.canceled_at)).toHaveLength(1)
      expect(labelsOf(now)).toEqual([`TRK-${number}-T`])
    })

    it('does nothing where the parcel holds more than is open, and says so', async () => {
      const bought = await shop.buy({ [sku]: 1 })
      const number = String(bought.display_id)
      const action = actionOf(connector, 'pass_tracking')
      const wrong = { tracking: `TRK-${number}-X`, lines: `${sku}*4` }
      const target = aimOf(
        action,
        await about(bought, [parcel(number, `TRK-${number}-X`, { attributes: wrong })]),
      )
      await expect(action.act({ target, values: {}, signal: signal() }, 'k')).rejects.toMatchObject({
        failure: 'refused',
        message: expect.stringContaining(`3 of ${sku}`),
      })
      expect((await shop.order(bought.id)).fulfillments).toEqual([])
    })
  })

  describe('cancel_order', () => {
    it('cancels, gives the money back and the goods free', async () => {
      const bought = await shop.buy({ [sku]: 2 })
      const { compared, again } = await press(connector, 'cancel_order', await about(bought))
      expect([compared.is, again.is]).toEqual(['changed', 'unchanged'])
      expect(await shop.order(bought.id)).toMatchObject({ status: 'canceled', payment_status: 'refunded' })
    })

    it('cancels what is packed first, because Medusa refuses otherwise', async () => {
      const bought = await shop.buy({ [sku]: 1 })
      const admin = await asAdmin(rig)
      const items = [{ id: bought.items[0]?.id, quantity: 1 }]
      await admin.post(`/admin/orders/${bought.id}/fulfillments`, { items })
      const { compared } = await press(connector, 'cancel_order', await about(bought))
      expect(compared.is).toBe('changed')
      const now = await shop.order(bought.id)
      expect([now.status, now.fulfillments.every((f) => f.canceled_at)]).toEqual(['canceled', true])
    })

    it('is not offered once it has left', async () => {
      const bought = await shop.buy({ [sku]: 1 })
      await shop.ship(bought.id, `TRK-${bought.display_id}-S`)
      expect(actionOf(connector, 'cancel_order').target(await about(bought))).toEqual({
        unavailable: 'The order is complete',
      })
    })
  })

  it('place_hold and release_hold write the order’s metadata, and leave the rest of it alone', async () => {
    const bought = await shop.buy({ [sku]: 1 })
    const admin = await asAdmin(rig)
    await admin.post(`/admin/orders/${bought.id}`, { metadata: { gift: 'yes' } })
    const held = await press(connector, 'place_hold', await about(bought))
    expect([held.compared.is, held.again.is]).toEqual(['changed', 'unchanged'])
    expect((await shop.order(bought.id)).metadata).toMatchObject({ gift: 'yes', hold: 'check' })
    const released = await press(connector, 'release_hold', await about(bought))
    expect([released.compared.is, released.again.is]).toEqual(['changed', 'unchanged'])
    const { metadata } = await shop.order(bought.id)
    expect(metadata).toMatchObject({ gift: 'yes' })
    expect(metadata).not.toHaveProperty('hold')
  })

  it('adjust_stock sets the warehouse’s count, and leaves a level alone that has moved meanwhile', async () => {
    const own = freshSku('ADJ')
    await shop.newArticle(own, 10)
    const key = { name: 'stock', value: `${own}@MAIN-DC` }
    const counted = (on_hand: number) => ({
      role: 'wms' as const,
      type: 'inventory' as const,
      externalId: own,
      keys: [{ name: 'stock' as const, value: key.value, kind: 'identity' as const }],
      state: 'level',
      quantities: { on_hand },
    })
    const facts = async (): Promise<WireFact[]> => (await poll(connector, start)).facts
    const { compared, again, after } = await press(
      connector,
      'adjust_stock',
      subjectOf(connector, await facts(), key, [counted(7)]),
    )
    expect([compared.is, again.is, after[0]?.quantities.on_hand]).toEqual(['changed', 'unchanged', 7])

    const stale = subjectOf(connector, await facts(), key, [counted(3)])
    await shop.setStock(own, 9)
    const action = actionOf(connector, 'adjust_stock')
    const input = { target: aimOf(action, stale), values: {}, signal: signal() }
    expect(action.precondition(input, await action.read(input)).is).toBe('impossible')
    await expect(action.act(input, 'k')).rejects.toMatchObject({ failure: 'refused' })
    expect((await action.read(input)).facts[0]?.quantities.on_hand).toBe(9)
  })

  it('refund gives back what was asked for, and not again with the same key', async () => {
    const bought = await shop.buy({ [sku]: 2 })
    const action = actionOf(connector, 'refund')
    const target = aimOf(action, await about(bought))
    const input = () => ({ target, values: { amount: 5 }, signal: signal() })
    const before = await action.read(input())
    expect(action.precondition(input(), before)).toEqual({ is: 'ready' })
    await action.act(input(), 'refund-1')
    await action.act(input(), 'refund-1')
    const compared = action.compare(input(), before, await action.read(input()))
    expect(compared).toEqual({ is: 'changed', words: `5 USD of order ${bought.display_id} refunded.` })
    const tooMuch = { ...input(), values: { amount: 1000 } }
    expect(action.precondition(tooMuch, await action.read(tooMuch)).is).toBe('impossible')
  })

  it('refund_return pays what the shop owes for a return, and the poll sees it', async () => {
    const bought = await shop.buy({ [sku]: 2 })
    const number = String(bought.display_id)
    await shop.ship(bought.id, `TRK-${number}-B`)
    await takeBack(rig, bought, 1)
    const first = await poll(connector, start)
    const mine = first.facts.find(
      (f) => f.type === 'return' && f.keys.some((k) => k.name === 'order' && k.value === number),
    )
    expect(mine).toMatchObject({ state: 'received', attributes: { owedMinor: 1200 } })
    const key = mine?.keys.find((k) => k.name === 'return')
    const subject = subjectOf(connector, first.facts, { name: 'return', value: key?.value ?? '' })
    const { compared, again } = await press(connector, 'refund_return', subject)
    expect([compared.is, again.is]).toEqual(['changed', 'unchanged'])
    // Neither the order nor the payment says that it changed: the poll reads again those to whom money is owed.
    const next = await poll(connector, first.cursor)
    expect(next.facts.find((f) => f.externalId === mine?.externalId)?.state).toBe('refunded')
  })
})
