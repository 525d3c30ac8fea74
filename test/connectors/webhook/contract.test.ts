import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { Connector } from '../../../src/app/connector.ts'
import { httpConfig, webhookConfig } from '../../../src/connectors/webhook/config.ts'
import { createHttpConnector, createWebhookConnector } from '../../../src/connectors/webhook/index.ts'
import {
  type ActionCase,
  type ConnectorHarness,
  describeConnector,
  type SignedRequest,
} from '../../contracts/connector.ts'
import { startFaultyProxy } from '../../support/faulty-proxy.ts'
import { object, view } from '../../support/objects.ts'
import {
  type Message,
  type RestService,
  type Shipment,
  startRestService,
} from '../../support/rest/service.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const OTHER = `whsec_${Buffer.from('somebody else entirely').toString('base64')}`

const api = (url: string, token: string) => ({
  url,
  headers: { authorization: `Bearer ${token}` },
  probe: '/health',
  allow_hosts: [new URL(url).hostname],
  timeout: '0.25s',
})

const shipmentFact = {
  name: 'shipment',
  each: 'shipments[]',
  type: 'fulfillment',
  id: 'id',
  keys: { order: 'order', tracking: 'tracking' },
  state: { path: 'status', map: { NEW: 'ready', HOLD: 'held', DESPATCHED: 'shipped', VOID: 'cancelled' } },
  quantities: { ordered: 'units' },
  attributes: { tracking: 'tracking', cancellation: 'cancellation' },
  at: { path: 'updated', format: 'epoch_ms' },
}
const call = { idempotency_header: 'Idempotency-Key', refused: 'error.message' }
const read = { path: '/shipments/{{id}}', find: 'shipment', as: 'shipment' }

/** A warehouse that signs with an HMAC over its time and the body. */
const wms = {
  role: 'wms',
  verify: {
    hmac: {
      header: 'X-Signature',
      prefix: 'sha256=',
      timestamp: { header: 'X-Timestamp' },
      secrets: ['the old secret', 'the new secret'],
    },
  },
  delivery_id: { header: 'X-Delivery' },
  facts: [shipmentFact],
  actions: [
    {
      id: 'release_delivery',
      label: 'Release it in the warehouse',
      risk: 'safe',
      on: { type: 'fulfillment', states: ['held'], else: 'there is no hold to release' },
      inputs: [{ kind: 'text', id: 'reason', label: 'Why' }],
      read,
      ready: "state == 'held'",
      done: "state == 'ready' || state == 'shipped'",
      call: { path: '/shipments/{{id}}/release', body: { reason: '{{reason}}' }, ...call },
    },
    {
      id: 'cancel_order',
      label: 'Ask the warehouse to cancel it',
      kind: 'request',
      answer_within: '4h',
      on: { type: 'fulfillment', states: ['ready'], else: 'it is too late to ask' },
      read,
      ready: "state == 'ready' && attributes.cancellation == 'none'",
      done: "state == 'cancelled' || attributes.cancellation == 'asked'",
      expect: "state == 'cancelled'",
      call: { path: '/shipments/{{id}}/cancellation', body: { note: 'Order {{id}}' }, ...call },
    },
  ],
}

/** An integration whose failed records can be run again. */
const integration = {
  role: 'integration',
  verify: { standard_webhooks: { secrets: [SECRET] } },
  facts: [
    {
      name: 'record',
      each: 'messages[]',
      type: 'message',
      id: 'id',
      keys: { order: 'order' },
      state: { path: 'outcome', map: { FAILED: 'error', QUEUED: 'waiting', DELIVERED: 'ok' } },
      at: { path: 'updated', format: 'epoch_ms' },
    },
  ],
  retry: {
    read: { path: '/messages/{{id}}', as: 'record' },
    call: { path: '/messages/{{id}}/retry', ...call },
  },
}

/** An ERP that is only called: what the shop has sold is entered there. */
const erp = {
  role: 'erp',
  actions: [
    {
      id: 'create_order',
      label: 'Create the order in the ERP',
      on: { role: 'storefront', type: 'order', states: ['confirmed'], else: 'the shop has not confirmed it' },
      params: {
        number: 'keys.order',
        lines: { role: 'storefront', type: 'order', path: 'attributes.lines' },
      },
      read: {
        path: '/sales',
        query: { number: '{{number}}' },
        find: 'items[0]',
        as: {
          type: 'order',
          id: 'id',
          keys: { order: 'number', sale: 'id' },
          state: { path: 'status', map: { OPEN: 'confirmed' } },
          at: { path: 'updated', format: 'epoch_ms' },
        },
      },
      ready: '!found',
      done: 'found',
      call: { path: '/sales', body: { number: '{{number}}', lines: '{{lines}}' }, ...call },
    },
  ],
}

const NOW = new Date('2026-11-23T10:00:00Z')

const shipmentOf = (status: Shipment['status'], n: number): Shipment => ({
  id: `D/${n} ä`,
  order: `#${1000 + n}`,
  status,
  cancellation: 'none',
  units: 2,
  tracking: status === 'DESPATCHED' ? ` trk ${n}` : null,
  updated: NOW.getTime() - 60_000,
})
const messageOf = (n: number): Message => ({
  id: `M${n}`,
  order: String(1000 + n),
  outcome: 'FAILED',
  updated: NOW.getTime() - 60_000,
})

type Case = (service: RestService, n: number) => Omit<ActionCase, 'effects' | 'settle'>

