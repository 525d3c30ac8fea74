import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../../support/baton.ts'
import { testDatabase } from '../../support/database.ts'
import { onRig } from '../support/rig.ts'
import { openShop, type Shop } from '../support/shop.ts'
import { startOnRig } from '../support/start.ts'
import { freshSku } from './support.ts'

/*
 * A subscriber in the shop tells Baton of every order. The shop is read once an hour here: what is known within seconds
 * came by the notification.
 */

onRig('the notifications of a real Medusa shop', (rig) => {
  const database = testDatabase()
  let baton: Awaited<ReturnType<typeof startOnRig>>
  let shop: Shop
  const sku = freshSku('HOOK')
  beforeAll(async () => {
    shop = await openShop(rig)
    await shop.newArticle(sku, 10)
    const nothing = () => {}
    const log = { info: nothing, warn: nothing, error: nothing }
    baton = await startOnRig(
      rig,
      { tune: { 'wms-shipment-synced': { grace: '1h' } }, poll: '1h', notified: true },
      database.url,
      log,
    )
    // The first reading, which every start does, is over.
    await until('the shop has been read', async () => {
      const [row] =
        await baton.sql`select 1 from system_state where system = 'shop' and watermark is not null`
      return row !== undefined
    })
  })
  afterAll(() => baton?.stop())

  const known = (number: string) =>
    baton.sql`select raw_state from objects where system = 'shop' and type = 'order' and external_id = ${number}`

  it('are believed by their signature, and what they are about is read at once', async () => {
    const bought = await shop.buy({ [sku]: 1 })
    await until('Baton knows the order', async () => (await known(bought.id)).length === 1, 30_000)
    const hooks = await baton.sql`
      select 1 from signals where system = 'shop' and convert_from(body, 'UTF8') like '%order.placed%'`
    expect(hooks.length).toBeGreaterThanOrEqual(1)
  })

  it('are refused with a signature of somebody else', async () => {
    const body = JSON.stringify({ name: 'order.placed', data: { id: 'order_invented' } })
    const signed = (secret: string) => createHmac('sha256', secret).update(body).digest('hex')
    const send = async (secret: string): Promise<number> => {
      const response = await fetch(`${baton.url}/hooks/shop`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-rig-signature': signed(secret) },
        body,
      })
      return response.status
    }
    expect(await send('somebody else')).toBe(401)
    expect(await send(rig.shopHook.secret)).toBe(200)
  })
})
