import { sql } from 'drizzle-orm'
import type { DeliveryTrouble } from '../app/records.ts'
import type { Database } from './connect.ts'
import { deliveryTroubles } from './schema.ts'

/** What an admin must look at, and what the metrics show. All of it is cheap: partial indexes and small tables. */
export type Health = {
  openExceptions: number
  waitingExpectations: number
  postsBehind: number
  /** How long the post that has been due for longest waits; 0 when none does. */
  oldestPostSeconds: number
  /** How often a platform said that calls came too fast, and how often a call waited for its budget. */
  rateLimitedCalls: number
  budgetWaits: number
  deliveryTroubles: number
  unfinishedRuns: number
  queuedJobs: number
  unparsedSignals: number
  quarantinedFacts: number
}

export const readHealth = async (db: Database): Promise<Health> => {
  const [row] = await db.execute<Record<string, string>>(sql`select
    (select count(*) from exceptions where state = 'open' and timeline = 'live') as open,
    (select count(*) from expectations where timeline = 'live' and waiting_for is not null) as waiting,
    (select count(*) from posts where desired_revision > posted_revision) as behind,
    (select coalesce(greatest(extract(epoch from now() - min(next_attempt_at)), 0), 0)::int
       from posts where desired_revision > posted_revision) as oldest,
    (select coalesce(sum(limited), 0) from rate_budgets) as limited,
    (select coalesce(sum(waits), 0) from rate_budgets) as waits,
    (select count(*) from delivery_troubles) as troubles,
    (select count(*) from action_runs where state <> 'finished') as running,
    (select count(*) from graphile_worker.jobs where attempts < max_attempts) as queued,
    (select count(*) from signals where problem is not null) as unparsed,
    (select count(*) from quarantine) as quarantined`)
  const count = (name: string): number => Number(row?.[name] ?? 0)
  return {
    openExceptions: count('open'),
    waitingExpectations: count('waiting'),
    postsBehind: count('behind'),
    oldestPostSeconds: count('oldest'),
    rateLimitedCalls: count('limited'),
    budgetWaits: count('waits'),
    deliveryTroubles: count('troubles'),
    unfinishedRuns: count('running'),
    queuedJobs: count('queued'),
    unparsedSignals: count('unparsed'),
    quarantinedFacts: count('quarantined'),
  }
}

/** The latest signals of the past day that could not be read, for `doctor`: where from, and what was wrong. */
export const readProblems = async (
  db: Database,
  limit: number,
): Promise<{ system: string; at: string; problem: string }[]> => {
  // Index signals_problem.
  const found = await db.execute<{ system: string; at: string; problem: string }>(sql`
    select system, received_at::text as at, problem from signals
    where problem is not null and received_at > now() - interval '1 day'
    order by received_at desc limit ${limit}`)
  return [...found]
}

/** What keeps cards from where they belong, for `doctor`. */
export const readTroubles = (db: Database): Promise<DeliveryTrouble[]> =>
  db.select().from(deliveryTroubles).orderBy(deliveryTroubles.since)
