import { App, ExpressReceiver, SocketModeReceiver, webApi } from '@slack/bolt'
import { UserError, wordsOf } from '../../app/errors.ts'
import type { Keep } from '../../app/keep.ts'
import type { Log } from '../../app/log.ts'
import type { Surface, SurfaceHost } from '../../app/surface.ts'
import { type Pause, pauseFor } from '../kit/answering.ts'
import { outcomeOf, within } from '../kit/outcome.ts'
import { clientOptions, sdkLogger, TIMEOUT_MS } from './client.ts'
import { EVENTS_PATH, INSTALL_PATH, SCOPES, type SlackConfig } from './config.ts'
import { createDelivery } from './deliver.ts'
import { createDirectory } from './directory.ts'
import { refusalOf, tokenWords } from './errors.ts'
import { mountInstall } from './install.ts'
import { createInstallations } from './installations.ts'
import { createOnce } from './once.ts'
import { listen } from './receive.ts'
import { encodeChannel } from './ref.ts'
import { SocketLink, type SocketTiming } from './socket.ts'
import { clientsFor, fixedToken, type Tokens } from './tokens.ts'

/** Waiting times; tests shorten them. */
export type Timing = SocketTiming & { ackMs: number; requestMs: number; pause: Pause }

const TIMING: Timing = {
  ackMs: 2_500,
  pause: pauseFor,
  requestMs: TIMEOUT_MS,
  helloMs: 15_000,
  pauseMs: 1_000,
  maxPauseMs: 30_000,
}
/** How long stopping waits for handlers that are under way. */
const STOP_MS = 5_000
/** Interactions carry the message that was pressed; nothing of Slack's is longer. */
const BODY_LIMIT = '1mb'

export type SlackDeps = { log: Log; keep: Keep; clock?: () => Date; timing?: Partial<Timing> }

