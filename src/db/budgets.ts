import { and, eq, sql } from 'drizzle-orm'
import type { DeliveryTx } from '../app/ports.ts'
import type { Budget } from '../app/surface.ts'
import { rows } from './bulk.ts'
import type { Executor } from './connect.ts'
import { instantOrNull } from './parse.ts'
import { deliveryTroubles, posts, strayPosts } from './schema.ts'

/** The time in which one call comes back, in ms. */
const costMs = ({ perMs }: Budget): number => 1 / perMs

/** What is kept for clicks: a third of what may be called at once. */
const kept = ({ capacity }: Budget): number => Math.floor(capacity / 3)

/**
 * Budgets are buckets in one timestamp (the generic cell rate algorithm): `full_at` is when the bucket is whole again, a
 * call moves it on by `cost_ms`, and may be made while it lies no further ahead than the rest of the bucket, `room_ms`.
 */
const needed = (surface: string, budgets: Budget[], isClick: boolean) =>
  budgets
    .map((budget) => ({
      surface,
      key: budget.key,
      cost_ms: costMs(budget),
      room_ms: (budget.capacity - 1 - (isClick ? 0 : kept(budget))) * costMs(budget),
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))

const COLUMNS = 'surface text, key text, cost_ms float8, room_ms float8'
const ms = (column: string) => sql.raw(`make_interval(secs => ${column} / 1000)`)

export const budgetTx = (db: Executor): DeliveryTx => ({
  async takeBudgets(surface, budgets, now, isClick) {
    if (budgets.length === 0) return null
    const at = sql`${now.toISOString()}::timestamptz`
    const asked = rows(needed(surface, budgets, isClick), COLUMNS)
    // So that there is a row to lock; by their keys in order, as everybody does.
    await db.execute(sql`
      insert into rate_budgets (surface, key, full_at) select r.surface, r.key, ${at} from ${asked}
      on conflict do nothing`)
    const [taken] = await db.execute<{ free_at: string | null }>(sql`
      with asked as (select * from ${asked}),
      locked as (
        select b.surface, b.key, b.full_at, asked.cost_ms, asked.room_ms
        from rate_budgets b join asked using (surface, key) order by b.key for update of b),
      free as (select max(full_at - ${ms('room_ms')}) as at from locked),
      spent as (
        update rate_budgets b set
          full_at = case when free.at <= ${at} then greatest(b.full_at, ${at}) + ${ms('locked.cost_ms')} else b.full_at end,
          waits = b.waits + case when free.at > ${at} and b.full_at - ${ms('locked.room_ms')} = free.at then 1 else 0 end
        from locked, free where b.surface = locked.surface and b.key = locked.key)
      select case when at > ${at} then at end::text as free_at from free`)
    return instantOrNull(taken?.free_at ?? null)
  },

  async restBudget(surface, budget, until, limited) {
    const full = new Date(until.getTime() + (budget.capacity - 1) * costMs(budget)).toISOString()
    await db.execute(sql`
      insert into rate_budgets (surface, key, full_at, limited)
      values (${surface}, ${budget.key}, ${full}::timestamptz, ${limited ? 1 : 0})
      on conflict (surface, key) do update set
        full_at = greatest(rate_budgets.full_at, excluded.full_at),
        limited = rate_budgets.limited + excluded.limited`)
  },

  troubles: (surface) => db.select().from(deliveryTroubles).where(eq(deliveryTroubles.surface, surface)),

  async saveTrouble({ surface, about, words, since, retryAt }) {
    await db
      .insert(deliveryTroubles)
      .values({ surface, about, words, since, retryAt, tellAt: since })
      .onConflictDoUpdate({
        target: [deliveryTroubles.surface, deliveryTroubles.about],
        set: { words, retryAt },
      })
  },

  async endTrouble(surface, about) {
    await db
      .delete(deliveryTroubles)
      .where(and(eq(deliveryTroubles.surface, surface), eq(deliveryTroubles.about, about)))
  },

  async untoldTrouble(now, leaseMs) {
    const [found] = await db.execute<{ surface: string; about: string }>(sql`
      update delivery_troubles t set tell_at = ${new Date(now.getTime() + leaseMs).toISOString()}::timestamptz
      from (select surface, about from delivery_troubles where tell_at <= ${now.toISOString()}::timestamptz
            order by since limit 1 for update skip locked) due
      where t.surface = due.surface and t.about = due.about
      returning t.surface, t.about`)
    if (!found) return null
    const [trouble] = await db
      .select()
      .from(deliveryTroubles)
      .where(and(eq(deliveryTroubles.surface, found.surface), eq(deliveryTroubles.about, found.about)))
    return trouble ?? null
  },

  async toldTrouble({ surface, about }, again) {
    await db
      .update(deliveryTroubles)
      .set({ tellAt: again })
      .where(and(eq(deliveryTroubles.surface, surface), eq(deliveryTroubles.about, about)))
  },

  async pressedPost({ card, surface, ref }, now) {
    const at = sql`${now.toISOString()}::timestamptz`
    // While a writer is at the post, what it posts now goes before what was pressed.
    await db.execute(sql`
      with adopted as (
        update posts set ref = ${ref}, posted_revision = 0, next_attempt_at = ${at}, problem = null
        where card = ${card} and surface = ${surface} and ref is null
          and (lease_until is null or lease_until <= ${at})
        returning 1)
      insert into stray_posts (surface, ref, card, next_attempt_at)
      select surface, ${ref}, card, ${at} from posts
      where card = ${card} and surface = ${surface} and ref is distinct from ${ref}
        and not exists (select 1 from adopted)
      on conflict do nothing`)
    const [post] = await db
      .select({ ref: posts.ref })
      .from(posts)
      .where(and(eq(posts.card, card), eq(posts.surface, surface), eq(posts.ref, ref)))
    return post !== undefined
  },

  async nextStray(surface, now, leaseMs) {
    const at = sql`${now.toISOString()}::timestamptz`
    const until = sql`${new Date(now.getTime() + leaseMs).toISOString()}::timestamptz`
    // While it is not known which message shows the card, none is taken away.
    const [found] = await db.execute<{
      ref: string
      card: string
      channel: string
      is_post: boolean
      attempts: number
    }>(sql`
      update stray_posts s set next_attempt_at = ${until}
      from (select s.surface, s.ref, p.channel, p.ref = s.ref as is_post
            from stray_posts s join posts p on p.card = s.card and p.surface = s.surface
            where s.surface = ${surface} and s.next_attempt_at <= ${at} and p.ref is not null
            order by s.next_attempt_at limit 1 for update of s skip locked) due
      where s.surface = due.surface and s.ref = due.ref
      returning s.ref, s.card, due.channel, due.is_post, s.attempts`)
    if (!found) return null
    const { is_post: isPost, ...stray } = found
    return { ...stray, isPost }
  },

  async settleStray(surface, ref, again) {
    const which = and(eq(strayPosts.surface, surface), eq(strayPosts.ref, ref))
    if (again === null) await db.delete(strayPosts).where(which)
    else await db.update(strayPosts).set({ nextAttemptAt: again.at, attempts: again.attempts }).where(which)
  },

  async nextErrandAt(surface) {
    const [found] = await db.execute<{ at: string | null }>(sql`
      select least(
        (select min(s.next_attempt_at) from stray_posts s join posts p on p.card = s.card and p.surface = s.surface
         where s.surface = ${surface} and p.ref is not null),
        (select min(tell_at) from delivery_troubles where surface = ${surface}))::text as at`)
    return instantOrNull(found?.at ?? null)
  },
})