const CASES: Record<string, Case> = {
  release_delivery(service, n) {
    const shipment = shipmentOf('HOLD', n)
    service.shipments.set(shipment.id, shipment)
    const told = {
      system: 'sys',
      role: 'wms' as const,
      type: 'fulfillment' as const,
      externalId: shipment.id,
    }
    return {
      subject: view([object({ ...told, state: 'held' })], { kind: 'fulfillment' }),
      values: { reason: 'checked "twice" {{id}}' },
    }
  },
  cancel_order(service, n) {
    const shipment = shipmentOf('NEW', n)
    service.shipments.set(shipment.id, shipment)
    const told = {
      system: 'sys',
      role: 'wms' as const,
      type: 'fulfillment' as const,
      externalId: shipment.id,
    }
    return { subject: view([object({ ...told, state: 'ready' })], { kind: 'fulfillment' }) }
  },
  retry_message(service, n) {
    const message = messageOf(n)
    service.messages.set(message.id, message)
    const told = {
      system: 'sys',
      role: 'integration' as const,
      type: 'message' as const,
      externalId: message.id,
    }
    return { subject: view([object({ ...told, state: 'error' })], { kind: 'fulfillment' }) }
  },
  create_order(_service, n) {
    const order = object({
      system: 'shop',
      role: 'storefront',
      type: 'order',
      externalId: `gid/${n}`,
      state: 'confirmed',
      keys: [{ name: 'order', value: String(2000 + n), kind: 'identity' }],
      attributes: { lines: 'MUG-RED*2' },
    })
    return { subject: view([order], { kind: 'fulfillment' }) }
  },
}

const hmacSigned =
  (secret: string) =>
  (body: Buffer, at: Date): SignedRequest => {
    const timestamp = String(Math.floor(at.getTime() / 1000))
    const signature = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')
    const id = createHmac('sha256', 'id').update(body).digest('hex')
    return {
      headers: { 'x-signature': `sha256=${signature}`, 'x-timestamp': timestamp, 'x-delivery': id },
      body,
    }
  }

/** Signed by the reference library of Standard Webhooks, and not by what is tested. */
const standardSigned =
  (secret: string) =>
  (body: Buffer, at: Date): SignedRequest => {
    const id = `msg_${createHmac('sha256', 'id').update(body).digest('hex').slice(0, 20)}`
    return {
      headers: {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(secret).sign(id, at, body.toString('utf8')),
      },
      body,
    }
  }

type Made = {
  connect(settings: object): Connector
  signing?: {
    sign: (body: Buffer, at: Date) => SignedRequest
    forge: (body: Buffer, at: Date) => SignedRequest
  }
  /** Makes the system change something, and answers what it sends of it. */
  change?(service: RestService, n: number): unknown
}

const start =
  ({ connect, signing, change }: Made) =>
  async (): Promise<ConnectorHarness> => {
    const service = await startRestService(() => NOW)
    const proxy = await startFaultyProxy(service.url)
    const sent: SignedRequest[] = []
    let made = 0
    let isStopped = false
    const stop = async () => {
      if (!isStopped) await Promise.all([proxy.close(), service.close()])
      isStopped = true
    }
    return {
      connector: connect({ api: api(proxy.url, service.token) }),
      proxy,
      now: () => NOW,
      async live() {
        for (let i = 0; i < 2; i++) {
          const body = Buffer.from(JSON.stringify(change?.(service, ++made)))
          if (signing) sent.push(signing.sign(body, NOW))
        }
      },
      ...(signing ? { webhooks: { sent: () => sent, ...signing } } : {}),
      async actionCase(id) {
        const due = CASES[id]
        if (!due) throw new Error(`No case for ${id}`)
        return { ...due(service, ++made), effects: service.effects, settle: async () => service.settle() }
      },
      withWrongCredentials: () => connect({ api: api(proxy.url, 'a-wrong-token') }),
      unplug: stop,
      async loseNextAnswer() {
        proxy.arm({ kind: 'reset', when: 'after' })
      },
      faults: {
        'a refusal inside a 200': () => service.refuseInside(),
        'credentials that expire in the middle': () => service.expire(),
      },
      stop,
    }
  }

const faults = ['a refusal inside a 200', 'credentials that expire in the middle']
const deps = { now: () => NOW }
const webhookOf = (settings: object) => (more: object) =>
  createWebhookConnector({ ...webhookConfig.parse({ ...settings, ...more }), name: 'sys' }, deps)

describeConnector(
  'a declared warehouse that sends and is called',
  { pushes: 'timestamped', polls: false, actions: ['release_delivery', 'cancel_order'], faults },
  start({
    connect: webhookOf(wms),
    signing: { sign: hmacSigned('the new secret'), forge: hmacSigned('a wrong secret') },
    change: (_, n) => ({ shipments: [shipmentOf('NEW', n), shipmentOf('DESPATCHED', n + 100)] }),
  }),
)

describeConnector(
  'a declared integration',
  { pushes: 'timestamped', polls: false, actions: ['retry_message'], faults },
  start({
    connect: webhookOf(integration),
    signing: { sign: standardSigned(SECRET), forge: standardSigned(OTHER) },
    change: (_, n) => ({ messages: [messageOf(n)] }),
  }),
)

describeConnector(
  'a declared ERP that is only called',
  { pushes: false, polls: false, actions: ['create_order'], faults },
  start({
    connect: (more) => createHttpConnector({ ...httpConfig.parse({ ...erp, ...more }), name: 'sys' }, deps),
  }),
)
