import { z } from 'zod'
import type { Poller, PollPage } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { EasypostClient, Page } from './client.ts'
import type { EasypostConfig } from './config.ts'
import { parseTrackers } from './tracker.ts'

/*
 * EasyPost lists trackers by when they were made and cannot say which have changed. So every tracker of the last weeks
 * is walked through again and again, a page at a time from the youngest to the oldest, and what is known is known as
 * of the start of the last whole walk. Between two walks a poll reads the youngest page only: new labels.
 */

const instant = z.iso.datetime()
const cursorSchema = z.union([
  /** A walk under way: begun then, and come as far as this tracker; `again`: because another one lost its way. */
  z.object({ walkSince: instant, before: z.string().nullable(), again: z.boolean().optional() }),
  /** Resting: the last whole walk began then. */
  z.object({ walkedSince: instant }),
])
type Cursor = z.infer<typeof cursorSchema>
type Walk = Extract<Cursor, { walkSince: string }>

const readCursor = (text: string | null): Cursor | null => {
  try {
    return cursorSchema.safeParse(JSON.parse(text ?? '')).data ?? null
  } catch {
    return null
  }
}

const placed = z.object({ id: z.string().min(1), created_at: z.iso.datetime({ offset: true }) })

/** The last tracker of the page that can be named: from there the walk goes on. */
const lastOf = ({ trackers }: Page): z.infer<typeof placed> | null => {
  for (const row of [...trackers].reverse()) {
    const parsed = placed.safeParse(row)
    if (parsed.success) return parsed.data
  }
  return null
}

export const createPoller = (client: EasypostClient, config: EasypostConfig, now: () => Date): Poller => {
  const pageOf = (page: Page, cursor: Cursor, more: boolean): PollPage => ({
    ...parseTrackers(config.mode, page.trackers, (index) => `trackers[${index}]`),
    cursor: JSON.stringify(cursor),
    more,
    raw: page.raw,
    ...(page.date ? { sentAt: page.date } : {}),
    ...('walkedSince' in cursor ? { watermark: new Date(cursor.walkedSince) } : {}),
  })

  const step = async (walk: Walk, signal: AbortSignal): Promise<PollPage> => {
    const page = await client.trackers(walk.before, signal)
    const last = lastOf(page)
    if (page.trackers.length > 0 && !last) {
      const words = `${config.name} lists a page on which no tracker has an id and a date: it cannot be read on.`
      throw new SystemError(config.name, 'misconfigured', words)
    }
    const oldestMs = Date.parse(walk.walkSince) - config.watch
    const goesOn = page.hasMore && last && Date.parse(last.created_at) >= oldestMs
    return goesOn
      ? pageOf(page, { ...walk, before: last.id }, true)
      : pageOf(page, { walkedSince: walk.walkSince }, false)
  }

  return {
    // A rest, and the next walk, which may take as long.
    lagMs: 2 * config.walkEvery,
    async changes(text, signal) {
      const at = now()
      const cursor = readCursor(text)
      if (cursor && 'walkedSince' in cursor) {
        const restsUntil = Date.parse(cursor.walkedSince) + config.walkEvery
        if (at.getTime() < restsUntil) return pageOf(await client.trackers(null, signal), cursor, false)
      }
      const fresh: Walk = { walkSince: at.toISOString(), before: null }
      const walk = cursor && 'walkSince' in cursor ? cursor : fresh
      try {
        return await step(walk, signal)
      } catch (error) {
        // The tracker at which it stopped is gone: what was walked so far is walked once more, but not on and on.
        const isLost = error instanceof SystemError && error.failure === 'refused' && walk.before !== null
        const isTried = walk.again && at.getTime() < Date.parse(walk.walkSince) + config.walkEvery
        if (!isLost || isTried) throw error
        return step({ ...fresh, again: true }, signal)
      }
    },
  }
}
