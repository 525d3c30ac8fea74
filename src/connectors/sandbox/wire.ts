import { z } from 'zod'
import type { WireFact } from '../../app/connector.ts'
import type { ObjectType } from '../../domain/model.ts'

export const instant = z.iso.datetime()

/** What every row carries, whatever it is about. */
export const meta = {
  id: z.string().min(1),
  sequence: z.number().int().positive(),
  changed_at: instant,
  changed_by: z.object({ kind: z.enum(['integration', 'person']), name: z.string() }).optional(),
}
type Meta = z.infer<z.ZodObject<typeof meta>>

/** `#1001`, `WEB-1001`, `D1001-1` and `RMA-1001` all name order 1001. */
export const orderNumber = z.string().transform((text, context) => {
  const number = /^(?:#|WEB-|RMA-|D)?(\d+)(?:-\d+)?$/.exec(text)?.[1]
  if (number !== undefined) return number
  context.addIssue(`"${text}" names no order`)
  return z.NEVER
})

/** `59.90` as 5990: the sandbox knows only currencies of two decimals. */
export const money = z
  .string()
  .regex(/^\d+\.\d{2}$/)
  .transform((text) => Number(text.replace('.', '')))

/** The part of a fact that depends on what the row is about. */
type About = Pick<WireFact, 'keys' | 'state' | 'rawState'> &
  Partial<Pick<WireFact, 'quantities' | 'attributes' | 'orderClass'>>

export const fact = (row: Meta, type: ObjectType, about: About): WireFact => ({
  type,
  externalId: row.id,
  quantities: {},
  attributes: {},
  ...about,
  occurredAt: new Date(row.changed_at),
  version: row.sequence,
  changedBy: row.changed_by ?? { kind: 'unknown' },
})
