import { z } from 'zod'
import type { Lines } from './house.ts'
import { asAdmin, asCustomer, type Medusa } from './medusa.ts'
import type { Rig } from './rig.ts'

const FIELDS =
  'id,display_id,status,fulfillment_status,payment_status,metadata,updated_at,' +
  '*items,*payment_collections.payments,*fulfillments,*fulfillments.labels'

const order = z.object({
  id: z.string(),
  display_id: z.number(),
  status: z.string(),
  fulfillment_status: z.string(),
  payment_status: z.string(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  items: z.array(z.object({ id: z.string(), variant_sku: z.string(), quantity: z.number() })),
  payment_collections: z.array(z.object({ payments: z.array(z.object({ id: z.string() })) })),
  fulfillments: z.array(
    z.object({
      id: z.string(),
      shipped_at: z.string().nullable(),
      delivered_at: z.string().nullable(),
      canceled_at: z.string().nullable(),
      labels: z.array(z.object({ tracking_number: z.string() })),
    }),
  ),
})
export type ShopOrder = z.infer<typeof order>

const oneOrder = z.object({ order })
const cart = z.object({ cart: z.object({ id: z.string() }) })
const collection = z.object({ payment_collection: z.object({ id: z.string() }) })
const completed = z.object({ type: z.literal('order'), order: z.object({ id: z.string() }) })
const product = z.object({ product: z.object({ variants: z.tuple([z.object({ id: z.string() })]) }) })
const profiles = z.object({ shipping_profiles: z.array(z.object({ id: z.string(), type: z.string() })) })
const items = z.object({ inventory_items: z.tuple([z.object({ id: z.string() })]) })

/** A checkout, to its end. Answers the order's id. */
const checkout = async (rig: Rig, wanted: { variant_id: string; quantity: number }[]): Promise<string> => {
  const { shopKeys: keys } = rig
  const customer = asCustomer(rig)
  const { cart: basket } = cart.parse(
    await customer.post('/store/carts', {
      region_id: keys.region,
      sales_channel_id: keys.channel,
      email: 'wendy.web@shop.invalid',
      items: wanted,
      shipping_address: {
        first_name: 'Wendy',
        last_name: 'Web',
        address_1: '1 Test Street',
        city: 'Testville',
        country_code: 'us',
        postal_code: '00001',
      },
    }),
  )
  await customer.post(`/store/carts/${basket.id}/shipping-methods`, { option_id: keys.shipping_option })
  const { payment_collection: money } = collection.parse(
    await customer.post('/store/payment-collections', { cart_id: basket.id }),
  )
  await customer.post(`/store/payment-collections/${money.id}/payment-sessions`, {
    provider_id: 'pp_system_default',
  })
  return completed.parse(await customer.post(`/store/carts/${basket.id}/complete`)).order.id
}

const assortment = async (rig: Rig, admin: Medusa) => {
  const { channel, location } = rig.shopKeys
  const variants = new Map<string, string>()
  const itemOf = async (sku: string): Promise<string> => {
    const found = await admin.get('/admin/inventory-items', { sku, fields: 'id' })
    return items.parse(found).inventory_items[0].id
  }
  const profile = profiles
    .parse(await admin.get('/admin/shipping-profiles', { limit: '20' }))
    .shipping_profiles.find(({ type }) => type === 'default')
  return {
    variant(sku: string): string {
      const id = variants.get(sku)
      if (id === undefined) throw new Error(`the shop has no article ${sku} that this test made`)
      return id
    },
    async newArticle(sku: string, stocked: number): Promise<void> {
      const made = await admin.post('/admin/products', {
        title: sku,
        status: 'published',
        sales_channels: [{ id: channel }],
        shipping_profile_id: profile?.id,
        options: [{ title: 'Kind', values: ['Default'] }],
        variants: [
          {
            title: sku,
            sku,
            manage_inventory: true,
            allow_backorder: true,
            options: { Kind: 'Default' },
            prices: [{ currency_code: 'usd', amount: 12 }],
          },
        ],
      })
      const [variant] = product.parse(made).product.variants
      variants.set(sku, variant.id)
      const level = { location_id: location, stocked_quantity: stocked }
      await admin.post(`/admin/inventory-items/${await itemOf(sku)}/location-levels`, level)
    },
    async setStock(sku: string, stocked: number): Promise<void> {
      const level = `/admin/inventory-items/${await itemOf(sku)}/location-levels/${location}`
      await admin.post(level, { stocked_quantity: stocked })
    },
  }
}

/** The shop as its customers and its people use it. */
export const openShop = async (rig: Rig) => {
  const { location } = rig.shopKeys
  const admin = await asAdmin(rig)
  const { variant, newArticle, setStock } = await assortment(rig, admin)
  const read = async (id: string): Promise<ShopOrder> =>
    oneOrder.parse(await admin.get(`/admin/orders/${id}`, { fields: FIELDS })).order
  const allOf = ({ items: lines }: ShopOrder) => lines.map(({ id, quantity }) => ({ id, quantity }))

  return {
    newArticle,
    setStock,
    order: read,
    /** A checkout, and the money taken: a paid order. */
    async buy(lines: Lines): Promise<ShopOrder> {
      const wanted = Object.entries(lines).map(([sku, quantity]) => ({ variant_id: variant(sku), quantity }))
      const id = await checkout(rig, wanted)
      const { payment_collections } = await read(id)
      for (const payment of payment_collections.flatMap(({ payments }) => payments)) {
        await admin.post(`/admin/payments/${payment.id}/capture`)
      }
      return read(id)
    },
    /** The shop has no hold of its own: people write it into the order's metadata. An empty value takes it away. */
    async hold(id: string, reason: string): Promise<void> {
      await admin.post(`/admin/orders/${id}`, { metadata: { hold: reason } })
    },
    async cancel(id: string): Promise<void> {
      await admin.post(`/admin/orders/${id}/cancel`)
    },
    /** As the shop's people do when the parcel has left. */
    async ship(id: string, tracking: string): Promise<void> {
      const wanted = allOf(await read(id))
      await admin.post(`/admin/orders/${id}/fulfillments`, { location_id: location, items: wanted })
      const { fulfillments } = await read(id)
      const link = 'http://127.0.0.1/'
      const label = { tracking_number: tracking, tracking_url: link, label_url: link }
      await admin.post(`/admin/orders/${id}/fulfillments/${fulfillments[0]?.id}/shipments`, {
        items: wanted,
        labels: [label],
      })
    },
    async deliver(id: string): Promise<void> {
      const { fulfillments } = await read(id)
      await admin.post(`/admin/orders/${id}/fulfillments/${fulfillments[0]?.id}/mark-as-delivered`)
    },
  }
}

export type Shop = Awaited<ReturnType<typeof openShop>>
