import type { SubjectView } from '../../../src/domain/model.ts'
import {
  type ActionCase,
  type ConnectorHarness,
  describeConnector,
  type SignedRequest,
} from '../../contracts/connector.ts'
import { startFaultyProxy } from '../../support/faulty-proxy.ts'
import { type ShopDouble, sign, startShop } from '../../support/shopify/double.ts'
import { connect, subjectOf } from './harness.ts'

/** The order of the shop, and what the warehouse says of it. */
const orderSubject = (double: ShopDouble, name: string, wms: object = {}) =>
  subjectOf(double, 'fulfillment', { name: 'order', value: name.slice(1) }, [
    { role: 'wms', type: 'fulfillment', externalId: 'D1', state: 'ready', attributes: {}, ...wms },
  ])

type Due = { subject: SubjectView; values?: NonNullable<ActionCase['values']> }

/** What makes each action due. */
const DUE: Record<string, (double: ShopDouble) => Promise<Due>> = {
  async place_hold(double) {
    const { name } = double.world.order({ financial: 'EXPIRED' })
    return { subject: await orderSubject(double, name) }
  },
  async release_hold(double) {
    const order = double.world.order()
    const [part] = order.parts
    if (part) {
      double.world.hold(part, 'HIGH_RISK_OF_FRAUD', { handle: null, own: false, app: 'Fraud Guard' })
      double.world.hold(part, 'OTHER', { handle: null, own: false, app: 'Upsell' })
    }
    return { subject: await orderSubject(double, order.name) }
  },
  async move_fulfillment(double) {
    const { name } = double.world.order()
    return { subject: await orderSubject(double, name, { attributes: { location: 'South' } }) }
  },
  async update_promise(double) {
    const { name } = double.world.order()
    return { subject: await orderSubject(double, name), values: { date: '2026-12-24' } }
  },
  async pass_tracking(double) {
    const { name } = double.world.order()
    const tracking = `trk-${double.world.nextId()}`
    return { subject: await orderSubject(double, name, { state: 'shipped', attributes: { tracking } }) }
  },
  async cancel_order(double) {
    const { name } = double.world.order()
    return { subject: await orderSubject(double, name) }
  },
  async cancel_line(double) {
    const { name } = double.world.order({
      lines: [
        { sku: 'MUG-RED', quantity: 3 },
        { sku: 'PEN', quantity: 1 },
      ],
    })
    return { subject: await orderSubject(double, name), values: { sku: 'MUG-RED', keep: 1 } }
  },
  async annotate(double) {
    const { name } = double.world.order({ tags: ['gift'] })
    return { subject: await orderSubject(double, name), values: { note: 'Asked the customer, back by noon' } }
  },
  refund: (double) => lostParcel(double),
  reship: (double) => lostParcel(double),
  async refund_return(double) {
    const back = double.world.returned(double.world.order())
    const subject = await subjectOf(double, 'return', { name: 'return', value: back.name.slice(1) }, [
      { role: 'wms', type: 'return', externalId: 'RMA1', state: 'inspected' },
    ])
    return { subject }
  },
  async adjust_stock(double) {
    const sku = `MUG-${double.world.nextId()}`
    double.world.level(sku, 7)
    const subject = await subjectOf(double, 'stock', { name: 'stock', value: `${sku}@North` }, [
      { role: 'wms', type: 'inventory', externalId: 'S1', state: 'level', quantities: { on_hand: 5 } },
    ])
    return { subject }
  },
}

const lostParcel = async (double: ShopDouble): Promise<Due> => {
  const order = double.world.order()
  const tracking = `TRK-${double.world.nextId()}`
  const [part] = order.parts
  if (part) double.world.fulfil(part, tracking, 'Plain Post')
  const subject = await subjectOf(double, 'parcel', { name: 'tracking', value: tracking }, [
    { role: 'carrier', type: 'shipment', externalId: 'P1', state: 'lost' },
  ])
  return { subject }
}

const actionCase = async (double: ShopDouble, id: string): Promise<ActionCase> => {
  const due = await DUE[id]?.(double)
  if (!due) throw new Error(`No case for ${id}`)
  return {
    ...due,
    effects: () => double.world.effects,
    settle: async () => double.world.advance(10_000),
  }
}

const start = async (): Promise<ConnectorHarness> => {
  const double = await startShop()
  const proxy = await startFaultyProxy(double.url)
  double.world.order()
  let stopped = false
  const stop = async () => {
    if (!stopped) await Promise.all([proxy.close(), double.stop()])
    stopped = true
  }
  const webhook = (body: Buffer, at: Date, secret?: string): SignedRequest =>
    sign('orders/updated', body, { id: `wh-${at.getTime()}`, ...(secret ? { secret } : {}) })
  return {
    connector: connect(double, { url: proxy.url, timeoutMs: 250 }),
    proxy,
    now: () => double.world.now(),
    async live() {
      const order = double.world.order({ tags: ['gift'] })
      const [part] = order.parts
      if (part) double.world.hold(part, 'OTHER', { handle: null, own: false })
      double.world.level(`PEN-${order.id}`, 12)
    },
    webhooks: {
      // The other topics only tell that something is to be read: see webhook.test.ts.
      sent: () => double.delivered(/^orders\//),
      sign: (body, at) => webhook(body, at),
      forge: (body, at) => webhook(body, at, 'somebody else'),
    },
    actionCase: (id) => actionCase(double, id),
    withWrongCredentials: () => connect(double, { token: 'wrong' }),
    unplug: stop,
    async loseNextAnswer() {
      double.loseNextAnswer()
    },
    faults: {
      'an error inside a 200, and nothing done': () =>
        double.trouble({ kind: 'internal before', on: 'mutation', times: 1 }),
      'an error inside a 200, and it is done': () =>
        double.trouble({ kind: 'internal after', on: 'mutation', times: 1 }),
      'a user error': () => double.trouble({ kind: 'user error', on: 'mutation', times: 1 }),
      'throttled once': () => double.trouble({ kind: 'throttled', on: 'mutation', times: 1 }),
      'throttled again and again': () => double.trouble({ kind: 'throttled', on: 'mutation', times: 9 }),
    },
    stop,
  }
}

describeConnector(
  'Shopify',
  {
    actions: Object.keys(DUE),
    pushes: 'undated',
    polls: true,
    faults: [
      'an error inside a 200, and nothing done',
      'an error inside a 200, and it is done',
      'a user error',
      'throttled once',
      'throttled again and again',
    ],
  },
  start,
)
