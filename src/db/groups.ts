import { and, eq, isNotNull, isNull, or, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { GroupName, GroupRecord, GroupTx } from '../app/group-records.ts'
import { GROUP_BY, PLACES, type Recent } from '../domain/group.ts'
import { SEVERITIES } from '../domain/model.ts'
import { idList, rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { COUNTS, readFigures, readListed, readReasons, readWorst } from './group-members.ts'
import { instantOrNull } from './parse.ts'
import { groupMembers, groups } from './schema.ts'

const partsShape = z.partialRecord(z.enum(GROUP_BY), z.string())
const ruleShape = z.object({
  after: z.number(),
  waitMs: z.number(),
  intervalMs: z.number(),
  repeatMs: z.number(),
})
const barShape = z.object({
  rank: z.number(),
  values: z.record(z.string(), z.number()),
  soonest: z.number().nullable(),
})
const listedShape = z.array(z.string())
/** JSON keeps instants as text. */
const dateOrNull = z.union([z.null(), z.coerce.date()])
const figuresShape = z.object({
  open: z.number(),
  total: z.number(),
  own: z.number(),
  ended: z.array(z.object({ state: z.string(), count: z.number() })),
  values: z.record(z.string(), z.number()),
  most: z.record(z.string(), z.number()),
  worstRank: z.number(),
  soonestPromise: dateOrNull,
  claimed: z.number(),
  decidedAt: dateOrNull,
  contracts: z.array(z.object({ contract: z.string(), count: z.number() })),
})

const severityOf = z.enum(SEVERITIES)
const placeOf = z.enum(PLACES)

const recordOf = (row: typeof groups.$inferSelect): GroupRecord => ({
  ...row,
  id: String(row.id),
  parts: partsShape.parse(row.parts),
  rule: ruleShape.parse(row.rule),
  bar: barShape.parse(row.bar),
  listed: listedShape.parse(row.listed),
})

const named = (names: readonly GroupName[]) =>
  or(...names.map(({ channel, key }) => and(eq(groups.channel, channel), eq(groups.key, key))))

type OpenedRow = {
  id: string
  group: string
  place: string
  at: string
  severity: string
  valueMinor: number | null
  currency: string | null
  promiseAt: string | null
}

const recentOf = (row: OpenedRow): Recent & { group: string } => ({
  ...row,
  place: placeOf.parse(row.place),
  at: instantOrNull(row.at) ?? new Date(0),
  severity: severityOf.parse(row.severity),
  promiseAt: instantOrNull(row.promiseAt),
})

export const groupTx = (db: Executor): GroupTx => ({
  async openGroups(names) {
    if (names.length === 0) return []
    // Index groups_open.
    const found = await db
      .select()
      .from(groups)
      .where(and(isNull(groups.closedAt), named(names)))
    return found.map(recordOf)
  },

  async joinStorms(ids) {
    // A key lock: it lets others join and lets the summary be redrawn; only closing, which asks for all of the row, waits.
    const found = await db.execute<{ id: string }>(sql`
      select id::text from groups where id = any(${idList(ids)}) and closed_at is null
      order by channel, key for key share`)
    return found.map(({ id }) => id)
  },

  async lockGroups(wanted, at) {
    if (wanted.length === 0) return []
    const now = at.toISOString()
    await db.execute(sql`
      insert into groups (channel, key, parts, rule, opened_at, bar, refreshed_at, posted_at, next_look_at)
      select r.channel, r.key, r.parts, r.rule, t, '{"rank":-1,"values":{},"soonest":null}', t, t, t
      from ${rows(wanted, 'channel text, key text, parts jsonb, rule jsonb')}, (values (${now}::timestamptz)) n(t)
      where not exists (select 1 from groups g where g.channel = r.channel and g.key = r.key and g.closed_at is null)
      order by r.channel, r.key
      on conflict (channel, key) where closed_at is null do nothing`)
    const found = await db
      .select()
      .from(groups)
      .where(and(isNull(groups.closedAt), named(wanted)))
      .orderBy(groups.channel, groups.key)
      .for('update')
    return found.map(recordOf)
  },

  async recentMembers(since) {
    // Index group_members_group.
    const found = await db.execute<OpenedRow>(sql`
      select m.exception_id::text as id, m.group_id::text as "group", m.place, m.at::text as at, e.severity,
        e.value_minor::float8 as "valueMinor", e.currency, e.promise_at::text as "promiseAt"
      from ${rows(since, '"group" int8, at timestamptz')}
      join group_members m on m.group_id = r."group" and m.at > r.at
      join exceptions e on e.id = m.exception_id
      where ${COUNTS} order by m.at, m.exception_id`)
    return found.map(recentOf)
  },

  async placeMembers(list, at) {
    if (list.length === 0) return
    await db.execute(sql`
      insert into group_members (exception_id, group_id, place, at)
      select r.id, r."group", r.place, ${at.toISOString()}::timestamptz
      from ${rows(list, '"group" int8, id int8, place text')}
      on conflict (exception_id) do update set place = excluded.place, group_id = excluded.group_id,
        at = case when group_members.group_id = excluded.group_id then group_members.at else excluded.at end`)
  },

  async saveGroup({ id, channel: _channel, key: _key, parts: _parts, ...group }, nextLookAt) {
    await db
      .update(groups)
      .set({ ...group, nextLookAt })
      .where(eq(groups.id, Number(id)))
  },

  async withoutPost(ids) {
    // Shared, so that nobody gives one a post who does not yet see what this transaction changes.
    const found = await db.execute<{ id: string }>(sql`
      select exception_id::text as id from group_members
      where exception_id = any(${idList(ids)}) and place <> 'own' order by exception_id for share`)
    return found.map(({ id }) => id)
  },

  async dueGroups(now, limit) {
    // Index groups_due.
    const found = await db.execute<{ id: string }>(sql`
      select id::text from groups where closed_at is null and next_look_at <= ${now.toISOString()}::timestamptz
      order by next_look_at, id limit ${limit}`)
    return found.map(({ id }) => id)
  },

  async lockGroup(id) {
    const [found] = await db
      .select()
      .from(groups)
      .where(and(eq(groups.id, Number(id)), isNull(groups.closedAt)))
      .for('update', { skipLocked: true })
    return found ? recordOf(found) : null
  },

  figuresOf: (id, now) => readFigures(db, id, now),

  async releaseHeld(id, before) {
    const released = await db.execute<{ id: string }>(sql`
      update group_members set place = 'own'
      where group_id = ${id}::int8 and place = 'held' and at <= ${before.toISOString()}::timestamptz
      returning exception_id::text as id`)
    // A statement of its own: it sees what was committed while the one before waited for a member.
    const shown = await db.execute<{ id: string; channel: string; revision: number }>(sql`
      select e.id::text, e.channel, e.revision from exceptions e
      where e.id = any(${idList(released.map((each) => each.id))}) and e.channel is not null and ${COUNTS}
      order by e.id`)
    return [...shown]
  },

  async groupTimes(id) {
    const [found] = await db.execute<{ last: string | null; held: string | null }>(sql`
      select max(at)::text as last, (min(at) filter (where place = 'held'))::text as held
      from group_members where group_id = ${id}::int8`)
    return { lastAt: instantOrNull(found?.last ?? null), heldSince: instantOrNull(found?.held ?? null) }
  },

  async closeGroup(id, figures, at) {
    await db
      .update(groups)
      .set({ closedAt: at, figures })
      .where(eq(groups.id, Number(id)))
  },

  async removeGroup(id) {
    await db.delete(groupMembers).where(eq(groupMembers.groupId, Number(id)))
    await db.delete(groups).where(eq(groups.id, Number(id)))
  },

  worstMembers: async (id, limit) => (await readWorst(db, id, limit)).map((line) => line.id),

  async untakenStorms(routeReason, before, only) {
    // Indexes groups_due (all that are open), exceptions_free, group_members_group: 15 ms for 10,000 in 12 storms.
    const found = await db.execute<{ id: string }>(sql`
      select g.id::text from groups g
      where g.closed_at is null and g.storm_at is not null and g.escalated_at is null
        and (${only ?? null}::int8 is null or g.id = ${only ?? null}::int8) and exists (
        select 1 from group_members m join exceptions e on e.id = m.exception_id
        where m.group_id = g.id and m.place = 'summed' and ${COUNTS} and e.claimed_by is null
          and e.snoozed_until is null and e.escalated_at is null and e.route_reason = ${routeReason}
          and coalesce(e.free_since, e.opened_at) <= ${before.toISOString()}::timestamptz)
      order by g.id`)
    return found.map(({ id }) => id)
  },
})

/** A storm as its card shows it, without what only the configuration knows; null where there is none of this id. */
export const readGroup = async (
  db: Executor,
  id: string,
  now: Date,
  worstOf: number,
  { from, to }: { from: number; to: number },
) => {
  const [row] = await db
    .select()
    .from(groups)
    .where(and(eq(groups.id, Number(id)), isNotNull(groups.stormAt)))
  if (!row) return null
  const figures = row.figures === null ? await readFigures(db, id, now) : figuresShape.parse(row.figures)
  const record = recordOf(row)
  const worst = row.closedAt === null ? await readWorst(db, id, worstOf) : []
  const lines = await readListed(db, record.listed.slice(from, to))
  const routeReasons = row.closedAt === null ? await readReasons(db, id) : []
  return { ...record, closedAt: row.closedAt, figures, worst, lines, routeReasons }
}
