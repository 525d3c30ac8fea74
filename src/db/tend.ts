import { sql } from 'drizzle-orm'
import { handoverRef } from '../app/card-ref.ts'
import type { HandoverSource } from '../app/handover.ts'
import type { DueException, TendTx } from '../app/ports.ts'
import type { EpisodeRow } from '../app/queries.ts'
import { instantOf } from '../domain/model.ts'
import type { Executor } from './connect.ts'
import { instantOrNull } from './parse.ts'
import { handoverItems, handovers } from './schema.ts'

type DueRow = { id: string; subject_id: string; channel: string | null }

const due = ({ id, subject_id, channel }: DueRow): DueException => ({ id, subjectId: subject_id, channel })

const instant = (text: string): Date => {
  const at = instantOf(text)
  if (!at) throw new Error(`Not a time: ${text}`)
  return at
}

export const tendTx = (db: Executor): TendTx => ({
  async claims(after, limit) {
    // Indexes exceptions_claimed, action_runs_unfinished. What others were asked for keeps nobody on it.
    const found = await db.execute<DueRow & { claimed_by: string; claimed_at: string }>(sql`
      select e.id::text, e.subject_id::text, e.channel, e.claimed_by::text, e.claimed_at::text from exceptions e
      where e.state = 'open' and e.claimed_by is not null and e.timeline = 'live' and e.id > ${after}::int8
        and not exists (
          select 1 from action_runs r where r.exception_id = e.id and r.state <> 'finished'
            and (r.state <> 'settling' or r.outcome is null or r.outcome not in ('requested', 'accepted')))
      order by e.id limit ${limit}`)
    return found.map((row) => ({
      ...due(row),
      claimedBy: row.claimed_by,
      claimedAt: instant(row.claimed_at),
    }))
  },

  async dueSnoozes(now, limit) {
    // Index exceptions_snoozed.
    const found = await db.execute<DueRow>(sql`
      select id::text, subject_id::text, channel from exceptions
      where state = 'open' and snoozed_until is not null and snoozed_until <= ${now.toISOString()}::timestamptz
        and timeline = 'live'
      order by snoozed_until, id limit ${limit}`)
    return found.map(due)
  },

  async untaken(routeReason, before, limit) {
    // Index exceptions_free.
    const found = await db.execute<DueRow>(sql`
      select id::text, subject_id::text, channel from exceptions
      where state = 'open' and claimed_by is null and snoozed_until is null and escalated_at is null
        and root_id is null and route_reason = ${routeReason} and timeline = 'live'
        and coalesce(free_since, opened_at) <= ${before.toISOString()}::timestamptz
        and not exists (
          select 1 from group_members m join groups g on g.id = m.group_id
          where m.exception_id = exceptions.id and m.place = 'summed' and g.closed_at is null)
      order by coalesce(free_since, opened_at), id limit ${limit}`)
    return found.map(due)
  },

  async handOver(channel, endedAt, items) {
    const [made] = await db
      .insert(handovers)
      .values({ channel, endedAt })
      // Nothing changes, but the row that another process has just made is answered, and locked.
      .onConflictDoUpdate({ target: [handovers.channel, handovers.endedAt], set: { channel } })
      .returning({ id: handovers.id })
    if (!made) throw new Error('The handover was not stored')
    await db
      .insert(handoverItems)
      .values(
        items.map((item) => ({
          handoverId: made.id,
          exceptionId: Number(item.exceptionId),
          claimedBy: Number(item.claimedBy),
          claimedAt: item.claimedAt,
        })),
      )
      .onConflictDoNothing()
    return String(made.id)
  },

  async handoversBehind(since) {
    // Index handovers_ended; a handover is as new as the sum of what it shows.
    const found = await db.execute<{ id: string; channel: string; revision: number }>(sql`
      select h.id::text, h.channel, shown.revision from handovers h
      cross join lateral (
        select sum(e.revision)::int as revision from handover_items i join exceptions e on e.id = i.exception_id
        where i.handover_id = h.id) shown
      where h.ended_at >= ${since.toISOString()}::timestamptz and exists (
        select 1 from posts p where p.card = ${handoverRef('')}::text || h.id::text and p.desired_revision < shown.revision)
      order by h.id`)
    return [...found]
  },

  async retireNote(note, personId, at) {
    if (!/^\d{1,15}$/.test(note)) return false
    const retired = await db.execute(sql`
      insert into retired_notes (intervention_id, person_id, at)
      select i.id, ${personId}::int8, ${at.toISOString()}::timestamptz from interventions i
      where i.id = ${note}::int8 and ${IS_NOTE}
      on conflict do nothing returning intervention_id`)
    return retired.length > 0
  },
})

