import type { PostRef } from '../../app/surface.ts'

/**
 * A channel; `team` where several workspaces are served: its workspace, or the organisation that installed Baton.
 */
export type SlackChannel = { team?: string; channel: string }
/** A posted message: Slack names it by its channel and its timestamp. */
export type SlackPost = SlackChannel & { ts: string }

const SHAPE = /^(?:([TE][A-Z0-9]+)\/)?([A-Z0-9]+):(\d+\.\d+)$/
const CHANNEL = /^([TE][A-Z0-9]+)\/(.+)$/

/** Reads a channel as baton.yml names it: `C0123`, or `T0123/C0123`. */
export function decodeChannel(name: string): SlackChannel {
  const [, team, channel] = CHANNEL.exec(name) ?? []
  return team && channel ? { team, channel } : { channel: name }
}

export const encodeChannel = ({ team, channel }: SlackChannel): string =>
  team === undefined ? channel : `${team}/${channel}`

/** The one form of a message's name outside this surface: `C0123:1700000000.000100`, `T0123/C0123:1700000000.000100`. */
export const encodeRef = (post: SlackPost): PostRef => `${encodeChannel(post)}:${post.ts}`

/** Reads what `encodeRef` wrote; null for anything else. */
export function decodeRef(ref: PostRef): SlackPost | null {
  const [, team, channel, ts] = SHAPE.exec(ref) ?? []
  return channel && ts ? { ...(team ? { team } : {}), channel, ts } : null
}
