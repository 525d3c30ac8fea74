import type { Connector } from '../../app/connector.ts'
import { createActions } from './actions.ts'
import { createTrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { createPoller } from './poll.ts'
import { probe } from './probe.ts'

/** One Tryton database, as ERP or as WMS. */
export const createTrytonConnector = (config: TrytonConfig): Connector => {
  const client = createTrytonClient(config)
  return {
    system: config.name,
    role: config.role,
    kind: 'tryton',
    poll: createPoller(client, config),
    actions: createActions(client, config),
    probe: (signal) => probe(client, config, signal),
  }
}
