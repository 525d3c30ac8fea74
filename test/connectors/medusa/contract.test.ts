import { createHmac } from 'node:crypto'
import type { Connector, PollPage, WireFact } from '../../../src/app/connector.ts'
import { medusaConfig } from '../../../src/connectors/medusa/config.ts'
import { createMedusaConnector } from '../../../src/connectors/medusa/index.ts'
import type { SubjectView } from '../../../src/domain/model.ts'
import {
  type ActionCase,
  type ConnectorHarness,
  describeConnector,
  type SignedRequest,
} from '../../contracts/connector.ts'
import { startFaultyProxy } from '../../support/faulty-proxy.ts'
import { SECRET_KEY, startMedusa } from '../../support/medusa/double.ts'
import type { Order, ShopState } from '../../support/medusa/shop.ts'
import { parcel, subjectOf } from '../../support/medusa/subject.ts'
import type { Told } from '../../support/objects.ts'

const SECRET = 'a secret of the shop and Baton'

const signedWith = (secret: string, body: Buffer): SignedRequest => ({
  headers: { 'x-medusa-signature': createHmac('sha256', secret).update(body).digest('hex') },
  body,
})

type Due = {
  /** Brings it about; answers the order (or the article) on which effects are counted. */
  make(shop: ShopState): { on: string; what: string; key: { name: string; value: string }; others?: Told[] }
  values?: Record<string, number>
}

const orderKey = ({ display_id }: Order) => ({ name: 'order', value: String(display_id) })

const counted = (value: string, on_hand: number): Told => ({
  system: 'wms',
  role: 'wms',
  type: 'inventory',
  externalId: value,
  keys: [{ name: 'stock', value, kind: 'identity' }],
  state: 'level',
  quantities: { on_hand },
})

let articles = 0
const DUE: Record<string, Due> = {
  pass_tracking: {
    make(shop) {
      const order = shop.buy({ 'MUG-RED': 2, 'PEN-GEL': 1 })
      const tracking = `TRK-${order.display_id}`
      const attributes = { tracking, lines: 'MUG-RED*2,PEN-GEL*1' }
      const left = parcel(String(order.display_id), tracking, { attributes, quantities: { shipped: 3 } })
      return { on: order.id, what: 'shipped', key: orderKey(order), others: [left] }
    },
  },
  cancel_order: {
    make(shop) {
      const order = shop.buy({ 'MUG-RED': 2 })
      const [line] = order.lines
      // Packed already: two calls.
      shop.fulfil(order.id, [{ id: line?.id ?? '', quantity: 1 }], null)
      return { on: order.id, what: 'cancelled', key: orderKey(order) }
    },
  },
  adjust_stock: {
    make(shop) {
      const sku = `PIN-${++articles}`
      const { id } = shop.article(sku)
      const value = `${sku}@MAIN-DC`
      return { on: id, what: 'stocked', key: { name: 'stock', value }, others: [counted(value, 7)] }
    },
  },
  place_hold: {
    make(shop) {
      const order = shop.buy({ 'MUG-RED': 1 })
      return { on: order.id, what: 'metadata', key: orderKey(order) }
    },
  },
  release_hold: {
    make(shop) {
      const order = shop.buy({ 'MUG-RED': 1 })
      order.metadata.hold = 'fraud'
      return { on: order.id, what: 'metadata', key: orderKey(order) }
    },
  },
  refund: {
    make(shop) {
      const order = shop.buy({ 'MUG-RED': 1 })
      return { on: order.id, what: 'refunded', key: orderKey(order) }
    },
    values: { amount: 12 },
  },
  refund_return: {
    make(shop) {
      const order = shop.buy({ 'MUG-RED': 2 })
      shop.fulfil(order.id, [{ id: order.lines[0]?.id ?? '', quantity: 2 }], null)
      shop.ship(order.id, order.fulfillments[0]?.id ?? '', [{ tracking_number: `TRK-${order.display_id}` }])
      shop.takeBack(order.id, 1)
      const value = `RMA-${order.returned?.display_id}`
      return { on: order.id, what: 'refunded', key: { name: 'return', value } }
    },
  },
}

const start = async (): Promise<ConnectorHarness> => {
  const medusa = await startMedusa()
  const { shop } = medusa
  const proxy = await startFaultyProxy(medusa.url)
  const sent: SignedRequest[] = []
  const connectorWith = (settings: object): Connector =>
    createMedusaConnector({
      ...medusaConfig.parse({ secretKey: SECRET_KEY, locations: { Main: 'MAIN-DC' }, ...settings }),
      name: 'shop',
    })
  const connector = connectorWith({
    url: proxy.url,
    timeoutMs: 250,
    webhook: { secrets: ['the next one', SECRET] },
  })
  /** As the shop's subscriber does. */
  const notify = (name: string, id: string) =>
    sent.push(
      signedWith(SECRET, Buffer.from(JSON.stringify({ name, data: { id }, at: shop.now().toISOString() }))),
    )

  const subjectNow = async (key: { name: string; value: string }, others: Told[]) => {
    const facts: WireFact[] = []
    let cursor: string | null = null
    for (;;) {
      const page: PollPage | undefined = await connector.poll?.changes(cursor, AbortSignal.timeout(10_000))
      if (!page) throw new Error('no poller')
      facts.push(...page.facts)
      cursor = page.cursor
      if (!page.more) break
    }
    const subject: SubjectView = subjectOf(connector, facts, key, others)
    return subject
  }
  let stopped = false
  const stop = async () => {
    if (!stopped) await Promise.all([proxy.close(), medusa.close()])
    stopped = true
  }
  return {
    connector,
    proxy,
    now: shop.now,
    async live() {
      const order = shop.buy({ 'MUG-RED': 1 })
      notify('order.placed', order.id)
      shop.fulfil(order.id, [{ id: order.lines[0]?.id ?? '', quantity: 1 }], null)
      notify('order.fulfillment_created', order.id)
    },
    webhooks: {
      sent: () => sent,
      sign: (body) => signedWith(SECRET, body),
      forge: (body) => signedWith('somebody else’s', body),
    },
    async actionCase(id): Promise<ActionCase> {
      const due = DUE[id]
      if (!due) throw new Error(`No case for ${id}`)
      const { on, what, key, others = [] } = due.make(shop)
      return {
        subject: await subjectNow(key, others),
        effects: () => shop.effects.filter((effect) => effect.on === on && effect.what === what).length,
        settle: async () => undefined,
        ...(due.values ? { values: due.values } : {}),
      }
    },
    withWrongCredentials: () => connectorWith({ url: medusa.url, secretKey: 'sk_wrong' }),
    unplug: stop,
    async loseNextAnswer() {
      // The first call of an act only looks: the second one writes.
      proxy.arm({ kind: 'reset', when: 'after' }, 1)
    },
    stop,
  }
}

describeConnector('a Medusa shop', { pushes: 'undated', polls: true, actions: Object.keys(DUE) }, start)
