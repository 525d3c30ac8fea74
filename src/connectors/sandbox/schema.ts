import { z } from 'zod'
import type { BadRow, WireFact } from '../../app/connector.ts'
import type { SandboxRole } from './config.ts'
import { carrierRows } from './rows-carrier.ts'
import { erpRows } from './rows-erp.ts'
import { storefrontRows } from './rows-storefront.ts'
import { wmsRows } from './rows-wms.ts'

/** What each system sends, by the row's `kind`. */
const ROWS: Record<SandboxRole, Record<string, z.ZodType<WireFact>>> = {
  storefront: storefrontRows,
  erp: erpRows,
  wms: wmsRows,
  carrier: carrierRows,
}

const kindOf = z.object({ kind: z.string() })

/** One row as a fact, or what is wrong with it. Total: never throws. */
export const parseRow = (role: SandboxRole, row: unknown): { fact: WireFact } | { reason: string } => {
  const kind = kindOf.safeParse(row)
  if (!kind.success) return { reason: 'kind is missing' }
  const rows = ROWS[role]
  const schema = Object.hasOwn(rows, kind.data.kind) ? rows[kind.data.kind] : undefined
  if (!schema) return { reason: `a ${role} sends no "${kind.data.kind}"` }
  const parsed = schema.safeParse(row)
  if (parsed.success) return { fact: parsed.data }
  const issue = parsed.error.issues[0]
  return { reason: `${issue?.path.join('.') || 'row'}: ${issue?.message ?? 'not valid'}` }
}

/** Rows as facts; a bad one is reported with its place, its neighbours go on. */
export const parseRows = (
  role: SandboxRole,
  rows: unknown[],
  placeOf: (index: number) => string,
): { facts: WireFact[]; bad: BadRow[] } => {
  const facts: WireFact[] = []
  const bad: BadRow[] = []
  for (const [index, row] of rows.entries()) {
    const parsed = parseRow(role, row)
    if ('fact' in parsed) facts.push(parsed.fact)
    else bad.push({ at: placeOf(index), reason: parsed.reason })
  }
  return { facts, bad }
}
