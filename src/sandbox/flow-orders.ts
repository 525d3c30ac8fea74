import {
  amount,
  BACKORDERED,
  INTEGRATION,
  KIT,
  orderOf,
  PEOPLE,
  priceOf,
  RESERVE,
  stockId,
} from './catalogue.ts'
import { saleFor } from './erp.ts'
import { isFault, isLookalike, type PlantedKind } from './faults.ts'
import { sellable } from './flow-goods.ts'
import { PLOTS } from './plots.ts'
import { type Handlers, LAGS } from './steps.ts'
import type { Line } from './storefront.ts'
import type { World } from './world.ts'

/** A regular order, or what the planted kind needs. */
const basket = (world: World, number: string, kind: PlantedKind | null): Line[] => {
  const luck = world.dice('order', number)
  const stocked = luck.shuffle(sellable(world, 12))
  const wanted = kind ? PLOTS[kind]?.basket : undefined
  const few = (skus: string[]): Line[] =>
    skus.map((sku) => ({ sku, quantity: luck.chance(0.7) ? 1 : luck.between([2, 4]) }))
  switch (wanted) {
    case 'two lines':
      return few(stocked.slice(0, 2))
    case 'kit':
      return few([KIT.sku])
    case 'too much': {
      const limited = stocked.filter((sku) => sku !== BACKORDERED)
      const [sku] = [...limited.filter((sku) => isQuiet(world, sku)), ...limited]
      return sku === undefined ? [] : [{ sku, quantity: world.shop.available(sku) + luck.between([10, 20]) }]
    }
    case 'too much, on back-order':
      return [{ sku: BACKORDERED, quantity: world.shop.available(BACKORDERED) + luck.between([10, 20]) }]
    case undefined:
      return few(stocked.slice(0, luck.chance(0.3) ? 2 : 1))
  }
}

/** Whether nothing is planted on this article, and no goods are on their way that would mend what is planted now. */
const isQuiet = ({ wms, erp, ledger, timeline }: World, sku: string): boolean =>
  ledger.on(stockId(sku)).every((entry) => entry.benign) &&
  timeline.pending('offer_stock', sku).length === 0 &&
  timeline.pending('arrive_transfer', sku).length === 0 &&
  erp
    .expected()
    .every(
      ({ data }) => data.product !== sku || wms.inboundOf(data.delivery_note)?.data.status === 'RECEIVED',
    )

type OrderSteps =
  | 'place_order'
  | 'pay_order'
  | 'expire_payment'
  | 'renew_payment'
  | 'cancel_order'
  | 'cancel_sale'
  | 'hold_order'
  | 'release_order'
  | 'move_order'
  | 'answer_void'
  | 'correct_address'
  | 'tag_order'
  | 'fulfil_order'
  | 'refund_rest'
  | 'import_order'
  | 'reimport_order'

/** Held for a fraud check; every other hold is somebody's wish. */
const FRAUD_CHECKED: readonly PlantedKind[] = ['hold_undecided', 'hold_released']

/** From the customer's order to the ERP, and back to the shop. */
export const orderFlow = (world: World): Pick<Handlers, OrderSteps> => {
  const { shop, erp, wms, ledger, later } = world
  const clerk = (order: string) =>
    ({ kind: 'person', name: world.dice('clerk', order).pick(PEOPLE.shop) }) as const
  return {
    place_order(step) {
      const regular = step.key === ''
      if (regular) later(world.orderEvery, { do: 'place_order', key: '', n: (step.n ?? 0) + 1 })
      const named = isFault(step.key) || isLookalike(step.key) ? step.key : null
      const kind = regular ? world.planner.takeWaiting() : named
      const channel = (kind && PLOTS[kind]?.channel) ?? 'web'
      const number = shop.place((number) => {
        const lines = basket(world, number, kind)
        const total = lines.reduce((sum, line) => sum + line.quantity * (priceOf(line.sku) ?? 0), 0)
        const shipBy = new Date(world.timeline.now().getTime() + world.lag(LAGS.promise, 'promise', number))
        const isMarket = channel === 'web' && world.dice('channel', number).chance(0.1)
        return { channel: isMarket ? 'marketplace' : channel, lines, total: amount(total), shipBy }
      })
      if (kind) {
        const [sku = ''] = shop.order(number)?.data.lines.map((line) => line.sku) ?? []
        const keys = kind === 'oversold' ? { order: number, sku, stock: stockId(sku) } : { order: number }
        world.planner.record(kind, keys, world.planner.isStubborn(kind))
      }
      // On terms: the order goes to the ERP at once and is never "paid".
      if (channel === 'b2b') later(LAGS.integration, { do: 'import_order', key: number })
      else later(LAGS.pay, { do: 'pay_order', key: number })
    },
    pay_order({ key }) {
      shop.changeOrder(key, { status: 'paid', payment: 'paid' }, INTEGRATION)
      const lag = ledger.has('preorder_waits', key) ? LAGS.preorder : LAGS.integration
      later(lag, { do: 'import_order', key })
    },
    expire_payment: ({ key }) => shop.changeOrder(key, { payment: 'expired' }, INTEGRATION),
    renew_payment({ key }) {
      shop.changeOrder(key, { payment: 'paid' }, INTEGRATION)
      later(LAGS.integration, { do: 'pass_release', key })
    },
    cancel_order: ({ key }) => void shop.cancel(key, clerk(key)),
    cancel_sale: ({ key }) => erp.cancel(key, INTEGRATION),
    import_order({ key }) {
      const order = shop.order(key)
      if (!order || order.data.status === 'cancelled') return
      erp.createSale(saleFor(order.data), INTEGRATION, ledger.has('article_unknown', key) !== undefined)
    },
    reimport_order({ key }) {
      const order = shop.order(key)
      if (!order || ledger.has('paid_never_imported', key)?.stubborn) return
      erp.createSale(saleFor(order.data), INTEGRATION)
    },
    tag_order({ key }) {
      const sale = erp.saleOf(key)
      if (sale) shop.changeOrder(key, { erp_number: sale.data.number }, INTEGRATION)
    },
    hold_order({ key }) {
      const isFraud = FRAUD_CHECKED.some((kind) => ledger.has(kind, key))
      shop.hold(key, isFraud ? 'fraud' : 'operator', clerk(key))
    },
    release_order: ({ key }) => void shop.release(key, clerk(key)),
    move_order: ({ key }) => void shop.moveTo(key, RESERVE.site, clerk(key)),
    answer_void: ({ key }) => void shop.cancel(key, INTEGRATION),
    correct_address: ({ key }) => later(LAGS.integration, { do: 'pass_address', key }),
    fulfil_order({ key }) {
      const delivery = wms.delivery(key)
      if (!delivery?.data.tracking) return
      const order = orderOf(key)
      const isLeft = delivery.data.backorder.length > 0
      const isMoreToCome = wms
        .deliveriesOf(order)
        .some(({ data }) => !['DESPATCHED', 'VOID'].includes(data.status))
      shop.fulfil(order, delivery.data.tracking, isLeft || isMoreToCome)
      if (isLeft) later(LAGS.refund, { do: 'refund_rest', key: order })
    },
    refund_rest: ({ key }) => shop.changeOrder(key, { status: 'fulfilled' }, clerk(key)),
  }
}
