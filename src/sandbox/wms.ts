import { z } from 'zod'
import { INTEGRATION, orderOf, purchaseOf, stockId } from './catalogue.ts'
import type { Range } from './dice.ts'
import type { Author } from './ledger.ts'
import { LAGS } from './steps.ts'
import { createSystem, type Row, type Surroundings } from './system.ts'
import { createWmsStock } from './wms-stock.ts'

const lineSchema = z.object({ sku: z.string(), ordered: z.number(), picked: z.number() })

const deliverySchema = z.object({
  number: z.string(),
  status: z.enum(['NEW', 'HOLD', 'ALLOCATED', 'SHORT', 'PICKED', 'PACKED', 'DESPATCHED', 'VOID']),
  /** Of a short pick: false while somebody still looks for the rest. */
  short_final: z.boolean(),
  hold_reason: z.string().nullable(),
  site: z.string(),
  lines: z.array(lineSchema),
  /** Split off: will not go out with this delivery. */
  backorder: z.array(z.object({ sku: z.string(), quantity: z.number() })),
  tracking: z.string().nullable(),
})
export type WmsDelivery = z.infer<typeof deliverySchema>

const inboundSchema = z.object({
  receipt: z.string(),
  po: z.string(),
  sku: z.string(),
  quantity: z.number(),
  /** PARTIAL: more of it is to come. */
  status: z.enum(['PARTIAL', 'RECEIVED']),
})

const returnSchema = z.object({
  number: z.string(),
  /** The parcel that brings it, where the warehouse knows. */
  tracking: z.string().nullable(),
  status: z.enum(['EXPECTED', 'RECEIVED', 'INSPECTED']),
  lines: z.array(z.object({ sku: z.string(), quantity: z.number() })),
})
type ReturnStatus = z.infer<typeof returnSchema>['status']

const BEFORE_PICKING = ['NEW', 'ALLOCATED']
const BEFORE_SHIPPING = [...BEFORE_PICKING, 'HOLD', 'SHORT', 'PICKED', 'PACKED']

export type Wms = ReturnType<typeof createWms>

