import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { GroupFigures, GroupLine } from '../app/group-records.ts'
import { SEVERITIES } from '../domain/model.ts'
import { idList } from './bulk.ts'
import type { Executor } from './connect.ts'
import { instantOrNull, parseKey } from './parse.ts'

/*
 * What there is to say of a group's members, together and one by one.
 */

const severityOf = z.enum(SEVERITIES)

/** A member that still counts: open, and on nobody else's card. */
export const COUNTS = sql`e.state = 'open' and e.root_id is null`

export const readFigures = async (db: Executor, id: string, now: Date): Promise<GroupFigures> => {
  // Indexes group_members_group, exceptions_pkey.
  const found = await db.execute<{
    state: string
    contract: string
    currency: string | null
    count: number
    own: number
    claimed: number
    value: number
    most: number | null
    rank: number
    soonest: string | null
    decided: string | null
  }>(sql`
    select case when ${COUNTS} then 'open' when e.state = 'open' then 'folded' else e.state end as state, e.contract,
      case when e.value_minor is null then null else e.currency end as currency, count(*)::int as count,
      (count(*) filter (where m.place = 'own'))::int as own,
      (count(*) filter (where e.claimed_by is not null))::int as claimed,
      coalesce(sum(e.value_minor), 0)::float8 as value, max(e.value_minor)::float8 as most,
      max(case e.severity when 'high' then 2 when 'medium' then 1 else 0 end) as rank,
      (min(e.promise_at) filter (where e.promise_at > ${now.toISOString()}::timestamptz))::text as soonest,
      max(e.decided_at)::text as decided
    from group_members m join exceptions e on e.id = m.exception_id
    where m.group_id = ${id}::int8 group by 1, 2, 3`)
  const open = found.filter(({ state }) => state === 'open')
  const sum = (list: { count: number }[]): number => list.reduce((all, { count }) => all + count, 0)
  const times = (list: (string | null)[], pick: (...ms: number[]) => number): Date | null => {
    const all = list.flatMap((at) => instantOrNull(at)?.getTime() ?? [])
    return all.length > 0 ? new Date(pick(...all)) : null
  }
  const counted = <K extends string>(list: typeof open, of: (each: (typeof open)[number]) => K) => {
    const counts = new Map<K, number>()
    for (const each of list) counts.set(of(each), (counts.get(of(each)) ?? 0) + each.count)
    return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  }
  const figures: GroupFigures = {
    open: sum(open),
    total: sum(found),
    own: found.reduce((all, { own }) => all + own, 0),
    ended: counted(
      found.filter(({ state }) => state !== 'open'),
      ({ state }) => state,
    ).map(([state, count]) => ({ state, count })),
    values: {},
    most: {},
    worstRank: Math.max(-1, ...open.map(({ rank }) => rank)),
    soonestPromise: times(
      open.map(({ soonest }) => soonest),
      Math.min,
    ),
    claimed: open.reduce((all, { claimed }) => all + claimed, 0),
    decidedAt: times(
      found.map(({ decided }) => decided),
      Math.max,
    ),
    contracts: counted(open, ({ contract }) => contract).map(([contract, count]) => ({ contract, count })),
  }
  for (const { currency, value, most } of open) {
    if (currency === null) continue
    figures.values[currency] = (figures.values[currency] ?? 0) + value
    figures.most[currency] = Math.max(figures.most[currency] ?? 0, most ?? 0)
  }
  return figures
}

/** The worst open members: gravest, then due first, then most valuable, then oldest. */
export const readWorst = (db: Executor, id: string, limit: number): Promise<GroupLine[]> =>
  readLines(
    db,
    sql`m.group_id = ${id}::int8 and ${COUNTS}
    order by case e.severity when 'high' then 2 when 'medium' then 1 else 0 end desc, e.promise_at nulls last,
      e.value_minor desc nulls last, e.since, e.id
    limit ${limit}`,
  )

/** These members in this order, also those that are over. */
export const readListed = (db: Executor, ids: string[]): Promise<GroupLine[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : readLines(
        db,
        sql`m.exception_id = any(${idList(ids)}) order by array_position(${idList(ids)}, m.exception_id)`,
      )

const readLines = async (db: Executor, which: SQL): Promise<GroupLine[]> => {
  const found = await db.execute<{
    id: string
    subject: string
    contract: string
    state: string
    severity: string
    since: string
    valueMinor: number | null
    currency: string | null
    promiseAt: string | null
    claimedBy: string | null
  }>(sql`
    select e.id::text, e.subject_id::text as subject, e.contract,
      case when e.state = 'open' and not (${COUNTS}) then 'folded' else e.state end as state, e.severity, e.since::text,
      e.value_minor::float8 as "valueMinor", e.currency, e.promise_at::text as "promiseAt", p.name as "claimedBy"
    from group_members m join exceptions e on e.id = m.exception_id left join persons p on p.id = e.claimed_by
    where ${which}`)
  const subjects = await loadKeys(
    db,
    found.map(({ subject }) => subject),
  )
  return found.map(({ subject, ...row }) => ({
    ...row,
    severity: severityOf.parse(row.severity),
    since: instantOrNull(row.since) ?? new Date(0),
    promiseAt: instantOrNull(row.promiseAt),
    keys: subjects.get(subject) ?? [],
  }))
}

const loadKeys = async (db: Executor, ids: string[]) => {
  const found = await db.execute<{ id: string; name: string; value: string }>(sql`
    select subject_id::text as id, name, value from subject_keys
    where subject_id = any(${idList(ids)}) order by name, value`)
  const keys = new Map<string, GroupLine['keys']>()
  for (const row of found) keys.set(row.id, [...(keys.get(row.id) ?? []), parseKey(row, 'identity')])
  return keys
}

/** Why the open members stand where they do: each reason once. */
export const readReasons = async (db: Executor, id: string): Promise<string[]> => {
  const found = await db.execute<{ reason: string }>(sql`
    select distinct e.route_reason as reason from group_members m join exceptions e on e.id = m.exception_id
    where m.group_id = ${id}::int8 and ${COUNTS} and e.route_reason is not null`)
  return found.map(({ reason }) => reason)
}
