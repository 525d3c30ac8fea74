import { z } from 'zod'

/**
 * Changes that end before the newest one read are read again: a row becomes visible only when its transaction ends, and
 * that may be after a later one's.
 */
const OVERLAP_MS = 120_000

const instant = z.iso.datetime()

/** How far a list has been read that comes with its oldest change first. `at` and `skip` only in the middle of a walk. */
export const walkCursor = z.object({
  since: instant.nullable(),
  at: instant.optional(),
  skip: z.number().int().nonnegative().optional(),
})
type WalkCursor = z.infer<typeof walkCursor>
export const WALK_START: WalkCursor = { since: null }

/** What a page brought: all its rows, and when those that could be read had changed. */
type Fetched = { rows: unknown[]; changes: Date[] }

const latestOf = (since: string | null, changes: Date[]): string | null => {
  const times = changes.map((at) => at.getTime())
  if (since !== null) times.push(Date.parse(since))
  return times.length > 0 ? new Date(Math.max(...times)).toISOString() : null
}

/**
 * Reads one page more. A walk goes on from the time of the last row read and not by counting rows: who changes in the
 * meantime moves to the end, and with a count another row would slip through. Only rows of one and the same time are
 * counted.
 */
export const continueWalk = async (
  cursor: WalkCursor,
  limit: number,
  fetch: (window: { from: Date; skip: number; limit: number }) => Promise<Fetched>,
): Promise<{ next: WalkCursor; more: boolean }> => {
  const begin = cursor.since === null ? 0 : Date.parse(cursor.since) - OVERLAP_MS
  const from = cursor.at === undefined ? new Date(begin) : new Date(cursor.at)
  const skip = cursor.skip ?? 0
  const { rows, changes } = await fetch({ from, skip, limit })
  const since = latestOf(cursor.since, changes)
  if (rows.length < limit) return { next: { since }, more: false }
  const last = changes.at(-1)
  const next =
    last && last > from
      ? { since, at: last.toISOString() }
      : { since, at: from.toISOString(), skip: skip + rows.length }
  return { next, more: true }
}

/** How far a list has been read that comes with its newest change first. `top` and `skip` only in the middle of a walk. */
export const levelsCursor = z.object({
  since: instant.nullable(),
  top: instant.optional(),
  skip: z.number().int().nonnegative().optional(),
})
type LevelsCursor = z.infer<typeof levelsCursor>
export const LEVELS_START: LevelsCursor = { since: null }

/** Reads one page more, down to what was known before. Who changes in the meantime moves to the top, for the next walk. */
export const continueLevels = async (
  cursor: LevelsCursor,
  limit: number,
  fetch: (window: { skip: number; limit: number }) => Promise<Fetched>,
): Promise<{ next: LevelsCursor; more: boolean }> => {
  const skip = cursor.skip ?? 0
  const { rows, changes } = await fetch({ skip, limit })
  const top = cursor.top ?? latestOf(cursor.since, changes)
  const floor = cursor.since === null ? Number.NEGATIVE_INFINITY : Date.parse(cursor.since) - OVERLAP_MS
  const last = changes.at(-1)
  const isThrough = rows.length < limit || (last !== undefined && last.getTime() < floor)
  if (isThrough || top === null) return { next: { since: top }, more: false }
  return { next: { since: cursor.since, top, skip: skip + rows.length }, more: true }
}