/** The warehouse. It shouts its states, and holds a delivery only before picking. */
export const createWms = (skewMs: number, around: Surroundings) => {
  const system = createSystem('wms', skewMs, around)
  const deliveries = system.shelf('delivery', 'deliveries', deliverySchema, ({ number }) => [orderOf(number)])
  const stock = createWmsStock(system, around)
  const inbounds = system.shelf('inbound', 'inbounds', inboundSchema, ({ receipt }) => [receipt])
  const returns = system.shelf('return', 'returns', returnSchema, ({ number }) => [orderOf(number)])

  const deliveriesOf = (order: string) =>
    deliveries.all().filter((row) => row.data.number.startsWith(`D${order}-`))
  const change = (row: Row<WmsDelivery>, to: Partial<WmsDelivery>, by: Author) =>
    deliveries.put(row.id, { ...row.data, ...to }, by)

  const receiveDelivery = (
    order: string,
    site: string,
    lines: { sku: string; quantity: number }[],
    by: Author = INTEGRATION,
  ) => {
    const number = `D${order}-${deliveriesOf(order).length + 1}`
    const row = deliveries.put(
      number,
      {
        number,
        status: 'NEW',
        short_final: false,
        hold_reason: null,
        site,
        lines: lines.map(({ sku, quantity }) => ({ sku, ordered: quantity, picked: 0 })),
        backorder: [],
        tracking: null,
      },
      by,
    )
    around.later(LAGS.allocate, { do: 'allocate', key: number })
    return row
  }

  /** Moves a delivery on if it is in the state it is expected in; a step that comes too late does nothing. */
  const advance = (
    number: string,
    from: WmsDelivery['status'],
    to: Partial<WmsDelivery>,
    by: Author = INTEGRATION,
  ): boolean => {
    const row = deliveries.get(number)
    if (row?.data.status !== from) return false
    change(row, to, by)
    return true
  }

  const pickAll = (number: string): boolean => {
    const lines = deliveries.get(number)?.data.lines.map((line) => ({ ...line, picked: line.ordered }))
    return lines !== undefined && advance(number, 'ALLOCATED', { status: 'PICKED', lines })
  }

  /** What was short, and not for good, has turned up. */
  const findRest = (number: string): boolean => {
    const lines = deliveries.get(number)?.data.lines.map((line) => ({ ...line, picked: line.ordered }))
    return lines !== undefined && advance(number, 'SHORT', { status: 'PICKED', lines })
  }

  /** The last line cannot be found. */
  const pickShort = (number: string, final: boolean): boolean => {
    const lines = deliveries.get(number)?.data.lines ?? []
    const picked = lines.map((line, i) => ({ ...line, picked: i === lines.length - 1 ? 0 : line.ordered }))
    return advance(number, 'ALLOCATED', { status: 'SHORT', short_final: final, lines: picked })
  }

  const ship = (number: string, tracking: string): boolean => {
    if (!advance(number, 'PACKED', { status: 'DESPATCHED', tracking })) return false
    const { lines = [], site } = deliveries.get(number)?.data ?? {}
    for (const line of lines) stock.move(stockId(line.sku, site), -line.picked)
    return true
  }

  /** Whether everything it needs is there. */
  const canFill = (number: string): boolean => {
    const { lines = [], site } = deliveries.get(number)?.data ?? {}
    return lines.every((line) => (stock.level(stockId(line.sku, site))?.data.on_hand ?? 0) >= line.ordered)
  }

  const hold = (number: string, reason: string, by: Author): boolean => {
    const row = deliveries.get(number)
    if (!row || !BEFORE_PICKING.includes(row.data.status)) return false
    change(row, { status: 'HOLD', hold_reason: reason }, by)
    return true
  }

  const release = (number: string, by: Author): boolean => {
    if (!advance(number, 'HOLD', { status: 'NEW', hold_reason: null }, by)) return false
    around.later(LAGS.allocate, { do: 'allocate', key: number })
    return true
  }

  /** Splits off what was not picked; the rest goes on to packing. */
  const split = (number: string, by: Author): boolean => {
    const row = deliveries.get(number)
    if (row?.data.status !== 'SHORT') return false
    const { lines } = row.data
    const backorder = lines
      .filter((line) => line.picked < line.ordered)
      .map((line) => ({ sku: line.sku, quantity: line.ordered - line.picked }))
    const kept = lines.map((line) => ({ ...line, ordered: line.picked })).filter((line) => line.picked > 0)
    change(row, { status: 'PICKED', short_final: false, lines: kept, backorder }, by)
    around.later(LAGS.pack, { do: 'pack', key: number })
    return true
  }

  const cancel = (number: string, by: Author): boolean => {
    const row = deliveries.get(number)
    if (!row || ![...BEFORE_PICKING, 'HOLD', 'SHORT'].includes(row.data.status)) return false
    change(row, { status: 'VOID' }, by)
    return true
  }

  /** Stops it wherever it is in the house; what was picked goes back to the shelf. */
  const recall = (number: string, by: Author): boolean => {
    const row = deliveries.get(number)
    if (!row || !BEFORE_SHIPPING.includes(row.data.status)) return false
    change(row, { status: 'VOID' }, by)
    return true
  }

  /** Has it picked at another site; what was set aside here is free again. */
  const moveTo = (number: string, site: string, by: Author): boolean => {
    const row = deliveries.get(number)
    if (!row || row.data.site === site || ![...BEFORE_PICKING, 'HOLD'].includes(row.data.status)) return false
    const again = row.data.status === 'ALLOCATED'
    change(row, { site, ...(again ? { status: 'NEW' } : {}) }, by)
    if (again) around.later(LAGS.allocate, { do: 'allocate', key: number })
    return true
  }

  /** Goods of a receipt come in: all of them, or a part with more to come. */
  const receiveGoods = (receipt: string, sku: string, quantity: number, isAll: boolean, lag: Range) => {
    const before = inboundOf(receipt)
    const id = before?.id ?? `IN-${String(system.next('inbound', 1)).padStart(5, '0')}`
    const inbound = {
      receipt,
      po: purchaseOf(receipt),
      sku,
      quantity: quantity + (before?.data.quantity ?? 0),
      status: isAll ? ('RECEIVED' as const) : ('PARTIAL' as const),
    }
    inbounds.put(id, inbound, INTEGRATION)
    stock.move(stockId(sku), quantity, lag)
  }
  const inboundOf = (receipt: string) => inbounds.all().find((row) => row.data.receipt === receipt)

  const returnOf = (order: string) => returns.get(`RMA-${order}`)
  const expectReturn = (
    order: string,
    tracking: string | null,
    lines: { sku: string; quantity: number }[],
    by: Author,
  ): boolean => {
    const number = `RMA-${order}`
    if (returns.get(number)) return false
    returns.put(number, { number, tracking, status: 'EXPECTED', lines }, by)
    around.later(LAGS.wayBack, { do: 'receive_return', key: order })
    return true
  }
  const advanceReturn = (order: string, from: ReturnStatus, status: ReturnStatus, by: Author): boolean => {
    const row = returnOf(order)
    if (row?.data.status !== from) return false
    returns.put(row.id, { ...row.data, status }, by)
    // Only what was looked at goes back to the shelf.
    if (status === 'INSPECTED')
      for (const line of row.data.lines) stock.move(stockId(line.sku), line.quantity)
    return true
  }

  return {
    system,
    ...stock,
    receiveDelivery,
    advance,
    pickAll,
    pickShort,
    findRest,
    ship,
    hold,
    release,
    split,
    cancel,
    recall,
    moveTo,
    canFill,
    receiveGoods,
    expectReturn,
    advanceReturn,
    deliveriesOf,
    returnOf,
    returnWith: (tracking: string) => returns.all().find((row) => row.data.tracking === tracking),
    inboundOf,
    delivery: (number: string) => deliveries.get(number),
    forgetOrder: (order: string) => {
      for (const row of deliveriesOf(order)) deliveries.remove(row.id)
      returns.remove(`RMA-${order}`)
    },
    forgetReceipt: (receipt: string) => {
      for (const row of inbounds.all()) if (row.data.receipt === receipt) inbounds.remove(row.id)
    },
  }
}
