import { z } from 'zod'
import { CURRENCY, orderOf, priceOf } from './catalogue.ts'
import { type Erp, newSale } from './erp.ts'
import { type Answer, type Route, readBody, refuse } from './system.ts'

const bookBody = z.object({ quantity: z.number().int().positive() })
const shipBody = z.object({ tracking: z.string().min(1).max(100) })
const levelBody = z.object({ quantity: z.number().int(), as_of: z.number().int().nonnegative() })

/** How long a supplier takes at most to answer a claim, at pace 1. */
const CLAIM_ANSWER_MS = 30_000

/** An error as this ERP sends it: inside a 200. */
const errorIn200 = (message: string): Answer => ({
  status: 200,
  body: { error: { type: 'UserError', message } },
})

export const erpRoutes = (erp: Erp, pace: number): Route[] => [
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
      const wanted = readBody(newSale, body)
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
      erp.ship(orderOf(row.data.reference), wanted.value.tracking, by)
      const effect = { action: 'sync_shipment', object: id }
      return { status: 200, body: erp.system.read('deliveries', id), effect }
    },
  },
  {
    method: 'POST',
    on: 'deliveries',
    verb: 'resend',
    run({ id, by }) {
      const row = erp.deliveryById(id)
      if (!row) return refuse(404, `There is no delivery ${id}.`)
      if (!erp.resend(id, by)) return refuse(409, `Delivery ${id} is ${row.data.state}, not waiting.`)
      const effect = { action: 'send_delivery', object: id }
      return { status: 202, body: erp.system.read('deliveries', id), effect }
    },
  },
  {
    method: 'POST',
    on: 'receipts',
    verb: 'claim',
    run({ id, by }) {
      const row = erp.receiptById(id)
      if (!row) return refuse(404, `There is no goods receipt ${id}.`)
      if (!erp.claimShortage(id, by)) return refuse(409, `The shortage of ${id} is claimed already.`)
      const answer_within_s = Math.ceil((CLAIM_ANSWER_MS * pace) / 1000)
      const effect = { action: 'claim_shortage', object: id }
      return { status: 202, body: { answer_within_s }, effect }
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
      const row = erp.level(id)
      if (!row) return refuse(404, `There is no stock level ${id}.`)
      const wanted = readBody(levelBody, body)
      if (!wanted.ok) return wanted.answer
      const { quantity, as_of } = wanted.value
      const { product, booked_to } = row.data
      if (quantity < 0) return refuse(422, `A stock level cannot be ${quantity}.`)
      if (as_of < booked_to) {
        return refuse(409, `${product} has moved since that count (count ${as_of}, booked to ${booked_to}).`)
      }
      erp.setLevel(id, quantity, as_of, by)
      const effect = { action: 'adjust_stock', object: id }
      return { status: 200, body: erp.system.read('levels', id), effect }
    },
  },
]
