import { sql } from 'drizzle-orm'
import type { FoldTx } from '../app/ports.ts'
import { idList, prepared, rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { timelineOf } from './parse.ts'

/*
 * A subject refers to others by its reference keys: to the one that such a key identifies (a purchase order), and by a
 * SKU to the stock of it at every place. Stock is named `SKU@PLACE`; `A` is the character after `@`. Stock itself is
 * one place's: what happens at another place does not explain it.
 */

export const foldTx = (db: Executor): FoldTx => ({
  async possibleRoots(timeline, broken) {
    if (broken.length === 0) return []
    const list = broken.map((each, of) => ({ ...each, of }))
    // Indexes subject_links_subject, subject_keys_pkey, subject_keys_stock, exceptions_one, subject_keys_subject.
    const found = await prepared<{
      of: number
      id: string
      contract: string
      is_same: boolean
      subject_key: string
    }>(
      db,
      sql`
      select r."of", e.id::text, e.contract, e.subject_id = r."subjectId" as is_same, e.subject_key
      from ${rows(list, '"of" int, "subjectId" int8, contracts jsonb, systems jsonb')}
      cross join lateral (
        select r."subjectId" as id
        union select k.subject_id from subject_links l
          cross join lateral (
            select k.subject_id from subject_keys k
            where k.timeline = l.timeline and k.name = l.name and k.value = l.value limit 1) k
          where l.subject_id = r."subjectId"
        union select k.subject_id from subject_links l
          cross join lateral (
            select k.subject_id from subject_keys k
            where k.timeline = l.timeline and k.name = 'stock'
              and k.value ~>=~ (l.value || '@') and k.value ~<~ (l.value || 'A') offset 0) k
          where l.subject_id = r."subjectId" and l.name = 'sku'
            and (select kind from subjects s where s.id = l.subject_id) <> 'stock'
        union select k.subject_id from jsonb_array_elements_text(r.systems) s(name)
          cross join lateral (
            select k.subject_id from subject_keys k
            where k.timeline = ${timeline} and k.name = 'feed' and k.value = s.name limit 1) k
        offset 0) s
      cross join lateral (
        select e.id, e.contract, e.subject_id,
          coalesce((select min(k.value) from subject_keys k where k.subject_id = e.subject_id), '') as subject_key
        from exceptions e
        where e.subject_id = s.id and e.merged_into is null and e.state = 'open' and e.timeline = ${timeline}
          and r.contracts ? e.contract
        offset 0) e`,
    )
    return found.map(({ of, id, contract, is_same, subject_key }) => ({
      of,
      id,
      contract,
      isSame: is_same,
      subjectKey: subject_key,
    }))
  },

  async foldNodes(ids) {
    if (ids.length === 0) return []
    const found = await db.execute<{
      id: string
      subject_id: string
      contract: string
      timeline: string
      state: string
    }>(sql`
      select id::text, subject_id::text, contract, timeline, state from exceptions where id = any(${idList(ids)})`)
    return found.map(({ id, subject_id, contract, timeline, state }) => ({
      id,
      subjectId: subject_id,
      contract,
      timeline: timelineOf(timeline),
      isOpen: state === 'open',
    }))
  },

  async foldedUnder(id, after, limit) {
    // Index exceptions_root.
    const found = await db.execute<{ id: string }>(sql`
      select e.id::text from exceptions e
      where e.root_id = ${id}::int8 and e.state = 'open' and e.id > ${after}::int8 order by e.id limit ${limit}`)
    return found.map((row) => row.id)
  },

  async possibleConsequences({ subjectId, timeline }, contracts, after, limit) {
    // Index exceptions_open_contract: it costs as much as is open, whatever there was before.
    const found = await db.execute<{ id: string }>(sql`
      select e.id::text from jsonb_array_elements_text(${JSON.stringify(contracts)}::jsonb) c(id)
      cross join lateral (
        select e.id, e.subject_id from exceptions e
        where e.timeline = ${timeline} and e.state = 'open' and e.contract = c.id and e.id > ${after}::int8
        offset 0) e
      left join lateral (
        select true as refers from subject_links l
        cross join lateral (
          select 1 from subject_keys k
          where k.subject_id = ${subjectId}::int8
            and ((k.name = l.name and k.value = l.value)
              or (k.name = 'stock' and l.name = 'sku' and starts_with(k.value, l.value || '@')))
          limit 1) k
        where l.subject_id = e.subject_id limit 1) l on true
      where e.subject_id = ${subjectId}::int8 or l.refers
        or (select kind from subjects where id = ${subjectId}::int8) = 'feed'
      order by e.id limit ${limit}`)
    return found.map((row) => row.id)
  },

  async topRoot(id) {
    // Contracts explain each other in no circle, so a chain is no longer than there are contracts.
    const [top] = await db.execute<{ id: string }>(sql`
      with recursive up (id, root_id, step) as (
        select id, root_id, 0 from exceptions where id = ${id}::int8
        union all
        select e.id, e.root_id, up.step + 1 from up join exceptions e on e.id = up.root_id where up.step < 100)
      select id::text from up order by step desc limit 1`)
    return top?.id ?? id
  },
})
