import { sql } from 'drizzle-orm'
import type { Database } from './connect.ts'

/** What an admin must look at, and what the metrics show. All of it is cheap: partial indexes and small tables. */
export type Health = {
  openExceptions: number
  waitingExpectations: number
  postsBehind: number
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
    (select count(*) from action_runs where state <> 'finished') as running,
    (select count(*) from graphile_worker.jobs where attempts < max_attempts) as queued,
    (select count(*) from signals where problem is not null) as unparsed,
    (select count(*) from quarantine) as quarantined`)
  const count = (name: string): number => Number(row?.[name] ?? 0)
  return {
    openExceptions: count('open'),
    waitingExpectations: count('waiting'),
    postsBehind: count('behind'),
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
