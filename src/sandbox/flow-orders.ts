import { amount, INTEGRATION, orderOf, PEOPLE, priceOf } from './catalogue.ts'
import { saleFor } from './erp.ts'
import { isFault, isLookalike, type PlantedKind } from './faults.ts'
import { late, lost } from './flow-late.ts'
import { type Handlers, LAGS } from './steps.ts'
import type { Line, ShopOrder } from './storefront.ts'
import type { World } from './world.ts'

const CHANNELS: Partial<Record<PlantedKind, ShopOrder['channel']>> = {
  b2b_on_terms: 'b2b',
  preorder_waits: 'preorder',
}
const TWO_LINES: readonly PlantedKind[] = ['short_pick', 'partial_completes']

const basket = (world: World, number: string, kind: PlantedKind | null): Line[] => {
  const luck = world.dice('order', number)
  const stocked = world.wms.skus().filter((sku) => world.shop.available(sku) > 12)
  const wanted = kind && TWO_LINES.includes(kind) ? 2 : luck.chance(0.3) ? 2 : 1
  return luck
    .shuffle(stocked)
    .slice(0, wanted)
    .map((sku) => ({ sku, quantity: luck.chance(0.7) ? 1 : luck.between([2, 4]) }))
}

type OrderSteps =
  | 'place_order'
  | 'pay_order'
  | 'cancel_order'
  | 'hold_order'
  | 'release_order'
  | 'tag_order'
  | 'fulfil_order'
  | 'refund_rest'
  | 'import_order'
  | 'reimport_order'

/** From the customer's order to the ERP, and back to the shop. */
export const orderFlow = (world: World): Pick<Handlers, OrderSteps> => {
  const { shop, erp, wms, ledger, later } = world
  const clerk = (order: string) =>
    ({ kind: 'person', name: world.dice('clerk', order).pick(PEOPLE.shop) }) as const
  return {
    place_order(step) {
      const regular = step.key === ''
      if (regular) later(LAGS.order, { do: 'place_order', key: '', n: (step.n ?? 0) + 1 })
      const named = isFault(step.key) || isLookalike(step.key) ? step.key : null
      const kind = regular ? world.planner.takeWaiting() : named
      const channel = (kind && CHANNELS[kind]) ?? 'web'
      const number = shop.place((number) => {
        const lines = basket(world, number, kind)
        const total = lines.reduce((sum, line) => sum + line.quantity * (priceOf(line.sku) ?? 0), 0)
        const shipBy = new Date(world.timeline.now().getTime() + world.lag(LAGS.promise, 'promise', number))
        const isMarket = channel === 'web' && world.dice('channel', number).chance(0.1)
        return { channel: isMarket ? 'marketplace' : channel, lines, total: amount(total), shipBy }
      })
      if (kind) world.planner.record(kind, { order: number }, world.planner.isStubborn(kind))
      // On terms: the order goes to the ERP at once and is never "paid".
      if (channel === 'b2b') later(LAGS.integration, { do: 'import_order', key: number })
      else later(LAGS.pay, { do: 'pay_order', key: number })
    },
    pay_order({ key }) {
      shop.changeOrder(key, { status: 'paid' }, INTEGRATION)
      if (ledger.has('cancelled_before_import', key)) later([200, 400], { do: 'cancel_order', key })
      else
        later(ledger.has('preorder_waits', key) ? LAGS.preorder : LAGS.integration, {
          do: 'import_order',
          key,
        })
    },
    cancel_order({ key }) {
      shop.cancel(key, clerk(key))
      later(LAGS.forget, { do: 'forget_order', key })
    },
    import_order(step) {
      const order = shop.order(step.key)
      if (!order || order.data.status === 'cancelled') return
      if (lost(world, 'paid_never_imported', step.key) || late(world, 'import_late', step.key, step)) return
      erp.createSale(saleFor(order.data), INTEGRATION)
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
      shop.hold(key, 'fraud review', clerk(key))
      if (ledger.has('hold_released', key)) later(LAGS.holdFor, { do: 'release_order', key })
    },
    release_order: ({ key }) => void shop.release(key, clerk(key)),
    fulfil_order({ key }) {
      const delivery = wms.delivery(key)
      if (!delivery?.data.tracking) return
      const partly = delivery.data.backorder.length > 0
      shop.fulfil(orderOf(key), delivery.data.tracking, partly)
      if (partly) later(LAGS.refund, { do: 'refund_rest', key: orderOf(key) })
    },
    refund_rest: ({ key }) => shop.changeOrder(key, { status: 'fulfilled' }, clerk(key)),
  }
}
