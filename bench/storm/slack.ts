import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { COMMAND, SCOPES } from '../../src/surfaces/slack/config.ts'
import { EVENTS } from '../../src/surfaces/slack/events.ts'
import { type SlackDouble, startSlackDouble } from '../../test/support/slack/double.ts'
import { look } from '../../test/support/slack/see.ts'
import type { Channel, Message, User } from '../../test/support/slack/world.ts'
import type { Context } from '../context.ts'

/*
 * The Slack workspace of the storm, in a process of its own: what it costs to be Slack is not Baton's, and what Baton
 * does holds up no acknowledgement.
 */

const CHANNELS = ['small', 'middle', 'large'] as const
/** Slack says who somebody is a hundred times a minute. */
const PEOPLE = 40
/** Who sees no card after this time has lost it. */
const PATIENCE_MS = 20_000

type Settings = { apiUrl: string; botToken: string; signingSecret: string; channels: Record<string, string> }
export type SlackReport = {
  /** How often each method was called. */
  calls: Record<string, number>
  tooFast: string[]
  /** When the first message for everybody was there that came after the beginning, in epoch ms. */
  firstCardAt: number | null
  violations: string[]
}
type Asked =
  | { do: 'settings' }
  | { do: 'reach'; url: string }
  | { do: 'greet' }
  | { do: 'begin' }
  | { do: 'press'; exception: string; person: number }
  | { do: 'pressPosted'; turn: number }
  | { do: 'report' }

export type StormSlack = {
  settings(): Promise<Settings>
  /** Delivers what people do to this URL, signed. */
  reach(url: string): Promise<void>
  /** Everybody asks something once, as on any other day: who they are is known then. */
  greet(): Promise<void>
  /** From now on it is the storm: what was posted before is not its first card. */
  begin(): Promise<void>
  /** Somebody opens one exception and says "I'm on it": ms from the press to its acknowledgement; null = Slack gave up. */
  press(exception: string, person: number): Promise<number | null>
  /** Somebody takes, or hands back, what has a message of its own in a channel; answers as `press`. */
  pressPosted(turn: number): Promise<number | null>
  report(): Promise<SlackReport>
}

/** Starts the workspace; it ends with the bench. */
export const openSlack = async (context: Context): Promise<StormSlack> => {
  const child = fork(fileURLToPath(import.meta.url), { detached: true })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code) => {
      for (const { reject } of waiting.values()) reject(new Error(`The workspace ended with code ${code}`))
      resolve()
    })
  })
  context.onEnd(() => {
    child.kill()
    return ended
  })
  child.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
    const asked = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asked?.resolve(value)
    else asked?.reject(new Error(error))
  })
  let asked = 0
  const ask = <T>(what: Asked): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const id = ++asked
      waiting.set(id, { resolve: (value) => resolve(value as T), reject })
      child.send({ id, ...what })
    })
  return {
    settings: () => ask({ do: 'settings' }),
    reach: (url) => ask({ do: 'reach', url }),
    greet: () => ask({ do: 'greet' }),
    begin: () => ask({ do: 'begin' }),
    press: (exception, person) => ask({ do: 'press', exception, person }),
    pressPosted: (turn) => ask({ do: 'pressPosted', turn }),
    report: () => ask({ do: 'report' }),
  }
}

/** Resolves with what `find` finds, as soon as it finds something. */
const seen = <T>({ world }: SlackDouble, what: string, find: () => T | undefined): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(() => reject(new Error(`Nobody saw ${what}`))), PATIENCE_MS)
    const look = (): void => {
      const found = find()
      if (found !== undefined) end(() => resolve(found))
    }
    const unwatch = world.watch(look)
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      unwatch()
      settle()
    }
    look()
  })

/** The button that takes the exception, on a message that only its reader sees. */
const claimOn = (message: Message, exception: string): string | undefined =>
  look(message.blocks, message.text).buttons.find(({ value }) =>
    value.startsWith(`["p","${exception}","claim"`),
  )?.actionId

const channelOf = ({ world }: SlackDouble): Channel => {
  const [channel] = world.channels
  if (!channel) throw new Error('There is no channel')
  return channel
}

const askOnce = async (slack: SlackDouble, user: User): Promise<void> => {
  await slack.command(`${COMMAND} help`, channelOf(slack), user)
  await seen(slack, 'the help', () => slack.world.messages.find(({ visibleTo }) => visibleTo === user.id))
}

