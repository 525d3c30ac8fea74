import { and, eq, lte, sql } from 'drizzle-orm'
import type { SubjectTx } from '../app/ports.ts'
import type { IdentityKey, ObjectName, SubjectRecord } from '../app/records.ts'
import { objectId } from '../domain/object.ts'
import { grouped, idList, prepared, rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { Overtaken } from './errors.ts'
import { loadExceptions } from './exceptions.ts'
import { mergeSubjects } from './merge.ts'
import { parseKey, parseObject, subjectKindOf, timelineOf } from './parse.ts'
import { expectations } from './schema.ts'

const KEYS = 'name text, value text'
const NAME = 'system text, type text, "externalId" text'
const OBJECT_FIELDS =
  sql.raw(`o.system, o.type, o.external_id, o.role, o.version, o.hash, o.keys, o.order_class, o.state,
  o.raw_state, o.quantities, o.attributes, o.changed_by, o.entered_at, o.first_at, o.occurred_at, o.received_at`)
const KINDS = 'system text, type text, ends text[]'
const keysByName = (keys: readonly IdentityKey[]) =>
  grouped(
    keys,
    ({ name }) => ({ name }),
    ({ value }) => value,
  )
const byKind = (names: readonly ObjectName[]) =>
  grouped(
    names,
    ({ system, type }) => ({ system, type }),
    ({ externalId }) => externalId,
  )
const nameOnly = ({ system, type, externalId }: ObjectName): ObjectName => ({ system, type, externalId })

/** Everything a step may look at about these subjects; the caller holds their locks, or only reads. */
export const loadSubjects = async (
  db: Executor,
  found: { id: string; timeline: string; kind: string }[],
): Promise<SubjectRecord[]> => {
  if (found.length === 0) return []
  const ids = found.map(({ id }) => id)
  const [identity, links, objects, waiting, opened] = await Promise.all([
    prepared<{ subject_id: string }>(
      db,
      sql`select subject_id::text, name, value from subject_keys
        where subject_id = any(${idList(ids)}) order by name, value`,
    ),
    prepared<{ subject_id: string }>(
      db,
      sql`select subject_id::text, name, value from subject_links
        where subject_id = any(${idList(ids)}) order by name, value`,
    ),
    // Primary keys subject_objects (subject_id, ...) and objects (timeline, system, type, external_id).
    prepared<{ subject_id: string }>(
      db,
      sql`
      with so as materialized (
        select so.* from unnest(${idList(ids)}) as r(id)
        cross join lateral (
          select subject_id, timeline, system, type, external_id from subject_objects so
          where so.subject_id = r.id offset 0) so)
      select so.subject_id::text, ${OBJECT_FIELDS} from (
        select timeline, system, type, array_agg(distinct external_id) as ids from so group by 1, 2, 3) g
      cross join lateral (
        select * from objects o
        where o.timeline = g.timeline and o.system = g.system and o.type = g.type and o.external_id = any(g.ids)
        offset 0) o
      join so on so.timeline = o.timeline and so.system = o.system and so.type = o.type
        and so.external_id = o.external_id`,
    ),
    db
      .select()
      .from(expectations)
      .where(sql`${expectations.subjectId} = any(${idList(ids)})`)
      .prepare('expectations')
      .execute(),
    loadExceptions(db, ids),
  ])

  const records = new Map<string, SubjectRecord>(
    found.map(({ id, timeline, kind }) => [
      id,
      {
        id,
        timeline: timelineOf(timeline),
        kind: subjectKindOf(kind),
        keys: [],
        objects: [],
        expectations: [],
        exceptions: [],
      },
    ]),
  )
  for (const row of identity) records.get(row.subject_id)?.keys.push(parseKey(row, 'identity'))
  for (const row of links) records.get(row.subject_id)?.keys.push(parseKey(row, 'reference'))
  for (const row of objects) records.get(row.subject_id)?.objects.push(parseObject(row))
  for (const { subjectId, contract, since, dueAt, nextCheckAt, waitingFor } of waiting) {
    records.get(String(subjectId))?.expectations.push({ contract, since, dueAt, nextCheckAt, waitingFor })
  }
  for (const { subjectId, record } of opened) records.get(subjectId)?.exceptions.push(record)
  return found.flatMap(({ id }) => records.get(id) ?? [])
}

export const subjectTx = (db: Executor): SubjectTx => ({
  async subjectsByKey(timeline, keys) {
    if (keys.length === 0) return []
    // Primary key subject_keys (timeline, name, value).
    const found = await prepared<{ name: string; value: string; subject_id: string }>(
      db,
      sql`
      select k.name, k.value, k.subject_id::text from ${rows(keysByName(keys), 'name text, ends text[]')}
      cross join lateral (
        select name, value, subject_id from subject_keys k
        where k.timeline = ${timeline} and k.name = r.name and k.value = any(r.ends) offset 0) k`,
    )
    return found.map(({ name, value, subject_id }) => ({ key: { name, value }, subjectId: subject_id }))
  },

  async createSubjects(timeline, groups, at) {
    const made = groups.map(({ kind }, n) => ({ n, kind }))
    const created = await prepared<{ id: string }>(
      db,
      sql`
      insert into subjects (timeline, kind, created_at)
      select ${timeline}, r.kind, ${at.toISOString()}::timestamptz
      from ${rows(made, 'n int, kind text')} order by r.n returning id::text`,
    )
    const wanted = groups.flatMap(({ keys }, index) =>
      keys.map((key) => ({ ...key, id: created[index]?.id })),
    )
    // In key order, so that two batches that make the same keys wait for one another and do not deadlock.
    const named = await prepared<{ id: string }>(
      db,
      sql`
      insert into subject_keys (timeline, name, value, subject_id)
      select ${timeline}, r.name, r.value, r.id from ${rows(wanted, `${KEYS}, id int8`)}
      order by r.name, r.value on conflict do nothing returning subject_id::text as id`,
    )
    if (named.length === wanted.length) return
    // A key that somebody else has just taken says whose subject it is: the others go there too, with no merge later.
    const ids = created.flatMap(({ id }, index) => {
      const own = named.filter((key) => key.id === id).length
      return own < (groups[index]?.keys.length ?? 0) ? [id] : []
    })
    await db.execute(sql`delete from subject_keys where subject_id = any(${idList(ids)})`)
    await db.execute(sql`delete from subjects where id = any(${idList(ids)})`)
  },

  async addKeys(timeline, keys) {
    const list = keys.map(({ key, subjectId }) => ({ ...key, id: subjectId }))
    const added = await prepared(
      db,
      sql`
      insert into subject_keys (timeline, name, value, subject_id)
      select ${timeline}, r.name, r.value, r.id from ${rows(list, `${KEYS}, id int8`)}
      order by r.name, r.value on conflict do nothing returning value`,
    )
    return added.length === keys.length
  },

  async lockSubjects(ids) {
    if (ids.length === 0) return []
    const found = await prepared<{ id: string; timeline: string; kind: string }>(
      db,
      sql`
      select id::text, timeline, kind from subjects
      where id = any(${idList(ids)}) and merged_into is null
      order by subjects.id for update`,
    )
    return loadSubjects(db, [...found])
  },

  async subjectsOfObjects(timeline, names) {
    if (names.length === 0) return []
    // Index subject_objects_object.
    const found = await prepared<{
      system: string
      type: string
      external_id: string
      subject_id: string
    }>(
      db,
      sql`
      select so.system, so.type, so.external_id, so.subject_id::text
      from ${rows(byKind(names), KINDS)}
      cross join lateral (
        select system, type, external_id, subject_id from subject_objects so
        where so.timeline = ${timeline} and so.system = r.system and so.type = r.type
          and so.external_id = any(r.ends) offset 0) so`,
    )
    return found.map(({ system, type, external_id, subject_id }) => ({
      object: { system, type, externalId: external_id },
      subjectId: subject_id,
    }))
  },

  mergeSubjects: (into, from, at) => mergeSubjects(db, Number(into), Number(from), at),

  async knownVersions(timeline, names) {
    if (names.length === 0) return new Map()
    const found = await prepared<{
      system: string
      type: string
      external_id: string
      version: number
      hash: string
    }>(
      db,
      sql`
      select o.system, o.type, o.external_id, o.version, o.hash from ${rows(byKind(names), KINDS)}
      cross join lateral (
        select * from objects o
        where o.timeline = ${timeline} and o.system = r.system and o.type = r.type and o.external_id = any(r.ends)
        offset 0) o`,
    )
    return new Map(
      found.map((row) => [
        objectId({ system: row.system, type: row.type, externalId: row.external_id }),
        { version: Number(row.version), hash: row.hash },
      ]),
    )
  },

  async loadObjects(timeline, names) {
    const found = await prepared(
      db,
      sql`
      select ${OBJECT_FIELDS} from (
        select distinct r.system, r.type, r."externalId" from ${rows(names.map(nameOnly), NAME)} order by 1, 2, 3) n
      cross join lateral (
        select * from objects o
        where o.timeline = ${timeline} and o.system = n.system and o.type = n.type and o.external_id = n."externalId"
        limit 1 for update) o`,
    )
    return found.map(parseObject)
  },

  async saveObjects(timeline, objects, fresh) {
    const saved = await prepared<{ made: boolean }>(
      db,
      sql`
      insert into objects (timeline, system, type, external_id, role, version, hash, keys, order_class, state, raw_state,
                           quantities, attributes, changed_by, entered_at, first_at, occurred_at, received_at)
      select ${timeline}, r.system, r.type, r."externalId", r.role, r.version, r.hash, r.keys, r."orderClass", r.state,
             r."rawState", r.quantities, r.attributes, r."changedBy", r."enteredAt", r."firstAt", r."occurredAt", r."receivedAt"
      from ${rows(
        objects,
        `system text, type text, "externalId" text, role text, version float8, hash text, keys jsonb, "orderClass" text,
         state text, "rawState" text, quantities jsonb, attributes jsonb, "changedBy" jsonb, "enteredAt" jsonb,
         "firstAt" timestamptz, "occurredAt" timestamptz, "receivedAt" timestamptz`,
      )}
      order by r.system, r.type, r."externalId"
      on conflict (timeline, system, type, external_id) do update set
        role = excluded.role, version = excluded.version, hash = excluded.hash, keys = excluded.keys,
        order_class = excluded.order_class, state = excluded.state, raw_state = excluded.raw_state,
        quantities = excluded.quantities, attributes = excluded.attributes, changed_by = excluded.changed_by,
        entered_at = excluded.entered_at, first_at = excluded.first_at, occurred_at = excluded.occurred_at,
        received_at = excluded.received_at
      -- A row that was there already was locked by this statement, and carries its mark.
      returning xmax = 0 as made`,
    )
    if (saved.filter(({ made }) => made).length < fresh) throw new Overtaken('an object was made meanwhile')
  },

  async linkObjects(timeline, links) {
    const list = links.map(({ subjectId, object }) => ({ subjectId, ...nameOnly(object) }))
    await prepared(
      db,
      sql`
      insert into subject_objects (subject_id, timeline, system, type, external_id)
      select r."subjectId", ${timeline}, r.system, r.type, r."externalId"
      from ${rows(list, `"subjectId" int8, ${NAME}`)} on conflict do nothing`,
    )
  },

  async linkReferences(timeline, links) {
    await prepared(
      db,
      sql`
      insert into subject_links (timeline, name, value, subject_id)
      select distinct ${timeline}, r.name, r.value, r."subjectId"
      from ${rows(links, '"subjectId" int8, name text, value text')} on conflict do nothing`,
    )
  },

  async dueSubjects(timeline, now, limit) {
    // Index expectations_due.
    const found = await db.execute<{ id: string }>(sql`
      select distinct d.subject_id::text as id from (
        select subject_id from expectations where timeline = ${timeline} and next_check_at <= ${now.toISOString()}::timestamptz
        order by next_check_at limit ${limit}) d`)
    return found.map(({ id }) => id)
  },

  async wakeWaiting(timeline, upTo, now) {
    // Index expectations_waiting. What another transaction has in hand is looked at by that one.
    await db.execute(sql`
      update expectations e set next_check_at = ${now.toISOString()}::timestamptz from (
        select subject_id, contract from expectations
        where timeline = ${timeline} and waiting_for is not null and due_at <= ${upTo.toISOString()}::timestamptz
          and next_check_at > ${now.toISOString()}::timestamptz
        for update skip locked) w
      where e.subject_id = w.subject_id and e.contract = w.contract`)
  },

  async postponeSubject(subjectId, now, until, why) {
    await db
      .update(expectations)
      .set({ nextCheckAt: until, waitingFor: why })
      .where(and(eq(expectations.subjectId, Number(subjectId)), lte(expectations.nextCheckAt, now)))
  },
})
