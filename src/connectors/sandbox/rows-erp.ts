import { z } from 'zod'
import { identity, named, reference, skuKeys, stockKeys, sum, words } from '../kit/facts.ts'
import { fact, instant, meta, money, orderNumber } from './wire.ts'

const erpSale = z
  .object({
    ...meta,
    number: named,
    reference: orderNumber,
    state: words({ rejected: 'rejected', processing: 'confirmed', done: 'complete', cancelled: 'cancelled' }),
    amount: money,
    currency: z.string().length(3),
    lines: z.array(z.object({ product: named, quantity: z.number().int().positive() })),
  })
  .transform((row) =>
    fact(row, 'order', {
      keys: [
        identity('order', row.reference),
        identity('sale', row.number),
        ...skuKeys(row.lines.map((line) => line.product)),
      ],
      state: row.state.state,
      rawState: row.state.raw,
      quantities: { ordered: sum(row.lines.map((line) => line.quantity)) },
      attributes: { valueMinor: row.amount, currency: row.currency },
    }),
  )

const erpDelivery = z
  .object({
    ...meta,
    reference: orderNumber,
    state: words({ waiting: 'ready', done: 'shipped', cancelled: 'cancelled' }),
    tracking: z.string().nullable(),
    resent_at: instant.nullish(),
  })
  .transform((row) =>
    fact(row, 'fulfillment', {
      keys: [identity('order', row.reference)],
      state: row.state.state,
      rawState: row.state.raw,
      attributes: { tracking: row.tracking?.toUpperCase() ?? null, resentAt: row.resent_at ?? null },
    }),
  )

const erpLevel = z
  .object({
    ...meta,
    product: named,
    warehouse: named,
    quantity: z.number().int(),
    counted_to: z.number().int(),
  })
  .transform((row) =>
    fact(row, 'inventory', {
      keys: stockKeys(row.product, row.warehouse),
      state: 'level',
      rawState: 'on hand',
      quantities: { on_hand: row.quantity },
      attributes: { countedTo: row.counted_to },
    }),
  )

const erpPurchase = z
  .object({
    ...meta,
    number: named,
    product: named,
    quantity: z.number().int(),
    state: words({ ordered: 'ordered', received: 'received' }),
    expected_at: instant,
  })
  .transform((row) =>
    fact(row, 'purchase_order', {
      keys: [identity('purchase_order', row.number), reference('sku', row.product)],
      state: row.state.state,
      rawState: row.state.raw,
      quantities: { ordered: row.quantity },
      attributes: { expectedAt: row.expected_at, sku: row.product },
    }),
  )

const erpReceipt = z
  .object({
    ...meta,
    purchase: named,
    delivery_note: named,
    product: named,
    expected: z.number().int(),
    advised: z.number().int().optional(),
    claimed_at: instant.nullish(),
    received: z.number().int(),
    state: words({ draft: 'ordered', expected: 'ordered', booked: 'received', cancelled: 'closed' }),
  })
  .transform((row) =>
    fact(row, 'receipt', {
      keys: [
        identity('receipt', row.delivery_note),
        reference('purchase_order', row.purchase),
        reference('sku', row.product),
      ],
      state: row.state.state,
      rawState: row.state.raw,
      quantities: {
        ordered: row.expected,
        received: row.received,
        ...(row.advised === undefined ? {} : { advised: row.advised }),
      },
      attributes: { claimedAt: row.claimed_at ?? null },
    }),
  )

/** What the erp sends, by the row's `kind`. */
export const erpRows = {
  sale: erpSale,
  delivery: erpDelivery,
  stock_level: erpLevel,
  purchase: erpPurchase,
  goods_receipt: erpReceipt,
}
