import type { PostRef } from '../../app/surface.ts'

/** A posted message: Slack names it by its channel and its timestamp. */
export type SlackPost = { channel: string; ts: string }

const SHAPE = /^([A-Z0-9]+):(\d+\.\d+)$/

/** The one form of a message's name outside this surface: `C0123:1700000000.000100`. */
export const encodeRef = (post: SlackPost): PostRef => `${post.channel}:${post.ts}`

/** Reads what `encodeRef` wrote; null for anything else. */
export function decodeRef(ref: PostRef): SlackPost | null {
  const [, channel, ts] = SHAPE.exec(ref) ?? []
  return channel && ts ? { channel, ts } : null
}
