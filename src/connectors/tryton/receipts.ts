import { z } from 'zod'
import type { WireFact } from '../../app/connector.ts'
import { identity, linesText, named, reference, skuKeys, sum, words } from '../kit/facts.ts'
import type { TrytonConfig } from './config.ts'
import { CHANGED, changed, factOf, linesOf, MOVE, moveSchema, under } from './rows.ts'

export const RECEIPT = 'stock.shipment.in'

export const receiptFields = ({ role }: TrytonConfig): string[] => [
  'number',
  'reference',
  'state',
  'incoming_moves',
  '_timestamp',
  ...under('warehouse', ['code']),
  ...CHANGED,
  ...under('moves', MOVE),
  ...(role === 'erp' ? under('moves', ['purchase.number', 'purchase.reference']) : []),
]

/** Received stands at the dock; done is on the shelf. */
const STATES = { draft: 'ordered', received: 'received', done: 'received', cancelled: 'closed' }

const purchase = z.object({ id: z.number(), number: z.string().nullable() })

const receiptSchema = z.object({
  ...changed,
  id: z.number(),
  number: named,
  reference: z.string().nullable(),
  state: words(STATES),
  incoming_moves: z.array(z.number()),
  _timestamp: z.string(),
  'warehouse.': z.object({ id: z.number(), code: z.string().nullable() }),
  'moves.': z.array(moveSchema.extend({ 'purchase.': purchase.nullish() })),
})

/** A supplier shipment with its moves; `incoming` are those from the supplier to the dock. */
export type Receipt = ReturnType<typeof readReceipt>

export const readReceipt = (row: unknown) => {
  const parsed = receiptSchema.parse(row)
  const moves = parsed['moves.']
  const incoming = moves.filter((move) => parsed.incoming_moves.includes(move.id))
  const purchases = [...new Map(incoming.flatMap((m) => m['purchase.'] ?? []).map((p) => [p.id, p])).values()]
  return { ...parsed, moves, incoming, purchases }
}

export const receiptFact = (config: TrytonConfig, row: Receipt): WireFact => {
  const { raw, state } = row.state
  const lines = linesOf(row.incoming)
  const note = row.reference?.trim()
  return factOf(config, [row, ...row.moves], 'receipt', {
    externalId: row.number,
    keys: [
      // Without a delivery note's number nobody else can mean this one.
      identity('receipt', note ? note.toUpperCase() : `${config.name}/${row.number}`),
      ...row.purchases.flatMap(({ number }) =>
        number === null ? [] : [reference('purchase_order', number)],
      ),
      ...skuKeys(lines.map(({ sku }) => sku)),
    ],
    state,
    rawState: raw,
    quantities: {
      advised: sum(lines.map(({ quantity }) => quantity)),
      ...(state === 'received' ? { received: sum(lines.map(({ quantity }) => quantity)) } : {}),
    },
    attributes: {
      ...(state === 'received' ? { sellable: raw === 'done' } : {}),
      location: row['warehouse.'].code,
      lines: linesText(lines),
    },
  })
}
