import { beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { asAdmin } from '../support/medusa.ts'
import { onRig } from '../support/rig.ts'
import { openShop, type Shop } from '../support/shop.ts'
import { checkout, freshSku, liveConnector, poll, signal } from './support.ts'

onRig('the facts of a real Medusa shop', (rig) => {
  const connector = liveConnector(rig)
  const sku = freshSku('FACT')
  let shop: Shop
  beforeAll(async () => {
    shop = await openShop(rig)
    await shop.newArticle(sku, 20)
  })

  it('answers the probe, and refuses another key', async () => {
    await connector.probe(signal())
    await expect(liveConnector(rig, 'sk_wrong').probe(signal())).rejects.toMatchObject({
      failure: 'misconfigured',
    })
  })

  it('follow an order from the checkout to the customer, by one poll after each step', async () => {
    const admin = await asAdmin(rig)
    let { cursor } = await poll(connector, null)
    const bought = await shop.buy({ [sku]: 3 })
    const number = String(bought.display_id)
    const rest = `${bought.id}/rest`
    /** The states of the order's own objects that the next poll brings. */
    const next = async () => {
      const page = await poll(connector, cursor)
      cursor = page.cursor
      const own = page.facts.filter((f) => f.keys.some((k) => k.name === 'order' && k.value === number))
      return new Map(own.map((f) => [f.externalId, f]))
    }

    const placed = await next()
    expect(placed.get(bought.id)).toMatchObject({
      state: 'confirmed',
      orderClass: 'consumer',
      quantities: { ordered: 3 },
      attributes: { lines: `${sku}*3`, currency: 'USD', valueMinor: 4100, paymentState: 'paid' },
    })
    expect(placed.get(rest)).toMatchObject({ state: 'ready', quantities: { ordered: 3 } })

    await shop.hold(bought.id, 'fraud')
    expect((await next()).get(rest)).toMatchObject({ state: 'held', attributes: { holdReason: 'fraud' } })
    await shop.hold(bought.id, '')
    expect((await next()).get(rest)).toMatchObject({ state: 'ready', attributes: { holdReason: null } })

    const [line] = bought.items
    await admin.post(`/admin/orders/${bought.id}/fulfillments`, { items: [{ id: line?.id, quantity: 2 }] })
    const packed = await next()
    const { fulfillments } = await shop.order(bought.id)
    const first = fulfillments[0]?.id ?? ''
    expect(packed.get(first)).toMatchObject({ state: 'packed', attributes: { location: 'MAIN-DC' } })
    expect(packed.get(rest)).toMatchObject({ state: 'ready', quantities: { ordered: 1 } })

    await admin.post(`/admin/orders/${bought.id}/fulfillments/${first}/shipments`, {
      items: [{ id: line?.id, quantity: 2 }],
      labels: [{ tracking_number: 'trk-fact-1', tracking_url: '', label_url: '' }],
    })
    const shipped = await next()
    expect(shipped.get(bought.id)?.state).toBe('partial')
    expect(shipped.get(first)).toMatchObject({
      state: 'shipped',
      rawState: 'shipped',
      quantities: { shipped: 2 },
      attributes: { tracking: 'TRK-FACT-1' },
    })

    await admin.post(`/admin/orders/${bought.id}/fulfillments/${first}/mark-as-delivered`)
    const delivered = (await next()).get(first)
    // Delivered is what has become of a shipped one: whoever waits for it to ship is not left waiting.
    expect(delivered).toMatchObject({ state: 'shipped', rawState: 'delivered' })
    expect(delivered?.attributes.deliveredAt).toEqual(expect.any(String))
    expect(delivered?.version).toBeGreaterThan(shipped.get(first)?.version ?? 0)
  })

  it('hear of a payment although it leaves the order’s own time as it was', async () => {
    const admin = await asAdmin(rig)
    const bought = await checkout(rig, sku, 1)
    const before = await poll(connector, null)
    const order = (facts: typeof before.facts) => facts.find((f) => f.externalId === bought)
    expect(order(before.facts)?.attributes.paymentState).toBe('authorized')
    const { payment_collections: collections } = await shop.order(bought)
    const [money] = collections.flatMap(({ payments }) => payments)
    const ownTime = async () =>
      z
        .object({ order: z.object({ updated_at: z.string() }) })
        .parse(await admin.get(`/admin/orders/${bought}`, { fields: 'updated_at' })).order.updated_at
    const time = await ownTime()
    await admin.post(`/admin/payments/${money?.id}/capture`)
    expect(await ownTime()).toBe(time)
    const after = order((await poll(connector, before.cursor)).facts)
    expect(after?.attributes.paymentState).toBe('paid')
    expect(after?.version).toBeGreaterThan(order(before.facts)?.version ?? 0)
  })

  it('say what is available and what is committed, at the place that everybody means', async () => {
    const before = await poll(connector, null)
    const level = (facts: typeof before.facts) =>
      facts.find((f) => f.keys.some((k) => k.name === 'stock' && k.value === `${sku}@MAIN-DC`))
    const known = level(before.facts)?.quantities
    await shop.buy({ [sku]: 2 })
    const sold = level((await poll(connector, before.cursor)).facts)?.quantities
    expect(sold).toMatchObject({
      available: (known?.available ?? 0) - 2,
      committed: (known?.committed ?? 0) + 2,
      on_hand: known?.on_hand,
    })
  })
})
