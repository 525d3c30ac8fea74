import { z } from 'zod'
import { CATALOGUE, INTEGRATION, LOCATION, orderOf, RESERVE, stockId } from './catalogue.ts'
import type { Author } from './ledger.ts'
import { LAGS } from './steps.ts'
import type { ShopOrder } from './storefront.ts'
import { createSystem, type Surroundings } from './system.ts'

const lineSchema = z.object({ product: z.string(), quantity: z.number().int().positive() })

const saleSchema = z.object({
  number: z.string(),
  reference: z.string(),
  /** A rejected one waits for an article that the ERP does not know. */
  state: z.enum(['rejected', 'processing', 'done', 'cancelled']),
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
  /** When it was last sent to the warehouse again. */
  resent_at: z.string().nullable(),
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

const purchaseSchema = z.object({
  number: z.string(),
  product: z.string(),
  quantity: z.number(),
  state: z.enum(['ordered', 'received']),
  expected_at: z.string(),
})

const receiptSchema = z.object({
  number: z.string(),
  purchase: z.string(),
  delivery_note: z.string(),
  product: z.string(),
  expected: z.number(),
  /** What the supplier says it sends, and settles for after a claim. */
  advised: z.number(),
  claimed_at: z.string().nullable(),
  received: z.number(),
  /** A draft cannot be booked; trying to answers 200 and changes nothing. */
  state: z.enum(['draft', 'expected', 'booked', 'cancelled']),
})

export const newSale = z.object({
  reference: z.string().regex(/^WEB-\d+$/),
  currency: z.string().length(3),
  amount: z.string().regex(/^\d+\.\d{2}$/),
  lines: z.array(lineSchema).min(1),
})
export type NewSale = z.infer<typeof newSale>

/** What the integration makes of a shop order. */
export const saleFor = (order: ShopOrder): NewSale => ({
  reference: `WEB-${order.number.slice(1)}`,
  currency: order.total.currency,
  amount: order.total.amount,
  lines: order.lines.map(({ sku, quantity }) => ({ product: sku, quantity })),
})

const idOf = (prefix: string, n: number) => `${prefix}-${String(n).padStart(5, '0')}`

export type Erp = ReturnType<typeof createErp>

/**
 * The ERP. Old habits: it says yes to a button pressed in the wrong state and does nothing, and it puts an error into
 * a 200 when an order cannot be created.
 */
export const createErp = (skewMs: number, around: Surroundings) => {
  const system = createSystem('erp', skewMs, around)
  const ofOrder = ({ reference }: { reference: string }) => [orderOf(reference)]
  const sales = system.shelf('sale', 'sales', saleSchema, ofOrder)
  const deliveries = system.shelf('delivery', 'deliveries', deliverySchema, ofOrder)
  const levels = system.shelf('stock_level', 'levels', levelSchema, (_level, id) => [id])
  const purchases = system.shelf('purchase', 'purchases', purchaseSchema, ({ number }) => [number])
  const receipts = system.shelf('goods_receipt', 'receipts', receiptSchema, (row) => [row.delivery_note])

  const saleOf = (order: string) => sales.all().find((row) => row.data.reference === `WEB-${order}`)
  const deliveryOf = (order: string) => deliveries.all().find((row) => row.data.reference === `WEB-${order}`)
  const receiptOf = (note: string) => receipts.all().find((row) => row.data.delivery_note === note)

  /** The first day's stock. */
  const open = () => {
    for (const { sku, stock } of CATALOGUE) {
      const level = { product: sku, booked_to: 0, counted_to: 0 }
      levels.put(stockId(sku), { ...level, warehouse: LOCATION, quantity: stock }, INTEGRATION)
      const reserve = { ...level, warehouse: RESERVE.site, quantity: RESERVE.stock }
      levels.put(stockId(sku, RESERVE.site), reserve, INTEGRATION)
    }
  }

  /** Sends the order's delivery to the warehouse, for the first time or once more. */
  const sendDelivery = (order: string, again: boolean) =>
    around.later(LAGS.integration, { do: 'send_delivery', key: order, n: again ? 1 : undefined })

  /**
   * Makes the sale and its delivery, and sends the delivery to the warehouse; null when it has the order already.
   * Rejected: it is kept, waits for an article to become known, and is taken when it comes again.
   */
  const createSale = (wanted: NewSale, by: Author, rejected = false) => {
    const order = orderOf(wanted.reference)
    const before = saleOf(order)
    if (before && before.data.state !== 'rejected') return null
    const n = system.next('sale', 17)
    const number = before?.id ?? idOf('SO', n)
    const state = rejected ? ('rejected' as const) : ('processing' as const)
    const sale = sales.put(number, { number, state, ...wanted }, by)
    if (rejected) return sale
    const delivery = idOf('OUT', n)
    const { reference } = wanted
    deliveries.put(
      delivery,
      { number: delivery, sale: number, reference, state: 'waiting', tracking: null, resent_at: null },
      by,
    )
    around.later(LAGS.integration, { do: 'tag_order', key: order })
    sendDelivery(order, false)
    return sale
  }

  const resend = (id: string, by: Author): boolean => {
    const row = deliveries.get(id)
    if (row?.data.state !== 'waiting') return false
    deliveries.put(id, { ...row.data, resent_at: system.time() }, by)
    sendDelivery(orderOf(row.data.reference), true)
    return true
  }

  const cancel = (order: string, by: Author) => {
    const [sale, delivery] = [saleOf(order), deliveryOf(order)]
    if (sale && sale.data.state !== 'done') sales.put(sale.id, { ...sale.data, state: 'cancelled' }, by)
    if (delivery?.data.state === 'waiting')
      deliveries.put(delivery.id, { ...delivery.data, state: 'cancelled' }, by)
  }

  const ship = (order: string, tracking: string, by: Author): boolean => {
    const row = deliveryOf(order)
    if (row?.data.state !== 'waiting') return false
    deliveries.put(row.id, { ...row.data, state: 'done', tracking }, by)
    const sale = saleOf(order)
    if (sale) sales.put(sale.id, { ...sale.data, state: 'done' }, by)
    return true
  }

  /** Orders from a supplier and expects one receipt for it; answers the receipt's delivery note. */
  const orderGoods = (product: string, expected: number, state: 'draft' | 'expected', due: Date) => {
    const n = system.next('purchase', 2001)
    const purchase = `PO-${n}`
    const note = `${purchase}/R1`
    const ordered = { number: purchase, product, quantity: expected, state: 'ordered' as const }
    purchases.put(purchase, { ...ordered, expected_at: due.toISOString() }, INTEGRATION)
    const number = idOf('GR', n - 2000)
    const none = { claimed_at: null, received: 0 }
    receipts.put(
      number,
      { number, purchase, delivery_note: note, product, expected, advised: expected, ...none, state },
      INTEGRATION,
    )
    return note
  }

  /** The supplier names another day. */
  const putOff = (purchase: string, due: Date) => {
    const row = purchases.get(purchase)
    if (row) purchases.put(purchase, { ...row.data, expected_at: due.toISOString() }, INTEGRATION)
  }

  /** `evenDraft`: a person at the ERP's own screen confirms the draft first. */
  const book = (note: string, quantity: number, by: Author, evenDraft = false): boolean => {
    const row = receiptOf(note)
    if (row?.data.state !== 'expected' && !(evenDraft && row?.data.state === 'draft')) return false
    receipts.put(row.id, { ...row.data, state: 'booked', received: quantity }, by)
    const purchase = purchases.get(row.data.purchase)
    if (purchase) purchases.put(purchase.id, { ...purchase.data, state: 'received' }, by)
    around.later(LAGS.forget, { do: 'forget_receipt', key: note })
    return true
  }

  /** Asks the supplier for what is missing; the answer comes later. */
  const claimShortage = (id: string, by: Author): boolean => {
    const row = receipts.get(id)
    if (!row || row.data.claimed_at !== null) return false
    receipts.put(id, { ...row.data, claimed_at: system.time() }, by)
    around.later(LAGS.trace, { do: 'settle_shortage', key: row.data.delivery_note })
    return true
  }
  /** The supplier agrees to what really came. */
  const settleShortage = (note: string, advised: number, by: Author) => {
    const row = receiptOf(note)
    if (row) receipts.put(row.id, { ...row.data, advised }, by)
  }

  /** One movement of the WMS arrives. A movement that a later count already contains is not booked again. */
  const moveStock = (id: string, delta: number, seq: number) => {
    const row = levels.get(id)
    if (!row || seq <= row.data.counted_to) return
    const quantity = row.data.quantity + delta
    levels.put(row.id, { ...row.data, quantity, booked_to: Math.max(seq, row.data.booked_to) }, INTEGRATION)
  }

  /** Off by so many units, for no reason that can be seen: the planted drift. */
  const misbook = (id: string, delta: number) => {
    const row = levels.get(id)
    if (row) levels.put(row.id, { ...row.data, quantity: row.data.quantity + delta }, INTEGRATION)
  }

  const setLevel = (id: string, quantity: number, asOf: number, by: Author) => {
    const row = levels.get(id)
    if (!row) return
    const booked_to = Math.max(asOf, row.data.booked_to)
    levels.put(row.id, { ...row.data, quantity, booked_to, counted_to: asOf }, by)
  }

  const forgetOrder = (order: string) => {
    const sale = saleOf(order)
    const delivery = deliveryOf(order)
    if (sale) sales.remove(sale.id)
    if (delivery) deliveries.remove(delivery.id)
  }
  const forgetReceipt = (note: string) => {
    const row = receiptOf(note)
    if (!row) return
    purchases.remove(row.data.purchase)
    receipts.remove(row.id)
  }

  return {
    system,
    open,
    createSale,
    resend,
    cancel,
    ship,
    orderGoods,
    putOff,
    book,
    claimShortage,
    settleShortage,
    moveStock,
    misbook,
    setLevel,
    forgetOrder,
    forgetReceipt,
    saleOf,
    deliveryOf,
    receiptOf,
    purchase: (number: string) => purchases.get(number),
    level: (id: string) => levels.get(id),
    deliveryById: (id: string) => deliveries.get(id),
    receiptById: (id: string) => receipts.get(id),
    expected: () => receipts.all().filter((row) => row.data.state !== 'booked'),
  }
}
