import { z } from 'zod'
import { duration } from '../app/contract-config.ts'
import { GROUP_BY, type Grouping } from '../domain/group.ts'

const between = (least: number, most: number, words: string) =>
  duration.refine((ms) => ms >= least && ms <= most, words)

const written = z.strictObject({
  by: z.array(z.enum(GROUP_BY)).min(1).optional(),
  after: z.int().min(1).max(1_000).optional(),
  wait: between(0, 600_000, 'hold the next ones of a group back for 0s to 10m').optional(),
  interval: between(30_000, 3_600_000, 'redraw a summary every 30s to 1h').optional(),
  repeat: between(600_000, 604_800_000, 'post a summary again after 10m to 7d').optional(),
})

/** How exceptions are grouped: for all channels, or in a channel rule, where it adds to that; `off` = not at all. */
export const groupConfig = z.union([z.literal('off'), written])
type Written = z.output<typeof groupConfig>

/** One storm is one message, and a handful is not a storm. */
export const GROUPING: Grouping = {
  by: ['contract'],
  after: 5,
  waitMs: 30_000,
  intervalMs: 300_000,
  repeatMs: 14_400_000,
}

/** What is written, on top of what holds without it. */
export const groupingOf = (own: Written | undefined, before: Grouping | null): Grouping | null => {
  if (own === undefined) return before
  if (own === 'off') return null
  const { by, after, waitMs, intervalMs, repeatMs } = before ?? GROUPING
  return {
    by: own.by ?? by,
    after: own.after ?? after,
    waitMs: own.wait ?? waitMs,
    intervalMs: own.interval ?? intervalMs,
    repeatMs: own.repeat ?? repeatMs,
  }
}
