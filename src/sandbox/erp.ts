import { z } from 'zod'
import { CATALOGUE, CURRENCY, INTEGRATION, LOCATION, priceOf, stockId } from './catalogue.ts'
import type { Author } from './ledger.ts'
import { LAGS } from './steps.ts'
import type { ShopOrder } from './storefront.ts'
import { type Answer, createSystem, type Route, readBody, refuse, type Surroundings } from './system.ts'

const lineSchema = z.object({ product: z.string(), quantity: z.number().int().positive() })

const saleSchema = z.object({
  number: z.string(),
  reference: z.string(),
  state: z.enum(['processing', 'done', 'cancelled']),
  amount: z.string(),
  currency: z.string(),
  lines: z.array(lineSchema),
})

const deliverySchema = z.object({
  number: z.string(),
  sale: z.string(),
  reference: z.string(),
  state: z.enum(['waiting', 'done', 'cancelled']),
  tracking: z.string().nullable(),
})

const levelSchema = z.object({
  product: z.string(),
  warehouse: z.string(),
  quantity: z.number(),
  /** The newest movement of the WMS that was booked, by the WMS's own sequence number. */
  booked_to: z.number(),
  /** Every movement up to this one is contained in the last count that was set. */
  counted_to: z.number(),
})

const receiptSchema = z.object({
  number: z.string(),
  purchase: z.string(),
  delivery_note: z.string(),
  product: z.string(),
  expected: z.number(),
  received: z.number(),
  /** A draft cannot be booked; trying to answers 200 and changes nothing. */
  state: z.enum(['draft', 'expected', 'booked', 'cancelled']),
})

const createBody = z.object({
  reference: z.string().regex(/^WEB-\d+$/),
  currency: z.string().length(3),
  amount: z.string().regex(/^\d+\.\d{2}$/),
  lines: z.array(lineSchema).min(1),
})
export type NewSale = z.infer<typeof createBody>

/** What the integration makes of a shop order. */
export const saleFor = (order: ShopOrder): NewSale => ({
  reference: `WEB-${order.number.slice(1)}`,
  currency: order.total.currency,
  amount: order.total.amount,
  lines: order.lines.map(({ sku, quantity }) => ({ product: sku, quantity })),
})

const bookBody = z.object({ quantity: z.number().int().positive() })
const shipBody = z.object({ tracking: z.string().min(1).max(100) })
const levelBody = z.object({ quantity: z.number().int(), as_of: z.number().int().nonnegative() })

const idOf = (prefix: string, n: number) => `${prefix}-${String(n).padStart(5, '0')}`

export type Erp = ReturnType<typeof createErp>

/**
 * The ERP. Old habits: it says yes to a button pressed in the wrong state and does nothing, and it puts an error into
 * a 200 when an order cannot be created.
 */
export const createErp = (skewMs: number, around: Surroundings) => {
  const system = createSystem('erp', skewMs, around)
  const sales = system.shelf('sale', 'sales', saleSchema)
  const deliveries = system.shelf('delivery', 'deliveries', deliverySchema)
  const levels = system.shelf('stock_level', 'levels', levelSchema)
  const receipts = system.shelf('goods_receipt', 'receipts', receiptSchema)

  const saleOf = (order: string) => sales.all().find((row) => row.data.reference === `WEB-${order}`)
  const deliveryOf = (order: string) => deliveries.all().find((row) => row.data.reference === `WEB-${order}`)
  const receiptOf = (note: string) => receipts.all().find((row) => row.data.delivery_note === note)

  /** The first day's stock. */
  const open = () => {
    for (const { sku, stock } of CATALOGUE) {
      levels.put(
        stockId(sku),
        { product: sku, warehouse: LOCATION, quantity: stock, booked_to: 0, counted_to: 0 },
        INTEGRATION,
      )
    }
  }

  /** Makes the sale and its delivery, and sends the delivery to the warehouse; null when it has the order already. */
  const createSale = (wanted: NewSale, by: Author) => {
    const order = wanted.reference.slice('WEB-'.length)
    if (saleOf(order)) return null
    const n = system.next('sale', 17)
    const number = idOf('SO', n)
    const { reference, amount, currency, lines } = wanted
    const sale = sales.put(number, { number, reference, state: 'processing', amount, currency, lines }, by)
    const delivery = {
      number: idOf('OUT', n),
      sale: number,
      reference,
      state: 'waiting' as const,
      tracking: null,
    }
    deliveries.put(delivery.number, delivery, by)
    around.mended('paid_never_imported', order, by)
    around.later(LAGS.integration, { do: 'tag_order', key: order })
    around.later(LAGS.integration, { do: 'send_delivery', key: order })
    return sale
  }

  const ship = (order: string, tracking: string, by: Author): boolean => {
    const row = deliveryOf(order)
    if (row?.data.state !== 'waiting') return false
    deliveries.put(row.id, { ...row.data, state: 'done', tracking }, by)
    const sale = saleOf(order)
    if (sale) sales.put(sale.id, { ...sale.data, state: 'done' }, by)
    around.mended('shipped_not_in_erp', order, by)
    return true
  }

  /** Orders from a supplier and expects one receipt for it; answers the receipt's delivery note. */
  const orderGoods = (product: string, expected: number, state: 'draft' | 'expected') => {
    const n = system.next('purchase', 2001)
    const number = idOf('GR', n - 2000)
    const note = `PO-${n}/R1`
    receipts.put(
      number,
      { number, purchase: `PO-${n}`, delivery_note: note, product, expected, received: 0, state },
      INTEGRATION,
    )
    return note
  }

  /** `evenDraft`: a person at the ERP's own screen confirms the draft first. */
  const book = (note: string, quantity: number, by: Author, evenDraft = false): boolean => {
    const row = receiptOf(note)
    if (row?.data.state !== 'expected' && !(evenDraft && row?.data.state === 'draft')) return false
    receipts.put(row.id, { ...row.data, state: 'booked', received: quantity }, by)
    around.mended('receipt_never_booked', note, by)
    around.later(LAGS.forget, { do: 'forget_receipt', key: note })
    return true
  }

  /** One movement of the WMS arrives. A movement that a later count already contains is not booked again. */
  const moveStock = (sku: string, delta: number, seq: number) => {
    const row = levels.get(stockId(sku))
    if (!row || seq <= row.data.counted_to) return
    const quantity = row.data.quantity + delta
    levels.put(row.id, { ...row.data, quantity, booked_to: Math.max(seq, row.data.booked_to) }, INTEGRATION)
  }

  /** Off by so many units, for no reason that can be seen: the planted drift. */
  const misbook = (sku: string, delta: number) => {
    const row = levels.get(stockId(sku))
    if (row) levels.put(row.id, { ...row.data, quantity: row.data.quantity + delta }, INTEGRATION)
  }

  const setLevel = (sku: string, quantity: number, asOf: number, by: Author) => {
    const row = levels.get(stockId(sku))
    if (!row) return
    const booked_to = Math.max(asOf, row.data.booked_to)
    levels.put(row.id, { ...row.data, quantity, booked_to, counted_to: asOf }, by)
    around.counted(sku, by)
  }

  const forgetOrder = (order: string) => {
    const sale = saleOf(order)
    const delivery = deliveryOf(order)
    if (sale) sales.remove(sale.id)
    if (delivery) deliveries.remove(delivery.id)
  }
  const forgetReceipt = (note: string) => {
    const row = receiptOf(note)
    if (row) receipts.remove(row.id)
  }

  return {
    system,
    open,
    createSale,
    ship,
    orderGoods,
    book,
    moveStock,
    misbook,
    setLevel,
    forgetOrder,
    forgetReceipt,
    saleOf,
    deliveryOf,
    receiptOf,
    level: (sku: string) => levels.get(stockId(sku)),
    deliveryById: (id: string) => deliveries.get(id),
    receiptById: (id: string) => receipts.get(id),
    levelById: (id: string) => levels.get(id),
  }
}

