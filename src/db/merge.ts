import { and, inArray, ne, sql } from 'drizzle-orm'
import type { MovedException } from '../app/records.ts'
import { isAsked } from '../app/show-run.ts'
import type { Executor } from './connect.ts'
import { actionRuns, exceptions } from './schema.ts'

/**
 * Makes one subject of two, by moving the rows of `gone` to `to`; the caller holds both locks. Interventions stay
 * where they were made. Answers the exceptions that show something new, or null while an action runs on either; what
 * others were asked for may take days, and goes along.
 */
export const mergeSubjects = async (
  db: Executor,
  to: number,
  gone: number,
  at: Date,
): Promise<MovedException[] | null> => {
  const owned = db
    .select({ id: exceptions.id })
    .from(exceptions)
    .where(inArray(exceptions.subjectId, [to, gone]))
  const running = await db
    .select({ state: actionRuns.state, outcome: actionRuns.outcome })
    .from(actionRuns)
    .where(and(inArray(actionRuns.exceptionId, owned), ne(actionRuns.state, 'finished')))
  if (running.some((run) => !isAsked(run))) return null
  await moveKeysAndObjects(db, to, gone)
  await moveWaiting(db, to, gone)
  const moved = await moveExceptions(db, to, gone, at)
  await db.execute(sql`update subjects set merged_into = ${to} where id = ${gone} or merged_into = ${gone}`)
  return moved
}

const moveKeysAndObjects = async (db: Executor, to: number, gone: number): Promise<void> => {
  await db.execute(sql`update subject_keys set subject_id = ${to} where subject_id = ${gone}`)
  await db.execute(sql`
    with moved as (delete from subject_objects where subject_id = ${gone} returning timeline, system, type, external_id)
    insert into subject_objects (subject_id, timeline, system, type, external_id)
    select ${to}::int8, timeline, system, type, external_id from moved on conflict do nothing`)
  await db.execute(sql`
    with moved as (delete from subject_links where subject_id = ${gone} returning timeline, name, value)
    insert into subject_links (timeline, name, value, subject_id)
    select timeline, name, value, ${to}::int8 from moved on conflict do nothing`)
}

/** What both wait for, they have waited for since the earlier of the two; the check that follows has the last word. */
const moveWaiting = async (db: Executor, to: number, gone: number): Promise<void> => {
  await db.execute(sql`
    with moved as (delete from expectations where subject_id = ${gone} returning *)
    insert into expectations (subject_id, contract, timeline, since, due_at, next_check_at, waiting_for)
    select ${to}::int8, contract, timeline, since, due_at, next_check_at, waiting_for from moved
    on conflict (subject_id, contract) do update set since = least(expectations.since, excluded.since),
      due_at = least(expectations.due_at, excluded.due_at),
      next_check_at = least(expectations.next_check_at, excluded.next_check_at)`)
  await db.execute(sql`
    with moved as (delete from clock_conflicts where subject_id = ${gone} returning *)
    insert into clock_conflicts (subject_id, contract, timeline, earlier_at, later_at)
    select ${to}::int8, contract, timeline, earlier_at, later_at from moved on conflict do nothing`)
}

type Moved = { id: string; channel: string | null; revision: number; root_id: string | null }

/** Of two exceptions of one contract the open one survives, or the older; the other points to it and is over. */
const moveExceptions = async (
  db: Executor,
  to: number,
  gone: number,
  at: Date,
): Promise<MovedException[]> => {
  // Each gives way to a better one: open before dismissed before closed, then the one opened first.
  const merged = await db.execute<Moved & { into: string }>(sql`
    with ranked as (
      select id, contract, state = 'open' as is_open, episode, row_number() over best as place,
        first_value(id) over best as survivor, first_value(episode) over best as its_episode
      from exceptions where subject_id in (${to}, ${gone}) and merged_into is null
      window best as (partition by contract order by (state = 'open') desc, dismissal_holds desc, opened_at, id)),
    -- What was asked for an open break was asked for the one that goes on; what is older moves nothing any more.
    asked as (
      update action_runs a set exception_id = r.survivor,
        episode = case when r.is_open and a.episode = r.episode then r.its_episode else 0 end
      from ranked r where a.exception_id = r.id and r.place > 1 and a.state <> 'finished')
    update exceptions e set state = 'merged', merged_into = r.survivor, dismissal_holds = false,
      closed_at = coalesce(e.closed_at, ${at.toISOString()}::timestamptz),
      version = e.version + 1, revision = e.revision + 1,
      status = 'The systems say it is the same as exception #' || r.survivor || ', which goes on.'
    from ranked r where e.id = r.id and r.place > 1
    returning e.id::text, e.merged_into::text as into, e.channel, e.revision, e.root_id::text`)
  await db.execute(sql`
    update episodes p set closed_at = e.closed_at, closed_as = 'merged', closed_by = e.status
    from exceptions e where e.id = p.exception_id and e.episode = p.episode and p.closed_at is null
      and e.subject_id in (${to}, ${gone}) and e.state = 'merged'`)
  await db.execute(sql`
    update exceptions e set merged_into = s.merged_into from exceptions s
    where e.merged_into = s.id and s.merged_into is not null`)
  // The survivor has more to show: the systems of both.
  const survivors = await db.execute<Moved>(sql`
    update exceptions set subject_id = ${to}, revision = revision + 1
    where subject_id in (${to}, ${gone}) and merged_into is null and state = 'open'
    returning id::text, channel, revision, root_id::text`)
  await db.execute(sql`update exceptions set subject_id = ${to} where subject_id = ${gone}`)
  return [...merged, ...survivors].map(({ id, channel, revision, root_id }) => ({
    id,
    channel,
    revision,
    rootId: root_id,
  }))
}
