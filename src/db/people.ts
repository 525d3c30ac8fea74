import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { PersonTx } from '../app/ports.ts'
import type { KnownIdentity } from '../app/same-person.ts'
import { idList, rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { identities, persons } from './schema.ts'

const standingFor = sql<number>`coalesce(${persons.mergedInto}, ${persons.id})`

/** Identities with their persons, by age. */
const identitiesWhere = async (db: Executor, where: SQL): Promise<KnownIdentity[]> => {
  const found = await db
    .select({ identity: identities, person: persons, standing: standingFor })
    .from(identities)
    .innerJoin(persons, eq(persons.id, identities.personId))
    .where(where)
    .orderBy(persons.id)
  return found.map(({ identity, person, standing }) => ({
    surface: identity.surface,
    externalId: identity.externalId,
    own: String(person.id),
    person: String(standing),
    name: person.name,
    email: identity.email,
    isApart: identity.isApart,
    groups: identity.groups,
    groupsAt: identity.groupsAt,
    linkedBy: person.linkedBy === null ? null : String(person.linkedBy),
    linkedAt: person.linkedAt,
  }))
}

/**
 * The persons that stand for these ids, by the id asked for. Whatever compares persons compares these: two ids that were
 * stored at different times may have become one human since.
 */
export const standingOf = async (
  db: Executor,
  ids: readonly string[],
): Promise<Map<string, { id: string; name: string }>> => {
  if (ids.length === 0) return new Map()
  const found = await db.execute<{ asked: string; id: string; name: string }>(sql`
    select p.id::text as asked, s.id::text as id, s.name
    from persons p join persons s on s.id = coalesce(p.merged_into, p.id) where p.id = any(${idList(ids)})`)
  return new Map(found.map(({ asked, id, name }) => [asked, { id, name }]))
}

/** All ids under which a person is stored: `in (...)`. Index persons_standing. */
export const storedAs = (person: string): SQL =>
  sql`(select id from persons where coalesce(merged_into, id) = ${person}::int8)`

export const personTx = (db: Executor): PersonTx => ({
  // Primary key and index identities_email lead to the persons, index persons_standing to all who are one with them.
  knownPeople: ({ identities: ids, emails }) =>
    identitiesWhere(
      db,
      sql`${standingFor} in (
        select coalesce(p.merged_into, p.id) from identities i join persons p on p.id = i.person_id
        join ${rows(ids, 'surface text, "externalId" text')} on i.surface = r.surface and i.external_id = r."externalId"
        union
        select coalesce(p.merged_into, p.id) from identities i join persons p on p.id = i.person_id
        where i.email in (select jsonb_array_elements_text(${JSON.stringify(emails)}::jsonb)))`,
    ),

  everybody: () => identitiesWhere(db, sql`true`),

  async lockPeople() {
    await db.execute(sql`select pg_advisory_xact_lock(hashtext('baton_newcomer'))`)
  },

  async meet({ surface, externalId }, name, at) {
    const [person] = await db.insert(persons).values({ name, createdAt: at }).returning()
    if (!person) throw new Error('The person was not stored')
    await db.insert(identities).values({ surface, externalId, personId: person.id })
    const own = String(person.id)
    const unknown = {
      email: null,
      isApart: false,
      groups: [],
      groupsAt: null,
      linkedBy: null,
      linkedAt: null,
    }
    return { surface, externalId, own, person: own, name, ...unknown }
  },

  async noteIdentity({ surface, externalId, own, name, email, isApart, groups, groupsAt }) {
    await db
      .update(identities)
      // Once apart, always: also where this was read before somebody else said so.
      .set({ email, isApart: sql`${identities.isApart} or ${isApart}`, groups: [...groups], groupsAt })
      .where(and(eq(identities.surface, surface), eq(identities.externalId, externalId)))
    await db
      .update(persons)
      .set({ name })
      .where(and(eq(persons.id, Number(own)), sql`${persons.name} <> ${name}`))
  },

  async standAs(lists, link) {
    for (const list of lists) {
      const [first] = list
      if (first === undefined) continue
      // In the order of their ids, as everybody locks them. Who joined before under the same one keeps who said so.
      await db.execute(sql`
        with one as (select id from persons where id = any(${idList(list)}) order by id for update)
        update persons p set merged_into = nullif(${first}::int8, p.id),
          linked_by = case when p.id = ${first}::int8 then null else ${link?.by ?? null}::int8 end,
          linked_at = case when p.id = ${first}::int8 then null else ${link?.at.toISOString() ?? null}::timestamptz end
        from one where p.id = one.id and p.merged_into is distinct from nullif(${first}::int8, p.id)`)
    }
  },

  async isAsking(ids) {
    // Index action_runs_unfinished.
    const found = await db.execute(sql`
      select 1 from action_runs
      where state = 'awaiting_approval' and requested_by = any(${idList(ids)}) limit 1`)
    return found.length > 0
  },

  standing: (ids) => standingOf(db, ids),

  async personNames(ids) {
    return new Map([...(await standingOf(db, ids))].map(([asked, { name }]) => [asked, name]))
  },
})