/** An error as this ERP sends it: inside a 200. */
const errorIn200 = (message: string): Answer => ({
  status: 200,
  body: { error: { type: 'UserError', message } },
})

export const erpRoutes = (erp: Erp): Route[] => [
  {
    method: 'GET',
    on: 'sales',
    verb: null,
    run({ query }) {
      const sale = erp.saleOf((query.get('reference') ?? '').replace(/^WEB-/, ''))
      return { status: 200, body: { items: sale ? [erp.system.wire('sale', sale)] : [] } }
    },
  },
  {
    method: 'POST',
    on: 'sales',
    verb: null,
    run({ body, by }) {
      const wanted = readBody(createBody, body)
      if (!wanted.ok) return wanted.answer
      const { reference, lines, currency } = wanted.value
      if (currency !== CURRENCY) return errorIn200(`No price list for ${currency}.`)
      const unknown = lines.find((line) => priceOf(line.product) === undefined)
      if (unknown) return errorIn200(`There is no product ${unknown.product}.`)
      const sale = erp.createSale(wanted.value, by)
      if (!sale) return errorIn200(`A sale with the reference ${reference} exists already.`)
      return {
        status: 200,
        body: { sale: erp.system.wire('sale', sale) },
        effect: { action: 'create_order', object: reference },
      }
    },
  },
  {
    method: 'POST',
    on: 'deliveries',
    verb: 'ship',
    run({ id, body, by }) {
      const row = erp.deliveryById(id)
      if (!row) return refuse(404, `There is no delivery ${id}.`)
      const wanted = readBody(shipBody, body)
      if (!wanted.ok) return wanted.answer
      if (row.data.state !== 'waiting')
        return refuse(409, `Delivery ${id} is ${row.data.state}, not waiting.`)
      const order = row.data.reference.slice('WEB-'.length)
      erp.ship(order, wanted.value.tracking, by)
      const effect = { action: 'sync_shipment', object: id }
      return { status: 200, body: erp.system.read('deliveries', id), effect }
    },
  },
  {
    method: 'POST',
    on: 'receipts',
    verb: 'book',
    run({ id, body, by }) {
      const row = erp.receiptById(id)
      if (!row) return refuse(404, `There is no goods receipt ${id}.`)
      const wanted = readBody(bookBody, body)
      if (!wanted.ok) return wanted.answer
      const booked = erp.book(row.data.delivery_note, wanted.value.quantity, by)
      const answer = { status: 200, body: { ok: true } }
      return booked ? { ...answer, effect: { action: 'book_receipt', object: id } } : answer
    },
  },
  {
    method: 'POST',
    on: 'levels',
    verb: 'set',
    run({ id, body, by }) {
      const row = erp.levelById(id)
      if (!row) return refuse(404, `There is no stock level ${id}.`)
      const wanted = readBody(levelBody, body)
      if (!wanted.ok) return wanted.answer
      const { quantity, as_of } = wanted.value
      const { product, booked_to } = row.data
      if (quantity < 0) return refuse(422, `A stock level cannot be ${quantity}.`)
      if (as_of < booked_to) {
        return refuse(409, `${product} has moved since that count (count ${as_of}, booked to ${booked_to}).`)
      }
      erp.setLevel(product, quantity, as_of, by)
      const effect = { action: 'adjust_stock', object: id }
      return { status: 200, body: erp.system.read('levels', id), effect }
    },
  },
]
