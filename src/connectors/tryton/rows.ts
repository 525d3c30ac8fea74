import { z } from 'zod'
import type { WireFact } from '../../app/connector.ts'
import type { ChangedBy, ObjectType } from '../../domain/model.ts'
import { type Line, named } from '../kit/facts.ts'
import type { TrytonConfig } from './config.ts'
import { type Stamp, stamp, stampDate, stampMs } from './values.ts'

/** Asks for a field of a related record: Tryton answers it under the relation's name with a point behind it. */
export const under = (relation: string, fields: readonly string[]): string[] =>
  fields.map((field) => `${relation}.${field}`)

/** `write_date` is null until the first write after the one that created it. */
export const CHANGED = ['create_date', 'write_date', ...under('create_uid', ['login', 'rec_name'])].concat(
  under('write_uid', ['login', 'rec_name']),
)
const who = z.object({ login: z.string(), rec_name: z.string() }).nullish()
export const changed = {
  create_date: stamp,
  write_date: stamp.nullable(),
  'create_uid.': who,
  'write_uid.': who,
}
export type Changed = z.infer<z.ZodObject<typeof changed>>

export const changedAt = (row: { create_date: Stamp; write_date: Stamp | null }): Stamp =>
  row.write_date !== null && row.write_date > row.create_date ? row.write_date : row.create_date

/** The order's number without what systems put in front of it: `#1001` and `WEB-1001` are 1001. */
export const orderNumber = (reference: string): string =>
  reference.trim().replace(/^(?:#|WEB-|WEB|ORDER-|SO-)+(?=\d)/i, '')

/** Quantities in the product's own unit; a move that Tryton has cancelled counts for nothing. */
export const MOVE = [
  'quantity',
  'internal_quantity',
  'state',
  'from_location',
  'to_location',
  'origin',
  'planned_date',
  '_timestamp',
  ...under('product', ['code']),
  ...CHANGED,
]
export const moveSchema = z.object({
  ...changed,
  id: z.number(),
  quantity: z.number(),
  internal_quantity: z.number(),
  state: z.string(),
  from_location: z.number(),
  to_location: z.number(),
  origin: z.string().nullish(),
  _timestamp: z.string(),
  'product.': z.object({ id: z.number(), code: named }),
})
export type Move = z.infer<typeof moveSchema>

/** Floats of stock: six digits are more than any unit has. */
export const units = (n: number): number => Math.round(n * 1e6) / 1e6

/** So many of the article in the unit in which the move is written: 6 pieces of a move by the dozen are 0.5. */
export const inItsUnit = ({ quantity, internal_quantity }: Move, pieces: number): number =>
  internal_quantity === 0 ? pieces : units((pieces * quantity) / internal_quantity)

/** The lines of some moves, one for each article, in order of the articles. */
export const linesOf = (moves: Move[]): Line[] => {
  const bySku = new Map<string, number>()
  for (const move of moves) {
    if (move.state === 'cancelled') continue
    const sku = move['product.'].code
    bySku.set(sku, units((bySku.get(sku) ?? 0) + move.internal_quantity))
  }
  return [...bySku]
    .filter(([, quantity]) => quantity > 0)
    .map(([sku, quantity]) => ({ sku, quantity }))
    .sort((a, b) => (a.sku < b.sku ? -1 : 1))
}

/** Who wrote it last: a program, or a person. */
const byWhom = (row: Changed, { user, integrations }: TrytonConfig): ChangedBy => {
  const by = row.write_date === null ? row['create_uid.'] : (row['write_uid.'] ?? row['create_uid.'])
  if (!by) return { kind: 'unknown' }
  const isProgram = by.login === user || integrations.includes(by.login)
  return { kind: isProgram ? 'integration' : 'person', name: by.rec_name }
}

type About = Pick<WireFact, 'externalId' | 'keys' | 'state' | 'rawState'> &
  Partial<Pick<WireFact, 'quantities' | 'attributes' | 'orderClass'>>

/** A fact about a record that consists of several rows (a shipment and its moves): the newest of them dates it. */
export const factOf = (
  config: TrytonConfig,
  rows: [Changed, ...Changed[]],
  type: ObjectType,
  about: About,
): WireFact => {
  const newest = rows.reduce((a, b) => (changedAt(b) > changedAt(a) ? b : a))
  const at = changedAt(newest)
  return {
    type,
    quantities: {},
    attributes: {},
    ...about,
    occurredAt: stampDate(at),
    version: stampMs(at),
    changedBy: byWhom(newest, config),
  }
}
