import { sql } from 'drizzle-orm'
import type { Database } from './connect.ts'

/** Raw signals are kept for so long; what they said stays. */
const SIGNAL_DAYS = 30
const TICK_DAYS = 2
/** What was offered for many and never pressed: what it showed is long out of date. */
const OFFER_DAYS = 2
/** The summary of a storm that is over can be asked for so long. */
const GROUP_DAYS = 30
/** What was said under a post: by then it was delivered, or is no news any more. */
const FOLLOW_UP_DAYS = 30
/** More than what graces are learned from, so that a slow month can be looked at afterwards. */
const LAG_DAYS = 60

/** Makes the partitions of this month and the next two, so that none is ever missing when it is needed. */
export const ensurePartitions = async (db: Database, now: Date): Promise<void> => {
  for (const parent of ['signals', 'facts']) {
    for (const ahead of [0, 1, 2]) {
      const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1))
      await db.execute(sql`select baton_ensure_month(${parent}, ${month.toISOString().slice(0, 10)}::date)`)
    }
  }
}

/** Partitions ahead of time, and an end to what is past its keeping. */
export const upkeep = async (db: Database, now: Date): Promise<void> => {
  await ensurePartitions(db, now)
  const before = (days: number): string => new Date(now.getTime() - days * 86_400_000).toISOString()
  await db.execute(sql`delete from signals where received_at < ${before(SIGNAL_DAYS)}::timestamptz`)
  // Jobs that were never to be tried again, and whose process died; facts that were never taken stay to be seen.
  await db.execute(sql`
    select graphile_worker.complete_jobs(array(
      select id from graphile_worker.jobs where attempts >= max_attempts and locked_at is null
        and task_identifier <> 'process' and updated_at < ${before(TICK_DAYS)}::timestamptz))`)
  await db.execute(sql`delete from lags where reached_at < ${before(LAG_DAYS)}::timestamptz`)
  await db.execute(sql`delete from schedule_ticks where tick < ${before(TICK_DAYS)}::timestamptz`)
  // Index follow_ups_at.
  await db.execute(sql`delete from follow_ups where at < ${before(FOLLOW_UP_DAYS)}::timestamptz`)
  // Index groups_closed.
  await db.execute(sql`
    with old as (delete from groups where closed_at < ${before(GROUP_DAYS)}::timestamptz returning id)
    delete from group_members m using old where m.group_id = old.id`)
  // Index batches_offered.
  await db.execute(sql`
    with old as (delete from batches where state = 'offered' and asked_at < ${before(OFFER_DAYS)}::timestamptz returning id)
    delete from batch_members m using old where m.batch_id = old.id`)
}
