import { z } from 'zod'
import { CATALOGUE, INTEGRATION, LOCATION, orderOf, stockId } from './catalogue.ts'
import type { Range } from './dice.ts'
import type { Author } from './ledger.ts'
import { LAGS } from './steps.ts'
import {
  type Answer,
  type Call,
  createSystem,
  type Route,
  type Row,
  readBody,
  refuse,
  type Surroundings,
} from './system.ts'

const lineSchema = z.object({ sku: z.string(), ordered: z.number(), picked: z.number() })

const deliverySchema = z.object({
  number: z.string(),
  status: z.enum(['NEW', 'HOLD', 'ALLOCATED', 'SHORT', 'PICKED', 'PACKED', 'DESPATCHED', 'VOID']),
  /** Of a short pick: false while somebody still looks for the rest. */
  short_final: z.boolean(),
  hold_reason: z.string().nullable(),
  lines: z.array(lineSchema),
  /** Split off: will not go out with this delivery. */
  backorder: z.array(z.object({ sku: z.string(), quantity: z.number() })),
  tracking: z.string().nullable(),
})
export type WmsDelivery = z.infer<typeof deliverySchema>

const stockSchema = z.object({
  sku: z.string(),
  site: z.string(),
  on_hand: z.number(),
  counted_at: z.string().nullable(),
  count_requested_at: z.string().nullable(),
})

const inboundSchema = z.object({
  receipt: z.string(),
  po: z.string(),
  sku: z.string(),
  quantity: z.number(),
  status: z.literal('RECEIVED'),
})

const holdBody = z.object({ reason: z.string().min(1).max(200) })

const BEFORE_PICKING = ['NEW', 'ALLOCATED']

export type Wms = ReturnType<typeof createWms>

