import type postgres from 'postgres'

/*
 * The baseline: the rows that a measured run left in the database, written once more, to empty twins of their tables
 * (same columns, same indexes, same disk), by one plain multi-row insert for each table, in one statement.
 */

/** A moment in the history of a database: what is written from then on can be told by it. */
export const markNow = async (sql: postgres.Sql): Promise<string> => {
  const [found] = await sql`select pg_current_xact_id()::text as mark`
  return String(found?.mark)
}

export type Rows = { table: string; json: string }[]

/** The rows of these tables written since `mark`, as they stand now; tables without any are left out. */
export const rowsSince = async (sql: postgres.Sql, mark: string, tables: string[]): Promise<Rows> => {
  await sql.unsafe('create schema if not exists bench')
  const rows: Rows = []
  for (const table of tables) {
    const [found] = await sql.unsafe(
      `select jsonb_agg(t)::text as json from public.${table} t where xmin::text::bigint > $1`,
      [mark],
    )
    if (found?.json) rows.push({ table, json: String(found.json) })
  }
  for (const { table } of rows) {
    await sql.unsafe(`create table if not exists bench.${table} (like public.${table} including all)`)
  }
  return rows
}

/** Writes the rows to the emptied twins: one round trip and one commit. In seconds. */
export const secondsToInsert = async (sql: postgres.Sql, rows: Rows): Promise<number> => {
  await sql.unsafe(`truncate ${rows.map(({ table }) => `bench.${table}`).join(', ')}`)
  const inserts = rows.map(
    ({ table }, i) => `rows_${i} as (insert into bench.${table} overriding system value
      select * from jsonb_populate_recordset(null::bench.${table}, $${i + 1}::text::jsonb))`,
  )
  const began = performance.now()
  await sql.unsafe(
    `with ${inserts.join(', ')} select 1`,
    rows.map(({ json }) => json),
  )
  return (performance.now() - began) / 1000
}
