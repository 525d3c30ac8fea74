import type postgres from 'postgres'
import { markNow, secondsToInsert } from '../baseline.ts'
import { type Context, scaled } from '../context.ts'
import { type Row, row } from '../rows.ts'
import { quantile, secondsOf } from '../stats.ts'
import type { Plant } from './plant.ts'
import { FAR_MS, plantOrders, settle } from './seed.ts'
import { SUBJECTS_OF_AN_ORDER, type Template } from './template.ts'

const PENDING = 1_000_000
const DUE_AT_ONCE = 50_000
/** Exceptions that the baseline writes at once. */
const SAMPLE = 10_000

/** The state of an order in which most is waited for. */
const mostWaited = (templates: Template[]): Template => {
  const [most] = [...templates].sort((a, b) => b.dueAfterMs.length - a.dueAfterMs.length)
  if (!most || most.dueAfterMs.length === 0) throw new Error('An order waits for nothing')
  return most
}

/**
 * A million expectations wait, and fifty thousand of them fall due at the same moment, all of them broken: how long the
 * sweeper takes until the last exception is open, and how late each one is.
 */
export const burst = async (
  context: Context,
  templates: Template[],
  { sql, plant }: { sql: postgres.Sql; plant: Plant },
  lastOrder: number,
): Promise<Row[]> => {
  const template = mostWaited(templates)
  const [firstDueMs = 0] = template.dueAfterMs
  // What an order waits for first may be several things at once.
  const dueTogether = template.dueAfterMs.filter((ms) => ms === firstDueMs).length
  const due = Math.round(scaled(context, DUE_AT_ONCE) / dueTogether)
  const waiting = Math.max(due, Math.round(scaled(context, PENDING) / template.dueAfterMs.length))

  const [last] = await sql`select max(id)::float8 as id from subjects`
  const from = 1 + Math.max(lastOrder, Math.ceil(Number(last?.id) / SUBJECTS_OF_AN_ORDER))
  const dueAt = Date.now()
  const began = new Date(dueAt - firstDueMs)
  const later = new Date(began.getTime() + FAR_MS)
  // What the world itself waits for was looked at in its own time: only the burst is due now.
  await sql`update expectations set next_check_at = ${later.toISOString()}::timestamptz`
  const all = { template, signalsFrom: later }
  await plantOrders(sql, { ...all, from, to: from + due - 1, t: `'${began.toISOString()}'` })
  const rest = `'${later.toISOString()}'::timestamptz + n % 1000 * interval '1 ms'`
  await plantOrders(sql, { ...all, from: from + due, to: from + waiting - 1, t: rest })
  await settle(sql, from + waiting)
  const [pending] = await sql`select count(*)::int as count from expectations`

  const mark = await markNow(sql)
  const start = performance.now()
  plant.setClock(() => new Date(dueAt + performance.now() - start))
  const seconds = await secondsOf(() => plant.sweep())
  const opened = await sql<{ ms: number }[]>`
    select extract(epoch from opened_at - due_at)::float8 * 1000 as ms from exceptions
    where due_at = ${new Date(dueAt).toISOString()}::timestamptz`
  const lags = opened.map(({ ms }) => ms)
  // The first of them as one insert: all together are more than one JSON value may hold.
  const [sample] = await sql`
    select jsonb_agg(e)::text as json, count(*)::int as count from (
      select * from exceptions where xmin::text::bigint > ${mark}::bigint limit ${SAMPLE}) e`
  await sql.unsafe('create schema if not exists bench')
  await sql.unsafe('create table if not exists bench.exceptions (like public.exceptions including all)')
  const inserted = [{ table: 'exceptions', json: String(sample?.json ?? '[]') }]
  const plain = (await secondsToInsert(sql, inserted)) * (lags.length / Number(sample?.count))
  const of = (metric: string): string => `${metric}, ${lags.length.toLocaleString('en')} due at once`
  return [
    row('scale', 'expectations waiting', Number(pending?.count), 'n'),
    row('scale', of('swept and opened'), lags.length / seconds, 'per s', lags.length / plain),
    row('scale', of('lag of the sweeper p50'), quantile(lags, 0.5), 'ms'),
    row('scale', of('lag of the sweeper p99'), quantile(lags, 0.99), 'ms'),
    row('scale', of('lag of the last one'), seconds * 1000, 'ms', plain * 1000),
  ]
}
