import { z } from 'zod'
import type { ParsedSignal, RequestHead, Verified, WebhookIntake, WireFact } from '../../app/connector.ts'
import { verifySender } from '../http/signature.ts'
import { named } from '../kit/facts.ts'
import type { ShopifyConfig } from './config.ts'
import { type OrderSaid, orderFact } from './facts.ts'
import { idOf, minorOf } from './wire.ts'

/** Orders with hundreds of lines are large; Shopify itself sends no more than this, in bytes. */
const MAX_BYTES = 5_000_000

/** What is kept of a body: ids, states, times and articles. Everything else may be about a person, and is dropped. */
const KEPT = new Set([
  'admin_graphql_api_id',
  'cancelled_at',
  'company',
  'currency',
  'current_quantity',
  'current_total_price',
  'financial_status',
  'fulfillment_hold',
  'fulfillment_order',
  'fulfillment_status',
  'id',
  'line_items',
  'name',
  'original_fulfillment_order',
  'shop_domain',
  'shop_id',
  'sku',
  'source_name',
  'status',
  'tags',
  'updated_at',
])
/** Below these, `name` is no order's number, and what else is there is not read. */
const ONLY_ID = new Set(['company', 'fulfillment_hold', 'fulfillment_order', 'original_fulfillment_order'])

const stripped = (value: unknown, only = KEPT): unknown => {
  if (Array.isArray(value)) return value.map((each) => stripped(each, only))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => only.has(name))
      .map(([name, inner]) => [name, stripped(inner, below(name))]),
  )
}
const below = (name: string): Set<string> => {
  if (ONLY_ID.has(name)) return new Set(['id', 'status'])
  return name === 'line_items' ? new Set(['sku', 'current_quantity']) : new Set()
}

/** The body without what is about a person; of one that is no JSON (a subscription may ask for XML), nothing. */
const withoutPerson = (topic: string, raw: Buffer): Buffer => {
  let body: unknown
  try {
    body = stripped(JSON.parse(raw.toString('utf8')))
  } catch {
    body = null
  }
  const kept = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : { unreadable: true }
  return Buffer.from(JSON.stringify({ topic, ...kept }))
}

/**
 * Shopify signs the raw bytes with the app's client secret (HMAC-SHA256, base64) and no time: an old delivery cannot
 * be told from a new one but by its id, which Baton keeps. What is kept of the body holds nothing personal.
 */
const verifyShopify = (
  { webhookSecrets, shop }: Pick<ShopifyConfig, 'webhookSecrets' | 'shop'>,
  head: RequestHead,
  raw: Buffer,
): Verified => {
  const hmac = {
    header: 'x-shopify-hmac-sha256',
    secrets: webhookSecrets,
    algorithm: 'sha256' as const,
    encoding: 'base64' as const,
    prefix: '',
  }
  const proven = verifySender({ hmac }, head, raw)
  if (!proven.ok) return proven
  const from = head.headers['x-shopify-shop-domain']?.toLowerCase()
  if (from !== shop) return { ok: false, status: 403, reason: `sent by ${from ?? 'no shop'}, not by ${shop}` }
  const topic = head.headers['x-shopify-topic']
  if (!topic) return { ok: false, status: 400, reason: 'X-Shopify-Topic is missing' }
  const deliveryKey = head.headers['x-shopify-webhook-id']
  if (!deliveryKey) return { ok: false, status: 400, reason: 'X-Shopify-Webhook-Id is missing' }
  return { ok: true, deliveryKey, body: withoutPerson(topic, raw) }
}

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const count = z.number().int()

