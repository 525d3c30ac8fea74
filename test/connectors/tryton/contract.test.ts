import type { Connector } from '../../../src/app/connector.ts'
import type { KeyName } from '../../../src/domain/model.ts'
import { type ActionCase, type ConnectorHarness, describeConnector } from '../../contracts/connector.ts'
import { startFaultyProxy } from '../../support/faulty-proxy.ts'
import { startTryton, type TrytonDouble } from '../../support/tryton/double.ts'
import { connectorAt, shopOrder, supplierDate, watch, withSupplier } from '../../support/tryton/rig.ts'
import { createTester, type Tester } from '../../support/tryton/tester.ts'

type World = {
  erp: Tester
  wms: Tester
  doubles: { erp: TrytonDouble; wms: TrytonDouble }
  number: string
  sku: string
  /** What the subject is called, where it is not by the number. */
  called?: string
  /** Goods in both storages, of the one article and of another. */
  stock(erp: number, wms: number): Promise<void>
}

type Due = {
  plant(world: World): Promise<void>
  /** What the action brings about, as the system counts it. */
  effects(world: World): number
  about?: KeyName
  shop?: string
  supplierSays?: string
}

const OUT = 'stock.shipment.out'
const IN = 'stock.shipment.in'
const SHIPPED = ['wait', 'assign_try', 'pick', 'pack', 'done']
const order = ({ number }: World) => `WEB-${number}`

const ERP: Record<string, Due> = {
  sync_shipment: {
    async plant(w) {
      await w.stock(9, 9)
      await w.erp.makeSale(order(w), [[w.sku, 2]])
      await w.wms.makeDelivery(order(w), [[w.sku, 2]], SHIPPED)
    },
    effects: (w) => w.doubles.erp.count(OUT, 'done'),
  },
  create_order: {
    plant: (w) => w.stock(9, 0),
    effects: (w) => w.doubles.erp.count('sale.sale', 'processing'),
    shop: 'confirmed',
  },
  book_receipt: {
    async plant(w) {
      await w.stock(0, 0)
      await w.erp.makePurchase(w.number, [[w.sku, 4]])
      await w.wms.makeReceipt(w.number, [[w.sku, 4]], ['receive', 'done'])
    },
    effects: (w) => w.doubles.erp.count(IN, 'done'),
    about: 'receipt',
  },
  claim_shortage: {
    async plant(w) {
      await w.stock(0, 0)
      await w.erp.announce(await w.erp.makePurchase(`PO-${w.number}`, [[w.sku, 4]]), w.number)
      await w.wms.makeReceipt(w.number, [[w.sku, 3]], ['receive', 'done'])
    },
    effects: (w) => w.doubles.erp.count(IN, 'done'),
    about: 'receipt',
  },
  adjust_stock: {
    plant: (w) => w.stock(9, 6),
    effects: (w) => w.doubles.erp.count('stock.inventory', 'done'),
    about: 'stock',
  },
  take_over_date: {
    async plant(w) {
      await w.stock(0, 0)
      const purchase = await w.erp.makePurchase(`PO-${w.number}`, [[w.sku, 4]])
      w.called = await w.erp.numberOf('purchase.purchase', purchase)
    },
    effects: (w) => w.doubles.erp.plannedIn(2027),
    about: 'purchase_order',
    supplierSays: '2027-01-15T00:00:00.000Z',
  },
}

const delivery =
  (buttons: string[], quantity = 2): Due['plant'] =>
  async (w) => {
    await w.stock(0, 3)
    await w.wms.makeDelivery(order(w), [[w.sku, quantity]], buttons)
  }

