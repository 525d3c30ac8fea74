import { z } from 'zod'
import type { BadRow, WireFact } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { TrytonClient } from './client.ts'
import type { TrytonConfig } from './config.ts'
import { DELIVERY, deliveryFact, deliveryFields, readDelivery } from './deliveries.ts'
import {
  PURCHASE,
  purchaseFact,
  purchaseFields,
  readPurchase,
  readSale,
  SALE,
  saleFact,
  saleFields,
} from './orders.ts'
import { RECEIPT, readReceipt, receiptFact, receiptFields } from './receipts.ts'

/** How the records of one model are read, and what they say. */
export type Kind<Row> = {
  model: string
  fields(config: TrytonConfig): string[]
  /** Throws where the row makes no sense. */
  parse(row: unknown): Row
  /** Null where there is nothing to say of it yet. */
  fact(config: TrytonConfig, row: Row): WireFact | null
}

export const deliveries: Kind<ReturnType<typeof readDelivery>> = {
  model: DELIVERY,
  fields: deliveryFields,
  parse: readDelivery,
  fact: deliveryFact,
}
export const receipts: Kind<ReturnType<typeof readReceipt>> = {
  model: RECEIPT,
  fields: receiptFields,
  parse: readReceipt,
  fact: receiptFact,
}
export const sales: Kind<ReturnType<typeof readSale>> = {
  model: SALE,
  fields: () => saleFields,
  parse: readSale,
  fact: saleFact,
}
export const purchases: Kind<ReturnType<typeof readPurchase>> = {
  model: PURCHASE,
  fields: () => purchaseFields,
  parse: readPurchase,
  fact: purchaseFact,
}

const numbered = z.object({ id: z.number() })

/** One line for people: where in the row, and what is wrong there. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : String(error)
  const issue = error.issues[0]
  return `${issue?.path.join('.') || 'row'}: ${issue?.message ?? 'not valid'}`
}

export type Read<Row> = { rows: Row[]; facts: WireFact[]; bad: BadRow[]; raw: unknown[] }

/** The records that the domain finds, each as a fact or as a bad row. */
export const readRecords = async <Row>(
  client: TrytonClient,
  config: TrytonConfig,
  kind: Kind<Row>,
  domain: unknown[],
  signal: AbortSignal,
): Promise<Read<Row>> => {
  const raw = await client.search(kind.model, domain, { fields: kind.fields(config) }, signal)
  const read: Read<Row> = { rows: [], facts: [], bad: [], raw }
  for (const [index, wire] of raw.entries()) {
    try {
      const row = kind.parse(wire)
      const fact = kind.fact(config, row)
      read.rows.push(row)
      if (fact) read.facts.push(fact)
    } catch (error) {
      const at = numbered.safeParse(wire)
      read.bad.push({ at: `${kind.model},${at.success ? at.data.id : index}`, reason: reasonOf(error) })
    }
  }
  return read
}

/** The one record of that number. Throws SystemError where there is none, or none that makes sense. */
export const readOne = async <Row>(
  client: TrytonClient,
  config: TrytonConfig,
  kind: Kind<Row>,
  number: string,
  signal: AbortSignal,
): Promise<{ row: Row; fact: WireFact }> => {
  const { rows, facts, bad } = await readRecords(client, config, kind, [['number', '=', number]], signal)
  const [row] = rows
  const [fact] = facts
  if (row !== undefined && fact) return { row, fact }
  const why = bad[0] ? `${bad[0].at} cannot be read: ${bad[0].reason}` : `has no ${kind.model} ${number}`
  throw new SystemError(config.name, 'refused', `${config.name} ${why}.`)
}
