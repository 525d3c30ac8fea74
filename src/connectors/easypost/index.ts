import { z } from 'zod'
import type { Connector } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import { createEasypostClient } from './client.ts'
import type { EasypostConfig } from './config.ts'
import { createPoller } from './poll.ts'
import { createWebhook } from './webhook.ts'

const moded = z.object({ mode: z.string() })

/** The parcels of one EasyPost account. It is only read: EasyPost has no call that asks a carrier for anything. */
export const createEasypostConnector = (
  config: EasypostConfig,
  deps: { now(): Date; replicas?: () => number },
): Connector => {
  const client = createEasypostClient(config, deps.replicas)
  return {
    system: config.name,
    role: 'carrier',
    kind: 'easypost',
    ...(config.webhookSecrets.length > 0 ? { webhook: createWebhook(config) } : {}),
    poll: createPoller(client, config, deps.now),
    actions: [],
    async probe(signal) {
      const { trackers } = await client.trackers(null, signal, 1)
      const mode = moded.safeParse(trackers[0]).data?.mode
      if (mode === undefined || mode === config.mode) return
      const words = `${config.name}: its key is for ${mode}, but it is configured for ${config.mode}.`
      throw new SystemError(config.name, 'misconfigured', words)
    },
  }
}