/** A word for whoever meets the gap next; `i` is the intervention. As index interventions_notes has it. */
export const IS_NOTE = sql.raw(
  `(i.note is not null and i.kind = 'press' and i.action in ('note', 'fixed_by_hand') and i.result = 'acted')`,
)

/** What one handover is about: who had what, and what was noted on it since it opened. */
export const readHandover = async (db: Executor, id: string): Promise<HandoverSource | null> => {
  if (!/^\d{1,15}$/.test(id)) return null
  const [head] = await db.execute<{ channel: string; ended_at: string }>(sql`
    select channel, ended_at::text from handovers where id = ${id}::int8`)
  if (!head) return null
  const [items, notes] = await Promise.all([
    db.execute<{ exception: string; had: string | null; revision: number }>(sql`
      select e.id::text as exception, p.name as had, e.revision from handover_items i
      join exceptions e on e.id = i.exception_id left join persons p on p.id = i.claimed_by
      where i.handover_id = ${id}::int8
      order by array_position(array['high', 'medium', 'low'], e.severity), e.promise_at nulls last, e.id`),
    db.execute<{ exception: string; person: string | null; note: string }>(sql`
      select i.exception_id::text as exception, p.name as person, i.note from handover_items h
      join exceptions e on e.id = h.exception_id
      join interventions i on i.exception_id = e.id and i.at >= e.opened_at and ${IS_NOTE}
      left join persons p on p.id = i.person_id
      where h.handover_id = ${id}::int8 order by i.id desc`),
  ])
  return {
    channel: head.channel,
    endedAt: instant(head.ended_at),
    revision: items.reduce((sum, { revision }) => sum + revision, 0),
    items: items.map(({ exception, had }) => ({ exception, had: had ?? 'someone' })),
    notes: notes.map(({ exception, person, note }) => ({ exception, person: person ?? 'someone', note })),
  }
}

export const readEpisodes = async (
  db: Executor,
  exceptionId: string,
  limit: number,
): Promise<EpisodeRow[]> => {
  const found = await db.execute<{
    episode: number
    opened_at: string
    closed_at: string | null
    closed_as: string | null
    closed_by: string | null
  }>(sql`
    select episode, opened_at::text, closed_at::text, closed_as, closed_by from episodes
    where exception_id = ${exceptionId}::int8 order by episode desc limit ${limit}`)
  return found.map((row) => ({
    episode: row.episode,
    openedAt: instant(row.opened_at),
    closedAt: instantOrNull(row.closed_at),
    closedAs: row.closed_as,
    closedBy: row.closed_by,
  }))
}

/** Notes left on a gap, newest first: those on other exceptions of it, however long ago, that nobody has retired. */
export const gapNotes = async (
  db: Executor,
  contract: string,
  exceptionId: string,
  limit: number,
): Promise<{ id: string; exception: string; person: string; note: string; at: Date }[]> => {
  // Index interventions_notes. A contract stands on one handoff, so that it alone names the gap.
  const found = await db.execute<{
    id: string
    exception: string
    person: string | null
    note: string
    at: string
  }>(
    sql`
    select i.id::text, i.exception_id::text as exception, p.name as person, i.note, i.at::text
    from interventions i left join persons p on p.id = i.person_id
    where i.contract = ${contract} and ${IS_NOTE} and i.timeline = 'live' and i.exception_id <> ${exceptionId}::int8
      and not exists (select 1 from retired_notes r where r.intervention_id = i.id)
    order by i.id desc limit ${limit}`,
  )
  return found.map((row) => ({ ...row, person: row.person ?? 'someone', at: instant(row.at) }))
}