/** An order as webhooks write it. Names, addresses and e-mail are not looked at: none of it gets into a fact. */
const orderBody = z
  .object({
    admin_graphql_api_id: idOf('Order'),
    name: named,
    updated_at: instant,
    cancelled_at: instant.nullable(),
    financial_status: z.string().nullable(),
    fulfillment_status: z.enum(['fulfilled', 'partial', 'restocked']).nullable(),
    source_name: z.string().nullable(),
    tags: z.string(),
    company: z.unknown(),
    current_total_price: z.string(),
    currency: z.string(),
    line_items: z.array(z.object({ sku: z.string().nullable(), current_quantity: count })),
  })
  .transform((row, context): OrderSaid => {
    const minor = minorOf(row.current_total_price, row.currency)
    if (minor === null) {
      context.addIssue({ code: 'custom', path: ['current_total_price'], message: 'is no amount' })
      return z.NEVER
    }
    return {
      id: row.admin_graphql_api_id,
      name: row.name,
      updatedAt: row.updated_at,
      cancelled: row.cancelled_at !== null,
      financial: row.financial_status,
      fulfillment: row.fulfillment_status,
      source: row.source_name,
      tags: row.tags
        .split(',')
        .map((tag) => tag.trim())
        .filter((tag) => tag !== ''),
      isCompany: row.company != null,
      total: { minor, currency: row.currency },
      lines: row.line_items.map((line) => ({ sku: line.sku, quantity: line.current_quantity })),
    }
  })

/**
 * Bodies say themselves what they are about, so that a kept one can be read again without its headers. These hold too
 * little for a fact: an id and a state, without times, places or articles.
 */
const HINTS = /^gid:\/\/shopify\/(Fulfillment|FulfillmentEvent|InventoryLevel|Return|Refund)\//
const isHint = z.union([
  z.object({ admin_graphql_api_id: z.string().regex(HINTS) }),
  z.object({ fulfillment_order: z.object({ id: z.string() }) }),
  z.object({ original_fulfillment_order: z.object({ id: z.string() }) }),
  z.object({ fulfillment_hold: z.object({ id: z.string() }) }),
])
/** What a shop has to be told about a person. Facts hold nothing personal: there is nothing to hand out or erase. */
const isPrivacy = z.object({ shop_domain: z.string(), shop_id: z.number() })
const isUnreadable = z.object({ unreadable: z.literal(true) })
const about = z.object({ admin_graphql_api_id: z.string() })

type Body =
  | { is: 'order'; fact: WireFact }
  | { is: 'hint' }
  | { is: 'privacy' }
  | { is: 'bad'; reason: string }

/** What one body is about. Total for every JSON value. */
const readBody = (body: unknown, config: ShopifyConfig): Body => {
  const named = about.safeParse(body)
  if (named.success && named.data.admin_graphql_api_id.startsWith('gid://shopify/Order/')) {
    const parsed = orderBody.safeParse(body)
    if (parsed.success) return { is: 'order', fact: orderFact(parsed.data, config) }
    const issue = parsed.error.issues[0]
    return { is: 'bad', reason: `${issue?.path.join('.') || 'order'}: ${issue?.message ?? 'not valid'}` }
  }
  if (isHint.safeParse(body).success) return { is: 'hint' }
  if (isPrivacy.safeParse(body).success) return { is: 'privacy' }
  if (isUnreadable.safeParse(body).success)
    return { is: 'bad', reason: 'was no JSON object: set the format of the subscription to JSON' }
  return { is: 'bad', reason: 'says nothing that this connector reads: check the topics of the subscription' }
}

export const createWebhook = (config: ShopifyConfig): WebhookIntake => ({
  maxBytes: MAX_BYTES,
  verify: (head, body) => verifyShopify(config, head, body),
  parse(raw): ParsedSignal {
    const body = readBody(JSON.parse(raw.toString('utf8')), config)
    switch (body.is) {
      case 'order':
        // What is sent of it, from where and under which number does not stand in its body.
        return { facts: [body.fact], bad: [], hint: true }
      case 'hint':
        return { facts: [], bad: [], hint: true }
      case 'privacy':
        return { facts: [], bad: [] }
      case 'bad':
        return { facts: [], bad: [{ at: 'the body', reason: body.reason }] }
    }
  },
})
