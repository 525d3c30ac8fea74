import { z } from 'zod'
import type { WireFact } from '../../app/connector.ts'
import { identity, linesText, named, reference, skuKeys, sum, words } from '../kit/facts.ts'
import type { TrytonConfig } from './config.ts'
import { CHANGED, changed, factOf, MOVE, moveSchema, orderNumber, under, units } from './rows.ts'
import { date, decimal, minorUnits } from './values.ts'

export const SALE = 'sale.sale'
export const PURCHASE = 'purchase.purchase'

const LINE = [
  'type',
  'quantity',
  ...under('unit', ['factor']),
  ...under('product', ['code', ...under('default_uom', ['factor'])]),
]
const HEAD = ['number', 'reference', 'state', 'shipment_state', '_timestamp', ...CHANGED]

export const saleFields = [
  ...HEAD,
  'total_amount',
  ...under('currency', ['code', 'digits']),
  ...under('lines', LINE),
]

/** How many of the smallest unit of its kind: 12 for a dozen. */
const unit = z.object({ factor: z.number().positive() })
const line = z.object({
  id: z.number(),
  type: z.string(),
  quantity: z.number().nullable(),
  'unit.': unit.nullish(),
  'product.': z.object({ code: named, 'default_uom.': unit }).nullish(),
})
const head = {
  ...changed,
  id: z.number(),
  /** Given with the quotation: what has none is somebody's draft. */
  number: z.string().nullable(),
  reference: z.string().nullable(),
  shipment_state: z.string(),
  _timestamp: z.string(),
}

const saleSchema = z.object({
  ...head,
  state: words({
    draft: 'placed',
    quotation: 'placed',
    confirmed: 'confirmed',
    processing: 'confirmed',
    done: 'complete',
    cancelled: 'cancelled',
  }),
  total_amount: decimal.nullable(),
  'currency.': z.object({ code: z.string().length(3), digits: z.number().int() }),
  'lines.': z.array(line),
})
export type Sale = z.infer<typeof saleSchema>
export const readSale = (row: unknown): Sale => saleSchema.parse(row)

/** Goods only, in the article's own unit as stock counts them: a charge or a comment is nothing to ship. */
const goods = (lines: z.infer<typeof line>[]) =>
  lines.flatMap(({ type, quantity, 'unit.': sold, 'product.': product }) => {
    if (type !== 'line' || !product || quantity === null) return []
    const { factor } = product['default_uom.']
    return [{ sku: product.code, quantity: units((quantity * (sold?.factor ?? factor)) / factor) }]
  })

/** The goods that a sale asks for. */
export const goodsOf = (row: Sale) => goods(row['lines.'])

/** Null for a draft: nobody has offered it to anybody yet. */
export const saleFact = (config: TrytonConfig, row: Sale): WireFact | null => {
  if (row.number === null) return null
  const lines = goods(row['lines.'])
  const order = row.reference?.trim()
  const { code, digits } = row['currency.']
  return factOf(config, [row], 'order', {
    externalId: row.number,
    keys: [
      ...(order ? [identity('order', orderNumber(order))] : []),
      identity('sale', row.number),
      ...skuKeys(lines.map(({ sku }) => sku)),
    ],
    // Entered by hand, for no order of a shop.
    ...(order ? {} : { orderClass: 'other' as const }),
    state: row.state.state,
    rawState: row.state.raw,
    quantities: { ordered: sum(lines.map(({ quantity }) => quantity)) },
    attributes: {
      valueMinor: row.total_amount === null ? null : minorUnits(row.total_amount, digits),
      currency: code,
      lines: linesText(lines),
    },
  })
}

export const purchaseFields = [
  ...HEAD,
  'delivery_date',
  'comment',
  ...under('lines', [...LINE, 'delivery_date']),
  ...under('moves', MOVE),
]

const purchaseSchema = z.object({
  ...head,
  state: words({
    draft: 'ordered',
    quotation: 'ordered',
    confirmed: 'ordered',
    processing: 'ordered',
    done: 'received',
    cancelled: 'closed',
  }),
  comment: z.string().nullish(),
  delivery_date: date.nullable(),
  'lines.': z.array(line.extend({ delivery_date: date.nullable() })),
  'moves.': z.array(moveSchema.extend({ planned_date: date.nullable() })),
})
export type Purchase = z.infer<typeof purchaseSchema>
export const readPurchase = (row: unknown): Purchase => purchaseSchema.parse(row)

/** The last day on which something of it is still to come; a date without a time is that day's beginning in UTC. */
export const expectedAt = (row: Purchase): string | null => {
  const open = row['moves.'].filter(({ state }) => state === 'draft').map((move) => move.planned_date)
  const planned = open.length > 0 ? open : row['lines.'].map((l) => l.delivery_date)
  const days = [...planned, row.delivery_date].flatMap((day) => day ?? []).sort()
  const last = (planned.some((day) => day !== null) ? planned.flatMap((day) => day ?? []).sort() : days).at(
    -1,
  )
  return last === undefined ? null : `${last}T00:00:00.000Z`
}

/** Null until it is confirmed: nothing is ordered yet. */
export const purchaseFact = (config: TrytonConfig, row: Purchase): WireFact | null => {
  const { raw, state } = row.state
  if (row.number === null || raw === 'draft' || raw === 'quotation') return null
  const lines = goods(row['lines.'])
  const moves = row['moves.']
  const isAllIn = row.shipment_state === 'received'
  const isPart = moves.some((move) => move.state === 'done')
  const came = sum(moves.filter((m) => m.state === 'done').map((m) => m.internal_quantity))
  return factOf(config, [row, ...moves], 'purchase_order', {
    externalId: row.number,
    keys: [
      identity('purchase_order', row.number),
      ...(row.reference?.trim() ? [reference('receipt', row.reference.trim().toUpperCase())] : []),
      ...skuKeys(lines.map(({ sku }) => sku)),
    ],
    state: state !== 'ordered' ? state : isAllIn ? 'received' : isPart ? 'partial' : 'ordered',
    rawState: raw === 'processing' ? `processing, shipment ${row.shipment_state}` : raw,
    quantities: { ordered: sum(lines.map(({ quantity }) => quantity)), received: units(came) },
    attributes: { expectedAt: expectedAt(row), sku: lines.length === 1 ? (lines[0]?.sku ?? null) : null },
  })
}
