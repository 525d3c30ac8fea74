import type { Connector } from '../../app/connector.ts'
import { createActions } from './actions.ts'
import type { MailConfig } from './config.ts'
import { createMailServer } from './smtp.ts'

/** Requests to people outside, by mail. Nothing is read: their answers go to a mailbox that people read. */
export const createMailConnector = (config: MailConfig, deps: { now(): Date }): Connector => {
  const server = createMailServer(config)
  return {
    system: config.name,
    role: 'integration',
    kind: 'mail',
    actions: createActions(server, config, deps.now),
    probe: (signal) => server.probe(signal),
  }
}