const WMS: Record<string, Due> = {
  send_delivery: {
    async plant(w) {
      await w.stock(9, 9)
      await w.erp.makeSale(order(w), [[w.sku, 2]])
    },
    effects: (w) => w.doubles.wms.count(OUT, 'waiting', 'assigned'),
  },
  place_hold: {
    plant: delivery(['wait', 'assign_try']),
    effects: (w) => w.doubles.wms.count(OUT, 'draft'),
  },
  release_delivery: {
    plant: delivery([]),
    effects: (w) => w.doubles.wms.count(OUT, 'waiting', 'assigned'),
  },
  allocate: {
    plant: delivery(['wait']),
    effects: (w) => w.doubles.wms.count(OUT, 'assigned'),
  },
  ship_rest: {
    plant: delivery(['wait', 'assign_try'], 5),
    effects: (w) => w.doubles.wms.count(OUT, 'assigned'),
  },
  recall_delivery: {
    plant: delivery(['wait', 'assign_try']),
    effects: (w) => w.doubles.wms.count(OUT, 'cancelled'),
    shop: 'cancelled',
  },
  cancel_duplicate: {
    async plant(w) {
      await delivery(['wait'])(w)
      await w.wms.makeDelivery(order(w), [[w.sku, 2]])
    },
    effects: (w) => w.doubles.wms.count(OUT, 'cancelled'),
  },
  put_away: {
    async plant(w) {
      await w.stock(0, 0)
      await w.wms.makeReceipt(w.number, [[w.sku, 4]], ['receive'])
    },
    effects: (w) => w.doubles.wms.count(IN, 'done'),
    about: 'receipt',
  },
}
const DUE = { erp: ERP, wms: WMS }

const start = (role: 'erp' | 'wms') => async (): Promise<ConnectorHarness> => {
  const doubles = { erp: await startTryton('erp'), wms: await startTryton('wms') }
  const at = (name: 'erp' | 'wms') => `${doubles[name].url}/${name}/`
  const { password } = doubles.erp
  const erp = await createTester(at('erp'), 'bot', password)
  const wms = await createTester(at('wms'), 'bot', password)
  const proxy = await startFaultyProxy(doubles[role].url)
  const connect = (name: 'erp' | 'wms', url = at(name), secret = password): Connector =>
    connectorAt(name, url, secret, { timeoutMs: 400 })
  const connector = connect(role, `${proxy.url}/${role}/`)
  const subject = watch({ erp: connect('erp'), wms: connect('wms') })
  let cases = 0

  const actionCase = async (id: string): Promise<ActionCase> => {
    const due = DUE[role][id]
    if (!due) throw new Error(`No case for ${id}`)
    const number = String(1000 + ++cases)
    const sku = `MUG-${number}`
    const world: World = {
      erp,
      wms,
      doubles,
      number,
      sku,
      async stock(inErp, inWms) {
        await erp.makeProduct(sku, true)
        await wms.makeProduct(sku, false)
        if (inErp > 0) await erp.setStock(sku, inErp)
        if (inWms > 0) await wms.setStock(sku, inWms)
      },
    }
    await due.plant(world)
    const about = due.about ?? 'order'
    const shop = due.shop === undefined ? [] : [shopOrder(number, `${sku}*2`, due.shop)]
    const called = world.called ?? (about === 'stock' ? `${sku}@WH` : number)
    const seen = await subject(about, called, shop)
    const { supplierSays } = due
    return {
      subject: supplierSays === undefined ? seen : withSupplier(seen, supplierDate(called, supplierSays)),
      effects: () => due.effects(world),
      settle: async () => {},
    }
  }

  let lived = 0
  let isStopped = false
  const stop = async () => {
    if (!isStopped) await Promise.all([proxy.close(), doubles.erp.stop(), doubles.wms.stop()])
    isStopped = true
  }
  return {
    connector,
    proxy,
    now: () => new Date(),
    async live() {
      const sku = `PEN-${++lived}`
      const tester = { erp, wms }[role]
      await tester.makeProduct(sku, role === 'erp')
      await tester.setStock(sku, 3)
      await tester.makeDelivery(`WEB-${9000 + lived}`, [[sku, 1]], ['wait', 'assign_try'])
      await tester.makeReceipt(`DN-${lived}`, [[sku, 1]], ['receive'])
      if (role === 'erp') await erp.makeSale(`WEB-${8000 + lived}`, [[sku, 1]])
      if (role === 'erp') await erp.makePurchase(`PO-${lived}`, [[sku, 1]])
    },
    actionCase,
    withWrongCredentials: () => connect(role, at(role), 'wrong'),
    unplug: stop,
    faults: {
      'an error inside a 200': () => doubles[role].refuseNextChange(),
      // After the first change has been made: the rest goes on with a new session.
      'a session that expires in the middle': () => doubles[role].expireSessions(2),
    },
    stop,
  }
}

for (const role of ['erp', 'wms'] as const) {
  describeConnector(
    `Tryton as ${role}`,
    {
      pushes: false,
      polls: true,
      actions: Object.keys(DUE[role]),
      faults: ['an error inside a 200', 'a session that expires in the middle'],
    },
    start(role),
  )
}
