import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createShopifyClient } from '../../../src/connectors/shopify/client.ts'
import { shopifyConfig } from '../../../src/connectors/shopify/config.ts'
import { MUTATIONS } from '../../../src/connectors/shopify/mutations.ts'
import { QUERIES } from '../../../src/connectors/shopify/queries.ts'
import { createBucket } from '../../../src/connectors/shopify/throttle.ts'
import { SECRET, SHOP, type ShopDouble, startShop, TOKEN } from '../../support/shopify/double.ts'
import { connect } from './harness.ts'

let shop: ShopDouble
let slept: number[]
beforeEach(async () => {
  shop = await startShop()
  slept = []
})
afterEach(() => shop.stop())

const client = () =>
  createShopifyClient(
    {
      ...shopifyConfig.parse({ shop: SHOP, token: TOKEN, webhookSecrets: [SECRET], url: shop.url }),
      name: 'shop',
    },
    {
      now: () => shop.world.now(),
      async sleep(ms, signal) {
        signal.throwIfAborted()
        slept.push(ms)
        shop.world.advance(ms)
      },
    },
    1,
  )
const signal = () => AbortSignal.timeout(20_000)
const ask = (by = client()) => by.query(QUERIES.changedOrders, {}, z.unknown(), signal())

describe('the points of a shop', () => {
  it('are waited for before a call is sent, and the call is sent once', async () => {
    const by = client()
    await ask(by)
    shop.drain()
    // Shopify says that it is throttled: from then on the connector knows how much is left.
    await ask(by)
    expect(slept).toHaveLength(1)
    expect(shop.calls).toHaveLength(3)
    // 700-odd points come back at 100 a second.
    expect(slept[0]).toBeGreaterThan(5_000)
    expect(slept[0]).toBeLessThan(10_000)
  })

  it('that take too long are not waited for: whoever asks is told when to come again', async () => {
    const bucket = createBucket('shop', {
      now: () => shop.world.now(),
      sleep: () => Promise.reject(new Error('nobody waits that long')),
    })
    bucket.learn('Slow', 900, { maximumAvailable: 1000, currentlyAvailable: 100, restoreRate: 50 })
    await expect(bucket.enter('Slow', signal())).rejects.toMatchObject({
      failure: 'unreachable',
      retryAfterMs: 16_000,
    })
  })

  it('are not counted on twice by calls at the same time', async () => {
    const waits: number[] = []
    const bucket = createBucket('shop', {
      now: () => shop.world.now(),
      sleep: async (ms) => void waits.push(ms),
    })
    bucket.learn('Any', 100, { maximumAvailable: 1000, currentlyAvailable: 150, restoreRate: 50 })
    await Promise.all([bucket.enter('Any', signal()), bucket.enter('Any', signal())])
    expect(waits).toEqual([1_000])
  })

  it('that never come back end in a call that was certainly not carried out', async () => {
    shop.trouble({ kind: 'throttled', on: 'any', times: 9 })
    await expect(ask()).rejects.toMatchObject({ failure: 'unreachable' })
  })
})

describe('an error inside a 200', () => {
  it('that denies access names the scope, for an admin', async () => {
    shop.scopes.delete('read_returns')
    await expect(ask()).rejects.toMatchObject({
      failure: 'misconfigured',
      message: expect.stringContaining('read_returns'),
    })
  })

  it('of Shopify’s own is nobody’s fault after a query, and leaves open what a mutation did', async () => {
    shop.trouble({ kind: 'internal before', on: 'any', times: 1 })
    await expect(ask()).rejects.toMatchObject({ failure: 'unreachable' })
    shop.trouble({ kind: 'internal before', on: 'any', times: 1 })
    const change = client().mutate(
      MUTATIONS.beginEdit,
      { id: 'gid://shopify/Order/1' },
      z.unknown(),
      signal(),
    )
    await expect(change).rejects.toMatchObject({ failure: 'ambiguous' })
  })

  it('that refuses a document is a refusal: it never ran', async () => {
    const wrong = { name: 'Wrong', text: 'mutation Wrong { orderExplode(id: "1") { id } }' }
    await expect(client().mutate(wrong, {}, z.unknown(), signal())).rejects.toMatchObject({
      failure: 'refused',
    })
  })

  it('in the user’s place says what the shop says', async () => {
    const change = client().mutate(MUTATIONS.cancel, { id: 'gid://shopify/Order/1' }, z.unknown(), signal())
    await expect(change).rejects.toMatchObject({
      failure: 'refused',
      message: expect.stringContaining('Order does not exist'),
    })
  })
})

describe('baton doctor', () => {
  it('names the scopes that the app lacks', async () => {
    shop.scopes.delete('write_inventory')
    shop.scopes.delete('read_apps')
    await expect(connect(shop).probe(signal())).rejects.toMatchObject({
      failure: 'misconfigured',
      message: expect.stringContaining('write_inventory, read_apps'),
    })
  })

  it('takes the right to write for the right to read', async () => {
    shop.scopes.delete('read_orders')
    await expect(connect(shop).probe(signal())).resolves.toBeUndefined()
  })

  it('notices that the token is for another shop', async () => {
    await expect(connect(shop, { shop: 'other.myshopify.com' }).probe(signal())).rejects.toMatchObject({
      failure: 'misconfigured',
      message: expect.stringContaining(SHOP),
    })
  })
})
