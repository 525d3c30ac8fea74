import type postgres from 'postgres'
import { contentHash, contentText } from '../../src/domain/object.ts'
import { STEPS_OF_AN_ORDER } from '../journey.ts'
import { deliveryKeyOf, STEP_MS, signalOf, skuOf, tellAt } from './orders.ts'
import type { Plant } from './plant.ts'

/*
 * A world of a million subjects cannot be told fact by fact. One order is: the pipeline takes it, step by step, and the
 * rows that it has left after each step become the pattern of all others. What depends on the order (its number, its
 * article, its times, the ids of its rows) becomes an expression, and everything else stays as the pipeline wrote it.
 */

/** Told apart from everything else in a row by its number alone. */
const ORDER = 900_000_001
const BEGAN = new Date('2026-01-05T10:00:00Z')
/** Ids kept free for each order: it has no more subjects than this. */
export const SUBJECTS_OF_AN_ORDER = 2
/** What lies so far ahead is no time of the order's own. */
const FIXED_FROM_YEAR = 2090

/** Rows of one table as SQL, over `n` (the order), `t` (when it began) and `s` (the id of its first subject). */
export type Pattern = { table: string; columns: string[]; rows: string[][] }
export type Template = {
  patterns: Pattern[]
  /** What is waited for, in ms after the order began. */
  dueAfterMs: number[]
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
const offsetOf = (at: Date): string => `t + interval '${at.getTime() - BEGAN.getTime()} ms'`
const INSTANT = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/g

/** A text in which the order's number, article and times become those of order `n`. */
const textSql = (text: string): string => {
  let pattern = text.replaceAll(String(ORDER), '{n}').replaceAll(skuOf(ORDER), '{sku}')
  const times = [...new Set(pattern.match(INSTANT) ?? [])].filter(
    (at) => Number(at.slice(0, 4)) < FIXED_FROM_YEAR,
  )
  times.forEach((at, i) => {
    pattern = pattern.replaceAll(at, `{t${i}}`)
  })
  let sql = literal(pattern)
  if (pattern.includes('{n}')) sql = `replace(${sql}, '{n}', n::text)`
  if (pattern.includes('{sku}')) sql = `replace(${sql}, '{sku}', 'SKU-' || n % 1000)`
  times.forEach((at, i) => {
    const shown = `to_char((${offsetOf(new Date(at))}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
    sql = `replace(${sql}, '{t${i}}', ${shown})`
  })
  return sql
}

/** As PostgreSQL prints a timestamptz in UTC. */
const parseTime = (text: string): Date => new Date(`${text.replace(' ', 'T').replace(/\+00$/, '')}Z`)

const timeSql = (text: string): string => {
  const at = parseTime(text)
  return at.getUTCFullYear() < FIXED_FROM_YEAR ? offsetOf(at) : `${literal(text)}::timestamptz`
}

const KEYS = new Map(
  Array.from({ length: STEPS_OF_AN_ORDER }, (_, step) => [
    deliveryKeyOf(ORDER, step),
    `md5(n || ' ${step}')`,
  ]),
)

type Column = { name: string; type: string }

const cellSql = ({ name, type }: Column, table: string, text: string | null, subjects: string[]): string => {
  if (text === null) return `null::${type}`
  if (name === 'subject_id' || (table === 'subjects' && name === 'id')) return `s + ${subjects.indexOf(text)}`
  if (name === 'id') return 'null'
  const key = KEYS.get(text)
  if (key !== undefined) return key
  switch (type) {
    case 'timestamptz':
      return timeSql(text)
    case 'bytea':
      return `convert_to(${textSql(Buffer.from(text.slice(2), 'hex').toString())}, 'UTF8')`
    case 'jsonb':
      return `(${textSql(text)})::jsonb`
    case 'text':
      return textSql(text)
    default:
      return `${literal(text)}::${type}`
  }
}

/** Every row of every table, as text. */
const dump = async (
  sql: postgres.Sql,
): Promise<{ table: string; columns: Column[]; rows: (string | null)[][] }[]> => {
  const columns = await sql<{ table: string; name: string; type: string }[]>`
    select c.table_name as table, c.column_name as name, c.udt_name as type
    from information_schema.columns c join pg_class p on p.relname = c.table_name and p.relnamespace = 'public'::regnamespace
    where c.table_schema = 'public' and p.relkind in ('r', 'p') and not p.relispartition
    order by c.table_name, c.ordinal_position`
  const tables = [...new Set(columns.map(({ table }) => table))]
  const dumped = []
  for (const table of tables) {
    const own = columns.filter((column) => column.table === table)
    const cells = own.map(({ name }) => `"${name}"::text`).join(', ')
    const rows = await sql.unsafe(`select to_jsonb(array[${cells}]) as cells from "${table}" order by 1`)
    if (rows.length > 0)
      dumped.push({ table, columns: own, rows: rows.map((row): (string | null)[] => row.cells) })
  }
  return dumped
}

/** The content hash of each object, over the text that the pipeline hashes. */
const hashSql = (text: string): string =>
  `left(translate(encode(sha256(convert_to(${textSql(text)}, 'UTF8')), 'base64'), '+/', '-_'), 22)`

const templateOf = async (sql: postgres.Sql, contents: Map<string, string>): Promise<Template> => {
  const tables = await dump(sql)
  const subjects = tables
    .filter(({ table }) => table === 'subjects')
    .flatMap(({ columns, rows }) =>
      rows.map((row) => row[columns.findIndex(({ name }) => name === 'id')] ?? ''),
    )
    .sort((a, b) => Number(a) - Number(b))
  const patterns = tables.map(({ table, columns, rows }): Pattern => {
    // Ids that nothing points to are given by their sequence.
    const kept = columns.filter(({ name }) => table === 'subjects' || name !== 'id')
    return {
      table,
      columns: kept.map(({ name }) => name),
      rows: rows.map((row) =>
        kept.map((column) => {
          const text = row[columns.indexOf(column)] ?? null
          if (column.name === 'hash' && text !== null) return hashSql(contents.get(text) ?? '')
          return cellSql(column, table, text, subjects)
        }),
      ),
    }
  })
  const due = await sql<{ due_at: Date }[]>`select due_at from expectations order by due_at`
  return { patterns, dueAfterMs: due.map(({ due_at }) => due_at.getTime() - BEGAN.getTime()) }
}

/** What an order has left in an empty database after each of its steps: `templates[0]` after the first. */
export const templatesOf = async (sql: postgres.Sql, plant: Plant): Promise<Template[]> => {
  const templates: Template[] = []
  const contents = new Map<string, string>()
  for (let step = 0; step < STEPS_OF_AN_ORDER; step++) {
    const at = new Date(BEGAN.getTime() + step * STEP_MS)
    plant.setClock(() => at)
    const signal = signalOf(tellAt(ORDER, step, at), deliveryKeyOf(ORDER, step), at)
    for (const fact of signal.facts) contents.set(contentHash(fact), contentText(fact))
    await plant.take(await plant.record([signal]))
    templates.push(await templateOf(sql, contents))
  }
  return templates
}
