import { z } from 'zod'
import { ORDER_CLASSES } from '../../domain/model.ts'

/** The version of the Admin API that every document here is written and tested against. */
export const API_VERSION = '2026-10'

/**
 * What the app must be granted, and nothing more. No scope gives access to customers as such: names and addresses are
 * read in one place only, to send an order again.
 */
export const SCOPES = [
  'read_orders',
  'write_orders',
  'read_order_edits',
  'write_order_edits',
  'read_returns',
  'read_merchant_managed_fulfillment_orders',
  'write_merchant_managed_fulfillment_orders',
  'read_third_party_fulfillment_orders',
  'write_third_party_fulfillment_orders',
  'read_inventory',
  'write_inventory',
  'read_products',
  'read_locations',
  // Who placed a hold.
  'read_apps',
] as const

const shopDomain = z
  .string()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9-]*\.myshopify\.com$/, 'is no domain like my-shop.myshopify.com')

/** One Shopify shop. */
export const shopifyConfig = z.strictObject({
  /** The permanent domain, `my-shop.myshopify.com`: not the one that customers see. */
  shop: shopDomain,
  /** The Admin API access token of the app, `shpat_...`. */
  token: z.string().min(1),
  /** The app's client secret, with which Shopify signs webhooks; two while one replaces the other. */
  webhookSecrets: z.array(z.string().min(1)).min(1),
  /** How far back the first read goes, in days. Without `read_all_orders` Shopify shows 60 days of orders. */
  firstDays: z.number().int().min(1).max(3650).default(60),
  /** The class of orders by where they come from: Shopify's `source_name`, often an app's number. */
  classes: z.record(z.string(), z.enum(ORDER_CLASSES)).default({}),
  /** Orders with one of these tags are pre-orders. */
  preorderTags: z.array(z.string().min(1)).default(['preorder', 'pre-order']),
  /** One attempt at a call, in ms. */
  timeoutMs: z.number().int().positive().default(10_000),
  /** Where the API answers, if not at the shop's own domain: a proxy, a test. */
  url: z.url({ protocol: /^https?$/, error: 'is no http(s) address' }).optional(),
})
/** `name`: as configured in Baton. */
export type ShopifyConfig = z.infer<typeof shopifyConfig> & { name: string }
