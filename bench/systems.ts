import { createServer } from 'node:http'
import type { WireFact } from '../src/app/connector.ts'
import { sandboxConfig } from '../src/connectors/sandbox/config.ts'
import { parseRow } from '../src/connectors/sandbox/schema.ts'
import { signWebhook } from '../src/sandbox/outbox.ts'
import type { Context } from './context.ts'
import type { SystemName, Told } from './journey.ts'

export const ROLES = { shop: 'storefront', erp: 'erp', wms: 'wms', carrier: 'carrier' } as const

/** Known to both sides of the bench, and to nobody else: its servers live for seconds, on loopback. */
const SECRET = `whsec_${Buffer.from('signs the webhooks of the bench').toString('base64')}`

export type Webhook = { path: string; headers: Record<string, string>; body: string }

let sent = 0

/** A webhook as its system would send it now, signed. */
export const webhookOf = ({ system, row }: Told): Webhook => {
  const now = new Date()
  const body = JSON.stringify({ sent_at: now.toISOString(), data: row })
  const id = `msg-${process.pid}-${++sent}`
  const seconds = Math.floor(now.getTime() / 1000)
  return {
    path: `/hooks/${system}`,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': signWebhook(SECRET, id, seconds, body),
    },
    body,
  }
}

/** The same row as the connector reads it. */
export const factOf = ({ system, row }: Told): WireFact => {
  const parsed = parseRow(ROLES[system], row)
  if ('reason' in parsed) throw new Error(`The bench tells nonsense: ${parsed.reason}`)
  return parsed.fact
}

/** The four systems as `baton.yml` configures them; `url`: where they all answer polls. */
export const systemsAt = (url: string): Record<SystemName, object> => {
  const system = (name: SystemName) => ({
    kind: 'sandbox',
    ...sandboxConfig.parse({ role: ROLES[name], url, token: 'bench', webhookSecrets: [SECRET] }),
  })
  return { shop: system('shop'), erp: system('erp'), wms: system('wms'), carrier: system('carrier') }
}

/** Answers every poll with "nothing has changed", so that Baton knows all four systems to be alive. */
export const openQuietSystems = async (context: Context): Promise<string> => {
  const server = createServer((_request, response) => {
    const page = { now: new Date().toISOString(), items: [], next_cursor: '0', more: false }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(page))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  context.onEnd(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The quiet systems have no TCP port')
  return `http://127.0.0.1:${address.port}`
}
