import type { Budget, DeliverCall } from '../../app/surface.ts'

/** What Teams accepts, in one table. Sources: reference/teams.md; the value marked «ours» is not documented as a limit. */
export const LIMITS = {
  /** A card, as UTF-8. Some clients have refused cards over 28 KB; a whole message may hold 100 KB of UTF-16. */
  cardBytes: 28 * 1024,
  /** Shown in notifications and in the list of chats («ours»). */
  summary: 500,
  dialog: { title: 64, intro: 1000 },
  mentions: 8,
  /** Teams takes 60. */
  refreshUsers: 12,
  /** An invoke carries the form that was filled in; nothing of Teams' is longer («ours»). */
  bodyBytes: 256 * 1024,
} as const

const SECOND = 1_000

/** What one bot may write into one conversation: so many calls in so many milliseconds. */
const CONVERSATION = [
  { calls: 7, ms: SECOND },
  { calls: 8, ms: 2 * SECOND },
  { calls: 60, ms: 30 * SECOND },
  { calls: 1_800, ms: 3_600 * SECOND },
] as const
/** What one app may call in one tenant. */
const TENANT = { calls: 50, ms: SECOND } as const

/**
 * A window of `calls` in `ms` as a bucket that can never let more through in any such window: half of it at once, the
 * other half spread over the window.
 */
const bucket = (key: string, { calls, ms }: { calls: number; ms: number }): Budget => {
  const capacity = Math.max(1, Math.floor(calls / 2))
  return { key: `${key}/${calls}in${ms / SECOND}s`, capacity, perMs: (calls - capacity) / ms }
}

/** What a call spends. A channel, a person and each of their threads are one conversation to us: never too many. */
export const budgets = (_call: DeliverCall, channel: string): Budget[] => [
  ...CONVERSATION.map((window) => bucket(channel, window)),
  bucket('tenant', TENANT),
]
