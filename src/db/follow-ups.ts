import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { FollowUp, FollowUpTx } from '../app/follow-up.ts'
import { idList } from './bulk.ts'
import type { Executor } from './connect.ts'
import { followUps, posts } from './schema.ts'

const told = z.array(
  z.object({ surface: z.string(), id: z.string(), kind: z.enum(['person', 'group']), name: z.string() }),
)

export const readFollowUp = async (db: Executor, id: string): Promise<FollowUp | null> => {
  if (!/^\d{1,15}$/.test(id)) return null
  const [row] = await db
    .select()
    .from(followUps)
    .where(eq(followUps.id, Number(id)))
  if (!row) return null
  const { id: _own, tell, ...said } = row
  return { ...said, tell: told.parse(tell) }
}

export const followUpTx = (db: Executor): FollowUpTx => ({
  async insertFollowUp(said) {
    // Index follow_ups_cause: whoever tries the same thing again finds it said.
    const [kept] = await db
      .insert(followUps)
      .values(said)
      .onConflictDoNothing()
      .returning({ id: followUps.id })
    return kept ? String(kept.id) : null
  },

  followUp: (id) => readFollowUp(db, id),

  postsOf: (card) =>
    db.select({ surface: posts.surface, channel: posts.channel }).from(posts).where(eq(posts.card, card)),

  async mentionsOf(persons) {
    if (persons.length === 0) return []
    // Index persons_standing: whoever was joined to somebody since is told as that one.
    const found = await db.execute<{ asked: string; surface: string; id: string; name: string }>(sql`
      select asked.id::text as asked, i.surface, i.external_id as id, s.name from persons asked
      join persons s on s.id = coalesce(asked.merged_into, asked.id)
      join persons own on coalesce(own.merged_into, own.id) = s.id
      join identities i on i.person_id = own.id
      where asked.id = any(${idList(persons)}) order by i.person_id`)
    return persons.map((person) =>
      found
        .filter(({ asked }) => asked === person)
        .map(({ surface, id, name }) => ({ surface, id, kind: 'person' as const, name })),
    )
  },
})
