import type { Connector } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import { createActions } from './actions.ts'
import { createSandboxClient } from './client.ts'
import type { SandboxConfig } from './config.ts'
import { createPoller } from './poll.ts'
import { createWebhook } from './webhook.ts'

/** One system of the sandbox, as Baton sees it. Used once for each of the four. */
export const createSandboxConnector = (config: SandboxConfig, deps: { now(): Date }): Connector => {
  const client = createSandboxClient(config)
  return {
    system: config.name,
    role: config.role,
    kind: 'sandbox',
    webhook: createWebhook(config),
    poll: createPoller(client, config.role),
    actions: createActions(client, config, deps.now),
    async probe(signal) {
      const role = await client.role(signal)
      if (role === config.role) return
      const words = `${config.name} is configured as ${config.role}, but says it is a ${role}: check its url.`
      throw new SystemError(config.name, 'misconfigured', words)
    },
  }
}
