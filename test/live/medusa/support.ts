import { z } from 'zod'
import type { ActionInput, Compared, RoutingAction, WireFact } from '../../../src/app/connector.ts'
import { medusaConfig } from '../../../src/connectors/medusa/config.ts'
import { createMedusaConnector } from '../../../src/connectors/medusa/index.ts'
import type { SubjectView } from '../../../src/domain/model.ts'
import { actionOf, aimOf } from '../../support/medusa/subject.ts'
import { asAdmin, asCustomer } from '../support/medusa.ts'
import type { Rig } from '../support/rig.ts'
import type { ShopOrder } from '../support/shop.ts'

export const signal = () => AbortSignal.timeout(30_000)

/** Names of our own: others use the same shop at the same time. */
export const freshSku = (name: string): string =>
  `${name}-${Date.now().toString(36)}${Math.floor(Math.random() * 1e4)}`.toUpperCase()

/** The connector as Baton makes it, on the real shop. */
export const liveConnector = ({ shopUrl, shopKeys }: Rig, secretKey = shopKeys.secret) =>
  createMedusaConnector({
    ...medusaConfig.parse({ url: shopUrl, secretKey, locations: { Main: 'MAIN-DC' } }),
    name: 'shop',
  })
type Live = ReturnType<typeof liveConnector>

/** What one poll after another brings, until nothing more waits. */
export const poll = async (
  connector: Live,
  from: string | null,
): Promise<{ facts: WireFact[]; cursor: string }> => {
  const facts: WireFact[] = []
  let cursor = from
  for (;;) {
    const page = await connector.poll?.changes(cursor, signal())
    if (!page) throw new Error('no poller')
    if (page.bad.length > 0) throw new Error(`unreadable: ${JSON.stringify(page.bad)}`)
    facts.push(...page.facts)
    cursor = page.cursor
    if (!page.more) return { facts, cursor }
  }
}

/** One press: read, re-check, act, read again, compare; and then the same act once more. */
export const press = async (
  connector: Live,
  id: string,
  subject: SubjectView,
  values: ActionInput['values'] = {},
): Promise<{ compared: Compared; again: Compared; action: RoutingAction; after: WireFact[] }> => {
  const action = actionOf(connector, id)
  const target = aimOf(action, subject)
  const input = (): ActionInput => ({ target, values, signal: signal() })
  const before = await action.read(input())
  const ready = action.precondition(input(), before)
  if (ready.is !== 'ready') throw new Error(`not ready: ${JSON.stringify(ready)}`)
  await action.act(input(), `run-${id}`)
  const after = await action.read(input())
  const compared = action.compare(input(), before, after)
  if (action.precondition(input(), after).is === 'ready') throw new Error(`${id} would be done twice`)
  await action.act(input(), `run-${id}`).catch(() => undefined)
  const again = action.compare(input(), after, await action.read(input()))
  return { compared, again, action, after: after.facts }
}

const id = z.object({ id: z.string() })

/** A checkout whose money is authorised and not taken yet; answers the order's id. */
export const checkout = async (rig: Rig, sku: string, quantity: number): Promise<string> => {
  const { shopKeys: keys } = rig
  const [admin, customer] = [await asAdmin(rig), asCustomer(rig)]
  const [variant] = z
    .object({ variants: z.array(id) })
    .parse(await admin.get('/admin/product-variants', { sku, fields: 'id' })).variants
  const { cart } = z.object({ cart: id }).parse(
    await customer.post('/store/carts', {
      region_id: keys.region,
      sales_channel_id: keys.channel,
      email: 'wanda.web@shop.invalid',
      items: [{ variant_id: variant?.id, quantity }],
      shipping_address: {
        first_name: 'Wanda',
        last_name: 'Web',
        address_1: '2 Test Street',
        city: 'Testville',
        country_code: 'us',
        postal_code: '00001',
      },
    }),
  )
  await customer.post(`/store/carts/${cart.id}/shipping-methods`, { option_id: keys.shipping_option })
  const { payment_collection: money } = z
    .object({ payment_collection: id })
    .parse(await customer.post('/store/payment-collections', { cart_id: cart.id }))
  await customer.post(`/store/payment-collections/${money.id}/payment-sessions`, {
    provider_id: 'pp_system_default',
  })
  return z.object({ order: id }).parse(await customer.post(`/store/carts/${cart.id}/complete`)).order.id
}

/** A return that the customer asked for and the shop has received: begun, asked for, received. */
export const takeBack = async (rig: Rig, { id: order, items }: ShopOrder, quantity: number) => {
  const admin = await asAdmin(rig)
  const wanted = { items: [{ id: items[0]?.id, quantity }] }
  const begun = await admin.post('/admin/returns', { order_id: order, location_id: rig.shopKeys.location })
  const back = `/admin/returns/${z.object({ return: id }).parse(begun).return.id}`
  await admin.post(`${back}/request-items`, wanted)
  await admin.post(`${back}/request`)
  await admin.post(`${back}/receive`)
  await admin.post(`${back}/receive-items`, wanted)
  await admin.post(`${back}/receive/confirm`)
}