/** The warehouse. It shouts its states, and holds a delivery only before picking. */
export const createWms = (skewMs: number, around: Surroundings) => {
  const system = createSystem('wms', skewMs, around)
  const deliveries = system.shelf('delivery', 'deliveries', deliverySchema)
  const stock = system.shelf('stock', 'stock', stockSchema)
  const inbounds = system.shelf('inbound', 'inbounds', inboundSchema)

  const deliveriesOf = (order: string) =>
    deliveries.all().filter((row) => row.data.number.startsWith(`D${order}-`))
  const change = (row: Row<WmsDelivery>, to: Partial<WmsDelivery>, by: Author) =>
    deliveries.put(row.id, { ...row.data, ...to }, by)

  /** A movement, and the message that carries it to the ERP's stock and to the shop. */
  const move = (sku: string, delta: number, lag: Range = LAGS.integration) => {
    const row = stock.get(stockId(sku))
    if (!row || delta === 0) return
    const moved = stock.put(row.id, { ...row.data, on_hand: row.data.on_hand + delta }, INTEGRATION)
    around.later(lag, { do: 'move_stock', key: sku, n: delta, seq: moved.seq })
    if (delta > 0) around.later(LAGS.integration, { do: 'offer_stock', key: sku, n: delta })
  }

  /** The first day's stock. */
  const open = () => {
    for (const { sku, stock: units } of CATALOGUE) {
      const level = { sku, site: LOCATION, on_hand: units, counted_at: null, count_requested_at: null }
      stock.put(stockId(sku), level, INTEGRATION)
    }
  }

  const receiveDelivery = (order: string, lines: { sku: string; quantity: number }[]) => {
    const number = `D${order}-${deliveriesOf(order).length + 1}`
    const row = deliveries.put(
      number,
      {
        number,
        status: 'NEW',
        short_final: false,
        hold_reason: null,
        lines: lines.map(({ sku, quantity }) => ({ sku, ordered: quantity, picked: 0 })),
        backorder: [],
        tracking: null,
      },
      INTEGRATION,
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
    for (const line of deliveries.get(number)?.data.lines ?? []) move(line.sku, -line.picked)
    return true
  }

  const hold = (number: string, reason: string, by: Author): boolean => {
    const row = deliveries.get(number)
    if (!row || !BEFORE_PICKING.includes(row.data.status)) return false
    change(row, { status: 'HOLD', hold_reason: reason }, by)
    around.mended('hold_not_passed', orderOf(number), by)
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
    around.mended('short_pick', orderOf(number), by)
    around.later(LAGS.pack, { do: 'pack', key: number })
    return true
  }

  const cancel = (number: string, by: Author): boolean => {
    const row = deliveries.get(number)
    if (!row || !['NEW', 'HOLD', 'ALLOCATED', 'SHORT'].includes(row.data.status)) return false
    change(row, { status: 'VOID' }, by)
    const order = orderOf(number)
    const live = deliveriesOf(order).filter((other) => other.data.status !== 'VOID')
    if (live.length < 2) around.mended('duplicate_shipment', order, by)
    return true
  }

  const receiveGoods = (receipt: string, sku: string, quantity: number, lag: Range) => {
    const id = `IN-${String(system.next('inbound', 1)).padStart(5, '0')}`
    const po = receipt.replace(/\/.*$/, '')
    inbounds.put(id, { receipt, po, sku, quantity, status: 'RECEIVED' }, INTEGRATION)
    move(sku, quantity, lag)
  }

  const requestCount = (sku: string, by: Author) => {
    const row = stock.get(stockId(sku))
    if (!row || row.data.count_requested_at !== null) return false
    stock.put(row.id, { ...row.data, count_requested_at: system.time() }, by)
    around.later(LAGS.count, { do: 'finish_count', key: sku })
    return true
  }

  /** What the count finds is not sent to the ERP: `error` is by how much the record was wrong. */
  const finishCount = (sku: string, error: number, by: Author) => {
    const row = stock.get(stockId(sku))
    if (!row) return
    const on_hand = row.data.on_hand - error
    stock.put(row.id, { ...row.data, on_hand, counted_at: system.time(), count_requested_at: null }, by)
    around.counted(sku, by)
  }

  /** A count keyed in wrongly: the planted drift of the other kind. */
  const mistype = (sku: string, delta: number, by: Author) => {
    const row = stock.get(stockId(sku))
    if (row) stock.put(row.id, { ...row.data, on_hand: row.data.on_hand + delta }, by)
  }

  return {
    system,
    open,
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
    receiveGoods,
    requestCount,
    finishCount,
    mistype,
    deliveriesOf,
    skus: () => stock.all().map((row) => row.data.sku),
    delivery: (number: string) => deliveries.get(number),
    stock: (sku: string) => stock.get(stockId(sku)),
    inboundOf: (receipt: string) => inbounds.all().find((row) => row.data.receipt === receipt),
    forgetOrder: (order: string) => {
      for (const row of deliveriesOf(order)) deliveries.remove(row.id)
    },
    forgetReceipt: (receipt: string) => {
      for (const row of inbounds.all()) if (row.data.receipt === receipt) inbounds.remove(row.id)
    },
  }
}

export const wmsRoutes = (wms: Wms): Route[] => {
  /** A change of one delivery, with the refusal for the state it is in. */
  const onDelivery = (
    verb: string,
    action: string,
    why: string,
    run: (call: Call) => boolean | Answer,
  ): Route => ({
    method: 'POST',
    on: 'deliveries',
    verb,
    run(call) {
      const { id } = call
      const row = wms.delivery(id)
      if (!row) return refuse(404, `NO DELIVERY ${id}`)
      const done = run(call)
      if (typeof done === 'object') return done
      if (!done) return refuse(409, `Delivery ${id} is ${row.data.status}: ${why}.`)
      return { status: 200, body: wms.system.read('deliveries', id), effect: { action, object: id } }
    },
  })
  return [
    onDelivery('hold', 'place_hold', 'it can be held only before picking', ({ id, body, by }) => {
      const wanted = readBody(holdBody, body)
      return wanted.ok ? wms.hold(id, wanted.value.reason, by) : wanted.answer
    }),
    onDelivery('release', 'release_hold', 'only a held one can be released', ({ id, by }) =>
      wms.release(id, by),
    ),
    onDelivery('split', 'ship_rest', 'only a short one can be split', ({ id, by }) => wms.split(id, by)),
    onDelivery('void', 'cancel_duplicate', 'it can be cancelled only before it is picked', ({ id, by }) =>
      wms.cancel(id, by),
    ),
    {
      method: 'POST',
      on: 'stock',
      verb: 'count',
      run({ id, by }) {
        const sku = id.replace(/@.*$/, '')
        if (wms.stock(sku)?.id !== id) return refuse(404, `NO STOCK ${id}`)
        if (!wms.requestCount(sku, by)) return refuse(409, `A count of ${sku} is already under way.`)
        const body = wms.system.read('stock', id)
        return { status: 202, body, effect: { action: 'recount', object: id } }
      },
    },
  ]
}
