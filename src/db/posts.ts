import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { PostTx, Resting } from '../app/ports.ts'
import { rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { instantOrNull } from './parse.ts'
import { posts } from './schema.ts'

/** A change of what is shown waits so long for further ones, so that they cost one call. */
export const QUIET_MS = 3_000
/** So long after a press whoever pressed watches the card for what comes of it. */
const WATCH_MS = 60_000
/** A surface that redraws what was pressed by itself has begun by then. */
export const REDRAW_MS = 2_000

/** Posts that do not wait for their channel's budget. */
const isAwake = (resting: Resting[]): SQL =>
  resting.length === 0
    ? sql`true`
    : sql`not exists (
        select 1 from ${rows(resting, 'channel text, fresh boolean, clicks boolean')}
        where r.channel = posts.channel and r.fresh = (posts.ref is null) and (r.clicks or posts.priority > 0))`

export const postTx = (db: Executor): PostTx => ({
  async wantPosts(wanted, at) {
    const fresh = wanted.filter(({ show }) => show === 'fresh')
    if (fresh.length > 0) {
      await db.execute(sql`
        update posts p set ref = null, posted_revision = 0, channel = r.channel, detour = null, problem = null
        from ${rows(fresh, 'card text, surface text, channel text')}
        where p.card = r.card and p.surface = r.surface`)
    }
    // Drawn at once is what somebody pressed, and what came of it while they watch; any other change of what is shown
    // waits for further ones, and comes last. What failed before keeps its pause.
    const after = (ms: number): SQL => sql`${new Date(at.getTime() + ms).toISOString()}::timestamptz`
    const isWatched = sql`posts.watched_until > ${after(0)}`
    await db.execute(sql`
      insert into posts (card, surface, channel, desired_revision, priority, next_attempt_at, watched_until)
      select r.card, r.surface, r.channel, r.revision,
        case r.urgency when 'click' then 0 when 'severe' then 1 when 'progress' then 3 else 2 end,
        case when r.redrawn then ${after(REDRAW_MS)} else ${after(0)} end,
        case r.urgency when 'click' then ${after(WATCH_MS)} end
      from ${rows(wanted, 'card text, surface text, channel text, revision int, show text, urgency text, redrawn boolean')}
      where r.show <> 'where_shown'
        or exists (select 1 from posts p where p.card = r.card and p.surface = r.surface)
      on conflict (card, surface) do update set
        desired_revision = greatest(posts.desired_revision, excluded.desired_revision),
        priority = least(
          case when posts.desired_revision > posts.posted_revision then posts.priority else 3 end,
          case
            when excluded.priority = 0 then 0
            when ${isWatched} then case excluded.priority when 3 then 1 else 0 end
            when posts.ref is not null then 3
            else excluded.priority end),
        watched_until = greatest(posts.watched_until, excluded.watched_until),
        next_attempt_at = case
          when posts.ref is null and posts.problem is not null then posts.next_attempt_at
          when excluded.priority = 0 then excluded.next_attempt_at
          when posts.desired_revision > posts.posted_revision then posts.next_attempt_at
          when posts.ref is null then excluded.next_attempt_at
          when ${isWatched} then ${after(0)}
          else greatest(posts.next_attempt_at, ${after(QUIET_MS)}) end`)
  },

  async leasePost(
    surface,
    by,
    now,
    leaseMs,
    { resting, clicksOnly, changesOnly } = { resting: [], clicksOnly: false, changesOnly: false },
  ) {
    const at = now.toISOString()
    const until = new Date(now.getTime() + leaseMs).toISOString()
    // Index posts_due; skip locked: two dispatchers never wait for one another, nor take the same post.
    const [found] = await db.execute<{ card: string }>(sql`
      update posts p set lease_by = ${by}, lease_until = ${until}::timestamptz
      from (select card, surface from posts
            where surface = ${surface} and desired_revision > posted_revision
              and priority <= ${clicksOnly ? 0 : 3}
              and (ref is not null or not ${changesOnly})
              and next_attempt_at <= ${at}::timestamptz
              and (lease_until is null or lease_until <= ${at}::timestamptz)
              and ${isAwake(resting)}
            order by priority, next_attempt_at, length(card), card limit 1 for update skip locked) due
      where p.card = due.card and p.surface = due.surface
      returning p.card`)
    if (!found) return null
    const [post] = await db
      .select()
      .from(posts)
      .where(and(eq(posts.surface, surface), eq(posts.card, found.card)))
    return post ?? null
  },

  async dropLease({ card, surface }, by) {
    await db
      .update(posts)
      .set({ leaseBy: null, leaseUntil: null })
      .where(and(eq(posts.card, card), eq(posts.surface, surface), eq(posts.leaseBy, by)))
  },

  async leasePostOf({ card, surface, ref }, by, now, leaseMs) {
    const at = now.toISOString()
    const [post] = await db
      .update(posts)
      .set({ leaseBy: by, leaseUntil: new Date(now.getTime() + leaseMs) })
      .where(
        and(
          eq(posts.card, card),
          eq(posts.surface, surface),
          sql`(lease_until is null or lease_until <= ${at}::timestamptz)`,
          sql`(ref = coalesce(${ref}::text, ref) or (ref is null and ${ref}::text is not null))`,
        ),
      )
      .returning()
    return post ?? null
  },

  async nextPostAt(surface, resting = []) {
    const [found] = await db.execute<{ at: string | null }>(sql`
      select min(greatest(next_attempt_at, coalesce(lease_until, next_attempt_at)))::text as at
      from posts where surface = ${surface} and desired_revision > posted_revision and ${isAwake(resting)}`)
    return instantOrNull(found?.at ?? null)
  },

  async savePost({ card, surface }, by, { nextAttemptAt, problem, ...shown }) {
    const [saved] = await db
      .update(posts)
      .set({
        ...shown,
        nextAttemptAt,
        problem,
        attempts: problem === null ? 0 : sql`attempts + 1`,
        leaseBy: null,
        leaseUntil: null,
      })
      .where(and(eq(posts.card, card), eq(posts.surface, surface), eq(posts.leaseBy, by)))
      .returning({ desired: posts.desiredRevision, posted: posts.postedRevision })
    if (!saved) return 'lost'
    return saved.desired > saved.posted ? 'behind' : 'current'
  },

  async drawAgain({ card, surface, ref }, at) {
    // Without its name a lease is lost to its writer, and until it ends nobody else begins.
    await db
      .update(posts)
      .set({
        postedRevision: 0,
        nextAttemptAt: at,
        leaseBy: null,
        leaseUntil: sql`case when lease_by is not null then lease_until end`,
      })
      .where(and(eq(posts.card, card), eq(posts.surface, surface), eq(posts.ref, ref)))
  },
})
