import { type SQL, sql } from 'drizzle-orm'
import type { DeskAsked, DeskPart, Owed } from '../app/desk.ts'
import { SEVERITIES } from '../domain/model.ts'
import type { Executor } from './connect.ts'
import { instantOrNull } from './parse.ts'

/*
 * What lies in front of one person, and what can still be saved: each is one pass over what is open, however much was
 * ever closed. Index exceptions_open.
 */

/** Severity first, then what was promised first, then what is worth most, then the oldest. */
const WORST_FIRST =
  sql.raw(`array_position(array['high', 'medium', 'low'], e.severity), e.promise_at nulls last,
  e.value_minor desc nulls last, e.since, e.id`)

/** Everything that was stored for this human, under whichever identity it was. Index persons_standing. */
const standingAs = (personId: string): SQL =>
  sql`(select p.id from persons p where coalesce(p.merged_into, p.id) = ${personId}::int8)`

/** The ids of the first ones, worst first, and how many there are in all. */
const part = (name: DeskPart, from: SQL, limit: number): SQL => sql`
  (select ${name} as part, e.id::text, row_number() over (order by ${WORST_FIRST}) as place, count(*) over () as total
  from ${from} order by place limit ${limit})`

/** What lies in front of a person, by its part of the desk: ids worst first, and how many there are. */
export const readDesk = async (
  db: Executor,
  { personId, mayApprove, channels, limits }: DeskAsked,
): Promise<Map<DeskPart, { ids: number[]; total: number }>> => {
  const own = standingAs(personId)
  const open = sql`exceptions e where e.timeline = 'live' and e.state = 'open' and e.snoozed_until is null`
  const inChannels =
    channels === null
      ? sql``
      : sql` and e.channel = any(array(select jsonb_array_elements_text(${JSON.stringify(channels)}::jsonb)))`
  const parts = [
    part('mine', sql`${open} and e.claimed_by in ${own}`, limits.mine),
    part(
      'channels',
      sql`${open} and e.root_id is null and (e.claimed_by is null or e.claimed_by not in ${own})${inChannels}`,
      limits.channels,
    ),
    // Index action_runs_unfinished.
    ...(mayApprove
      ? [
          part(
            'approvals',
            sql`action_runs r join exceptions e on e.id = r.exception_id
              where r.state = 'awaiting_approval' and r.requested_by not in ${own}
                and e.timeline = 'live' and e.state = 'open'`,
            limits.approvals,
          ),
        ]
      : []),
  ]
  const found = await db.execute<{ part: DeskPart; id: string; place: string; total: string }>(
    sql.join(parts, sql` union all `),
  )
  const byPart = new Map<DeskPart, { ids: number[]; total: number }>()
  for (const row of [...found].sort((a, b) => Number(a.place) - Number(b.place))) {
    const before = byPart.get(row.part)?.ids ?? []
    byPart.set(row.part, { ids: [...before, Number(row.id)], total: Number(row.total) })
  }
  return byPart
}

/** Open exceptions with a promise that are looked at, the first promised first. */
const MOST_OWED = 10_000

/**
 * What was promised from now on and is not in order, with the exception on whose card it is handled: what a root
 * breaks is saved there. Those promised first, at most `MOST_OWED`.
 */
export const readOwed = async (db: Executor, now: Date): Promise<Owed> => {
  const at = sql`${now.toISOString()}::timestamptz`
  const open = sql`e.timeline = 'live' and e.state = 'open'`
  const awake = sql`${open} and e.snoozed_until is null`
  const [found, counts] = await Promise.all([
    db.execute<Record<'id' | 'top' | 'contract' | 'severity' | 'promise_at', string> & Priced>(sql`
      with recursive owed as materialized (
        select e.id, e.root_id, e.contract, e.severity, e.promise_at, e.value_minor, e.currency from exceptions e
        where ${awake} and e.promise_at >= ${at} order by e.promise_at, e.id limit ${MOST_OWED}),
      up (id, top, root_id, step) as (
        select id, id, root_id, 0 from owed
        union all
        select up.id, e.id, e.root_id, up.step + 1 from up join exceptions e on e.id = up.root_id
        where e.state = 'open' and up.step < 100)
      select distinct on (o.id) o.id::text, up.top::text, o.contract, o.severity, o.promise_at::text,
        o.value_minor::text, o.currency
      from owed o join up on up.id = o.id order by o.id, up.step desc`),
    db.execute<Record<'late' | 'unpromised' | 'snoozed', string>>(sql`
      select count(*) filter (where e.snoozed_until is null and e.promise_at < ${at}) as late,
        count(*) filter (where e.snoozed_until is null and e.promise_at is null and e.root_id is null) as unpromised,
        count(*) filter (where e.snoozed_until is not null) as snoozed
      from exceptions e where ${open}`),
  ])
  return {
    items: found.flatMap((row) => {
      const promiseAt = instantOrNull(row.promise_at)
      if (!promiseAt) return []
      return [
        {
          id: row.id,
          top: row.top,
          contract: row.contract,
          severity: SEVERITIES.find((severity) => severity === row.severity) ?? 'medium',
          promiseAt,
          valueMinor: row.value_minor === null ? null : Number(row.value_minor),
          currency: row.currency,
        },
      ]
    }),
    isCut: found.length >= MOST_OWED,
    late: Number(counts[0]?.late ?? 0),
    unpromised: Number(counts[0]?.unpromised ?? 0),
    snoozed: Number(counts[0]?.snoozed ?? 0),
  }
}

type Priced = Record<'value_minor' | 'currency', string | null>
