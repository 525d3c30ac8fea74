import { z } from 'zod'
import { typed } from './text.ts'

/** Events as Slack sends them, parsed once into what Baton needs of them. */

/** What is listened to. `manifest.yml` asks for the same, by test. */
export const EVENTS = [
  'app_home_opened',
  'app_mention',
  'app_uninstalled',
  'message.im',
  'subteam_members_changed',
  'subteam_updated',
  'tokens_revoked',
] as const

/** Something said to Baton: in a channel with its name, or in the direct messages. */
export type Said = {
  user: { team: string; id: string }
  key: string
  channel: string
  /** Null: the answer goes to the conversation itself. */
  thread: string | null
  text: string
}

const said = z.object({
  team_id: z.string(),
  event_id: z.string(),
  event: z.object({
    user: z.string().optional(),
    user_team: z.string().optional(),
    team: z.string().optional(),
    bot_id: z.string().optional(),
    edited: z.unknown().optional(),
    subtype: z.string().optional(),
    channel: z.string(),
    channel_type: z.string().optional(),
    ts: z.string(),
    thread_ts: z.string().optional(),
    text: z.string().default(''),
  }),
})

/**
 * Throws ZodError on a payload of another shape; null for what is not to be answered: another app or Baton itself (two
 * apps would answer one another for ever), the edit of a message that was answered before, a joining or a deletion.
 */
function readSaid(body: unknown): z.infer<typeof said> | null {
  const { event, ...rest } = said.parse(body)
  const { user, bot_id, edited, subtype } = event
  const byPerson = user !== undefined && bot_id === undefined && edited === undefined
  return byPerson && (subtype === undefined || subtype === 'file_share') ? { event, ...rest } : null
}

const asSaid = ({ event, ...rest }: z.infer<typeof said>, thread: string | null): Said => ({
  user: { team: event.user_team ?? event.team ?? rest.team_id, id: event.user ?? '' },
  key: `event:${rest.event_id}`,
  channel: event.channel,
  thread,
  text: typed(event.text.replace(/^\s*<@[^>]*>/, '')),
})

/** A mention of Baton in a channel: answered in its thread. Null: not to be answered. */
export function readMention(body: unknown): Said | null {
  const read = readSaid(body)
  return read && asSaid(read, read.event.thread_ts ?? read.event.ts)
}

/** A direct message to Baton. Null: not to be answered. */
export function readDirect(body: unknown): Said | null {
  const read = readSaid(body)
  return read?.event.channel_type === 'im' ? asSaid(read, read.event.thread_ts ?? null) : null
}

const opened = z.object({
  team_id: z.string(),
  event: z.object({
    user: z.string(),
    tab: z.string(),
    view: z.object({ hash: z.string() }).optional(),
  }),
})

/** Who opened their App Home, and the version they see; null for another tab. */
export function readHomeOpened(body: unknown): { team: string; user: string; hash: string | null } | null {
  const { team_id, event } = opened.parse(body)
  return event.tab === 'home' ? { team: team_id, user: event.user, hash: event.view?.hash ?? null } : null
}

const ofTeam = z.object({ team_id: z.string(), enterprise_id: z.string().nullish() })

/** The workspace that an event is about. */
export const readTeam = (body: unknown): string => ofTeam.parse(body).team_id

const gone = ofTeam.extend({
  event: z.object({
    type: z.string(),
    tokens: z.object({ bot: z.array(z.string()).optional() }).optional(),
  }),
})

/** The installation whose bot token works no longer; null where only a person's token ended. */
export function readGone(body: unknown): { team: string; enterprise: string | null } | null {
  const { team_id, enterprise_id, event } = gone.parse(body)
  const ended = event.type === 'app_uninstalled' || (event.tokens?.bot ?? []).length > 0
  return ended ? { team: team_id, enterprise: enterprise_id ?? null } : null
}
