import { sql } from 'drizzle-orm'
import type { FeedTx } from '../app/ports.ts'
import type { Executor } from './connect.ts'
import { systemState } from './schema.ts'

export const feedTx = (db: Executor): FeedTx => ({
  feeds: () => db.select().from(systemState),

  async saveFeed(feed) {
    // Of two polls at once the slower one must not take back what is known already.
    const watermark = sql`greatest(${systemState.watermark}, excluded.watermark)`
    await db
      .insert(systemState)
      .values(feed)
      .onConflictDoUpdate({ target: systemState.system, set: { ...feed, watermark } })
  },
})
