import { eq, sql } from 'drizzle-orm'
import type { ImportTx } from '../app/ports.ts'
import type { Executor } from './connect.ts'
import { timelineOf } from './parse.ts'
import { imports } from './schema.ts'

export const importTx = (db: Executor): ImportTx => ({
  async loadImport(timeline) {
    const [row] = await db.select().from(imports).where(eq(imports.timeline, timeline)).for('update')
    return row ? { ...row, timeline: timelineOf(row.timeline) } : null
  },

  async saveImport(record) {
    const { timeline: _key, ...set } = record
    await db.insert(imports).values(record).onConflictDoUpdate({ target: imports.timeline, set })
  },

  async subjectsAfter(timeline, after, limit) {
    const found = await db.execute<{ id: string }>(sql`
      select id::text from subjects where timeline = ${timeline} and id > ${after}::int8 and merged_into is null
      order by subjects.id limit ${limit}`)
    return found.map(({ id }) => id)
  },

  async tally(timeline) {
    const found = await db.execute<Record<string, string>>(sql`
      with ex as (
        select contract, count(*) filter (where state = 'healed') as late, count(*) filter (where state = 'open') as open,
               count(*) filter (where state in ('resolved', 'dismissed')) as handled
        from exceptions where timeline = ${timeline} group by contract),
      cc as (select contract, count(*) as conflicts from clock_conflicts where timeline = ${timeline} group by contract)
      select contract, coalesce(late, 0) as late, coalesce(open, 0) as open, coalesce(handled, 0) as handled,
             coalesce(conflicts, 0) as conflicts
      from ex full join cc using (contract) order by contract`)
    return found.map((row) => ({
      contract: row.contract ?? '',
      late: Number(row.late),
      open: Number(row.open),
      handled: Number(row.handled),
      conflicts: Number(row.conflicts),
    }))
  },
})
