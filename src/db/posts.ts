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

/** A reply stands where its parent does, also where that had to go round its channel. */
const WITH_PARENT = sql.raw(
  'posts left join posts parent on parent.card = posts.under and parent.surface = posts.surface',
)
const CHANNEL = sql.raw(
  'case when posts.ref is null then coalesce(parent.channel, posts.channel) else posts.channel end',
)
/**
 * A reply that is not there yet waits for its parent's message, also while it is not known whether that is still there;
 * and for a reply that is being written there, so that they stand in their order. Whoever writes that takes the next.
 */
const HAS_PLACE = sql.raw(`(posts.under is null or posts.ref is not null
  or (parent.ref is not null and parent.posted_revision > 0 and not exists (
    select 1 from posts before where before.surface = posts.surface and before.under = posts.under
      and before.ref is null and before.lease_by is not null and before.card <> posts.card)))`)

/** Posts that do not wait for their channel's budget. */
const isAwake = (resting: Resting[]): SQL =>
  resting.length === 0
    ? sql`true`
    : sql`not exists (
        select 1 from ${rows(resting, 'channel text, fresh boolean, clicks boolean')}
        where r.channel = ${CHANNEL} and r.fresh = (posts.ref is null) and (r.clicks or posts.priority > 0))`

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
    const want = (list: typeof wanted) =>
      db.execute(sql`
      insert into posts (card, surface, channel, under, desired_revision, priority, next_attempt_at, watched_until)
      select r.card, r.surface, r.channel, r.under, r.revision,
        case r.urgency when 'click' then 0 when 'severe' then 1 when 'progress' then 3 else 2 end,
        case when r.redrawn then ${after(REDRAW_MS)} else ${after(0)} end,
        case r.urgency when 'click' then ${after(WATCH_MS)} end
      from ${rows(list, 'card text, surface text, channel text, under text, revision int, show text, urgency text, redrawn boolean')}
      where (r.show <> 'where_shown'
          or exists (select 1 from posts p where p.card = r.card and p.surface = r.surface))
        and (r.under is null
          or exists (select 1 from posts p where p.card = r.under and p.surface = r.surface))
      on conflict (card, surface) do update set
        under = coalesce(excluded.under, posts.under),
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
    const replies = wanted.filter(({ under }) => under !== undefined)
    if (replies.length < wanted.length) await want(wanted.filter(({ under }) => under === undefined))
    // After the posts that they may stand under.
    if (replies.length > 0) await want(replies)
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
    const [found] = await db.execute<{ card: string; parent_ref: string | null }>(sql`
      update posts p set lease_by = ${by}, lease_until = ${until}::timestamptz, channel = due.channel
      from (select posts.card, posts.surface, ${CHANNEL} as channel, parent.ref as parent_ref from ${WITH_PARENT}
            where posts.surface = ${surface} and posts.desired_revision > posts.posted_revision
              and posts.priority <= ${clicksOnly ? 0 : 3}
              and (posts.ref is not null or not ${changesOnly})
              and posts.next_attempt_at <= ${at}::timestamptz
              and (posts.lease_until is null or posts.lease_until <= ${at}::timestamptz)
              and ${HAS_PLACE} and ${isAwake(resting)}
            order by posts.priority, posts.next_attempt_at, length(posts.card), posts.card
            limit 1 for update of posts skip locked) due
      where p.card = due.card and p.surface = due.surface
      returning p.card, due.parent_ref`)
    if (!found) return null
    const [post] = await db
      .select()
      .from(posts)
      .where(and(eq(posts.surface, surface), eq(posts.card, found.card)))
    return post ? { ...post, parentRef: found.parent_ref } : null
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
      select min(greatest(posts.next_attempt_at, coalesce(posts.lease_until, posts.next_attempt_at)))::text as at
      from ${WITH_PARENT}
      where posts.surface = ${surface} and posts.desired_revision > posts.posted_revision
        and ${HAS_PLACE} and ${isAwake(resting)}`)
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

  async probePost({ card, surface, ref }, at) {
    const isFree = sql`(lease_until is null or lease_until <= ${at.toISOString()}::timestamptz)`
    await db
      .update(posts)
      .set({ postedRevision: 0, nextAttemptAt: at })
      .where(and(eq(posts.card, card), eq(posts.surface, surface), eq(posts.ref, ref), isFree))
  },
})
