import { and, eq, inArray, ne, or, sql } from 'drizzle-orm'
import type { PersonTx } from '../app/ports.ts'
import type { Executor } from './connect.ts'
import { identities, persons } from './schema.ts'

export const personTx = (db: Executor): PersonTx => ({
  async personOf(known, name, named, at) {
    const find = async () => {
      const [found] = await db
        .select({ id: persons.id, name: persons.name })
        .from(identities)
        .innerJoin(persons, eq(persons.id, identities.personId))
        .where(
          or(
            ...known.map((i) =>
              and(eq(identities.surface, i.surface), eq(identities.externalId, i.externalId)),
            ),
          ),
        )
        .orderBy(persons.id)
        .limit(1)
      return found
    }
    const create = async () => {
      // Somebody's first two touches at once are still one person: newcomers queue up.
      await db.execute(sql`select pg_advisory_xact_lock(hashtext('baton_newcomer'))`)
      const met = await find()
      if (met) return met
      const [created] = await db.insert(persons).values({ name, createdAt: at }).returning()
      if (!created) throw new Error('The person was not stored')
      return created
    }
    const person = (await find()) ?? (await create())
    const personId = person.id
    await db
      .insert(identities)
      .values(known.map(({ surface, externalId }) => ({ surface, externalId, personId })))
      .onConflictDoUpdate({
        target: [identities.surface, identities.externalId],
        set: { personId },
        setWhere: ne(identities.personId, personId),
      })
    if (!named || person.name === name) return { id: String(personId), name: person.name }
    await db.update(persons).set({ name }).where(eq(persons.id, personId))
    return { id: String(personId), name }
  },

  async personNames(ids) {
    if (ids.length === 0) return new Map()
    const found = await db
      .select()
      .from(persons)
      .where(inArray(persons.id, ids.map(Number)))
    return new Map(found.map(({ id, name }) => [String(id), name]))
  },
})
