import type postgres from 'postgres'
import { STEPS_OF_AN_ORDER } from '../journey.ts'
import { STEP_MS } from './orders.ts'
import { SUBJECTS_OF_AN_ORDER, type Template } from './template.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** How fast the shop sells: a million subjects are the work of a year, ten thousand that of four days. */
export const SUBJECTS_A_DAY = 1_000_000 / 365
const ORDER_EVERY_MS = Math.round(DAY_MS / (SUBJECTS_A_DAY / SUBJECTS_OF_AN_ORDER))
/** Signals are kept for so long. */
const SIGNAL_DAYS = 30
/** From the order to the customer's door; everything older is done. The shop of a year has no more on their way. */
const DAYS_ON_THE_WAY = 2
/** But so much of a young shop's orders. */
const MOST_ON_THE_WAY = 0.5

export type World = {
  orders: number
  /** The first of those on their way. */
  firstHot: number
  /** How many steps of its life an order has behind it. */
  stepsOf(order: number): number
  /** When it began: the old ones in even distances, those on their way just now. */
  beganAt(order: number): Date
}

/** A world of so many subjects as it stands at `now`. */
export const worldOf = (subjects: number, now: Date): World => {
  const orders = Math.max(STEPS_OF_AN_ORDER, Math.round(subjects / SUBJECTS_OF_AN_ORDER))
  const onTheirWay = (SUBJECTS_A_DAY / SUBJECTS_OF_AN_ORDER) * DAYS_ON_THE_WAY
  const hot = Math.max(STEPS_OF_AN_ORDER - 1, Math.round(Math.min(onTheirWay, orders * MOST_ON_THE_WAY)))
  const firstHot = orders - hot + 1
  const stages = STEPS_OF_AN_ORDER - 1
  return {
    orders,
    firstHot,
    stepsOf: (order) =>
      order < firstHot ? STEPS_OF_AN_ORDER : 1 + Math.floor(((orders - order) * stages) / hot),
    beganAt: (order) =>
      order < firstHot
        ? new Date(now.getTime() - DAY_MS - (firstHot - order) * ORDER_EVERY_MS)
        : new Date(now.getTime() - STEPS_OF_AN_ORDER * STEP_MS),
  }
}

/** Orders `from` to `to`, all in the state of one template, begun at the SQL expression `t` over `n`. */
export type Planting = { template: Template; from: number; to: number; t: string; signalsFrom: Date }

/** Orders written by one statement. */
const AT_A_TIME = 20_000
/** Statements at once: a machine has more than one core. */
const CONNECTIONS = 4

/** Writes what the pipeline would have left. */
export const plantOrders = async (
  sql: postgres.Sql,
  { template, from, to, t, signalsFrom }: Planting,
): Promise<void> => {
  const statements: string[] = []
  for (let first = from; first <= to; first += AT_A_TIME) {
    const source = `(select n, (${t})::timestamptz as t, (n - 1) * ${SUBJECTS_OF_AN_ORDER} + 1 as s
      from generate_series(${first}::int8, ${Math.min(to, first + AT_A_TIME - 1)}::int8) n) o`
    for (const { table, columns, rows } of template.patterns) {
      const names = columns.map((name) => `"${name}"`).join(', ')
      const values = rows.map((row) => `(${row.join(', ')})`).join(',\n')
      const kept = table === 'signals' ? ` where v.received_at >= '${signalsFrom.toISOString()}'` : ''
      statements.push(`insert into "${table}" (${names}) overriding system value
        select v.* from ${source} cross join lateral (values ${values}) v(${names})${kept}`)
    }
  }
  const waiting = statements.values()
  const writer = async (): Promise<void> => {
    for (const statement of waiting) await sql.unsafe(statement)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, writer))
}

const monthsBetween = (from: Date, to: Date): Date[] => {
  const months: Date[] = []
  for (let at = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), 1)); at <= to; ) {
    months.push(at)
    at = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1))
  }
  return months
}

/** Fills an empty, migrated database with a world. */
export const plantWorld = async (
  sql: postgres.Sql,
  templates: Template[],
  world: World,
  now: Date,
): Promise<void> => {
  for (const month of monthsBetween(world.beganAt(1), now)) {
    for (const parent of ['signals', 'facts']) {
      await sql`select baton_ensure_month(${parent}, ${month.toISOString().slice(0, 10)}::date)`
    }
  }
  const signalsFrom = new Date(now.getTime() - SIGNAL_DAYS * DAY_MS)
  const firstOld = world.beganAt(1).toISOString()
  const old = `'${firstOld}'::timestamptz + (n - 1) * interval '${ORDER_EVERY_MS} ms'`
  const hot = `'${world.beganAt(world.firstHot).toISOString()}'`
  for (let from = 1; from <= world.orders; ) {
    const steps = world.stepsOf(from)
    let to = from
    if (from < world.firstHot) to = world.firstHot - 1
    else while (to < world.orders && world.stepsOf(to + 1) === steps) to++
    const template = templates[steps - 1]
    if (!template) throw new Error(`An order has no ${steps} steps`)
    await plantOrders(sql, { template, from, to, t: from < world.firstHot ? old : hot, signalsFrom })
    from = to + 1
  }
  await settle(sql, world.orders)
}

/** What a database in use has: ids that go on, statistics, and nothing left to write. */
export const settle = async (sql: postgres.Sql, orders: number): Promise<void> => {
  await sql`select setval(pg_get_serial_sequence('subjects', 'id'), ${orders * SUBJECTS_OF_AN_ORDER + 1})`
  await sql.unsafe('vacuum (analyze)')
  await sql.unsafe('checkpoint')
}

/** A pause in which what a bench of minutes does is never due. */
export const FAR_MS = 60 * MINUTE_MS
