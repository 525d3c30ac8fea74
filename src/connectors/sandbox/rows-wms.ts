import { z } from 'zod'
import { identity, named, reference, skuKeys, stockKeys, sum, words } from '../kit/facts.ts'
import { fact, instant, meta, orderNumber } from './wire.ts'

const wmsDelivery = z
  .object({
    ...meta,
    number: z.string(),
    status: words({
      NEW: 'ready',
      HOLD: 'held',
      ALLOCATED: 'allocated',
      SHORT: 'short',
      PICKED: 'picked',
      PACKED: 'packed',
      DESPATCHED: 'shipped',
      VOID: 'cancelled',
    }),
    short_final: z.boolean(),
    hold_reason: z.string().nullable(),
    site: named.optional(),
    lines: z.array(z.object({ sku: named, ordered: z.number().int(), picked: z.number().int() })),
    backorder: z.array(z.object({ sku: named, quantity: z.number().int() })),
    tracking: named.nullable(),
  })
  .transform((row, context) => {
    const order = orderNumber.safeParse(row.number)
    if (!order.success) {
      context.addIssue(`"${row.number}" names no order`)
      return z.NEVER
    }
    const { raw, state } = row.status
    const tracking = row.tracking?.toUpperCase() ?? null
    return fact(row, 'fulfillment', {
      keys: [
        identity('order', order.data),
        // Once it has left it is also a parcel.
        ...(state === 'shipped' && tracking !== null ? [identity('tracking', tracking)] : []),
        ...skuKeys([...row.lines, ...row.backorder].map((line) => line.sku)),
      ],
      // Somebody still looks for the rest: no short pick yet.
      state: state === 'short' && !row.short_final ? 'allocated' : state,
      rawState: raw,
      quantities: {
        ordered: sum(row.lines.map((line) => line.ordered)),
        picked: sum(row.lines.map((line) => line.picked)),
        backordered: sum(row.backorder.map((line) => line.quantity)),
      },
      attributes: { holdReason: row.hold_reason, location: row.site ?? null, tracking },
    })
  })

const wmsStock = z
  .object({
    ...meta,
    sku: named,
    site: named,
    on_hand: z.number().int(),
    in_transfer: z.number().int().default(0),
    counted_at: instant.nullable(),
    count_requested_at: instant.nullable(),
  })
  .transform((row) =>
    fact(row, 'inventory', {
      keys: stockKeys(row.sku, row.site),
      state: 'level',
      rawState: 'ON HAND',
      quantities: { on_hand: row.on_hand, in_transfer: row.in_transfer },
      attributes: {
        countedAt: row.counted_at,
        countRequestedAt: row.count_requested_at,
        counting: row.count_requested_at !== null,
      },
    }),
  )

const wmsInbound = z
  .object({
    ...meta,
    receipt: named,
    po: named,
    sku: named,
    quantity: z.number().int(),
    status: words({ PARTIAL: 'partial', RECEIVED: 'received' }),
  })
  .transform((row) =>
    fact(row, 'receipt', {
      keys: [
        identity('receipt', row.receipt),
        reference('purchase_order', row.po),
        reference('sku', row.sku),
      ],
      state: row.status.state,
      rawState: row.status.raw,
      quantities: { received: row.quantity },
    }),
  )

const wmsReturn = z
  .object({
    ...meta,
    number: named,
    tracking: named.nullable(),
    status: words({ EXPECTED: 'expected', RECEIVED: 'received', INSPECTED: 'inspected' }),
    lines: z.array(z.object({ sku: named, quantity: z.number().int() })),
  })
  .transform((row, context) => {
    const order = orderNumber.safeParse(row.number)
    if (!order.success) {
      context.addIssue(`"${row.number}" names no order`)
      return z.NEVER
    }
    return fact(row, 'return', {
      keys: [
        identity('return', row.number),
        // It is the parcel that the carrier brings back.
        ...(row.tracking === null ? [] : [identity('tracking', row.tracking.toUpperCase())]),
        reference('order', order.data),
        ...skuKeys(row.lines.map((line) => line.sku)),
      ],
      state: row.status.state,
      rawState: row.status.raw,
      quantities: { expected: sum(row.lines.map((line) => line.quantity)) },
    })
  })

/** What the wms sends, by the row's `kind`. */
export const wmsRows = { delivery: wmsDelivery, stock: wmsStock, inbound: wmsInbound, return: wmsReturn }