/** Slack as a surface: cards in channels, `/baton`, mentions, App Home; over Socket Mode or over HTTP. */
export function createSlack(config: SlackConfig, host: SurfaceHost, deps: SlackDeps): Surface {
  const { log, keep, clock = () => new Date() } = deps
  const { ackMs, requestMs, pause, ...socketTiming } = { ...TIMING, ...deps.timing }
  // The SDK writes into its options: every client gets its own.
  const options = (): webApi.WebClientOptions => clientOptions(config.apiUrl, log, requestMs)
  const now = (): number => clock().getTime()
  const clientFor = clientsFor(config.apiUrl, log, requestMs)
  const { access } = config
  const fixed = access.by === 'token' ? fixedToken(access.botToken) : null
  const installed =
    access.by === 'install'
      ? createInstallations({
          config: access,
          keep,
          web: new webApi.WebClient(undefined, options()),
          log,
          now,
        })
      : null
  const tokens: Tokens = fixed ?? installed ?? fixedToken('')
  const receiver = createReceiver(config, log, options())
  const directory = createDirectory(log, now)
  const app = new App({
    receiver,
    // Given `authorize`, Bolt asks Slack nothing while it is built: an `auth.test` that failed there would be an
    // unhandled rejection and end the process.
    authorize: async ({ teamId, enterpriseId, isEnterpriseInstall }) => {
      if (installed && isEnterpriseInstall && teamId && enterpriseId)
        await installed.serves(enterpriseId, teamId)
      const where = { team: teamId ?? null, enterprise: (isEnterpriseInstall && enterpriseId) || null }
      const { token, botId, botUserId } = await tokens.bot(where)
      return { botToken: token, ...(botId ? { botId } : {}), ...(botUserId ? { botUserId } : {}) }
    },
    convoStore: false,
    logger: sdkLogger(log),
    clientOptions: options(),
  })
  const { idle } = listen(app, {
    host,
    log,
    ackMs,
    pause,
    clientFor,
    directory,
    once: createOnce(keep, log, now),
    channelName: (channel, { teamId, enterpriseId, isEnterpriseInstall }) => {
      const team = isEnterpriseInstall ? enterpriseId : teamId
      return encodeChannel(installed && team ? { team, channel } : { channel })
    },
    onGone: async (where) => {
      await installed?.forget(where)
    },
  })
  const link =
    receiver instanceof SocketModeReceiver ? new SocketLink(receiver.client, log, socketTiming) : null

  /** Asks Slack whose the token is; says what to mend. */
  const meet = async (): Promise<webApi.AuthTestResponse & { missing: string | null }> => {
    const { token } = await tokens.bot({ team: null })
    const me = await asking('SLACK_BOT_TOKEN', () => whoAmI(clientFor(token)))
    const { bot_id, user_id, team_id } = me
    if (bot_id && user_id && team_id) fixed?.known({ botId: bot_id, botUserId: user_id, team: team_id })
    return me
  }

  return {
    id: 'slack',
    routes: (router) => {
      if (receiver instanceof ExpressReceiver) router.use(receiver.router)
      if (access.by === 'install' && installed) {
        mountInstall(router, access, { apiUrl: config.apiUrl, store: installed.store, options, log })
      }
    },
    start: async () => {
      if (installed) await proveSecrets(keep)
      try {
        if (fixed) {
          await unlessAway(log, async () => {
            const { missing } = await meet()
            if (missing) log.error({ surface: 'slack' }, missing)
          })
        }
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
    deliver: createDelivery({
      areMany: installed !== null,
      webFor: async (team) => clientFor((await tokens.bot({ team: team ?? null })).token),
      doubt: (team) => tokens.doubt({ team: team ?? null }),
    }),
    probe: () =>
      probing(config.apiUrl, async () => {
        const { receive } = config
        if (receive.by === 'socket') {
          const socketClient = new webApi.WebClient(receive.appToken, options())
          await asking('SLACK_APP_TOKEN', () => socketClient.apps.connections.open({}))
        }
        const mode = receive.by === 'http' ? `HTTP mode at ${EVENTS_PATH}` : 'Socket Mode'
        if (installed) {
          await proveSecrets(keep)
          const names = (await installed.names()).map(({ id, name }) => `${name} (${id})`)
          const where = names.length > 0 ? names.join(', ') : `no workspace yet: open ${INSTALL_PATH}`
          return `Slack: installed in ${where}; ${mode}`
        }
        const { user, team, missing } = await meet()
        if (missing) throw new UserError(missing)
        const groups = await groupWords(clientFor((await tokens.bot({ team: null })).token))
        return `Slack: @${user} in ${team}, ${mode}${groups}`
      }),
  }
}

/** Tokens of installations are only ever kept encrypted. Throws UserError where no key for that was given. */
const proveSecrets = (keep: Keep): Promise<void> => keep.secret.put('check', 'key', {})

/** Says so where roles by user groups cannot work, such as on a plan of Slack without groups. */
async function groupWords(web: webApi.WebClient): Promise<string> {
  const asked = await outcomeOf(web.usergroups.list({}))
  if (asked.ok) return ''
  const problem = refusalOf(asked.error)?.error ?? wordsOf(asked.error)
  return `; user groups cannot be read (${problem}), so roles by groups do nothing there`
}

async function probing(apiUrl: string, look: () => Promise<string>): Promise<string> {
  const looked = await outcomeOf(look())
  if (looked.ok) return looked.value
  if (looked.error instanceof UserError) throw looked.error
  throw new UserError(`Slack cannot be reached at ${apiUrl}: ${wordsOf(looked.error)}`)
}

function createReceiver(
  { receive }: SlackConfig,
  log: Log,
  clientOptions: webApi.WebClientOptions,
): SocketModeReceiver | ExpressReceiver {
  const logger = sdkLogger(log)
  if (receive.by === 'http') {
    const { signingSecret } = receive
    return new ExpressReceiver({ signingSecret, endpoints: EVENTS_PATH, bodyLimit: BODY_LIMIT, logger })
  }
  return new SocketModeReceiver({
    appToken: receive.appToken,
    autoReconnectEnabled: false,
    installerOptions: { clientOptions },
    logger,
  })
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
