import { mailConfig } from '../../../src/connectors/mail/config.ts'
import { createMailConnector } from '../../../src/connectors/mail/index.ts'
import { type ConnectorHarness, describeConnector } from '../../contracts/connector.ts'
import { OWN } from '../../support/mail/certificate.ts'
import { startMailServer } from '../../support/mail/server.ts'

/*
 * Of the suite only what does not read: a mail shows nowhere, so that what the suite wants to see of an action never
 * comes. What its actions promise instead stands in actions.test.ts and run.test.ts.
 */
const start = async (): Promise<ConnectorHarness> => {
  const login = { user: 'baton', password: 'only for tests' }
  const box = await startMailServer({ login, tls: OWN })
  const now = () => new Date('2026-11-23T06:00:00Z')
  const connectorWith = (settings: object) => {
    const base = { url: box.url, from: 'desk@shop.example', ca: OWN.cert, timeoutMs: 1_000, ...login }
    return createMailConnector({ ...mailConfig.parse({ ...base, ...settings }), name: 'letters' }, { now })
  }
  let closed = false
  const close = async () => {
    if (!closed) await box.close()
    closed = true
  }
  return {
    connector: connectorWith({}),
    now,
    live: () => Promise.resolve(),
    actionCase: () => Promise.reject(new Error('It has no desk')),
    withWrongCredentials: () => connectorWith({ password: 'wrong' }),
    unplug: close,
    stop: close,
  }
}

describeConnector('mail', { pushes: false, polls: false, actions: [] }, start)
