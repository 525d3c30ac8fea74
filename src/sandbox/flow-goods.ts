import { CATALOGUE, INTEGRATION, PEOPLE } from './catalogue.ts'
import { isFault, isLookalike } from './faults.ts'
import { late, lateLag, lost } from './flow-late.ts'
import { type Handlers, LAGS } from './steps.ts'
import type { World } from './world.ts'

type GoodsSteps =
  | 'order_goods'
  | 'receive_goods'
  | 'book_receipt'
  | 'move_stock'
  | 'offer_stock'
  | 'finish_count'

/** Suppliers pack by the dozen. */
const LOT = 12

/** Goods from suppliers, and stock in the three systems that count it. */
export const goodsFlow = (world: World): Pick<Handlers, GoodsSteps> => {
  const { shop, erp, wms, ledger, later } = world
  /** The SKU that has sold most since it was last filled up, and how many units are missing. */
  const mostWanted = (): { sku: string; missing: number } =>
    CATALOGUE.map(({ sku, stock }) => ({ sku, missing: stock - shop.available(sku) })).reduce((most, next) =>
      next.missing > most.missing ? next : most,
    )
  return {
    order_goods(step) {
      if (step.key === '') later(LAGS.purchase, { do: 'order_goods', key: '', n: (step.n ?? 0) + 1 })
      const kind = isFault(step.key) || isLookalike(step.key) ? step.key : null
      const { sku, missing } = mostWanted()
      // Everything is there, and more: nothing to buy.
      if (!kind && missing <= -2 * LOT) return
      const stubborn = kind !== null && world.planner.isStubborn(kind)
      const quantity = Math.max(2 * LOT, Math.ceil(missing / LOT) * LOT)
      const receipt = erp.orderGoods(sku, quantity, stubborn ? 'draft' : 'expected')
      const po = receipt.replace(/\/.*$/, '')
      if (kind) world.planner.record(kind, { receipt, po, sku }, stubborn)
      later(LAGS.receive, { do: 'receive_goods', key: receipt })
    },
    receive_goods({ key }) {
      const row = erp.receiptOf(key)
      if (!row) return
      const slow = ledger.has('stock_in_flight', key)
      wms.receiveGoods(key, row.data.product, row.data.expected, slow ? lateLag(world) : LAGS.integration)
      later(LAGS.integration, { do: 'book_receipt', key })
    },
    book_receipt(step) {
      const { key } = step
      if (lost(world, 'receipt_never_booked', key) || late(world, 'receipt_booked_late', key, step)) return
      erp.book(key, wms.inboundOf(key)?.data.quantity ?? 0, INTEGRATION)
    },
    move_stock: ({ key, n = 0, seq = 0 }) => erp.moveStock(key, n, seq),
    offer_stock: ({ key, n = 0 }) => shop.offer(key, n, INTEGRATION),
    finish_count({ key }) {
      const fault = ledger.has('stock_drift', key)
      const by = { kind: 'person', name: world.dice('counter', key).pick(PEOPLE.wms) } as const
      wms.finishCount(key, fault?.wrongIn === 'wms' ? (fault.units ?? 0) : 0, by)
    },
  }
}
