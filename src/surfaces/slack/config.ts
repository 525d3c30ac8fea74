import { z } from 'zod'
import { UserError } from '../../app/errors.ts'

/** The bot scopes that Baton needs. `manifest.yml` asks for the same, by test. */
export const SCOPES = [
  'app_mentions:read',
  'chat:write',
  'commands',
  'im:history',
  'usergroups:read',
  'users:read',
  'users:read.email',
] as const
export const COMMAND = '/baton'
/** Where Slack delivers in HTTP mode. */
export const EVENTS_PATH = '/slack/events'

/** Where an admin begins to install Baton in a workspace, and where Slack sends them back to. */
export const INSTALL_PATH = '/slack/install'
export const REDIRECT_PATH = '/slack/oauth_redirect'

/** How Baton is installed in several workspaces. */
export type InstallConfig = {
  clientId: string
  clientSecret: string
  stateSecret: string
  /** Ids of the workspaces (T…) and organisations (E…) that may install it. */
  workspaces: readonly string[]
}

export type SlackConfig = {
  /** The token of the only workspace, or how several get theirs. */
  access: { by: 'token'; botToken: string } | ({ by: 'install' } & InstallConfig)
  /** Base of the Web API, with a slash at the end. */
  apiUrl: string
  /** How Slack reaches Baton: over a socket that Baton opens, or by requests to `/slack/events`. */
  receive: { by: 'socket'; appToken: string } | { by: 'http'; signingSecret: string }
}

const set = z.string().trim().min(1)
const settings = z.object({
  SLACK_BOT_TOKEN: set.startsWith('xoxb-', 'is not a bot token: it begins with xoxb-').optional(),
  SLACK_CLIENT_ID: set.optional(),
  SLACK_CLIENT_SECRET: set.optional(),
  SLACK_STATE_SECRET: set.optional(),
  SLACK_WORKSPACES: set
    .transform((ids) => ids.split(/[\s,]+/))
    .refine(
      (ids) => ids.every((id) => /^[TE][A-Z0-9]+$/.test(id)),
      'is not a list of workspace ids like T0123ABCD,T0456EFGH',
    )
    .optional(),
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
  if (!NAMES.some((name) => given[name])) return null
  const parsed = settings.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new UserError(`${String(issue?.path[0])} ${issue?.message}`, 2)
  }
  const { SLACK_APP_TOKEN, SLACK_SIGNING_SECRET, SLACK_API_URL } = parsed.data
  const common = {
    access: accessOf(parsed.data),
    apiUrl: SLACK_API_URL.endsWith('/') ? SLACK_API_URL : `${SLACK_API_URL}/`,
  }
  if (SLACK_APP_TOKEN) return { ...common, receive: { by: 'socket', appToken: SLACK_APP_TOKEN } }
  if (SLACK_SIGNING_SECRET) return { ...common, receive: { by: 'http', signingSecret: SLACK_SIGNING_SECRET } }
  const access = common.access.by === 'token' ? 'SLACK_BOT_TOKEN' : 'SLACK_CLIENT_ID'
  throw new UserError(
    `${access} is set, but not how Slack reaches Baton: set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode)`,
    2,
  )
}

const NAMES = ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET', 'SLACK_CLIENT_ID'] as const

function accessOf(given: z.output<typeof settings>): SlackConfig['access'] {
  const { SLACK_BOT_TOKEN: botToken, SLACK_CLIENT_ID: clientId } = given
  if (botToken && clientId) {
    throw new UserError(
      'SLACK_BOT_TOKEN and SLACK_CLIENT_ID are both set: keep the token for one workspace, or the client id for several',
      2,
    )
  }
  if (botToken) return { by: 'token', botToken }
  if (!clientId)
    throw new UserError('SLACK_BOT_TOKEN is missing: Slack needs it beside the other SLACK_ settings', 2)
  const beside = (name: 'SLACK_CLIENT_SECRET' | 'SLACK_STATE_SECRET'): string => {
    const value = given[name]
    if (value) return value
    throw new UserError(
      `${name} is missing: installing in several workspaces needs it beside SLACK_CLIENT_ID`,
      2,
    )
  }
  return {
    by: 'install',
    clientId,
    clientSecret: beside('SLACK_CLIENT_SECRET'),
    stateSecret: beside('SLACK_STATE_SECRET'),
    workspaces: given.SLACK_WORKSPACES ?? [],
  }
}
