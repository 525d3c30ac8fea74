import type { Connector } from '../../app/connector.ts'
import { createActions } from './actions.ts'
import { createMedusaClient } from './client.ts'
import type { MedusaConfig } from './config.ts'
import { createPlaces } from './places.ts'
import { createPoller } from './poll.ts'
import { createWebhook } from './webhook.ts'

/** A Medusa 2 shop, as Baton sees it. */
export const createMedusaConnector = (config: MedusaConfig): Connector => {
  const { name: system, webhook, holdMetadataKey, trackingUrl } = config
  const client = createMedusaClient(config)
  const places = createPlaces(client, config)
  return {
    system,
    role: 'storefront',
    kind: 'medusa',
    ...(webhook ? { webhook: createWebhook(webhook) } : {}),
    poll: createPoller(client, places),
    actions: createActions({
      system,
      client,
      places,
      holdMetadataKey,
      ...(trackingUrl === undefined ? {} : { trackingUrl }),
    }),
    async probe(signal) {
      await client.locations(signal)
    },
  }
}
