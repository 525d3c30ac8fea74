import { sql } from 'drizzle-orm'
import type { FeedTx } from '../app/ports.ts'
import { rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { systemState } from './schema.ts'
import { NUMBER_DIGITS, numbersOf } from './signals.ts'

/** What comes in by itself: what Baton reads back or compares says nothing about the stream. */
const OF_THE_STREAM = sql`via in ('webhook', 'poll')`

export const feedTx = (db: Executor): FeedTx => ({
  feeds: () => db.select().from(systemState),

  async saveFeed(feed) {
    // Of two polls at once the slower one must not take back what is known already.
    const watermark = sql`greatest(${systemState.watermark}, excluded.watermark)`
    await db
      .insert(systemState)
      .values(feed)
      .onConflictDoUpdate({ target: systemState.system, set: { ...feed, watermark } })
  },

  async markUnreachable(system, at) {
    const [row] = await db
      .insert(systemState)
      .values({ system, unreachableSince: at })
      .onConflictDoUpdate({
        target: systemState.system,
        set: { unreachableSince: sql`coalesce(${systemState.unreachableSince}, excluded.unreachable_since)` },
      })
      .returning({ since: systemState.unreachableSince })
    const since = row?.since ?? at
    return { since, isNew: since.getTime() === at.getTime() }
  },

  async markReachable(system) {
    // Mostly there is nothing to mark, and then no row is locked.
    const [row] = await db.execute<{ since: string }>(sql`
      with was as (
        select system, unreachable_since from system_state
        where system = ${system} and unreachable_since is not null for update)
      update system_state s set unreachable_since = null from was
      where s.system = was.system returning was.unreachable_since::text as since`)
    return row ? new Date(row.since) : null
  },

  async signalSpan(system) {
    // Primary key signals (system, received_at, id), from both ends.
    const end = (direction: 'asc' | 'desc') => sql`(select received_at::text from signals
      where system = ${system} and ${OF_THE_STREAM} order by received_at ${sql.raw(direction)} limit 1)`
    const [found] = await db.execute<{ first: string | null; last: string | null }>(
      sql`select ${end('asc')} as first, ${end('desc')} as last`,
    )
    return found?.first && found.last ? { first: new Date(found.first), last: new Date(found.last) } : null
  },

  async countSignals(system, windows) {
    const wanted = windows.map(({ from, to }, place) => ({ place, from, to }))
    // Primary key signals (system, received_at, id): each window is one range of it, whatever lies outside.
    const found = await db.execute<Record<'signals' | 'facts' | 'unreadable' | 'gap_ms', string>>(sql`
      select c.* from ${rows(wanted, 'place int, "from" timestamptz, "to" timestamptz')}
      cross join lateral (
        select count(*) as signals, coalesce(sum(s.facts), 0) as facts, coalesce(sum(s.bad_rows), 0) as unreadable,
          1000 * extract(epoch from greatest(max(s.gap), r."to" - coalesce(max(s.received_at), r."from"))) as gap_ms
        from (
          select received_at, facts, bad_rows,
            received_at - lag(received_at, 1, r."from") over (order by received_at) as gap
          from signals
          where system = ${system} and received_at >= r."from" and received_at < r."to" and ${OF_THE_STREAM}) s
      ) c order by r.place`)
    return found.map((row) => ({
      signals: Number(row.signals),
      facts: Number(row.facts),
      unreadable: Number(row.unreadable),
      longestGapMs: Number(row.gap_ms),
    }))
  },

  async missingNumbers(system, { from, to }) {
    // Primary key deliveries (system, key). A hole shows when a number above it comes after one below it.
    const found = await db.execute<{ of: string; first: string; last: string; since: string }>(sql`
      with seen as (
        select left(key, ${-NUMBER_DIGITS - 1}::int) as series, right(key, ${NUMBER_DIGITS}::int)::int8 as number,
          received_at
        from deliveries where system = ${numbersOf(system)}
          and received_at >= ${from.toISOString()}::timestamptz - interval '30 days'),
      steps as (
        select series, number, lag(number) over w as below,
          min(received_at) over (w rows between unbounded preceding and 1 preceding) as below_at
        from seen window w as (partition by series order by number))
      select s.series as of, s.below + 1 as first, s.number - 1 as last, above.at::text as since from steps s
      cross join lateral (
        select min(a.received_at) as at from seen a
        where a.series = s.series and a.number >= s.number and a.received_at > s.below_at) above
      where s.number > s.below + 1
        and above.at >= ${from.toISOString()}::timestamptz and above.at <= ${to.toISOString()}::timestamptz
      order by above.at, s.series, s.number`)
    return found.map(({ of, first, last, since }) => ({
      of,
      first: Number(first),
      last: Number(last),
      since: new Date(since),
    }))
  },

  async watchedObjects(system, limit) {
    // Indexes expectations_due and exceptions_open, then primary key subject_objects; Baton's own observations
    // stand in no system's list.
    const found = await db.execute<{ type: string; external_id: string }>(sql`
      select distinct so.type, so.external_id from (
        (select subject_id from expectations where timeline = 'live' limit ${limit})
        union
        (select subject_id from exceptions where timeline = 'live' and state = 'open' limit ${limit})) hot
      join subject_objects so on so.subject_id = hot.subject_id and so.system = ${system}
      where so.type not in ('feed', 'mapping')`)
    return found.map((row) => ({ system, type: row.type, externalId: row.external_id }))
  },
})
