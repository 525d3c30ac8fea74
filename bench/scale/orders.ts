import { createHash } from 'node:crypto'
import { toFacts } from '../../src/app/facts.ts'
import type { NewSignal } from '../../src/app/records.ts'
import { type Told, tell } from '../journey.ts'
import { factOf, ROLES } from '../systems.ts'

/** So far apart are the steps of a seeded order: its whole life takes a minute. */
export const STEP_MS = 5_000
/** Promised so late that no promise falls due: the same instant for every order, whenever it was placed. */
const SHIP_BY = '2099-12-31T00:00:00.000Z'
const SKUS = 1_000

export const skuOf = (order: number): string => `SKU-${order % SKUS}`
/** Real ones are random, so that a new one may belong anywhere in their index. */
export const deliveryKeyOf = (order: number, step: number): string =>
  createHash('md5').update(`${order} ${step}`).digest('hex')

const withLines = (row: object, sku: string): object => {
  if (!('lines' in row) || !Array.isArray(row.lines)) return row
  const lines = row.lines.map((line: object) => ({
    ...line,
    ...('product' in line ? { product: sku } : { sku }),
  }))
  return { ...row, lines }
}

/** What is told in the `step`th step of an order, as if at `at`. */
export const tellAt = (order: number, step: number, at: Date): Told => {
  const { system, row } = tell(order, step)
  const dated = { ...withLines(row, skuOf(order)), changed_at: at.toISOString() }
  return { system, row: 'ship_by' in dated ? { ...dated, ship_by: SHIP_BY } : dated }
}

/** The step in which the shop says that all is done. */
const DONE_STEP = 10

/** The shop says something about an order of long ago: a change that owes nobody anything. */
export const tellOld = (order: number, time: number, at: Date): Told => {
  const { system, row } = tellAt(order, DONE_STEP, at)
  return { system, row: { ...row, sequence: 2 + time } }
}

/** A webhook with this one row, as it is kept. */
export const signalOf = (told: Told, deliveryKey: string, receivedAt: Date): NewSignal => {
  const { system, row } = told
  return {
    system,
    via: 'webhook',
    receivedAt,
    deliveryKey,
    body: Buffer.from(JSON.stringify({ sent_at: receivedAt.toISOString(), data: row })),
    problem: null,
    badRows: 0,
    facts: toFacts({ system, role: ROLES[system] }, [factOf(told)], receivedAt, 0),
  }
}
