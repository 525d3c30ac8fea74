import { z } from 'zod'
import { UserError } from '../../app/errors.ts'

/** The bot scopes that Baton needs. `manifest.yml` asks for the same, by test. */
export const SCOPES = ['app_mentions:read', 'chat:write', 'commands'] as const
export const COMMAND = '/baton'
/** Where Slack delivers in HTTP mode. */
export const EVENTS_PATH = '/slack/events'

export type SlackConfig = {
  botToken: string
  /** Base of the Web API, with a slash at the end. */
  apiUrl: string
  /** How Slack reaches Baton: over a socket that Baton opens, or by requests to `/slack/events`. */
  receive: { by: 'socket'; appToken: string } | { by: 'http'; signingSecret: string }
}

const set = z.string().trim().min(1)
const settings = z.object({
  SLACK_BOT_TOKEN: set.startsWith('xoxb-', 'is not a bot token: it begins with xoxb-'),
  SLACK_APP_TOKEN: set.startsWith('xapp-', 'is not an app-level token: it begins with xapp-').optional(),
  SLACK_SIGNING_SECRET: set.optional(),
  SLACK_API_URL: z
    .url({ protocol: /^https?$/, error: 'is not an http(s) address' })
    .default('https://slack.com/api/'),
})

/**
 * Reads Slack's settings from the environment; null when Slack is not set up (no token at all).
 * Throws UserError naming the setting and the fix. An empty setting counts as absent.
 */
export function readSlackConfig(env: Record<string, string | undefined>): SlackConfig | null {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()))
  if (!given.SLACK_BOT_TOKEN && !given.SLACK_APP_TOKEN && !given.SLACK_SIGNING_SECRET) return null
  const parsed = settings.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const name = String(issue?.path[0])
    const wrong =
      given[name] === undefined
        ? 'is missing: Slack needs it beside the other SLACK_ settings'
        : issue?.message
    throw new UserError(`${name} ${wrong}`, 2)
  }
  const { SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_SIGNING_SECRET, SLACK_API_URL } = parsed.data
  const common = {
    botToken: SLACK_BOT_TOKEN,
    apiUrl: SLACK_API_URL.endsWith('/') ? SLACK_API_URL : `${SLACK_API_URL}/`,
  }
  if (SLACK_APP_TOKEN) return { ...common, receive: { by: 'socket', appToken: SLACK_APP_TOKEN } }
  if (SLACK_SIGNING_SECRET) return { ...common, receive: { by: 'http', signingSecret: SLACK_SIGNING_SECRET } }
  throw new UserError(
    'SLACK_BOT_TOKEN is set, but not how Slack reaches Baton: set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode)',
    2,
  )
}
