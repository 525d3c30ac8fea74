import { and, eq, isNotNull, sql } from 'drizzle-orm'
import type { NameTx } from '../app/ports.ts'
import { type SystemName, systemNameText } from '../domain/names.ts'
import { rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { mappings } from './schema.ts'

export const nameTx = (db: Executor): NameTx => ({
  async mappingsOf(names) {
    // Primary key mappings (kind, system, value).
    const found = await db.execute<{
      kind: 'sku' | 'location'
      system: string
      value: string
      canonical: string
    }>(sql`
      select r.kind, r.system, r.value, m.canonical from ${rows(names, 'kind text, system text, value text')}
      cross join lateral (
        select canonical from mappings m where m.kind = r.kind and m.system = r.system and m.value = r.value
          and m.person_id is not null limit 1) m`)
    return new Map(found.map(({ canonical, ...name }) => [systemNameText(name), canonical]))
  },

  async canonicalNames(kind, limit) {
    const found = await db
      .selectDistinct({ canonical: mappings.canonical })
      .from(mappings)
      .where(eq(mappings.kind, kind))
      .orderBy(mappings.canonical)
      .limit(limit)
    return found.map(({ canonical }) => canonical)
  },

  async saveMapping({ kind, system, value }, canonical, personId, at) {
    const set = { canonical, personId: personId === null ? null : Number(personId), at }
    await db
      .insert(mappings)
      .values({ kind, system, value, ...set })
      .onConflictDoUpdate({ target: [mappings.kind, mappings.system, mappings.value], set })
  },

  async adoptMeanings(meanings, at) {
    // What the file says has no person. Whoever mapped the same name in chat gives way to it.
    const list = rows(meanings, 'kind text, system text, value text, canonical text')
    const changed = await db.execute<SystemName>(sql`
      with said as (select r.* from ${list}), taken as (
        insert into mappings (kind, system, value, canonical, person_id, at)
        select kind, system, value, canonical, null, ${at.toISOString()}::timestamptz from said
        on conflict (kind, system, value) do update
          set canonical = excluded.canonical, person_id = null, at = excluded.at
          where mappings.canonical <> excluded.canonical or mappings.person_id is not null
        returning kind, system, value
      ), gone as (
        delete from mappings m where person_id is null
          and not exists (select 1 from said s where s.kind = m.kind and s.system = m.system and s.value = m.value)
        returning kind, system, value
      )
      select * from (select * from taken union all select * from gone) n
      where exists (select 1 from subject_links l where l.timeline = 'live' and l.name = 'mapping'
        and l.value = n.system || ' ' || n.kind || ' ' || n.value)`)
    return [...changed]
  },

  async forgetMapping({ kind, system, value }) {
    const gone = await db
      .delete(mappings)
      .where(
        and(
          eq(mappings.kind, kind),
          eq(mappings.system, system),
          eq(mappings.value, value),
          isNotNull(mappings.personId),
        ),
      )
      .returning({ canonical: mappings.canonical })
    return gone[0]?.canonical ?? null
  },

  async timesNamed(name, limit) {
    // Primary key subject_links (timeline, name, value, subject_id).
    const [found] = await db.execute<{ n: number }>(sql`
      select count(*)::int as n from (
        select 1 from subject_links where timeline = 'live' and name = 'mapping' and value = ${name} limit ${limit}) l`)
    return found?.n ?? 0
  },

  async subjectsNaming(name, after, limit) {
    // Primary key subject_links (timeline, name, value, subject_id).
    const found = await db.execute<{ id: string }>(sql`
      select subject_id::text as id from subject_links
      where timeline = 'live' and name = 'mapping' and value = ${name} and subject_id > ${after}::int8
      order by subject_id limit ${limit}`)
    return found.map(({ id }) => id)
  },

  async namesStated(after, limit) {
    // Primary key objects (timeline, system, type, external_id).
    const found = await db.execute<{ name: string }>(sql`
      select external_id as name from objects
      where timeline = 'live' and system = 'baton' and type = 'mapping' and external_id > ${after}
      order by external_id limit ${limit}`)
    return found.map(({ name }) => name)
  },
})
