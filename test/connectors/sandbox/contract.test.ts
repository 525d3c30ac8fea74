import type { Connector } from '../../../src/app/connector.ts'
import { sandboxConfig } from '../../../src/connectors/sandbox/config.ts'
import { createSandboxConnector } from '../../../src/connectors/sandbox/index.ts'
import type { FaultKind } from '../../../src/sandbox/faults.ts'
import type { Planted } from '../../../src/sandbox/ledger.ts'
import { signWebhook } from '../../../src/sandbox/outbox.ts'
import type { SystemName } from '../../../src/sandbox/steps.ts'
import {
  type ActionCase,
  type ConnectorHarness,
  describeConnector,
  type SignedRequest,
} from '../../contracts/connector.ts'
import { startWorld, type TestWorld } from '../../support/sandbox-world.ts'

const signed = (secret: string, body: Buffer, at: Date): SignedRequest => {
  const timestamp = Math.floor(at.getTime() / 1000)
  const id = `msg_${at.getTime()}`
  const signature = signWebhook(secret, id, timestamp, body.toString())
  return {
    headers: { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature },
    body,
  }
}

/** The fault that makes each action due, and the key of the subject it is due on. */
const DUE: Record<
  string,
  { fault: FaultKind; on: (fault: Planted) => ['order' | 'stock' | 'receipt' | 'tracking', string] }
> = {
  book_receipt: { fault: 'receipt_never_booked', on: ({ keys }) => ['receipt', keys.receipt ?? ''] },
  resend_order: { fault: 'paid_never_imported', on: ({ keys }) => ['order', keys.order ?? ''] },
  create_order: { fault: 'paid_never_imported', on: ({ keys }) => ['order', keys.order ?? ''] },
  place_hold: { fault: 'hold_not_passed', on: ({ keys }) => ['order', keys.order ?? ''] },
  release_hold: { fault: 'hold_not_passed', on: ({ keys }) => ['order', keys.order ?? ''] },
  adjust_stock: { fault: 'stock_drift', on: ({ keys }) => ['stock', keys.stock ?? ''] },
  recount: { fault: 'stock_drift', on: ({ keys }) => ['stock', keys.stock ?? ''] },
  ship_rest: { fault: 'short_pick', on: ({ keys }) => ['order', keys.order ?? ''] },
  sync_shipment: { fault: 'shipped_not_in_erp', on: ({ keys }) => ['order', keys.order ?? ''] },
  cancel_duplicate: { fault: 'duplicate_shipment', on: ({ keys }) => ['order', keys.order ?? ''] },
  open_trace: { fault: 'label_without_scan', on: ({ keys }) => ['tracking', keys.tracking ?? ''] },
}

/** What takes time to show: the count, the trace, the order on its way. */
const SETTLE_MS: Record<string, number> = { recount: 5_000, open_trace: 10_000, resend_order: 8_000 }

const actionCase = async (world: TestWorld, id: string): Promise<ActionCase> => {
  const due = DUE[id]
  if (!due) throw new Error(`No case for ${id}`)
  const fault = await world.plant(due.fault)
  if (id === 'release_hold') {
    // Held in the WMS and no longer in the shop, before the integration has told the WMS.
    const { order } = fault.keys
    const held = { key: 'held', body: { reason: 'fraud review' } }
    await world.call('wms', `/deliveries/D${order}-1/hold`, held)
    await world.call('shop', `/fulfillment_orders/70${order}/release`, { key: 'released' })
  }
  const [name, value] = due.on(fault)
  return {
    subject: await world.subject(name, value),
    effects: () => world.sandbox.ledger().effects.length,
    settle: () => world.advance(SETTLE_MS[id] ?? 0),
    ...(id === 'recount' ? { repeatable: true } : {}),
  }
}

const start = (system: SystemName) => async (): Promise<ConnectorHarness> => {
  const world = await startWorld()
  const found = world.sandbox.systems.find((s) => s.name === system)
  if (!found) throw new Error(`No ${system}`)
  const { name, role, url, webhookSecret } = found
  let stopped = false
  const stop = async () => {
    if (!stopped) await world.stop()
    stopped = true
  }
  return {
    connector: world.connectors[system],
    now: world.now,
    live: () => world.advance(30_000),
    webhooks: {
      sent: () => world.deliveries.filter((d) => d.url.endsWith(`/hooks/${system}`)),
      sign: (body, at) => signed(webhookSecret, body, at),
      forge: (body, at) => signed(`whsec_${Buffer.from('somebody else').toString('base64')}`, body, at),
    },
    actionCase: (id) => actionCase(world, id),
    withWrongCredentials(): Connector {
      const config = sandboxConfig.parse({ name, role, url, token: 'wrong', webhookSecrets: [webhookSecret] })
      return createSandboxConnector(config, { now: world.now })
    },
    unplug: stop,
    async loseNextAnswer() {
      await world.control('/faults', { kind: 'lose_answer', system })
    },
    stop,
  }
}

const both = { pushes: true, polls: true }
describeConnector('the sandbox storefront', { ...both, actions: ['resend_order'] }, start('shop'))
describeConnector(
  'the sandbox ERP',
  { ...both, actions: ['book_receipt', 'sync_shipment', 'create_order', 'adjust_stock'] },
  start('erp'),
)
describeConnector(
  'the sandbox WMS',
  { ...both, actions: ['place_hold', 'release_hold', 'ship_rest', 'cancel_duplicate', 'recount'] },
  start('wms'),
)
describeConnector('the sandbox carrier', { ...both, actions: ['open_trace'] }, start('carrier'))
