import { describe, expect, it } from 'vitest'
import { shopifyConfig } from '../../../src/connectors/shopify/config.ts'
import { createWebhook } from '../../../src/connectors/shopify/webhook.ts'
import { SECRET, SHOP, sign, TOKEN } from '../../support/shopify/double.ts'
import { ShopWorld } from '../../support/shopify/world.ts'

const configured = (over: object = {}) => ({
  ...shopifyConfig.parse({ shop: SHOP, token: TOKEN, webhookSecrets: [SECRET], ...over }),
  name: 'shop',
})
const intake = createWebhook(configured())
const receivedAt = new Date('2026-11-23T06:00:00Z')

const orderBody = (wanted: object = {}): Buffer => {
  const world = new ShopWorld(receivedAt)
  world.order({ name: '#1001', ...wanted })
  const sent = world.sent.find(({ topic }) => topic === 'orders/create')
  if (!sent) throw new Error('the shop has sent nothing')
  return sent.body
}
const verify = (topic: string, body: Buffer, more?: Parameters<typeof sign>[2], by = intake) =>
  by.verify({ headers: sign(topic, body, more).headers, receivedAt }, body)

describe('a webhook of Shopify', () => {
  it('is taken with the old secret and with the new one while one replaces the other', () => {
    const both = createWebhook(configured({ webhookSecrets: ['the new secret', SECRET] }))
    const body = orderBody()
    expect(verify('orders/create', body, {}, both).ok).toBe(true)
    expect(verify('orders/create', body, { secret: 'the new secret' }, both).ok).toBe(true)
    expect(verify('orders/create', body, { secret: 'an older one' }, both)).toMatchObject({ status: 401 })
  })

  it('is known by its webhook id, and makes no sense without one', () => {
    const body = orderBody()
    expect(verify('orders/create', body, { id: 'wh-7' })).toMatchObject({ ok: true, deliveryKey: 'wh-7' })
    const { 'x-shopify-webhook-id': _, ...headers } = sign('orders/create', body).headers
    expect(intake.verify({ headers, receivedAt }, body)).toMatchObject({ ok: false, status: 400 })
  })

  it('is refused if another shop of the same app has sent it', () => {
    const refused = verify('orders/create', orderBody(), { shop: 'other-mugs.myshopify.com' })
    expect(refused).toMatchObject({ ok: false, status: 403, reason: expect.stringContaining('other-mugs') })
  })

  it('is kept without what it says about a person, and says the same about the order', () => {
    const body = orderBody()
    expect(body.toString()).toContain('Quilla')
    const verified = verify('orders/create', body)
    const kept = verified.ok ? verified.body : undefined
    expect(kept?.toString()).not.toMatch(/Quilla|Testperson|imaginary|Imaginary/)
    expect(kept && intake.parse(kept)).toEqual(intake.parse(body))
  })

  it.each(['customers/data_request', 'customers/redact', 'shop/redact'])(
    '%s is acknowledged and recorded, and nothing of the person is kept with it',
    (topic) => {
      const customer = { id: 7, email: 'quilla@imaginary.example', phone: '555' }
      const asked = { shop_id: 9, shop_domain: SHOP, customer, orders_to_redact: [1] }
      const verified = verify(topic, Buffer.from(JSON.stringify(asked)))
      const kept = verified.ok && verified.body ? verified.body : Buffer.alloc(0)
      expect(JSON.parse(kept.toString())).toEqual({ topic, shop_id: 9, shop_domain: SHOP })
      expect(intake.parse(kept)).toEqual({ facts: [], bad: [] })
    },
  )

  it.each([
    ['fulfillment_orders/moved', { original_fulfillment_order: { id: 'gid://shopify/FulfillmentOrder/1' } }],
    ['fulfillment_orders/placed_on_hold', { fulfillment_order: { id: 'gid://shopify/FulfillmentOrder/1' } }],
    ['fulfillment_holds/added', { fulfillment_hold: { id: 'gid://shopify/FulfillmentHold/1' } }],
    ['fulfillments/create', { admin_graphql_api_id: 'gid://shopify/Fulfillment/1', name: '#1001.1' }],
    ['fulfillment_events/create', { admin_graphql_api_id: 'gid://shopify/FulfillmentEvent/1' }],
    ['inventory_levels/update', { admin_graphql_api_id: 'gid://shopify/InventoryLevel/1', available: 3 }],
    ['returns/approve', { admin_graphql_api_id: 'gid://shopify/Return/1', status: 'open' }],
    ['refunds/create', { admin_graphql_api_id: 'gid://shopify/Refund/1' }],
  ])('%s holds too little for a fact, and is a hint to read the shop now', (topic, body) => {
    const verified = verify(topic, Buffer.from(JSON.stringify(body)))
    const kept = verified.ok && verified.body ? verified.body : Buffer.alloc(0)
    expect(intake.parse(kept)).toEqual({ facts: [], bad: [], hint: true })
  })

  it('that is no JSON is not kept, for it may name the customer, and says what to change', () => {
    const verified = verify('orders/create', Buffer.from('<order><email>quilla@example.com</email></order>'))
    const kept = verified.ok && verified.body ? verified.body : Buffer.from('as it came')
    expect(JSON.parse(kept.toString())).toEqual({ topic: 'orders/create', unreadable: true })
    expect(intake.parse(kept).bad).toEqual([{ at: 'the body', reason: expect.stringContaining('JSON') }])
  })

  it('on a topic that nobody reads is a bad row that says where to look', () => {
    const { facts, bad } = intake.parse(Buffer.from('{"admin_graphql_api_id":"gid://shopify/Product/1"}'))
    expect(facts).toEqual([])
    expect(bad).toEqual([{ at: 'the body', reason: expect.stringContaining('topics') }])
  })
})

