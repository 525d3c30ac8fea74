import { createServer } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { SystemError } from '../../../src/app/errors.ts'
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

  /** What a mutation ends in where the shop answers this with status 200. */
  const endOf = async (answer: object): Promise<string> => {
    const server = createServer((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer)),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    const config = {
      ...shopifyConfig.parse({ shop: SHOP, token: TOKEN, webhookSecrets: [SECRET], url }),
      name: 'shop',
    }
    const by = createShopifyClient(config, { now: () => new Date(), sleep: () => Promise.resolve() }, 1)
    try {
      await by.mutate(MUTATIONS.cancel, { id: 'gid://shopify/Order/1' }, z.unknown(), signal())
      return 'done'
    } catch (error) {
      return error instanceof SystemError ? error.failure : 'no failure of the shop'
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }

  it.each([
    ['nobody gave a code for', { errors: [{ message: 'Something went wrong' }] }],
    ['is a mere text', { errors: 'Something went wrong' }],
    [
      'denies a part of what the change answered',
      {
        data: { orderCancel: { job: null } },
        errors: [{ message: 'no', path: ['orderCancel', 'job'], extensions: { code: 'ACCESS_DENIED' } }],
      },
    ],
  ])('that %s leaves open what a mutation did', async (_what, answer) => {
    expect(await endOf(answer)).toBe('ambiguous')
  })

  it('that denies the change itself is the admin’s: nothing was done', async () => {
    const errors = [{ message: 'no', path: ['orderCancel'], extensions: { code: 'ACCESS_DENIED' } }]
    expect(await endOf({ data: { orderCancel: null }, errors })).toBe('misconfigured')
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
