import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Keep, Kept } from '../../../src/app/keep.ts'
import type { Log } from '../../../src/app/log.ts'
import type { CommandInput, PressAnswer, PressInput, Surface, SurfaceHost } from '../../../src/app/surface.ts'
import { readSlackConfig, type SlackConfig } from '../../../src/surfaces/slack/config.ts'
import { createSlack, type Timing } from '../../../src/surfaces/slack/index.ts'
import { type SlackDouble, startSlackDouble } from '../../support/slack/double.ts'
import type { Channel, User } from '../../support/slack/world.ts'
import { exceptionCard, homeCard, listCard } from './cards.ts'

const manifestShape = z.object({
  features: z.object({ slash_commands: z.array(z.object({ command: z.string() })) }),
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
  settings: z.object({ event_subscriptions: z.object({ bot_events: z.array(z.string()) }) }),
})

/** What `manifest.yml` declares: the double grants exactly that. */
export function declared(): { scopes: string[]; commands: string[]; events: string[] } {
  const manifest = manifestShape.parse(parse(readFileSync('manifest.yml', 'utf8')))
  return {
    scopes: manifest.oauth_config.scopes.bot,
    commands: manifest.features.slash_commands.map((each) => each.command),
    events: manifest.settings.event_subscriptions.bot_events,
  }
}

const unused = (): never => {
  throw new Error('the surface asked for something that it has no need of')
}

/** Baton's side of the surface: writes down what it is asked, and answers what the test says. */
export class FakeHost implements SurfaceHost {
  readonly presses: PressInput[] = []
  readonly commands: CommandInput[] = []
  /** Whose homes were read. */
  readonly homes: Parameters<SurfaceHost['home']>[0][] = []
  onPress: (input: PressInput, onStored?: () => void) => Promise<PressAnswer> = async () =>
    this.answer('acted', 'Booked.')
  onCommand: SurfaceHost['command'] = async () => ({ card: listCard, text: 'two open' })
  onCard: SurfaceHost['card'] = async () => exceptionCard()
  onHome: SurfaceHost['home'] = async () => homeCard
  /** As Baton does where the pressed card is not the current one; nothing else changes by itself here. */
  onRedraw: SurfaceHost['redraw'] = async (_card, _surface, write) => {
    if (this.#last?.result === 'stale') await write(this.#last.card)
  }
  #last: PressAnswer | null = null
  readonly queries: SurfaceHost['queries'] = {
    listExceptions: unused,
    getException: unused,
    findExceptions: unused,
    drag: unused,
    channels: unused,
    waiting: unused,
    graces: unused,
    groups: unused,
    candidates: unused,
    batch: unused,
    batches: unused,
    group: unused,
    desk: unused,
    today: unused,
    handover: unused,
    followUp: unused,
    episodes: unused,
  }

  answer(result: PressAnswer['result'], message: string, card = exceptionCard()): PressAnswer {
    return { result, message, card }
  }

  press(input: PressInput, onStored?: () => void): Promise<PressAnswer> {
    this.presses.push(input)
    return this.onPress(input, onStored).then((answer) => {
      this.#last = answer
      return answer
    })
  }

  command(input: CommandInput): ReturnType<SurfaceHost['command']> {
    this.commands.push(input)
    return this.onCommand(input)
  }

  card(exception: string): ReturnType<SurfaceHost['card']> {
    return this.onCard(exception)
  }

  home(identity: Parameters<SurfaceHost['home']>[0]): ReturnType<SurfaceHost['home']> {
    this.homes.push(identity)
    return this.onHome(identity)
  }

  redraw(...asked: Parameters<SurfaceHost['redraw']>): Promise<void> {
    return this.onRedraw(...asked)
  }
}

export type Rig = {
  slack: SlackDouble
  host: FakeHost
  surface: Surface
  deliver: NonNullable<Surface['deliver']>
  orders: Channel
  mara: User
  /** Everything logged, as JSON lines. */
  logged: string[]
  /** Where Slack delivers to in HTTP mode. */
  eventsUrl: string
  stop(): Promise<void>
}

export const MODES = ['socket', 'http'] as const
export type Mode = (typeof MODES)[number]

/** Waiting times that a test can live with. The one for acknowledgements is the real one. */
export const QUICK: Partial<Timing> = { pauseMs: 20, maxPauseMs: 100, helloMs: 2_000 }

/** Settings for a double, as an operator would write them. */
export function configFor(slack: SlackDouble, mode: Mode): SlackConfig {
  const config = readSlackConfig({
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_API_URL: slack.apiUrl,
    ...(mode === 'socket'
      ? { SLACK_APP_TOKEN: slack.appToken }
      : { SLACK_SIGNING_SECRET: slack.signingSecret }),
  })
  if (!config) throw new Error('the double was not configured')
  return config
}

export function recordingLog(): { log: Log; logged: string[] } {
  const logged: string[] = []
  const write =
    (level: string) =>
    (fields: object, message: string): void => {
      logged.push(JSON.stringify({ level, ...fields, message }))
    }
  return { log: { info: write('info'), warn: write('warn'), error: write('error') }, logged }
}

const keepsNothing: Kept = { get: unused, list: unused, put: unused, remove: unused, locked: unused }
/** One workspace with a token of its own needs nothing to be remembered, where nobody mentions Baton. */
export const NO_KEEP: Keep = { plain: keepsNothing, secret: keepsNothing }

/** What a single Baton needs to remember: which mentions it has answered. */
export function briefKeep(): Keep {
  const values = new Map<string, unknown>()
  const locked: Kept['locked'] = (kind, key, work) =>
    work(values.get(`${kind}/${key}`) ?? null, async (value) => {
      values.set(`${kind}/${key}`, value)
    })
  return { plain: { ...keepsNothing, locked }, secret: keepsNothing }
}

/** A workspace with a channel and a person, and Baton connected to it for real. */
export async function startRig(
  mode: Mode,
  timing: Partial<Timing> = {},
  /** Baton itself, where what it answers is the promise. */
  real?: SurfaceHost,
  keep = briefKeep(),
): Promise<Rig> {
  const slack = await startSlackDouble(declared())
  const host = new FakeHost()
  const { log, logged } = recordingLog()
  const surface = createSlack(configFor(slack, mode), real ?? host, {
    log,
    keep,
    timing: { ...QUICK, ...timing },
  })
  const app = express()
  surface.routes(app)
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const eventsUrl = `http://127.0.0.1:${port}/slack/events`
  await surface.start()
  if (mode === 'http') {
    await slack.deliverOverHttp(eventsUrl)
  } else {
    await slack.until('Baton connects', () => slack.sockets === 1)
  }
  const { deliver } = surface
  if (!deliver) throw new Error('Slack can post')
  return {
    slack,
    host,
    surface,
    deliver,
    orders: slack.addChannel('orders'),
    mara: slack.addUser('mara'),
    logged,
    eventsUrl,
    stop: async () => {
      await surface.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await slack.stop()
    },
  }
}

/** Posts the exception's card, and answers its timestamp. */
export async function postCard({ deliver, orders, slack }: Rig, card = exceptionCard()): Promise<string> {
  const posted = await deliver.post(orders.id, card)
  if (!posted.ok) throw new Error(`the card was not posted: ${posted.failure.words}`)
  const ts = slack.see(orders).at(-1)?.ts
  if (!ts) throw new Error('nothing was posted')
  return ts
}

/** A promise that the test settles when it wants to. */
export function held<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve: (value) => resolve(value) }
}