const factOf = (wanted: object, over: object = {}) =>
  createWebhook(configured(over)).parse(orderBody(wanted)).facts[0]

describe('an order', () => {
  it('is known by its number, with its lines, its value and what is paid', () => {
    expect(factOf({ financial: 'PAID' })).toMatchObject({
      keys: [
        { name: 'order', value: '1001', kind: 'identity' },
        { name: 'sku', value: 'MUG-RED', kind: 'reference' },
      ],
      state: 'confirmed',
      quantities: { ordered: 2 },
      attributes: { lines: 'MUG-RED*2', valueMinor: 2500, currency: 'EUR', paymentState: 'paid' },
    })
  })

  it.each([
    ['PENDING', {}, 'placed'],
    ['AUTHORIZED', {}, 'confirmed'],
    ['EXPIRED', {}, 'placed'],
    // On terms nobody pays before the goods are there.
    ['PENDING', { isCompany: true }, 'confirmed'],
    // All is given back and nothing was sent: nobody owes anything.
    ['REFUNDED', {}, 'cancelled'],
  ])('whose payment is %s, of %j, is %s', (financial, more, state) => {
    expect(factOf({ financial, ...more })?.state).toBe(state)
  })

  it.each([
    [{ source: 'web' }, 'consumer'],
    [{ source: 'pos' }, 'pos'],
    [{ source: 'shopify_draft_order' }, 'draft'],
    [{ source: 'amazon' }, 'marketplace'],
    [{ isCompany: true }, 'b2b'],
    [{ tags: ['Pre-Order'] }, 'preorder'],
    // What nobody has declared is not taken for a consumer's.
    [{ source: '1234567' }, 'other'],
    [{ source: '7654321' }, 'marketplace'],
  ])('%j is of the class %s', (wanted, orderClass) => {
    expect(factOf(wanted, { classes: { '7654321': 'marketplace' } })?.orderClass).toBe(orderClass)
  })

  it('in yen has no minor units', () => {
    const changed = orderBody().toString().replace('"EUR"', '"JPY"').replaceAll('25.00', '2500')
    expect(intake.parse(Buffer.from(changed)).facts[0]?.attributes).toMatchObject({
      valueMinor: 2500,
      currency: 'JPY',
    })
  })
})
