import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { systemClock } from '../../src/sandbox/clock.ts'
import type { FaultPlan } from '../../src/sandbox/faults.ts'
import { deliverByHttp } from '../../src/sandbox/outbox.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { memoryStore } from '../../src/sandbox/store.ts'

/** When a change passes: on its way to the system, or once it has happened and the caller does not know it yet. */
export type Moment = 'asked' | 'answered'
/** A change of a system that Baton asks for. */
export type Passing = { system: string; path: string }

/** What Baton asked of a system, in order; `key` is that of a change. */
export type Asked = { system: string; method: string; path: string; key: string | null }

export type LiveSandbox = {
  sandbox: Sandbox
  asked: Asked[]
  /** The `baton.yml` that connects its systems; its secrets are named, not written. */
  yml: string
  /** What the names in the file stand for. */
  secrets: Record<string, string>
  /** Awaited at each moment of each change: to hold it back, to see that it is there, or to let it get lost. */
  onChange: (moment: Moment, passing: Passing) => Promise<'lost' | undefined>
  /** Told of each webhook once it is on the wire. */
  onWebhook: () => void
  stop(): Promise<void>
}

/**
 * A sandbox that lives in the test's own process, in real time, while Batons come and go: behind relays, so that a
 * change that Baton makes can be caught in the act.
 */
export const startLiveSandbox = async (options: {
  seed: string
  batonUrl: string
  faults: Partial<FaultPlan>
}): Promise<LiveSandbox> => {
  const { seed, batonUrl, faults } = options
  const sandbox = createSandbox({
    seed,
    pace: 1,
    clock: systemClock,
    store: memoryStore(),
    batonUrl,
    secret: `of ${seed}`,
    faults,
    deliver: (...letter) => {
      const delivered = deliverByHttp(...letter)
      live.onWebhook()
      return delivered
    },
    report: (error) => {
      throw error
    },
  })
  const live: LiveSandbox = {
    sandbox,
    asked: [],
    yml: '',
    secrets: {},
    onChange: async () => undefined,
    onWebhook: () => {},
    stop: async () => {
      await sandbox.stop()
      for (const relay of relays) await relay.close()
    },
  }
  await sandbox.start()
  const relays = await Promise.all(
    sandbox.systems.map(({ name, url }) =>
      startRelay(url, {
        asked: (request) => live.asked.push({ system: name, ...request }),
        onChange: (moment, path) => live.onChange(moment, { system: name, path }),
      }),
    ),
  )
  const systems = sandbox.systems.map(({ name, role, token, webhookSecret }, index) => {
    const [tokenName, secretName] = [`${name.toUpperCase()}_TOKEN`, `${name.toUpperCase()}_SECRET`]
    Object.assign(live.secrets, { [tokenName]: token, [secretName]: webhookSecret })
    return [
      `  ${name}:`,
      '    kind: sandbox',
      `    role: ${role}`,
      `    url: ${relays[index]?.url}`,
      `    token: "\${${tokenName}}"`,
      `    webhookSecrets: ["\${${secretName}}"]`,
    ].join('\n')
  })
  live.yml = `systems:\n${systems.join('\n')}\n${REST_OF_YML}`
  return live
}

/** Graces as short as the sandbox's own; one person may press everything. */
export const GRACE_MS: Record<string, number> = {
  'storefront-order-imported': 8_000,
  'storefront-hold-passed': 6_000,
  'wms-erp-stock-agrees': 12_000,
  'wms-shipment-synced': 8_000,
  'wms-one-delivery': 4_000,
  'carrier-parcel-scanned': 12_000,
  'wms-receipt-booked': 8_000,
  'wms-short-resolved': 0,
}

const REST_OF_YML = `poll: 2s
contracts:
  tune:
${Object.entries(GRACE_MS)
  .map(([contract, ms]) => `    ${contract}: { grace: ${ms / 1000}s }`)
  .join('\n')}
trust:
  adjust_stock: { second_person: never }
  create_order: { second_person: never }
  cancel_duplicate: { second_person: never }
`

const KEPT_HEADERS = ['authorization', 'content-type', 'accept', 'idempotency-key']

type RelayHooks = {
  asked(request: Omit<Asked, 'system'>): void
  onChange(moment: Moment, path: string): Promise<'lost' | undefined>
}

/** Passes requests on to `target`; a change is announced on its way there and on its way back. */
const startRelay = async (target: string, { asked, onChange }: RelayHooks) => {
  const relay = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/' } = request
    const isChange = method !== 'GET'
    const body = await buffer(request)
    const key = request.headers['idempotency-key']
    asked({ method, path: url, key: typeof key === 'string' ? key : null })
    if (isChange && (await onChange('asked', url)) === 'lost') throw new Error('The request is lost')
    const headers = Object.fromEntries(
      KEPT_HEADERS.flatMap((name) => {
        const value = request.headers[name]
        return typeof value === 'string' ? [[name, value]] : []
      }),
    )
    const answer = await fetch(`${target}${url}`, { method, headers, ...(isChange ? { body } : {}) })
    const text = await answer.text()
    if (isChange && (await onChange('answered', url)) === 'lost') throw new Error('The answer is lost')
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text)
  }
  const server = createServer((request, response) => {
    // Also an answer that the sandbox itself loses is lost here.
    relay(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
