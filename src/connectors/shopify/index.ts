import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { Connector } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { Shop } from './action.ts'
import { annotateAction } from './action-annotate.ts'
import { reshipAction } from './action-reship.ts'
import { stockAction } from './action-stock.ts'
import { fulfillmentActions } from './actions-fulfillment.ts'
import { holdActions } from './actions-hold.ts'
import { moneyActions } from './actions-money.ts'
import { orderActions } from './actions-order.ts'
import { createShopifyClient } from './client.ts'
import { SCOPES, type ShopifyConfig } from './config.ts'
import { createPoller } from './poll.ts'
import { QUERIES } from './queries.ts'
import { createReader } from './read.ts'
import { createWebhook } from './webhook.ts'

export type ShopifyDeps = {
  now(): Date
  /** How time is waited for; the real one unless told otherwise. */
  sleep?(ms: number, signal: AbortSignal): Promise<void>
  /** The first wait before a read that failed is tried again, in ms. */
  retryMs?: number
}

const sleepFor = async (ms: number, signal: AbortSignal): Promise<void> => wait(ms, undefined, { signal })

const probed = z.object({
  shop: z.object({ myshopifyDomain: z.string() }),
  currentAppInstallation: z.object({ accessScopes: z.array(z.object({ handle: z.string() })) }),
})

/** Whoever may write may read: Shopify then lists the right to write alone. */
const grants = (granted: Set<string>, scope: string) =>
  granted.has(scope) || granted.has(scope.replace(/^read_/, 'write_'))

/** One Shopify shop, as Baton sees it. */
export const createShopifyConnector = (config: ShopifyConfig, deps: ShopifyDeps): Connector => {
  const clock = { now: deps.now, sleep: deps.sleep ?? sleepFor }
  const system = config.name
  const client = createShopifyClient(config, clock, deps.retryMs)
  const reader = createReader(client, system)
  const shop: Shop = { client, reader, config, system, clock }
  return {
    system,
    role: 'storefront',
    kind: 'shopify',
    webhook: createWebhook(config),
    poll: createPoller(client, reader, config, deps.now),
    actions: [
      ...holdActions(shop),
      ...fulfillmentActions(shop),
      ...orderActions(shop),
      ...moneyActions(shop),
      reshipAction(shop),
      stockAction(shop),
      annotateAction(shop),
    ],
    async probe(signal) {
      const { data } = await client.query(QUERIES.probe, {}, probed, signal)
      const fail = (words: string) => new SystemError(system, 'misconfigured', words)
      const domain = data.shop.myshopifyDomain.toLowerCase()
      if (domain !== config.shop) {
        throw fail(`${system} is configured as ${config.shop}, but the token is for ${domain}.`)
      }
      const granted = new Set(data.currentAppInstallation.accessScopes.map(({ handle }) => handle))
      const missing = SCOPES.filter((scope) => !grants(granted, scope))
      if (missing.length > 0)
        throw fail(`${system}: the app lacks the scopes ${missing.join(', ')}: grant them.`)
    },
  }
}
