import type { Setup } from './world.ts'

/** Names of calendars: of single channels, and of all the others (null: none). */
export type Shifts = { channels: ReadonlyMap<string, string>; others: string | null }

/** How long a claim lasts where no calendar says when its shift ends. */
const LEASE_MS = 8 * 3_600_000
const HOUR_MS = 3_600_000

const shiftEnd = ({ calendars, shifts }: Parts, channel: string | null, at: Date): Date | null => {
  const named = (channel === null ? undefined : shifts?.channels.get(channel)) ?? shifts?.others ?? null
  return named === null ? null : (calendars.get(named)?.shiftEnd(at) ?? null)
}

type Parts = Pick<Setup, 'calendars' | 'shifts'>

/** When a claim made at that time ends: with the shift of its channel, else after 8 hours. */
export const claimEnd = (setup: Parts, channel: string | null, claimedAt: Date): Date =>
  shiftEnd(setup, channel, claimedAt) ?? new Date(claimedAt.getTime() + LEASE_MS)

/**
 * Claims of one channel with the same answer are handed over in one message: those of a shift, or without a calendar
 * those that are seen to have ended within one hour. `seenAt`: when Baton looked, which after an outage is hours later.
 */
export const handoverTime = (setup: Parts, channel: string | null, claimedAt: Date, seenAt: Date): Date =>
  shiftEnd(setup, channel, claimedAt) ?? new Date(Math.floor(seenAt.getTime() / HOUR_MS) * HOUR_MS)
