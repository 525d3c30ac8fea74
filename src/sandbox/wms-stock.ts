import { z } from 'zod'
import { CATALOGUE, INTEGRATION, LOCATION, RESERVE, stockId } from './catalogue.ts'
import type { Range } from './dice.ts'
import type { Author } from './ledger.ts'
import { LAGS } from './steps.ts'
import type { Surroundings, System } from './system.ts'

const stockSchema = z.object({
  sku: z.string(),
  site: z.string(),
  on_hand: z.number(),
  /** On their way here from the other site. */
  in_transfer: z.number(),
  counted_at: z.string().nullable(),
  count_requested_at: z.string().nullable(),
})

/** What lies on the warehouse's shelves: movements, transfers between its sites, and counts. */
export const createWmsStock = (system: System, around: Surroundings) => {
  const stock = system.shelf('stock', 'stock', stockSchema, (_stock, id) => [id])

  /** A movement, and the message that carries it to the ERP's stock and to the shop. */
  const move = (id: string, delta: number, lag: Range = LAGS.integration) => {
    const row = stock.get(id)
    if (!row || delta === 0) return
    const moved = stock.put(row.id, { ...row.data, on_hand: row.data.on_hand + delta }, INTEGRATION)
    around.later(lag, { do: 'move_stock', key: id, n: delta, seq: moved.seq })
    // What was sold was taken off the shop's shelf then, and of the other site it shows nothing.
    const { sku, site } = row.data
    if (delta > 0 && site === LOCATION)
      around.later(LAGS.integration, { do: 'offer_stock', key: sku, n: delta })
  }

  /** The first day's stock. */
  const open = () => {
    const empty = { in_transfer: 0, counted_at: null, count_requested_at: null }
    for (const { sku, stock: units } of CATALOGUE) {
      stock.put(stockId(sku), { sku, site: LOCATION, on_hand: units, ...empty }, INTEGRATION)
      const { site, stock: reserve } = RESERVE
      stock.put(stockId(sku, site), { sku, site, on_hand: reserve, ...empty }, INTEGRATION)
    }
  }

  /** Goods leave for this site from the other one; `arriveTransfer` is their end. */
  const sendTransfer = (sku: string, units: number) => {
    move(stockId(sku, RESERVE.site), -units)
    const row = stock.get(stockId(sku))
    if (row) stock.put(row.id, { ...row.data, in_transfer: row.data.in_transfer + units }, INTEGRATION)
  }
  const arriveTransfer = (sku: string, units: number) => {
    const row = stock.get(stockId(sku))
    if (row) stock.put(row.id, { ...row.data, in_transfer: row.data.in_transfer - units }, INTEGRATION)
    move(stockId(sku), units)
  }

  /** `uncounted`: what the record leaves out until the count is done. */
  const requestCount = (id: string, by: Author, uncounted = 0) => {
    const row = stock.get(id)
    if (!row || row.data.count_requested_at !== null) return false
    stock.put(row.id, { ...row.data, count_requested_at: system.time() }, by)
    around.later(LAGS.count, { do: 'finish_count', key: id, n: uncounted })
    return true
  }

  /** What the count finds is not sent to the ERP: `error` is by how much the record was wrong. */
  const finishCount = (id: string, error: number, by: Author) => {
    const row = stock.get(id)
    if (!row) return
    const on_hand = row.data.on_hand - error
    stock.put(row.id, { ...row.data, on_hand, counted_at: system.time(), count_requested_at: null }, by)
  }

  /** A count keyed in wrongly, or half done. */
  const mistype = (id: string, delta: number, by: Author) => {
    const row = stock.get(id)
    if (row) stock.put(row.id, { ...row.data, on_hand: row.data.on_hand + delta }, by)
  }

  return {
    open,
    move,
    sendTransfer,
    arriveTransfer,
    requestCount,
    finishCount,
    mistype,
    level: (id: string) => stock.get(id),
  }
}
