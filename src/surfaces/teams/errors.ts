import type { DeliveryFailure } from '../../app/surface.ts'
import { ConnectorRefusal, ConnectorSilence } from './http.ts'

/**
 * Every way in which a call to Teams can fail, classified in one place. Nothing here retries: the dispatcher does.
 * Source of the codes: reference/teams.md, and the status codes of conversational bots in Microsoft's reference.
 */

const seconds = (n: number): number => n * 1_000

/** Where Teams does not say how long to wait: 2 to 6 s, so that those who were turned away together do not return so. */
const jittered = (random: () => number): number => seconds(2) + Math.floor(random() * seconds(4))

/** What is wrong with the channel or the chat, and who can mend it. */
const UNUSABLE: Record<string, string> = {
  MessageWritesBlocked: 'the person has blocked Baton, or nobody may write there',
  BotNotInConversationRoster: 'Baton is not in this team: add the app to it',
  BotDisabledByAdmin: 'an administrator has blocked the app',
  ConversationBlockedByUser: 'the person has blocked Baton',
  ForbiddenOperationException: 'Baton is not installed there: add the app',
  InvalidBotApiHost: 'the team is in another cloud than this bot',
  ConversationNotFound: 'Teams knows no such channel, or Baton is not in its team',
  ThreadNotFound: 'Teams knows no such channel, or it was deleted',
  TenantNotFound: 'Teams knows no such tenant',
}

const GONE = new Set(['ActivityNotFoundInConversation', 'MessageNotFound', 'MessageDeleted'])

/** Says what a failed call means for the post that it was about. `random`: 0 to 1. */
export function deliveryFailure(error: unknown, random: () => number = Math.random): DeliveryFailure {
  if (error instanceof ConnectorRefusal) return refused(error, random)
  if (error instanceof ConnectorSilence) {
    return error.sent
      ? { is: 'ambiguous', words: 'the connection to Teams broke; the message may be there' }
      : { is: 'later', retryAfterMs: seconds(5), words: 'Teams cannot be reached' }
  }
  // Everything before the call is the way to a token: nothing was sent.
  return tokenWords(error) === null
    ? { is: 'later', retryAfterMs: seconds(15), words: 'Microsoft gave Baton no token; it may be away' }
    : { is: 'locked_out', words: `Microsoft refuses Baton: ${tokenWords(error)}` }
}

/** What to mend about the app's credentials; null when that is not what failed. */
export function tokenWords(error: unknown): string | null {
  const words =
    error instanceof Error ? `${'errorCode' in error ? error.errorCode : ''} ${error.message}` : ''
  if (words.includes('AADSTS7000222'))
    return 'MICROSOFT_APP_PASSWORD has run out: make a new client secret for the app, and set it'
  const isRefused = /invalid_client|unauthorized_client|invalid_tenant|AADSTS(700016|7000215|90002)/.test(
    words,
  )
  return isRefused ? 'copy MICROSOFT_APP_ID, MICROSOFT_APP_PASSWORD and MICROSOFT_APP_TENANT_ID again' : null
}

function refused({ status, code, retryAfterMs }: ConnectorRefusal, random: () => number): DeliveryFailure {
  const said = code === '' ? `HTTP ${status}` : `${code}, HTTP ${status}`
  if (GONE.has(code)) return { is: 'gone', words: 'the message is no longer there' }
  const unusable = UNUSABLE[code]
  if (unusable !== undefined) return { is: 'channel_unusable', words: unusable }
  switch (status) {
    case 401:
      return {
        is: 'locked_out',
        words: `Teams does not accept Baton's token (${said}): check the MICROSOFT_APP_ settings`,
      }
    case 403:
      return { is: 'channel_unusable', words: `Baton may not write there (${said}): add the app to the team` }
    case 404:
      return {
        is: 'channel_unusable',
        words: `Teams knows no such place (${said}), or Baton was removed from it`,
      }
    case 408:
      return { is: 'ambiguous', words: `Teams took too long (${said}); the message may be there` }
    case 413:
      return { is: 'rejected', words: `the card is too large for Teams (${said})` }
    case 412:
    case 429:
      return {
        is: 'later',
        retryAfterMs: retryAfterMs ?? jittered(random),
        words: `Teams asks to wait (${said})`,
        limited: true,
      }
    default:
      return status >= 500
        ? { is: 'ambiguous', words: `Teams failed inside (${said}); the message may be there` }
        : { is: 'rejected', words: `Teams refused it: ${said}` }
  }
}
