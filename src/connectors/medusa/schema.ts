import { z } from 'zod'

/**
 * What Medusa's Admin API sends, as far as it is read here. Amounts are decimals in the currency's major unit. Fields
 * that are listed with `*` in a query may be missing or null where there is nothing.
 */
const id = z.string().min(1)
const instant = z.iso.datetime().transform((text) => new Date(text))
const many = <T extends z.ZodType>(of: T) =>
  z
    .array(of)
    .nullish()
    .transform((list) => list ?? [])

const line = z.object({
  id,
  variant_sku: z.string().nullish(),
  quantity: z.number(),
  requires_shipping: z.boolean().nullish(),
  detail: z.object({
    fulfilled_quantity: z.number(),
    shipped_quantity: z.number(),
    delivered_quantity: z.number(),
  }),
})

const fulfillment = z.object({
  id,
  location_id: z.string().nullish(),
  packed_at: instant.nullish(),
  shipped_at: instant.nullish(),
  delivered_at: instant.nullish(),
  canceled_at: instant.nullish(),
  created_at: instant,
  updated_at: instant,
  metadata: z.record(z.string(), z.unknown()).nullish(),
  items: many(
    z.object({ line_item_id: z.string().nullish(), sku: z.string().nullish(), quantity: z.number() }),
  ),
  labels: many(z.object({ tracking_number: z.string().nullish(), updated_at: instant })),
})

const refund = z.object({ amount: z.number(), note: z.string().nullish(), updated_at: instant })

const payment = z.object({
  id,
  amount: z.number(),
  captured_at: instant.nullish(),
  canceled_at: instant.nullish(),
  updated_at: instant,
  refunds: many(refund),
})

const paymentCollection = z.object({
  status: z.string(),
  updated_at: instant,
  captured_amount: z.number().nullish(),
  refunded_amount: z.number().nullish(),
  payments: many(payment),
})

const orderReturn = z.object({
  id,
  display_id: z.number().int(),
  status: z.string(),
  created_at: instant,
  updated_at: instant,
  requested_at: instant.nullish(),
  received_at: instant.nullish(),
  canceled_at: instant.nullish(),
  items: many(z.object({ quantity: z.number(), received_quantity: z.number().nullish() })),
})

export const orderSchema = z.object({
  id,
  display_id: z.number().int(),
  custom_display_id: z.string().nullish(),
  status: z.string().min(1),
  is_draft_order: z.boolean().nullish(),
  currency_code: z.string().length(3),
  total: z.number(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  created_at: instant,
  updated_at: instant,
  canceled_at: instant.nullish(),
  payment_status: z.string().min(1),
  fulfillment_status: z.string().min(1),
  sales_channel: z.object({ name: z.string() }).nullish(),
  summary: z.object({ pending_difference: z.number() }),
  items: many(line),
  fulfillments: many(fulfillment),
  payment_collections: many(paymentCollection),
  returns: many(orderReturn),
})
export type Order = z.infer<typeof orderSchema>
export type Fulfillment = Order['fulfillments'][number]

/** What has to be asked for, so that an order comes as `orderSchema` reads it. Who bought it is not asked for. */
export const ORDER_FIELDS = [
  'id,display_id,custom_display_id,status,is_draft_order,currency_code,total,metadata',
  'created_at,updated_at,canceled_at,payment_status,fulfillment_status,sales_channel.name,*summary',
  '*items,*items.detail,*fulfillments,*fulfillments.items,*fulfillments.labels',
  '*payment_collections,*payment_collections.payments,*payment_collections.payments.refunds',
  '*returns,*returns.items',
].join(',')

const level = z.object({
  id,
  location_id: id,
  stocked_quantity: z.number(),
  reserved_quantity: z.number(),
  incoming_quantity: z.number().nullish(),
  updated_at: instant,
})

export const itemSchema = z.object({
  id,
  sku: z.string().nullish(),
  location_levels: many(level),
  variants: many(z.object({ allow_backorder: z.boolean().nullish() })),
})
export type Item = z.infer<typeof itemSchema>
export type Level = Item['location_levels'][number]

export const ITEM_FIELDS = 'id,sku,*location_levels,variants.allow_backorder'

/** A payment as a change of its order: capturing one leaves the order's own `updated_at` as it was. */
export const paymentSchema = z.object({
  id,
  updated_at: instant,
  payment_collection: z.object({ order: z.object({ id }).nullish() }).nullish(),
})

/** The order that a payment belongs to; none while it is only a cart's. */
export const PAYMENT_FIELDS = 'id,updated_at,payment_collection.order.id'

export const locationsSchema = z.object({ stock_locations: z.array(z.object({ id, name: z.string() })) })
