import { sql } from 'drizzle-orm'
import {
  type ConsequenceRecord,
  type ExceptionContext,
  type GapHistory,
  MOST_COUNTED,
  sums,
  type WaitingOrders,
} from '../app/context.ts'
import type { ExceptionSource } from '../app/records.ts'
import { instantOf, type Key, SEVERITIES } from '../domain/model.ts'
import { LASTING_MS } from '../domain/trust.ts'
import { idList } from './bulk.ts'
import type { Executor } from './connect.ts'
import { instantOrNull, parseKey } from './parse.ts'
import { gapNotes } from './tend.ts'

/*
 * What stands around an exception. Every part is bounded, whatever there is in the database: a card is drawn often, and
 * by many.
 */

/** Exceptions of one contract that its history is read from, the newest first. */
const MOST_OF_GAP = 500
/** Subjects that refer to one SKU, the newest first: an order that is still open is among them. */
const MOST_OF_SKU = 300
/** SKUs of one subject that are asked for. */
const MOST_SKUS = 10
const SHOWN_CONSEQUENCES = 20
const SHOWN_ORDERS = 20
const SHOWN_OPENINGS = 50
const SHOWN_ACTIONS = 3
const SHOWN_PEOPLE = 3
const SHOWN_NOTES = 3

type Folded = Pick<ExceptionSource, 'root' | 'consequences'>

/** What each of these exceptions is shown under, and how many are shown under it. */
export const foldedOf = async (db: Executor, ids: number[]): Promise<Map<number, Folded>> => {
  const list = idList(ids.map(String))
  const [counted, found] = await Promise.all([
    db.execute<{ id: string; count: string }>(sql`
      select i.id::text, c.count from unnest(${list}) i(id)
      cross join lateral (select count(*) from (${under(sql`i.id`)}) u) c`),
    // A chain of roots is no longer than there are contracts; the last one is where it is shown.
    db.execute<{ id: string; root: string; contract: string; keys: unknown[] }>(sql`
      with recursive up (id, root, step) as (
        select id, root_id, 1 from exceptions where id = any(${list}) and state = 'open' and root_id is not null
        union all
        select up.id, e.root_id, up.step + 1 from up join exceptions e on e.id = up.root
        where e.root_id is not null and e.state = 'open' and up.step < 100)
      select distinct on (up.id) up.id::text, up.root::text, e.contract, ${keysOf(sql`e.subject_id`)} as keys
      from up join exceptions e on e.id = up.root order by up.id, up.step desc`),
  ])
  const counts = new Map(counted.map(({ id, count }) => [Number(id), Number(count)]))
  const roots = new Map(
    found.map(({ id, root, contract, keys }) => [
      Number(id),
      { id: root, contract, keys: keys.map((key) => parseKey(key, 'identity')) },
    ]),
  )
  return new Map(ids.map((id) => [id, { consequences: counts.get(id) ?? 0, root: roots.get(id) ?? null }]))
}

/** The open exceptions under one, directly or through others. Index exceptions_root. */
const under = (id: ReturnType<typeof sql>) => sql`
  with recursive down (id) as (
    select e.id from exceptions e where e.root_id = ${id} and e.state = 'open'
    union all
    select e.id from down cross join lateral (
      select e.id from exceptions e where e.root_id = down.id and e.state = 'open' offset 0) e)
  select id from down limit ${MOST_COUNTED}`

const keysOf = (subject: ReturnType<typeof sql>) => sql`
  coalesce((select json_agg(json_build_object('name', k.name, 'value', k.value) order by k.name, k.value)
    from subject_keys k where k.subject_id = ${subject}), '[]')`

/** The worst first: by promise date, then by severity, then the oldest. */
const consequencesOf = async (
  db: Executor,
  exceptionId: string,
): Promise<ExceptionContext['consequences']> => {
  const found = await db.execute<{
    id: string
    contract: string
    severity: string
    promise_at: string | null
    value_minor: string | null
    currency: string | null
    keys: unknown[]
  }>(sql`
    select e.id::text, e.contract, e.severity, e.promise_at::text, e.value_minor::text, e.currency,
      ${keysOf(sql`e.subject_id`)} as keys
    from (${under(sql`${exceptionId}::int8`)}) u join exceptions e on e.id = u.id
    order by e.promise_at nulls last, array_position(array['high', 'medium', 'low'], e.severity), e.id`)
  const all = found.map(
    (row): ConsequenceRecord => ({
      id: row.id,
      contract: row.contract,
      keys: row.keys.map((key) => parseKey(key, 'identity')),
      severity: SEVERITIES.find((severity) => severity === row.severity) ?? 'medium',
      promiseAt: instantOrNull(row.promise_at),
      valueMinor: row.value_minor === null ? null : Number(row.value_minor),
      currency: row.currency,
    }),
  )
  return { first: all.slice(0, SHOWN_CONSEQUENCES), amounts: sums(all) }
}

