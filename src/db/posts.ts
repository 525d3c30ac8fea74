import { and, eq, sql } from 'drizzle-orm'
import type { PostTx } from '../app/ports.ts'
import { rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { instantOrNull } from './parse.ts'
import { posts } from './schema.ts'

export const postTx = (db: Executor): PostTx => ({
  async wantPosts(wanted, at) {
    const fresh = wanted.filter(({ show }) => show === 'fresh')
    if (fresh.length > 0) {
      await db.execute(sql`
        update posts p set ref = null, posted_revision = 0
        from ${rows(fresh, 'card text, surface text')}
        where p.card = r.card and p.surface = r.surface`)
    }
    await db.execute(sql`
      insert into posts (card, surface, channel, desired_revision, next_attempt_at)
      select r.card, r.surface, r.channel, r.revision, ${at.toISOString()}::timestamptz
      from ${rows(wanted, 'card text, surface text, channel text, revision int, show text')}
      where r.show <> 'where_shown'
        or exists (select 1 from posts p where p.card = r.card and p.surface = r.surface)
      on conflict (card, surface) do update set
        desired_revision = greatest(posts.desired_revision, excluded.desired_revision)`)
  },

  async leasePost(surface, by, now, leaseMs) {
    const at = now.toISOString()
    const until = new Date(now.getTime() + leaseMs).toISOString()
    // Index posts_due; skip locked: two dispatchers never wait for one another, nor take the same post.
    const [found] = await db.execute<{ card: string }>(sql`
      update posts p set lease_by = ${by}, lease_until = ${until}::timestamptz
      from (select card, surface from posts
            where surface = ${surface} and desired_revision > posted_revision
              and next_attempt_at <= ${at}::timestamptz
              and (lease_until is null or lease_until <= ${at}::timestamptz)
            order by next_attempt_at, length(card), card limit 1 for update skip locked) due
      where p.card = due.card and p.surface = due.surface
      returning p.card`)
    if (!found) return null
    const [post] = await db
      .select()
      .from(posts)
      .where(and(eq(posts.surface, surface), eq(posts.card, found.card)))
    return post ?? null
  },

  async nextPostAt(surface) {
    const [found] = await db.execute<{ at: string | null }>(sql`
      select min(greatest(next_attempt_at, coalesce(lease_until, next_attempt_at)))::text as at
      from posts where surface = ${surface} and desired_revision > posted_revision`)
    return instantOrNull(found?.at ?? null)
  },

  async savePost({ card, surface }, by, { ref, channel, postedRevision, nextAttemptAt, problem }) {
    await db
      .update(posts)
      .set({
        ref,
        channel,
        postedRevision,
        nextAttemptAt,
        problem,
        attempts: problem === null ? 0 : sql`attempts + 1`,
        leaseBy: null,
        leaseUntil: null,
      })
      .where(and(eq(posts.card, card), eq(posts.surface, surface), eq(posts.leaseBy, by)))
  },
})
