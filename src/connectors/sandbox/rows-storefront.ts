import { z } from 'zod'
import type { OrderClass } from '../../domain/model.ts'
import { identity, linesText, named, reference, skuKeys, stockKeys, sum, words } from '../kit/facts.ts'
import { fact, instant, meta, money, orderNumber } from './wire.ts'

const CLASSES: Record<'web' | 'b2b' | 'marketplace' | 'preorder' | 'backorder', OrderClass> = {
  web: 'consumer',
  b2b: 'b2b',
  marketplace: 'marketplace',
  preorder: 'preorder',
  backorder: 'backorder',
}

const shopOrder = z
  .object({
    ...meta,
    number: orderNumber,
    channel: z.enum(['web', 'b2b', 'marketplace', 'preorder', 'backorder']),
    status: words({
      open: 'placed',
      paid: 'confirmed',
      partially_fulfilled: 'partial',
      fulfilled: 'complete',
      cancelled: 'cancelled',
    }),
    // Here and in the other rows: what may be left out is simply not stated.
    payment: z.enum(['pending', 'paid', 'expired']).optional(),
    payment_asked_at: instant.nullish(),
    total: z.object({ amount: money, currency: z.string().length(3) }),
    ship_by: instant,
    lines: z.array(z.object({ sku: named, quantity: z.number().int().positive() })),
    erp_number: z.string().nullable(),
    resent_at: instant.nullable(),
  })
  .transform((row) =>
    fact(row, 'order', {
      keys: [identity('order', row.number), ...skuKeys(row.lines.map((line) => line.sku))],
      state: row.status.state,
      rawState: row.status.raw,
      orderClass: CLASSES[row.channel],
      quantities: { ordered: sum(row.lines.map((line) => line.quantity)) },
      attributes: {
        valueMinor: row.total.amount,
        currency: row.total.currency,
        promiseAt: row.ship_by,
        lines: linesText(row.lines),
        erpNumber: row.erp_number,
        resentAt: row.resent_at,
        paymentState: row.payment ?? null,
        paymentAskedAt: row.payment_asked_at ?? null,
      },
    }),
  )

const shopFulfillment = z
  .object({
    ...meta,
    order: orderNumber,
    status: words({ OPEN: 'ready', ON_HOLD: 'held', CLOSED: 'shipped', CANCELLED: 'cancelled' }),
    hold_reason: z.string().nullable(),
    location: named.optional(),
    tracking: z.string().nullable(),
  })
  .transform((row) =>
    fact(row, 'fulfillment', {
      keys: [identity('order', row.order)],
      state: row.status.state,
      rawState: row.status.raw,
      attributes: {
        holdReason: row.hold_reason,
        location: row.location ?? null,
        tracking: row.tracking?.toUpperCase() ?? null,
      },
    }),
  )

const shopLevel = z
  .object({
    ...meta,
    sku: named,
    location: named,
    available: z.number().int(),
    policy: z.enum(['deny', 'continue']).default('deny'),
  })
  .transform((row) =>
    fact(row, 'inventory', {
      keys: stockKeys(row.sku, row.location),
      state: 'level',
      rawState: 'available',
      quantities: { available: row.available },
      // Sold on purpose although nothing is left.
      attributes: { backorders: row.policy === 'continue' || null },
    }),
  )

const shopClaim = z
  .object({
    ...meta,
    order: orderNumber,
    status: words({ OPEN: 'open', ANSWERED: 'answered' }),
    answer: z.string().nullable(),
  })
  .transform((row) =>
    fact(row, 'claim', {
      keys: [identity('order', row.order)],
      state: row.status.state,
      rawState: row.status.raw,
      attributes: { answer: row.answer },
    }),
  )

const shopReturn = z
  .object({
    ...meta,
    number: named,
    order: orderNumber,
    status: words({ REQUESTED: 'requested', REFUNDED: 'refunded' }),
  })
  .transform((row) =>
    fact(row, 'return', {
      keys: [identity('return', row.number), reference('order', row.order)],
      state: row.status.state,
      rawState: row.status.raw,
    }),
  )

const shopRestock = z
  .object({ ...meta, purchase: named, sku: named, promised_for: instant })
  .transform((row) =>
    fact(row, 'purchase_order', {
      keys: [identity('purchase_order', row.purchase), reference('sku', row.sku)],
      state: 'ordered',
      rawState: 'promised',
      attributes: { promiseAt: row.promised_for, sku: row.sku },
    }),
  )

/** What the storefront sends, by the row's `kind`. */
export const storefrontRows = {
  order: shopOrder,
  fulfillment_order: shopFulfillment,
  inventory_level: shopLevel,
  claim: shopClaim,
  return: shopReturn,
  restock: shopRestock,
}