const takeOne = async (slack: SlackDouble, exception: string, user: User): Promise<number | null> => {
  const { world } = slack
  const channel = channelOf(slack)
  const before = world.messages.length
  await slack.command(`${COMMAND} open ${exception}`, channel, user)
  const { ts, button } = await seen(slack, `exception ${exception}`, () => {
    for (const message of world.messages.slice(before)) {
      if (message.visibleTo !== user.id) continue
      const button = claimOn(message, exception)
      if (button !== undefined) return { ts: message.ts, button }
    }
    return undefined
  })
  const pressedAt = performance.now()
  const { state } = await slack.press(channel, ts, button, user)
  return state === 'acked' ? performance.now() - pressedAt : null
}

/** The button on an exception's message that takes it, or hands it back: whichever the message shows now. */
const takeOrHandBack = (message: Message): string | undefined =>
  message.visibleTo === null
    ? look(message.blocks, message.text).buttons.find(
        ({ value, confirm }) => confirm === null && /^\["p","\d+","(claim|release)"/.test(value),
      )?.label
    : undefined

const pressPosted = async (slack: SlackDouble, turn: number, user: User): Promise<number | null> => {
  const posted = slack.world.messages.flatMap((message) => {
    const label = takeOrHandBack(message)
    return label === undefined ? [] : [{ message, label }]
  })
  const chosen = posted[turn % posted.length]
  const channel = slack.world.channels.find(({ id }) => id === chosen?.message.channel)
  if (!chosen || !channel) throw new Error('No channel has the message of a single exception')
  const pressedAt = performance.now()
  const { state } = await slack.press(channel, chosen.message.ts, chosen.label, user)
  return state === 'acked' ? performance.now() - pressedAt : null
}

const serve = async (reply: (message: object) => void): Promise<void> => {
  const slack = await startSlackDouble({
    scopes: [...SCOPES],
    commands: [COMMAND],
    events: [...EVENTS],
    clock: 'wall',
  })
  const { world, server } = slack
  const channels = Object.fromEntries(CHANNELS.map((name) => [name, slack.addChannel(name).id]))
  const people = Array.from({ length: PEOPLE }, (_, i) => slack.addUser(`operator ${i + 1}`))
  /** A person does one thing after the other. */
  const busy = new Map<User, Promise<unknown>>()
  /** What this person does comes after whatever they are doing. */
  const inTurn = <T>(person: number, act: (user: User) => Promise<T>): Promise<T> => {
    const user = people[person % people.length]
    if (!user) throw new Error('There is nobody')
    const done = (busy.get(user) ?? Promise.resolve()).then(() => act(user))
    busy.set(
      user,
      done.catch(() => {}),
    )
    return done
  }
  let before = 0
  let firstCardAt: number | null = null
  world.watch(() => {
    if (world.messages.slice(before).some(({ visibleTo }) => visibleTo === null)) firstCardAt ??= Date.now()
  })
  const answer = async (asked: Asked): Promise<unknown> => {
    switch (asked.do) {
      case 'settings': {
        const { apiUrl, botToken, signingSecret } = slack
        return { apiUrl, botToken, signingSecret, channels } satisfies Settings
      }
      case 'reach':
        return slack.deliverOverHttp(asked.url)
      case 'greet':
        for (const user of people) await askOnce(slack, user)
        return null
      case 'begin':
        before = world.messages.length
        firstCardAt = null
        return null
      case 'press':
        return inTurn(asked.person, (user) => takeOne(slack, asked.exception, user))
      case 'pressPosted':
        return inTurn(asked.turn, (user) => pressPosted(slack, asked.turn, user))
      case 'report': {
        const calls: Record<string, number> = {}
        for (const { method } of server.calls) calls[method] = (calls[method] ?? 0) + 1
        const { tooFast } = server
        return { calls, tooFast, firstCardAt, violations: world.violations } satisfies SlackReport
      }
    }
  }
  process.on('message', ({ id, ...asked }: Asked & { id: number }) => {
    answer(asked).then(
      (value) => reply({ id, value }),
      (error: unknown) => reply({ id, error: String(error) }),
    )
  })
}

if (process.send && process.argv[1] === fileURLToPath(import.meta.url)) {
  const reply = process.send.bind(process)
  process.once('disconnect', () => process.exit())
  await serve((message) => reply(message))
}