/**
 * Other orders that need one of the subject's SKUs: placed and neither complete nor cancelled, and not all gone from the
 * warehouse. Only the newest that ever referred to a SKU are looked at, so that its past costs nothing.
 */
const waitingOrders = async (db: Executor, subjectId: string): Promise<WaitingOrders> => {
  // Primary keys subject_links (timeline, name, value, subject_id) and subject_objects (subject_id, ...).
  const found = await db.execute<{
    looked: number
    keys: unknown[]
    promises: unknown[]
    value_minor: number | null
    currency: string | null
  }>(sql`
    with near as materialized (
      select distinct l.subject_id, l.looked from (
        select timeline, value from subject_links
        where subject_id = ${subjectId}::int8 and name = 'sku' order by value limit ${MOST_SKUS}) sku
      cross join lateral (
        select n.subject_id, count(*) over () as looked from (
          select l.subject_id from subject_links l
          where l.timeline = sku.timeline and l.name = 'sku' and l.value = sku.value
          order by l.subject_id desc limit ${MOST_OF_SKU}) n) l
      where l.subject_id <> ${subjectId}::int8)
    select near.looked::int, ${keysOf(sql`s.id`)} as keys, o.promises, v.value_minor, v.currency
    from near
    cross join lateral (
      select s.id from subjects s
      where s.id = near.subject_id and s.kind = 'fulfillment' and s.merged_into is null limit 1) s
    cross join lateral (
      select bool_or(o.type = 'order' and o.state in ('placed', 'confirmed', 'partial')) as is_open,
        bool_or(o.type = 'order' and o.state in ('complete', 'cancelled')) as is_over,
        bool_or(o.type = 'fulfillment' and o.role = 'wms' and o.state not in ('shipped', 'cancelled')) as is_here,
        bool_or(o.type = 'fulfillment' and o.role = 'wms' and o.state in ('shipped', 'cancelled')) as is_gone,
        json_agg(o.attributes -> 'promiseAt') as promises,
        (array_agg(o.attributes order by (o.attributes ->> 'valueMinor') desc)
          filter (where jsonb_typeof(o.attributes -> 'valueMinor') = 'number')) [1] as priced
      from subject_objects so cross join lateral (
        select o.type, o.role, o.state, o.attributes from objects o
        where o.timeline = (select timeline from subjects where id = so.subject_id)
          and o.system = so.system and o.type = so.type and o.external_id = so.external_id limit 1) o
      where so.subject_id = s.id and so.type in ('order', 'fulfillment')) o
    cross join lateral (
      select (o.priced ->> 'valueMinor')::float8 as value_minor, o.priced ->> 'currency' as currency) v
    where o.is_open and not o.is_over and (o.is_here or not o.is_gone)`)
  const orders = new Map(found.map((row) => [JSON.stringify(row.keys), orderOf(row)]))
  const inOrder = [...orders.values()].sort(
    (a, b) => (a.promiseAt?.getTime() ?? Infinity) - (b.promiseAt?.getTime() ?? Infinity) || 0,
  )
  return {
    total: inOrder.length,
    isCut: found.some(({ looked }) => looked >= MOST_OF_SKU),
    amounts: sums(inOrder),
    first: inOrder.slice(0, SHOWN_ORDERS),
  }
}

const orderOf = (row: {
  keys: unknown[]
  promises: unknown[]
  value_minor: number | null
  currency: string | null
}): WaitingOrders['first'][number] => {
  const times = row.promises.flatMap((said) =>
    typeof said === 'string' ? (instantOf(said)?.getTime() ?? []) : [],
  )
  return {
    keys: row.keys.map((key): Key => parseKey(key, 'identity')),
    promiseAt: times.length > 0 ? new Date(Math.min(...times)) : null,
    valueMinor: row.value_minor,
    currency: row.currency,
  }
}

/** When the latest episodes of one exception opened, newest first. */
const openingsOf = async (db: Executor, exceptionId: string): Promise<Date[]> => {
  const found = await db.execute<{ at: string }>(sql`
    select opened_at::text as at from episodes where exception_id = ${exceptionId}::int8
    order by episode desc limit ${SHOWN_OPENINGS}`)
  return found.flatMap(({ at }) => instantOrNull(at) ?? [])
}

/** A touch by which a person took part in how it came out: not a claim, and not a word. */
const HANDLED = sql.raw(
  `(i.kind = 'off_chat' or (i.kind = 'press' and i.result in ('acted', 'awaiting_approval')
    and i.action not in ('note', 'claim', 'release', 'assign', 'snooze', 'wake', 'escalate', 'reopen', 'decline')))`,
)

/**
 * Nobody has taken the run `a` back, and its exception stayed closed. Index action_runs_undoes, primary key of episodes.
 */
const LASTED = sql`(
  not exists (select 1 from action_runs u where u.undoes = a.id and u.outcome in ('done', 'accepted'))
  and not exists (
    select 1 from episodes p where p.exception_id = a.exception_id and p.episode > a.episode
      and p.opened_at < a.finished_at + ${LASTING_MS / 1000} * interval '1 second'))`

