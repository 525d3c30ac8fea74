import { webApi } from '@slack/bolt'
import type { Log } from '../../app/log.ts'
import { Recent } from '../kit/recent.ts'
import { clientOptions } from './client.ts'

/** What Baton acts with in one workspace, or in all those of an organisation. */
export type Bot = {
  token: string
  botId?: string
  botUserId?: string
  /** Null: not known yet. */
  team: string | null
  /** Set where a whole organisation has installed Baton. */
  enterprise: string | null
}

/** Where something happened, or is to happen. */
export type Where = { team: string | null; enterprise?: string | null }

export type Tokens = {
  /** Whose token to use there; without a team, that of the only installation. Throws NotInstalled. */
  bot(where: Where): Promise<Bot>
  /** This token does not work any more: what is remembered of it is read again. */
  doubt(where: Where): void
}

/** Baton has no token for a workspace; the message says what to do. */
export class NotInstalled extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'NotInstalled'
  }
}

/** The one workspace of SLACK_BOT_TOKEN; who its bot is becomes known when Slack is first asked. */
export function fixedToken(
  token: string,
): Tokens & { bot: () => Promise<Bot>; known(me: Partial<Bot>): void } {
  const bot: Bot = { token, team: null, enterprise: null }
  return {
    bot: async () => bot,
    known: (me) => {
      Object.assign(bot, me)
    },
    doubt: () => {},
  }
}

const CLIENTS = 100

/** One client for each token. The SDK writes into its options: every client gets its own. */
export function clientsFor(
  apiUrl: string,
  log: Log,
  timeoutMs: number,
): (token: string | undefined) => webApi.WebClient {
  const clients = new Recent<webApi.WebClient>(CLIENTS)
  return (token = '') => {
    const known = clients.get(token)
    if (known) return known
    const client = new webApi.WebClient(token, clientOptions(apiUrl, log, timeoutMs))
    clients.set(token, client)
    return client
  }
}
