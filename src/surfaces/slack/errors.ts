import { webApi } from '@slack/bolt'
import { z } from 'zod'
import type { DeliveryFailure } from '../../app/surface.ts'

/**
 * Every way in which a call to Slack can fail, classified in one place. Nothing here retries: the dispatcher does.
 * Source of the codes: the error tables of chat.postMessage, chat.update and views.open in Slack's API reference.
 */

const seconds = (n: number): number => n * 1000

/** Slack has the message no longer, or will never let this app change it again: a new one must be posted. */
const GONE = new Set([
  'message_not_found',
  'cant_update_message',
  'cant_delete_message',
  'edit_window_closed',
  'no_message_found',
  'thread_not_found',
])

/** What is wrong with the channel, and who can mend it. */
const CHANNEL: Record<string, string> = {
  channel_not_found: 'Slack knows no such channel, or it is private and Baton was not invited',
  not_in_channel: 'Baton is not in this channel: type /invite @Baton there',
  is_archived: 'the channel is archived',
  is_inactive: 'the channel is frozen',
  restricted_action: 'a workspace setting forbids apps to post there',
  restricted_action_read_only_channel: 'the channel is read-only',
  restricted_action_thread_only_channel: 'the channel only takes replies in threads',
  restricted_action_non_threadable_channel: 'the channel takes no messages from apps',
  messages_tab_disabled: 'direct messages to Baton are switched off',
  ekm_access_denied: 'an administrator has suspended posting there',
  cannot_dm_bot: 'a bot cannot be written to',
  user_not_in_channel: 'the person is not in this channel',
}

/** The token does not work, whatever is sent with it. */
const TOKEN: Record<string, string> = {
  not_authed: 'no token was sent',
  invalid_auth: 'the token is not valid: copy it again from the settings of the app',
  token_revoked: 'the token was revoked: reinstall the app and copy the new one',
  token_expired: 'the token has expired: reinstall the app and copy the new one',
  account_inactive: 'the app was removed from the workspace: reinstall it and copy the new token',
  not_allowed_token_type:
    'it is the wrong kind of token: bot tokens begin with xoxb-, app-level tokens with xapp-',
  team_access_not_granted: 'the app has no access to this workspace: install it there',
  org_login_required: 'the workspace is being moved to another organisation: wait until that is done',
}

/** Slack said no without doing anything, and will say yes later. */
const LATER_MS: Record<string, number> = {
  ratelimited: seconds(30),
  rate_limited: seconds(30),
  message_limit_exceeded: seconds(60),
  service_unavailable: seconds(30),
  request_timeout: seconds(5),
  team_added_to_org: seconds(60),
}

/** By their own description these may have happened in part. */
const AMBIGUOUS = new Set(['fatal_error', 'internal_error'])

/** Errors of the network that certainly came before anything was sent. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Says what a failed call means for the post that it was about. */
export function deliveryFailure(error: unknown): DeliveryFailure {
  if (error instanceof webApi.WebAPIRateLimitedError) {
    return {
      is: 'later',
      retryAfterMs: seconds(error.retryAfter),
      words: `Slack asks to wait ${error.retryAfter} s`,
      limited: true,
    }
  }
  const refusal = refusalOf(error)
  if (refusal) return platformFailure(refusal)
  if (error instanceof webApi.WebAPIHTTPError) {
    return error.statusCode >= 500
      ? { is: 'ambiguous', words: `Slack answered HTTP ${error.statusCode}; the message may be there` }
      : { is: 'rejected', words: `Slack, or a proxy before it, answered HTTP ${error.statusCode}` }
  }
  if (error instanceof webApi.WebAPIRequestError && neverSent(error.original)) {
    return { is: 'later', retryAfterMs: seconds(5), words: 'Slack cannot be reached' }
  }
  return { is: 'ambiguous', words: 'the connection to Slack broke; the message may be there' }
}

const refusal = z.object({
  error: z.string(),
  /** The scope that a call would have needed. */
  needed: z.string().optional(),
  /** Which rule of Block Kit was broken, and where. */
  errors: z.array(z.string()).default([]),
})
export type Refusal = z.infer<typeof refusal>

/** What Slack said when it understood a call and refused it; null for any other failure. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof webApi.WebAPIPlatformError)) return null
  const parsed = refusal.safeParse(error.data)
  return parsed.success ? parsed.data : { error: 'unreadable_answer', errors: [] }
}

function platformFailure(refused: Refusal): DeliveryFailure {
  const code = refused.error
  const channel = CHANNEL[code]
  if (channel) return { is: 'channel_unusable', words: channel }
  if (GONE.has(code))
    return { is: 'gone', words: 'the message is no longer there, or no longer ours to change' }
  const retryAfterMs = LATER_MS[code]
  if (retryAfterMs !== undefined) {
    const limited = code.endsWith('limited') ? ({ limited: true } as const) : {}
    return { is: 'later', retryAfterMs, words: `Slack is busy (${code})`, ...limited }
  }
  if (AMBIGUOUS.has(code)) {
    return { is: 'ambiguous', words: `Slack failed inside (${code}); the message may be there` }
  }
  const token = tokenWords(refused)
  if (token) return { is: 'locked_out', words: `Slack refuses Baton: ${token}` }
  // For blocks: which rule was broken, and where. The code alone hides it; content is in neither.
  return { is: 'rejected', words: `Slack refused it: ${[code, ...refused.errors].join('; ')}` }
}

/** What to mend about a token or its rights; null when that is not what Slack refused. */
export function tokenWords(refused: Refusal): string | null {
  if (refused.error === 'missing_scope') {
    return `the token lacks the scope ${refused.needed ?? '(not named)'}: add it to the app and reinstall it`
  }
  return TOKEN[refused.error] ?? null
}

/** The code of a system error, wherever fetch has wrapped it. */
function neverSent(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if ('code' in each && typeof each.code === 'string' && NEVER_SENT.has(each.code)) return true
    if (each instanceof AggregateError && each.errors.length > 0) return each.errors.every(neverSent)
  }
  return false
}
