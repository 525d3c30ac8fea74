import { and, eq, sql } from 'drizzle-orm'
import type { SplitTx } from '../app/ports.ts'
import { rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { cannotLinks } from './schema.ts'

const NAME = 'name text, value text'

export const splitTx = (db: Executor): SplitTx => ({
  async cannotLinks(timeline, keys) {
    if (keys.length === 0) return []
    // Primary key cannot_links (timeline, first...) and index cannot_links_second.
    const found = await db.execute<{
      first_name: string
      first_value: string
      second_name: string
      second_value: string
    }>(sql`
      select distinct c.first_name, c.first_value, c.second_name, c.second_value from ${rows(keys, NAME)}
      cross join lateral (
        select * from cannot_links f
        where f.timeline = ${timeline} and f.first_name = r.name and f.first_value = r.value
        union all
        select * from cannot_links s
        where s.timeline = ${timeline} and s.second_name = r.name and s.second_value = r.value
        offset 0) c`)
    return found.map((row) => ({
      stays: { name: row.first_name, value: row.first_value },
      out: { name: row.second_name, value: row.second_value },
    }))
  },

  async saveCannotLinks(timeline, pairs, personId, at) {
    await db
      .insert(cannotLinks)
      .values(
        pairs.map(({ stays, out }) => ({
          timeline,
          firstName: stays.name,
          firstValue: stays.value,
          secondName: out.name,
          secondValue: out.value,
          personId: Number(personId),
          at,
        })),
      )
      .onConflictDoNothing()
  },

  async removeCannotLinks(timeline, pairs) {
    let removed = 0
    for (const { stays, out } of pairs) {
      const gone = await db
        .delete(cannotLinks)
        .where(
          and(
            eq(cannotLinks.timeline, timeline),
            eq(cannotLinks.firstName, stays.name),
            eq(cannotLinks.firstValue, stays.value),
            eq(cannotLinks.secondName, out.name),
            eq(cannotLinks.secondValue, out.value),
          ),
        )
        .returning({ value: cannotLinks.firstValue })
      removed += gone.length
    }
    return removed
  },

  async keysOfValue(timeline, values) {
    // Index subject_keys_value.
    const found = await db.execute<{ name: string; value: string; subject_id: string }>(sql`
      select k.name, k.value, k.subject_id::text from ${rows(
        values.map((value) => ({ value })),
        'value text',
      )}
      join subject_keys k on k.value = r.value where k.timeline = ${timeline}`)
    return found.map(({ name, value, subject_id }) => ({ key: { name, value }, subjectId: subject_id }))
  },

  async unlinkObjects(subjectId, names) {
    const list = names.map(({ system, type, externalId }) => ({ system, type, externalId }))
    await db.execute(sql`
      delete from subject_objects so using ${rows(list, 'system text, type text, "externalId" text')}
      where so.subject_id = ${subjectId}::int8 and so.system = r.system and so.type = r.type
        and so.external_id = r."externalId"`)
  },

  async dropKeys(timeline, keys) {
    await db.execute(sql`
      delete from subject_keys k using ${rows(keys, NAME)}
      where k.timeline = ${timeline} and k.name = r.name and k.value = r.value`)
  },

  async dropReferences(links) {
    await db.execute(sql`
      delete from subject_links l using ${rows(links, `"subjectId" int8, ${NAME}`)}
      where l.subject_id = r."subjectId" and l.name = r.name and l.value = r.value`)
  },
})
