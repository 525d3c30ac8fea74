import type { PostRef } from '../../app/surface.ts'

/** A posted message: Teams names it by its conversation (in a channel: the thread that it began) and its own id. */
export type TeamsPost = { conversation: string; message: string }

const SHAPE = /^([^|\s]+)\|([^|\s]+)$/
const THREAD = ';messageid='

/** The one form of a message's name outside this surface: `19:…@thread.tacv2;messageid=17|17`. */
export const encodeRef = ({ conversation, message }: TeamsPost): PostRef => `${conversation}|${message}`

/** Reads what `encodeRef` wrote; null for anything else. */
export const decodeRef = (ref: PostRef): TeamsPost | null => {
  const [, conversation, message] = SHAPE.exec(ref) ?? []
  return conversation && message ? { conversation, message } : null
}

/** The channel (or chat) of a conversation: a thread in a channel is named `<channel>;messageid=<its first message>`. */
export const channelOf = (conversation: string): string => conversation.split(THREAD)[0] ?? conversation

export const threadIn = (channel: string, message: string): string => `${channel}${THREAD}${message}`
