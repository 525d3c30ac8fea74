import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { API_VERSION } from '../../../src/connectors/shopify/config.ts'
import { type ShopDouble, startShop, TOKEN } from './double.ts'

/** The double refuses what Shopify refuses: a connector that passes here has not been let off. */

let shop: ShopDouble
beforeEach(async () => {
  shop = await startShop()
})
afterEach(() => shop.stop())

const ask = async (query: string, variables: object = {}): Promise<string> => {
  const response = await fetch(`${shop.url}/admin/api/${API_VERSION}/graphql.json`, {
    method: 'POST',
    headers: { 'x-shopify-access-token': TOKEN, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  return response.text()
}

const SET = `mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code } }
}`
const stockInput = (quantity: object) => ({
  name: 'on_hand',
  reason: 'other',
  referenceDocumentUri: 'test://1',
  quantities: [quantity],
})

describe('the Shopify double', () => {
  it('runs nothing that is not valid against the Admin schema', async () => {
    expect(await ask('{ orders(first: 1) { nodes { colour } } }')).toContain('Cannot query field')
    expect(await ask('mutation { orderCancel(orderId: "1") { job { id } } }')).toContain('is required')
  })

  it('sets no stock without a key, nor without the number that it is to change from', async () => {
    const level = shop.world.level('MUG', 7)
    const item = {
      inventoryItemId: `gid://shopify/InventoryItem/${level.item.id}`,
      locationId: `gid://shopify/Location/${level.place.id}`,
      quantity: 5,
    }
    const keyless = SET.replace(' @idempotent(key: $key)', '').replace(', $key: String!', '')
    expect(await ask(keyless, { input: stockInput({ ...item, changeFromQuantity: 7 }) })).toContain(
      '@idempotent',
    )
    expect(await ask(SET, { input: stockInput(item), key: 'a' })).toContain('COMPARE_QUANTITY_REQUIRED')
    const stale = { input: stockInput({ ...item, changeFromQuantity: 6 }), key: 'b' }
    expect(await ask(SET, stale)).toContain('CHANGE_FROM_QUANTITY_STALE')
    expect(shop.world.effects).toBe(0)
    const right = { input: stockInput({ ...item, changeFromQuantity: 7 }), key: 'c' }
    expect(await ask(SET, right)).toContain('"userErrors":[]')
    expect(await ask(SET, right)).toContain('"userErrors":[]')
    expect(shop.world.effects).toBe(1)
    expect(await ask(SET, { ...stale, key: 'c' })).toContain('IDEMPOTENCY_KEY_PARAMETER_MISMATCH')
  })

  it('keeps a second hold of the same handle away, and releases every hold if none is named', async () => {
    const order = shop.world.order()
    const id = `gid://shopify/FulfillmentOrder/${order.parts[0]?.id}`
    const hold = (handle: string) =>
      ask(
        `mutation Hold($id: ID!, $hold: FulfillmentOrderHoldInput!) {
          fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) { userErrors { code } }
        }`,
        { id, hold: { reason: 'OTHER', handle } },
      )
    await hold('one')
    expect(await hold('one')).toContain('DUPLICATE_FULFILLMENT_HOLD_HANDLE')
    await hold('two')
    await ask('mutation R($id: ID!) { fulfillmentOrderReleaseHold(id: $id) { userErrors { code } } }', { id })
    expect(order.parts[0]?.holds).toEqual([])
  })

  it('runs nothing for which its token has no scope or its shop no points', async () => {
    shop.scopes.delete('write_orders')
    const cancel = `mutation { orderCancel(orderId: "gid://shopify/Order/1", reason: OTHER, restock: true) {
      orderCancelUserErrors { code }
    } }`
    expect(await ask(cancel)).toContain('ACCESS_DENIED')
    expect(await ask('{ orders(first: 250) { nodes { lineItems(first: 50) { nodes { id } } } } }')).toContain(
      'MAX_COST_EXCEEDED',
    )
    shop.drain()
    expect(await ask('{ orders(first: 10) { nodes { id } } }')).toContain('THROTTLED')
    shop.world.advance(1_000)
    expect(await ask('{ orders(first: 10) { nodes { id } } }')).toContain('"nodes":[]')
  })
})
