import { z } from 'zod'
import type { WireFact } from '../../app/connector.ts'
import { identity, linesText, named, skuKeys, sum, words } from '../kit/facts.ts'
import type { TrytonConfig } from './config.ts'
import { CHANGED, changed, factOf, linesOf, MOVE, type Move, moveSchema, orderNumber, under } from './rows.ts'
import { date } from './values.ts'

export const DELIVERY = 'stock.shipment.out'

/** Fields that the tracking template names. */
export const templateFields = (template: string): string[] =>
  [...template.matchAll(/\{(\w+)\}/g)].flatMap(([, field]) => (field === undefined ? [] : [field]))

export const deliveryFields = ({ role, tracking }: TrytonConfig): string[] => [
  ...new Set([
    'number',
    'reference',
    'state',
    'planned_date',
    'effective_date',
    'outgoing_moves',
    'inventory_moves',
    '_timestamp',
    ...under('warehouse', ['code']),
    ...CHANGED,
    ...under('moves', MOVE),
    ...(role === 'erp' ? under('moves', ['sale.number', 'sale.reference']) : []),
    ...templateFields(tracking),
  ]),
]

/** What a delivery's state is called by everybody. A draft cannot be assigned nor picked: that is Tryton's hold. */
const STATES = {
  draft: 'held',
  waiting: 'ready',
  assigned: 'allocated',
  picked: 'picked',
  packed: 'packed',
  done: 'shipped',
  cancelled: 'cancelled',
}

const sale = z.object({ number: z.string().nullable(), reference: z.string().nullable() })

const deliverySchema = z.object({
  ...changed,
  id: z.number(),
  number: named,
  reference: z.string().nullable(),
  state: words(STATES),
  planned_date: date.nullable(),
  outgoing_moves: z.array(z.number()),
  inventory_moves: z.array(z.number()),
  _timestamp: z.string(),
  'warehouse.': z.object({ id: z.number(), code: z.string().nullable() }),
  'moves.': z.array(moveSchema.extend({ 'sale.': sale.nullish() })),
})

/** A customer shipment with its moves: `outgoing` to the customer, `inventory` from the shelf to the packing table. */
export type Delivery = ReturnType<typeof readDelivery>

export const readDelivery = (row: unknown) => {
  const parsed = deliverySchema.parse(row)
  const fields = z.record(z.string(), z.unknown()).parse(row)
  const moves = parsed['moves.']
  const among = (ids: number[]) => moves.filter((move) => ids.includes(move.id))
  const outgoing = among(parsed.outgoing_moves)
  const inventory = among(parsed.inventory_moves)
  // Assigned in part, and nothing more was found: the short pick. What was never tried is assigned nowhere.
  const isShort =
    parsed.state.raw === 'waiting' &&
    inventory.some((move) => move.state === 'assigned') &&
    inventory.some((move) => move.state === 'draft')
  return { ...parsed, fields, moves, outgoing, inventory, isShort }
}

/** The sales that an ERP's delivery fulfils, by what their orders are called in the shop, or else by the sale's number. */
const ordersOf = (row: Delivery): { reference: string | null; number: string | null }[] => {
  const sales = row.outgoing.flatMap((move) => move['sale.'] ?? [])
  return [...new Map(sales.map((s) => [s.number, s])).values()]
}

const orderKeys = (config: TrytonConfig, row: Delivery): WireFact['keys'] => {
  const orders = config.role === 'erp' ? ordersOf(row) : []
  if (orders.length > 1) {
    const names = orders.map((o) => o.reference ?? o.number).join(', ')
    throw new Error(`${row.number} ships several orders at once (${names}): it cannot be followed as one`)
  }
  const reference = row.reference ?? orders[0]?.reference ?? null
  const number = orders[0]?.number ?? null
  const keys = [
    ...(reference === null || reference.trim() === '' ? [] : [identity('order', orderNumber(reference))]),
    ...(number === null ? [] : [identity('sale', number)]),
  ]
  // Nobody else knows it: it is followed as itself.
  return keys.length > 0 ? keys : [identity('order', `${config.name}/${row.number}`)]
}

const trackingOf = ({ tracking }: TrytonConfig, row: Delivery): string | null => {
  const values = templateFields(tracking).map((field) => row.fields[field])
  if (values.some((value) => value === null || value === undefined || value === '')) return null
  return tracking.replace(/\{(\w+)\}/g, (_, field: string) => String(row.fields[field])).toUpperCase()
}

const total = (moves: Move[], ...states: string[]): number =>
  sum(
    linesOf(moves.filter((move) => states.length === 0 || states.includes(move.state))).map(
      (l) => l.quantity,
    ),
  )

const withState = (row: Delivery, state: string) =>
  linesOf(row.inventory.filter((move) => move.state === state))

export const deliveryFact = (config: TrytonConfig, row: Delivery): WireFact => {
  const { raw, state } = row.state
  const isWms = config.role === 'wms'
  const isShipped = raw === 'done'
  const tracking = isWms && isShipped ? trackingOf(config, row) : null
  const lines = linesOf(row.outgoing)
  // Without a packing table of its own a warehouse has no moves from the shelf.
  const shelf = row.inventory.length > 0 ? row.inventory : row.outgoing
  return factOf(config, [row, ...row.moves], 'fulfillment', {
    externalId: row.number,
    keys: [
      ...orderKeys(config, row),
      // Once it has left it is also a parcel.
      ...(tracking === null ? [] : [identity('tracking', tracking)]),
      ...skuKeys(lines.map(({ sku }) => sku)),
    ],
    // In the ERP a draft is a delivery that is not planned yet; nobody there picks short.
    state: isWms && row.isShort ? 'short' : !isWms && raw === 'draft' ? 'unrouted' : state,
    rawState: row.isShort ? 'waiting, assigned in part' : raw,
    quantities: {
      ordered: total(row.outgoing),
      picked: total(shelf, 'assigned', 'done'),
      ...(isShipped ? { shipped: total(row.outgoing, 'done') } : {}),
    },
    attributes: {
      tracking,
      location: row['warehouse.'].code,
      holdReason: isWms && raw === 'draft' ? 'draft' : null,
      lines: linesText(lines),
      ...(isWms && row.isShort
        ? { found: linesText(withState(row, 'assigned')), missing: linesText(withState(row, 'draft')) }
        : {}),
    },
  })
}
