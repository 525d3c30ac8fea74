import type postgres from 'postgres'
import type { NewSignal } from '../../src/app/records.ts'
import type { Context } from '../context.ts'
import { tell } from '../journey.ts'
import { deliveryKeyOf, signalOf } from '../scale/orders.ts'
import { openPlant } from '../scale/plant.ts'

/** How far an order came before it stopped: so many steps, and the exceptions that come of it. */
const STOPPED = [
  // Paid, and never imported.
  { steps: 1, exceptions: 1 },
  // Imported, and never sent to the warehouse.
  { steps: 2, exceptions: 1 },
  // Shipped, and neither the ERP nor the shop was told.
  { steps: 7, exceptions: 2 },
] as const
/** What the orders of each channel are worth. */
export const WORTH = ['19.90', '59.90', '590.00'] as const
/** Contracts broken, times channels. */
export const GROUPS = 12

/** Longer than every grace that is waited for here. */
const AGO_MS = 2 * 3_600_000
const AT_A_TIME = 200

const cents = (amount: string, order: number): string => (Number(amount) + (order % 100) / 100).toFixed(2)

/** One order, in as many signals as it took steps. */
const signalsOf = (order: number, steps: number, worth: string, at: Date): NewSignal[] =>
  Array.from({ length: steps }, (_, step) => {
    const { system, row } = tell(order, step)
    const amount = cents(worth, order)
    const total = 'total' in row ? { total: { amount, currency: 'EUR' } } : {}
    const ofSale = 'amount' in row ? { amount } : {}
    const told = { system, row: { ...row, ...total, ...ofSale, changed_at: at.toISOString() } }
    return signalOf(told, deliveryKeyOf(order, step), at)
  })

/**
 * Orders that came to a stop two hours ago, through the pipeline; what is owed to them is looked at only when `due`
 * says so. Answers how many exceptions come of them: `wanted`, or a few more.
 */
export const plantStopped = async (
  context: Context,
  url: string,
  sql: postgres.Sql,
  wanted: number,
): Promise<number> => {
  const began = new Date(Date.now() - AGO_MS)
  for (const parent of ['signals', 'facts']) {
    for (const at of [began, new Date()]) {
      await sql`select baton_ensure_month(${parent}, ${`${at.toISOString().slice(0, 7)}-01`}::date)`
    }
  }
  const plant = openPlant(url)
  context.onEnd(() => plant.close())
  plant.setClock(() => began)
  let exceptions = 0
  let signals: NewSignal[] = []
  const take = async (): Promise<void> => {
    await plant.take(await plant.record(signals))
    signals = []
  }
  for (let order = 1; exceptions < wanted; order++) {
    const stopped = STOPPED[order % STOPPED.length] ?? STOPPED[0]
    const worth = WORTH[Math.floor(order / STOPPED.length) % WORTH.length] ?? WORTH[0]
    signals.push(...signalsOf(order, stopped.steps, worth, began))
    exceptions += stopped.exceptions
    if (signals.length >= AT_A_TIME) await take()
  }
  await take()
  await sql`update expectations set next_check_at = now() + interval '1 day'`
  await sql.unsafe('vacuum (analyze)')
  return exceptions
}

/** So many orders stop in every way, in each channel: a few exceptions of each group, and no storm. */
const CALM = STOPPED.length * WORTH.length

/** Lets what those orders owe fall due now: each has a message of its own before the storm comes. */
export const letFewFallDue = async (sql: postgres.Sql): Promise<void> => {
  await sql`
    update expectations set next_check_at = now()
    where due_at < now() and subject_id in (select id from subjects order by id limit ${CALM})`
}

/** Lets everything that is owed fall due, evenly over this time. */
export const letFallDue = async (sql: postgres.Sql, from: Date, overMs: number): Promise<void> => {
  await sql`
    update expectations e
    set next_check_at = ${from.toISOString()}::timestamptz + s.share * ${overMs}::float8 * interval '1 ms'
    from (select id, percent_rank() over (order by id) as share from subjects) s
    where e.subject_id = s.id and e.due_at < now()`
}