/** How the exceptions of one contract went in the past 90 days. */
const gapHistory = async (
  db: Executor,
  contract: string,
  exceptionId: string,
  now: Date,
): Promise<GapHistory> => {
  const ago = (days: number) => sql`${new Date(now.getTime() - days * 86_400_000).toISOString()}::timestamptz`
  // Index exceptions_contract; what follows from each goes by its id.
  const recent = sql`
    with recent as materialized (
      select id from exceptions where timeline = 'live' and contract = ${contract} and opened_at > ${ago(90)}
      order by opened_at desc limit ${MOST_OF_GAP})`
  // Index interventions_exception, one way through it for each.
  const touches = sql`recent r cross join lateral (
    select i.* from interventions i where i.exception_id = r.id and i.at > ${ago(90)} offset 0) i`
  const [counts, actions, people, notes] = await Promise.all([
    db.execute<Record<string, string | null>>(sql`${recent},
      gone as (
        select p.opened_at, p.closed_at, extract(epoch from p.closed_at - p.opened_at) * 1000 as ms,
          p.closed_as = 'healed' and not exists (
            select 1 from interventions i where i.exception_id = p.exception_id
              and i.at between p.opened_at and p.closed_at and ${HANDLED}) as alone
        from recent r cross join lateral (
          select p.* from episodes p where p.exception_id = r.id and p.opened_at > ${ago(90)} offset 0) p
        where p.closed_as is distinct from 'merged')
      select (select count(*) from recent) as looked, count(*) as quarter,
        count(*) filter (where opened_at > ${ago(7)}) as week, count(closed_at) as closed,
        percentile_cont(0.5) within group (order by ms) as median_ms,
        count(*) filter (where alone) as alone,
        percentile_cont(0.5) within group (order by ms) filter (where alone) as alone_ms
      from gone`),
    db.execute<
      Record<'action' | 'times' | 'verified' | 'proven' | 'handled', string> &
        Record<'system' | 'ms', string | null>
    >(sql`${recent},
      done as (
        select a.system, a.action, a.verified_at is not null as verified,
          a.verified_at is not null and ${LASTED} as proven,
          extract(epoch from a.verified_at - a.started_at) * 1000 as ms
        from recent r cross join lateral (
          select a.* from action_runs a where a.exception_id = r.id and a.started_at > ${ago(90)} offset 0) a
        where a.undoes is null and a.outcome is distinct from 'taken_back'
          and (a.outcome is distinct from 'declined' or a.sends > 0)
        union all
        select null, i.action, e.state in ('healed', 'resolved'), false, i.reported_minutes * 60000
        from ${touches} join exceptions e on e.id = r.id
        where i.kind = 'press' and i.result = 'acted' and i.action in ('fixed_by_hand', 'dismiss'))
      select system, action, count(*) as times, count(*) filter (where verified) as verified,
        count(*) filter (where proven) as proven, percentile_cont(0.5) within group (order by ms) as ms,
        sum(count(*)) over () as handled
      from done group by system, action order by times desc, action limit ${SHOWN_ACTIONS}`),
    db.execute<{ name: string }>(sql`${recent}
      select p.name from ${touches} join persons o on o.id = i.person_id
        join persons p on p.id = coalesce(o.merged_into, o.id) where ${HANDLED}
      group by p.id, p.name order by count(*) desc, max(i.at) desc, p.id limit ${SHOWN_PEOPLE}`),
    gapNotes(db, contract, exceptionId, SHOWN_NOTES),
  ])
  const [row = {}] = counts
  const number = (name: string): number => Number(row[name] ?? 0)
  const msOrNull = (name: string): number | null => (row[name] == null ? null : Number(row[name]))
  return {
    week: number('week'),
    quarter: number('quarter'),
    isCut: number('looked') >= MOST_OF_GAP,
    closed: number('closed'),
    medianOpenMs: msOrNull('median_ms'),
    healedAlone: number('alone'),
    medianAloneMs: msOrNull('alone_ms'),
    handled: Number(actions[0]?.handled ?? 0),
    actions: actions.map(({ times, verified, proven, ms, system, action }) => ({
      system,
      action,
      ms: ms === null ? null : Number(ms),
      times: Number(times),
      verified: Number(verified),
      proven: Number(proven),
    })),
    people: people.map(({ name }) => name),
    notes,
  }
}

/** Everything around one exception, in one consistent transaction of the caller. */
export const contextOf = async (
  db: Executor,
  { exception, subject }: ExceptionSource,
  now: Date,
  needsGoods: boolean,
): Promise<ExceptionContext> => {
  const id = exception.id ?? '0'
  const isLive = subject.timeline === 'live'
  const [consequences, orders, openings, gap] = await Promise.all([
    consequencesOf(db, id),
    needsGoods && isLive && exception.state === 'open' ? waitingOrders(db, subject.id) : null,
    openingsOf(db, id),
    isLive ? gapHistory(db, exception.contract, id, now) : null,
  ])
  return { consequences, orders, openings, gap }
}
