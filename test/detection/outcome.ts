import { sql } from 'drizzle-orm'
import { objectId } from '../../src/domain/object.ts'
import type { World } from '../support/world.ts'

/*
 * Where the pipeline has ended, as the database has it: without ids, and only what carries names of one prefix.
 */

const namesIn = (keys: unknown): string[] => (Array.isArray(keys) ? keys.map(String) : [])

/** The subjects of one hearing by their keys, with their objects and what they refer to. */
export const subjectsOf = async (world: World, prefix: string) => {
  const own = sql`s.merged_into is null and exists (
    select 1 from subject_keys k where k.subject_id = s.id and starts_with(k.value, ${prefix}))`
  const rows = await world.rows(sql`
    select s.id::text, s.kind,
      array(select k.name || ' ' || k.value from subject_keys k where k.subject_id = s.id) as keys,
      array(select json_build_array(o.system, o.type, o.external_id)::text from subject_objects o where o.subject_id = s.id)
        as objects,
      array(select l.name || ' ' || l.value from subject_links l where l.subject_id = s.id
        and not exists (select 1 from subject_keys k where k.subject_id = s.id and k.name = l.name and k.value = l.value))
        as links
    from subjects s where ${own}`)
  return rows.map(({ id, kind, keys, objects, links }) => ({
    id: String(id),
    kind,
    keys: namesIn(keys).sort(),
    objects: namesIn(objects)
      .map((name) => JSON.stringify(JSON.parse(name)))
      .sort(),
    references: namesIn(links).sort(),
  }))
}

export type Owed = { contract: string; subject: string; since: Date; dueAt: Date; evidence: string | null }
export const byName = (a: Owed, b: Owed): number =>
  `${a.contract} ${a.subject}` < `${b.contract} ${b.subject}` ? -1 : 1
export const nameOf = ({ kind, keys }: { kind: unknown; keys: string[] }): string =>
  `${kind}: ${keys.join(', ')}`

/** What is waited for, or open, on the subjects of one hearing. */
export const owedOn = async (
  world: World,
  subjects: { id: string; kind: unknown; keys: string[] }[],
  table: 'expectations' | 'exceptions',
): Promise<Owed[]> => {
  const rows = await world.rows(
    table === 'exceptions'
      ? sql`select subject_id::text, contract, since, due_at, evidence from exceptions where state = 'open'`
      : sql`select subject_id::text, contract, since, due_at, null as evidence from expectations`,
  )
  return rows
    .flatMap(({ subject_id, contract, since, due_at, evidence }): Owed[] => {
      const subject = subjects.find(({ id }) => id === subject_id)
      const said = evidence === null ? null : String(evidence)
      const times = { since: new Date(String(since)), dueAt: new Date(String(due_at)) }
      return subject
        ? [{ contract: String(contract), subject: nameOf(subject), ...times, evidence: said }]
        : []
    })
    .sort(byName)
}

/** The objects of one hearing, by name. */
export const objectsOf = async (world: World, prefix: string) => {
  const rows = await world.rows(sql`
    select system, type, external_id from objects where starts_with(external_id, ${prefix})`)
  const names = rows.map(({ system, type, external_id }) => ({
    system: String(system),
    type: String(type),
    externalId: String(external_id),
  }))
  const found = await world.store.transaction((tx) => tx.loadObjects('live', names))
  return new Map(
    found.map((object) => [objectId(object), object] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}
