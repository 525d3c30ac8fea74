import type postgres from 'postgres'

/** What the server needs to count them; planning reads, too. */
export const COUNTING = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track_planning': 'on',
}

/** Pages of 8 kB that statements looked at, found in the server's own memory or not. */
export type Buffers = { touched: number; found: number }

/** What `work` makes every session of this database touch. */
export const buffersOf = async (sql: postgres.Sql, work: () => Promise<unknown>): Promise<Buffers> => {
  await sql`select pg_stat_statements_reset()`
  await work()
  const [counted] = await sql`
    select sum(shared_blks_hit + shared_blks_read)::float8 as touched, sum(shared_blks_hit)::float8 as found
    from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())`
  return { touched: Number(counted?.touched), found: Number(counted?.found) }
}

/** The statements that touch most, for `--explain`. */
export const mostTouching = async (
  sql: postgres.Sql,
  facts: number,
): Promise<{ perFact: number; calls: number; query: string }[]> => {
  const rows = await sql`
    select (shared_blks_hit + shared_blks_read)::float8 as touched, calls::float8 as calls, left(query, 100) as query
    from pg_stat_statements order by 1 desc limit 14`
  return rows.map(({ touched, calls, query }) => ({
    perFact: Number(touched) / facts,
    calls: Number(calls),
    query: String(query).replaceAll(/\s+/g, ' '),
  }))
}
