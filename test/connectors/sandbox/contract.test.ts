import type { Connector } from '../../../src/app/connector.ts'
import { sandboxConfig } from '../../../src/connectors/sandbox/config.ts'
import { createSandboxConnector } from '../../../src/connectors/sandbox/index.ts'
import { FAULTS, type FaultKind } from '../../../src/sandbox/faults.ts'
import { signWebhook } from '../../../src/sandbox/outbox.ts'
import { SYSTEMS, type SystemName } from '../../../src/sandbox/steps.ts'
import {
  type ActionCase,
  type ConnectorHarness,
  describeConnector,
  type SignedRequest,
} from '../../contracts/connector.ts'
import { startFaultyProxy } from '../../support/faulty-proxy.ts'
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

/** The fault that makes each action due, and what takes time to show: the count, the trace, the order on its way. */
const DUE: Record<string, { fault: FaultKind; settleMs?: number; repeatable?: true }> = {
  'erp.book_receipt': { fault: 'receipt_never_booked' },
  'erp.create_order': { fault: 'paid_never_imported' },
  'erp.adjust_stock': { fault: 'stock_drift' },
  'erp.sync_shipment': { fault: 'shipped_not_in_erp' },
  'erp.send_delivery': { fault: 'delivery_never_sent', repeatable: true },
  'erp.claim_shortage': { fault: 'supplier_short', settleMs: 10_000 },
  'shop.resend_order': { fault: 'paid_never_imported', settleMs: 8_000 },
  'shop.cancel_order': { fault: 'void_not_answered' },
  'shop.release_hold': { fault: 'hold_undecided' },
  'shop.pass_tracking': { fault: 'tracking_not_passed' },
  'shop.ask_customer': { fault: 'payment_expired', settleMs: 10_000 },
  'shop.reroute_orders': { fault: 'oversold' },
  'shop.refund': { fault: 'claim_unanswered' },
  'shop.reship': { fault: 'claim_unanswered' },
  'shop.refund_return': { fault: 'return_not_refunded' },
  'shop.update_promise': { fault: 'promise_stale' },
  'wms.place_hold': { fault: 'hold_not_passed' },
  'wms.release_delivery': { fault: 'release_not_passed' },
  'wms.recall_delivery': { fault: 'cancel_not_passed' },
  'wms.move_fulfillment': { fault: 'move_not_passed' },
  'wms.ship_rest': { fault: 'short_pick' },
  'wms.cancel_duplicate': { fault: 'duplicate_shipment' },
  'wms.recount': { fault: 'stock_drift', settleMs: 5_000, repeatable: true },
  'wms.expect_return': { fault: 'return_unannounced' },
  'carrier.open_trace': { fault: 'label_without_scan', settleMs: 10_000 },
}

const actionCase = async (world: TestWorld, system: SystemName, id: string): Promise<ActionCase> => {
  const due = DUE[`${system}.${id}`]
  if (!due) throw new Error(`No case for ${id}`)
  const { keys } = await world.plant(due.fault)
  const { shown } = FAULTS[due.fault]
  return {
    subject: await world.subject(shown, keys[shown] ?? ''),
    effects: () => world.sandbox.ledger().effects.length,
    settle: () => world.advance(due.settleMs ?? 0),
    ...(due.repeatable ? { repeatable: true } : {}),
  }
}

/** All actions of one system. */
const actionsOf = (system: SystemName): string[] =>
  Object.keys(DUE).flatMap((name) => (name.startsWith(`${system}.`) ? name.slice(system.length + 1) : []))

const start = (system: SystemName) => async (): Promise<ConnectorHarness> => {
  const world = await startWorld()
  const found = world.sandbox.systems.find((s) => s.name === system)
  if (!found) throw new Error(`No ${system}`)
  const { name, role, url, token, webhookSecret } = found
  const proxy = await startFaultyProxy(url)
  const connectorWith = (settings: object): Connector =>
    createSandboxConnector(
      { ...sandboxConfig.parse({ role, webhookSecrets: [webhookSecret], ...settings }), name },
      { now: world.now },
    )
  let stopped = false
  const stop = async () => {
    if (!stopped) await Promise.all([proxy.close(), world.stop()])
    stopped = true
  }
  return {
    connector: connectorWith({ url: proxy.url, token, timeoutMs: 250 }),
    proxy,
    now: world.now,
    live: () => world.advance(30_000),
    webhooks: {
      sent: () => world.deliveries.filter((d) => d.url.endsWith(`/hooks/${system}`)),
      sign: (body, at) => signed(webhookSecret, body, at),
      forge: (body, at) => signed(`whsec_${Buffer.from('somebody else').toString('base64')}`, body, at),
    },
    actionCase: (id) => actionCase(world, system, id),
    withWrongCredentials: () => connectorWith({ url, token: 'wrong' }),
    unplug: stop,
    async loseNextAnswer() {
      await world.control('/faults', { kind: 'lose_answer', system })
    },
    stop,
  }
}

const NAMES = {
  shop: 'the sandbox storefront',
  erp: 'the sandbox ERP',
  wms: 'the sandbox WMS',
  carrier: 'the sandbox carrier',
}
for (const system of SYSTEMS) {
  const promises = { pushes: 'timestamped' as const, polls: true, actions: actionsOf(system) }
  describeConnector(NAMES[system], promises, start(system))
}
