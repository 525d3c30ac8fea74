import { type SQL, sql } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { Executor } from './connect.ts'

/**
 * Many rows as one parameter: `jsonb_to_recordset` costs one round trip and one plan whatever the number of rows,
 * where a VALUES list costs a parameter for each cell. Used as `from ${rows(list, 'a text, b timestamptz')}`; its
 * columns are then `r.a` and `r.b`.
 *
 * To look something up for each of the rows, join it as `cross join lateral (select ... limit 1)`, or `offset 0` where
 * there may be several: then every row takes its own way through the index. In a plain join the planner is free to
 * read the whole table instead, and does so while it has no statistics of it. What is looked up in great numbers goes
 * in groups (`grouped`), each group on one way through the index.
 */
export const rows = (list: readonly object[], columns: string): SQL =>
  sql`jsonb_to_recordset(${JSON.stringify(list)}::jsonb) as r(${sql.raw(columns)})`

/**
 * What is to be looked up, as rows of one beginning and its endings: `key = r.beginning and last = any(r.ends)`. What
 * belongs together lies side by side in an index, where one scan goes from leaf to leaf and each look-up by itself
 * would come down from the root, the further the more there is.
 */
export const grouped = <T, H extends object>(
  list: readonly T[],
  beginning: (each: T) => H,
  end: (each: T) => string,
): (H & { ends: string[] })[] => {
  const groups = new Map<string, { head: H; ends: Set<string> }>()
  for (const each of list) {
    const head = beginning(each)
    const name = JSON.stringify(head)
    const group = groups.get(name) ?? { head, ends: new Set() }
    groups.set(name, group)
    group.ends.add(end(each))
  }
  return [...groups.values()].map(({ head, ends }) => ({ ...head, ends: [...ends] }))
}

const dialect = new PgDialect()

/**
 * Runs a statement of the hot path by its name: PostgreSQL parses it once on each connection, every further time costs
 * one round trip instead of two, and statements that do not wait for one another share it. The text must be the same
 * every time, whatever the number of rows (`rows`, `idList`), and its result columns written out: a `*` would fail in
 * this process once another one has added a column.
 */
export const prepared = <Row extends object>(db: Executor, statement: SQL): Promise<Row[]> =>
  db._.session
    .prepareQuery<{ execute: Row[]; all: unknown; values: unknown }>(
      dialect.sqlToQuery(statement),
      undefined,
      'prepared',
      false,
    )
    .execute()

/** Ids as one parameter: `id = any(${idList(ids)})`. */
export const idList = (ids: readonly string[]): SQL => sql`${`{${ids.join(',')}}`}::int8[]`

/** Instants, as PostgreSQL wrote them, as one parameter. */
export const instants = (list: readonly string[]): SQL =>
  sql`${`{${[...new Set(list)].map((at) => `"${at}"`).join(',')}}`}::timestamptz[]`
