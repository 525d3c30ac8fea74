import type { Connector } from '../../../src/app/connector.ts'
import { easypostConfig } from '../../../src/connectors/easypost/config.ts'
import { createEasypostConnector } from '../../../src/connectors/easypost/index.ts'
import { type ConnectorHarness, describeConnector } from '../../contracts/connector.ts'
import { startEasypost } from '../../support/easypost/double.ts'

const start = async (): Promise<ConnectorHarness> => {
  const double = await startEasypost()
  const { url, apiKey, secret, now } = double
  const connectorWith = (settings: object): Connector =>
    createEasypostConnector(
      {
        ...easypostConfig.parse({ url, apiKey, webhookSecrets: [secret], timeoutMs: 250, ...settings }),
        name: 'parcels',
      },
      { now },
    )
  let closed = false
  const close = async () => {
    if (!closed) await double.close()
    closed = true
  }
  let parcels = 0
  return {
    connector: connectorWith({}),
    now,
    async live() {
      double.pass(60_000)
      parcels += 1
      double.make(`9400 ${parcels}`)
      double.pass(60_000)
      for (let n = 1; n <= parcels; n++) double.scan(`9400 ${n}`, { status: 'in_transit', city: 'HOUSTON' })
    },
    webhooks: {
      sent: () => double.sent,
      sign: (body) => double.sign(body),
      forge: (body) => double.sign(body, 'somebody else'),
    },
    actionCase: () => Promise.reject(new Error('It is only read')),
    withWrongCredentials: () => connectorWith({ apiKey: 'EZAK-of-somebody-else' }),
    unplug: close,
    stop: close,
  }
}

describeConnector('EasyPost', { pushes: 'undated', polls: true, actions: [] }, start)
