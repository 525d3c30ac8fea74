import { z } from 'zod'
import type { TeamsConfig } from './config.ts'

/** What Teams delivers, parsed once into what Baton needs of it. Fields that Baton does not use are not looked at. */

const account = z.object({
  id: z.string(),
  name: z.string().optional(),
  aadObjectId: z.string().optional(),
  role: z.string().optional(),
})
const activity = z.object({
  type: z.string(),
  id: z.string().optional(),
  name: z.string().optional(),
  action: z.string().optional(),
  serviceUrl: z.url({ protocol: /^https?$/ }),
  from: account,
  recipient: account.optional(),
  conversation: z.object({
    id: z.string(),
    conversationType: z.string().optional(),
    tenantId: z.string().optional(),
  }),
  channelData: z
    .object({
      tenant: z.object({ id: z.string() }).optional(),
      team: z.object({ id: z.string().optional() }).nullish(),
      channel: z.object({ id: z.string().optional() }).nullish(),
    })
    .nullish(),
  entities: z.array(z.unknown()).nullish(),
  text: z.string().nullish(),
  replyToId: z.string().nullish(),
  value: z.unknown().optional(),
})

export type Place = 'personal' | 'channel' | 'group'

/** Something that happened in Teams, from one person. */
export type Activity = {
  type: string
  id: string
  /** Of an invoke: what is asked for. */
  name: string
  /** Of an installation: `add`, `remove`, ... */
  action: string
  serviceUrl: string
  tenantId: string
  /** Who did it, as Teams says in the signed part; never what a card's data claims. `aad`: in small letters; null: nobody of the directory. */
  from: { id: string; aad: string | null; name: string; isBot: boolean }
  conversation: string
  place: Place
  /** The channel it happened in, also where the conversation is a team as a whole; null elsewhere. */
  channel: string | null
  /** The message that a pressed button stands on. */
  message: string | null
  /** What was typed, without the mention of Baton. */
  text: string
  value: unknown
}

const PLACES: Record<string, Place> = { personal: 'personal', channel: 'channel', groupChat: 'group' }

const mention = z.object({
  type: z.literal('mention'),
  text: z.string(),
  mentioned: z.object({ id: z.string() }),
})

const typedIn = (text: string, entities: unknown[], bot: string | undefined): string => {
  let words = text
  for (const each of entities) {
    const parsed = mention.safeParse(each)
    if (parsed.success && parsed.data.mentioned.id === bot) words = words.replace(parsed.data.text, ' ')
  }
  return words
    .replaceAll('&nbsp;', ' ')
    .replaceAll('\u00a0', ' ')
    .replaceAll(/[\u201c\u201d\u201e]/g, '"')
    .trim()
}

/**
 * Null for what is no activity, and for one of another tenant: Baton belongs to one. In local development whatever
 * tenant is named counts as the configured one.
 */
export function readActivity(body: unknown, { app, tenantId }: TeamsConfig): Activity | null {
  const parsed = activity.safeParse(body)
  if (!parsed.success) return null
  const { from, recipient, conversation, channelData, ...rest } = parsed.data
  const named = channelData?.tenant?.id ?? conversation.tenantId
  if (app !== null && named?.toLowerCase() !== tenantId) return null
  const channel = channelData?.channel?.id ?? channelData?.team?.id
  const place =
    PLACES[conversation.conversationType ?? ''] ?? (channel === undefined ? 'personal' : 'channel')
  return {
    type: rest.type,
    id: rest.id ?? '',
    name: rest.name ?? '',
    action: rest.action ?? '',
    serviceUrl: rest.serviceUrl,
    tenantId,
    from: {
      id: from.id,
      aad: from.aadObjectId?.toLowerCase() ?? null,
      name: from.name ?? '',
      isBot: from.role === 'bot',
    },
    conversation: conversation.id,
    place,
    channel: place === 'channel' ? (channel ?? conversation.id.split(';')[0] ?? null) : null,
    message: rest.replyToId ?? null,
    text: typedIn(rest.text ?? '', rest.entities ?? [], recipient?.id),
    value: rest.value,
  }
}
