import { z } from 'zod'
import type { OrderClass } from '../../domain/model.ts'
import {
  fact,
  identity,
  instant,
  meta,
  money,
  named,
  orderNumber,
  skuKeys,
  stockKeys,
  sum,
  words,
} from './wire.ts'

const CLASSES: Record<'web' | 'b2b' | 'marketplace' | 'preorder', OrderClass> = {
  web: 'consumer',
  b2b: 'b2b',
  marketplace: 'marketplace',
  preorder: 'preorder',
}

/** The lines of an order as one attribute, `MUG-RED*2,PEN-GEL*1`: what is needed to create the order elsewhere. */
const linesText = (lines: { sku: string; quantity: number }[]): string =>
  lines.map(({ sku, quantity }) => `${sku}*${quantity}`).join(',')

export const readLines = (text: string): { sku: string; quantity: number }[] =>
  text.split(',').flatMap((line) => {
    const [, sku, quantity] = /^(.+)\*(\d+)$/.exec(line) ?? []
    return sku === undefined ? [] : [{ sku, quantity: Number(quantity) }]
  })

const shopOrder = z
  .object({
    ...meta,
    number: orderNumber,
    channel: z.enum(['web', 'b2b', 'marketplace', 'preorder']),
    status: words({
      open: 'placed',
      paid: 'confirmed',
      partially_fulfilled: 'partial',
      fulfilled: 'complete',
      cancelled: 'cancelled',
    }),
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
      },
    }),
  )

const shopFulfillment = z
  .object({
    ...meta,
    order: orderNumber,
    status: words({ OPEN: 'ready', ON_HOLD: 'held', CLOSED: 'shipped', CANCELLED: 'cancelled' }),
    hold_reason: z.string().nullable(),
    tracking: z.string().nullable(),
  })
  .transform((row) =>
    fact(row, 'fulfillment', {
      keys: [identity('order', row.order)],
      state: row.status.state,
      rawState: row.status.raw,
      attributes: { holdReason: row.hold_reason, tracking: row.tracking?.toUpperCase() ?? null },
    }),
  )

const shopLevel = z
  .object({ ...meta, sku: named, location: named, available: z.number().int() })
  .transform((row) =>
    fact(row, 'inventory', {
      keys: stockKeys(row.sku, row.location),
      state: 'level',
      rawState: 'available',
      quantities: { available: row.available },
    }),
  )

/** What the storefront sends, by the row's `kind`. */
export const storefrontRows = {
  order: shopOrder,
  fulfillment_order: shopFulfillment,
  inventory_level: shopLevel,
}
