import { CATALOGUE, INTEGRATION, PEOPLE, purchaseOf, stockId } from './catalogue.ts'
import { isFault, isLookalike } from './faults.ts'
import { lateLag } from './meddling.ts'
import { type Handlers, LAGS } from './steps.ts'
import type { World } from './world.ts'

type GoodsSteps =
  | 'order_goods'
  | 'promise_goods'
  | 'put_off_goods'
  | 'pass_date'
  | 'receive_goods'
  | 'receive_rest'
  | 'book_receipt'
  | 'settle_shortage'
  | 'move_stock'
  | 'offer_stock'
  | 'finish_count'
  | 'arrive_transfer'

/** Articles of which the shop has more than so many to sell. */
export const sellable = ({ shop }: World, units: number): string[] =>
  CATALOGUE.map(({ sku }) => sku as string).filter((sku) => shop.available(sku) > units)

/** Suppliers pack by the dozen. */
const LOT = 12
const DAY_MS = 86_400_000
/** From a purchase to the day its goods are due, and by how much a late one is put off: dates, at any pace. */
const DUE_MS = [14 * DAY_MS, 15 * DAY_MS] as const
const PUT_OFF_MS = [3 * DAY_MS, 8 * DAY_MS] as const

/** Goods from suppliers, and stock in the three systems that count it. */
export const goodsFlow = (world: World): Pick<Handlers, GoodsSteps> => {
  const { shop, erp, wms, ledger, later, timeline } = world
  /** The shop promises what the ERP expects. */
  const promise = (purchase: string) => {
    const row = erp.purchase(purchase)
    if (row) shop.promise(purchase, row.data.product, new Date(row.data.expected_at), INTEGRATION)
  }
  /** The SKU that has sold most since it was last filled up, and how many units are missing. */
  const mostWanted = (): { sku: string; missing: number } =>
    CATALOGUE.filter(({ sku }) => !ledger.has('oversold', stockId(sku)))
      .map(({ sku, stock }) => ({ sku, missing: stock - shop.available(sku) }))
      .reduce((most, next) => (next.missing > most.missing ? next : most))
  return {
    order_goods(step) {
      if (step.key === '') later(LAGS.purchase, { do: 'order_goods', key: '', n: (step.n ?? 0) + 1 })
      const kind = isFault(step.key) || isLookalike(step.key) ? step.key : null
      const { sku, missing } = mostWanted()
      // Everything is there, and more: nothing to buy.
      if (!kind && missing <= -2 * LOT) return
      const stubborn = kind !== null && world.planner.isStubborn(kind)
      const quantity = Math.max(2 * LOT, Math.ceil(missing / LOT) * LOT)
      const ordered = timeline.now().getTime()
      const due = new Date(ordered + world.dice('due', ordered).between(DUE_MS))
      const receipt = erp.orderGoods(sku, quantity, stubborn ? 'draft' : 'expected', due)
      if (kind) {
        const keys = { receipt, purchase_order: purchaseOf(receipt), sku }
        world.planner.record(kind, keys, stubborn)
      }
      later(LAGS.soon, { do: 'promise_goods', key: receipt })
      later(LAGS.receive, { do: 'receive_goods', key: receipt })
    },
    promise_goods: ({ key }) => promise(purchaseOf(key)),
    put_off_goods({ key }) {
      const purchase = purchaseOf(key)
      const row = erp.purchase(purchase)
      if (!row) return
      const due = Date.parse(row.data.expected_at) + world.dice('put off', purchase).between(PUT_OFF_MS)
      erp.putOff(purchase, new Date(due))
      later(LAGS.integration, { do: 'pass_date', key })
    },
    pass_date: ({ key }) => promise(purchaseOf(key)),
    receive_goods({ key }) {
      const row = erp.receiptOf(key)
      if (!row || wms.inboundOf(key)) return
      const { product, expected } = row.data
      const short = ledger.has('supplier_short', key)
      const inParts = ledger.has('receipt_in_parts', key)
      const quantity = short ? expected - LOT / 2 : inParts ? LOT : expected
      const slow = ledger.has('stock_in_flight', key)
      wms.receiveGoods(key, product, quantity, !inParts, slow ? lateLag(world) : LAGS.integration)
      if (inParts) later(lateLag(world), { do: 'receive_rest', key })
      else later(LAGS.integration, { do: 'book_receipt', key })
    },
    receive_rest({ key }) {
      const row = erp.receiptOf(key)
      const missing = (row?.data.expected ?? 0) - (wms.inboundOf(key)?.data.quantity ?? 0)
      if (row) wms.receiveGoods(key, row.data.product, missing, true, LAGS.integration)
      later(LAGS.integration, { do: 'book_receipt', key })
    },
    book_receipt: ({ key }) => void erp.book(key, wms.inboundOf(key)?.data.quantity ?? 0, INTEGRATION),
    settle_shortage: ({ key }) =>
      erp.settleShortage(key, wms.inboundOf(key)?.data.quantity ?? 0, INTEGRATION),
    move_stock: ({ key, n = 0, seq = 0 }) => erp.moveStock(key, n, seq),
    offer_stock: ({ key, n = 0 }) => shop.offer(key, n, INTEGRATION),
    finish_count({ key, n: notYetCounted = 0 }) {
      const drift = ledger.has('stock_drift', key)
      const mistyped = drift?.wrongIn === 'wms' ? (drift.units ?? 0) : 0
      const by = { kind: 'person', name: world.dice('counter', key).pick(PEOPLE.wms) } as const
      wms.finishCount(key, mistyped - notYetCounted, by)
    },
    arrive_transfer: ({ key, n = 0 }) => wms.arriveTransfer(key, n),
  }
}
