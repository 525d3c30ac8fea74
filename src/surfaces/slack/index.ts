import { App, ExpressReceiver, SocketModeReceiver, webApi } from '@slack/bolt'
import { UserError, wordsOf } from '../../app/errors.ts'
import type { Log } from '../../app/log.ts'
import type { Delivered, Surface, SurfaceHost } from '../../app/surface.ts'
import { clientOptions, sdkLogger, TIMEOUT_MS } from './client.ts'
import { EVENTS_PATH, SCOPES, type SlackConfig } from './config.ts'
import { deliveryFailure, refusalOf, tokenWords } from './errors.ts'
import { outcomeOf, within } from './outcome.ts'
import { listen } from './receive.ts'
import { decodeRef, encodeRef } from './ref.ts'
import { renderCard } from './render.ts'
import { SocketLink, type SocketTiming } from './socket.ts'

/** Waiting times; tests shorten them. */
export type Timing = SocketTiming & { ackMs: number; requestMs: number }

const TIMING: Timing = {
  ackMs: 2_500,
  requestMs: TIMEOUT_MS,
  helloMs: 15_000,
  pauseMs: 1_000,
  maxPauseMs: 30_000,
}
/** How long stopping waits for handlers that are under way. */
const STOP_MS = 5_000
/** Interactions carry the message that was pressed; nothing of Slack's is longer. */
const BODY_LIMIT = '1mb'

/** Slack as a surface: cards in channels, `/baton`, mentions; over Socket Mode or over HTTP. */
export function createSlack(
  config: SlackConfig,
  host: SurfaceHost,
  log: Log,
  timing: Partial<Timing> = {},
): Surface {
  const { ackMs, requestMs, ...socketTiming } = { ...TIMING, ...timing }
  // The SDK writes into its options: every client gets its own.
  const options = (): webApi.WebClientOptions => clientOptions(config.apiUrl, log, requestMs)
  const web = new webApi.WebClient(config.botToken, options())
  const receiver = createReceiver(config, log, options())
  const bot: { botId?: string; botUserId?: string } = {}
  const app = new App({
    receiver,
    // Given `authorize`, Bolt asks Slack nothing while it is built: an `auth.test` that failed there would be an
    // unhandled rejection and end the process.
    authorize: async () => ({ botToken: config.botToken, ...bot }),
    convoStore: false,
    logger: sdkLogger(log),
    clientOptions: options(),
  })
  const { idle } = listen(app, { host, web, log, ackMs })
  const link =
    receiver instanceof SocketModeReceiver ? new SocketLink(receiver.client, log, socketTiming) : null

  return {
    id: 'slack',
    routes: (router) => {
      if (receiver instanceof ExpressReceiver) router.use(receiver.router)
    },
    start: async () => {
      try {
        await unlessAway(log, async () => {
          const { bot_id, user_id, missing } = await asking('SLACK_BOT_TOKEN', () => whoAmI(web))
          if (bot_id && user_id) Object.assign(bot, { botId: bot_id, botUserId: user_id })
          if (missing) log.error({ surface: 'slack' }, missing)
        })
        if (link) await unlessAway(log, () => asking('SLACK_APP_TOKEN', () => link.start()))
      } catch (error) {
        await link?.stop()
        throw error
      }
    },
    stop: async () => {
      if (receiver instanceof SocketModeReceiver) receiver.client.removeAllListeners('slack_event')
      await within(outcomeOf(idle()), STOP_MS)
      await link?.stop()
    },
    deliver: {
      post: (channel, card) =>
        delivered(async () => {
          const sent = await web.chat.postMessage({ channel, ...renderCard(card, 'post'), ...QUIET })
          if (!sent.channel || !sent.ts) throw new Error('Slack did not name the message')
          return encodeRef({ channel: sent.channel, ts: sent.ts })
        }),
      update: async (ref, card) => {
        const post = decodeRef(ref)
        if (!post)
          return { ok: false, failure: { is: 'gone', words: 'this is not the name of a Slack message' } }
        return delivered(async () => {
          await web.chat.update({ ...post, ...renderCard(card, 'post') })
          return null
        })
      },
    },
    probe: async () => {
      const { receive, apiUrl } = config
      try {
        const { user, team, missing } = await asking('SLACK_BOT_TOKEN', () => whoAmI(web))
        if (missing) throw new UserError(missing)
        if (receive.by === 'http') return `Slack: @${user} in ${team}, HTTP mode at ${EVENTS_PATH}`
        const socketClient = new webApi.WebClient(receive.appToken, options())
        await asking('SLACK_APP_TOKEN', () => socketClient.apps.connections.open({}))
        return `Slack: @${user} in ${team}, Socket Mode`
      } catch (error) {
        if (error instanceof UserError) throw error
        throw new UserError(`Slack cannot be reached at ${apiUrl}: ${wordsOf(error)}`)
      }
    },
  }
}

/** Links in cards are never unfolded into previews. */
const QUIET = { unfurl_links: false, unfurl_media: false }

function createReceiver(
  config: SlackConfig,
  log: Log,
  options: webApi.WebClientOptions,
): SocketModeReceiver | ExpressReceiver {
  const logger = sdkLogger(log)
  if (config.receive.by === 'http') {
    const { signingSecret } = config.receive
    return new ExpressReceiver({ signingSecret, endpoints: EVENTS_PATH, bodyLimit: BODY_LIMIT, logger })
  }
  return new SocketModeReceiver({
    appToken: config.receive.appToken,
    autoReconnectEnabled: false,
    installerOptions: { clientOptions: options },
    logger,
  })
}

async function delivered<T>(send: () => Promise<T>): Promise<Delivered<T>> {
  const sent = await outcomeOf(send())
  return sent.ok ? sent : { ok: false, failure: deliveryFailure(sent.error) }
}

/** Who the token belongs to, and what to mend if it lacks rights. */
async function whoAmI(web: webApi.WebClient): Promise<webApi.AuthTestResponse & { missing: string | null }> {
  const me = await web.auth.test()
  const granted = me.response_metadata?.scopes
  const lacking = granted ? SCOPES.filter((scope) => !granted.includes(scope)) : []
  const missing = `Slack: the app lacks ${lacking.join(', ')}: add the scope(s) to the app and reinstall it`
  return { ...me, missing: lacking.length > 0 ? missing : null }
}

/** Turns a token that Slack does not accept into words on what to mend; passes other failures on. */
async function asking<T>(setting: string, call: () => Promise<T>): Promise<T> {
  const done = await outcomeOf(call())
  if (done.ok) return done.value
  const refused = refusalOf(done.error)
  const words = refused && tokenWords(refused)
  throw words ? new UserError(`Slack refuses ${setting}: ${words}`) : done.error
}

/**
 * Slack being away is no reason not to start: deliveries wait, and the connection is tried again and again. What
 * somebody must mend is.
 */
async function unlessAway(log: Log, work: () => Promise<void>): Promise<void> {
  const done = await outcomeOf(work())
  if (done.ok) return
  if (done.error instanceof UserError) throw done.error
  log.warn({ surface: 'slack', problem: wordsOf(done.error) }, 'Slack cannot be reached; Baton keeps trying')
}
