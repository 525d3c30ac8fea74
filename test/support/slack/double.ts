import { type Clock, ManualClock, wallClock } from '../clock.ts'
import { checkView, isObject, type Json } from './blocks.ts'
import { Deliverer, type Delivery, httpTransport, SocketTransport, sign } from './deliver.ts'
import { CLIENT, type Grant, Grants } from './oauth.ts'
import { appMention, blockActions, event, homeActions, slashCommand, viewSubmission } from './payloads.ts'
import { look, type Seen } from './see.ts'
import { type Fault, SlackServer } from './server.ts'
import { readForm, type SeenView, seeView } from './views.ts'
import {
  BOT,
  type Channel,
  type Group,
  type Message,
  type OpenView,
  TEAM,
  type User,
  World,
} from './world.ts'

/** A message as a person in its channel sees it. */
export type SeenMessage = Seen & {
  ts: string
  from: string
  ephemeral: boolean
  edited: boolean
  thread: string | null
  /** What a notification and a screen reader say. */
  fallback: string
}

export type DoubleOptions = {
  /** What the app's manifest declares; a call, command or event outside it fails as it would in Slack. */
  scopes: string[]
  commands: string[]
  events: string[]
  /** `manual` (the default): time moves only when the test says `wait`. `wall`: for a whole Baton in its own time. */
  clock?: 'manual' | 'wall'
}

/** The scope that an event needs; null = none. */
const EVENT_SCOPES: Record<string, string | null> = {
  app_home_opened: null,
  app_uninstalled: null,
  'message.im': 'im:history',
  subteam_members_changed: 'usergroups:read',
  subteam_updated: 'usergroups:read',
  tokens_revoked: null,
}

/** How long `until` waits, in wall time, before it says what never happened. */
const PATIENCE_MS = 5_000

/**
 * A Slack workspace for tests: a real HTTP and WebSocket server that keeps Slack's rules. Tests act as people
 * do (press, type, submit) and look at what people see.
 */
export async function startSlackDouble(options: DoubleOptions): Promise<SlackDouble> {
  const double = new SlackDouble(options)
  await double.server.start()
  return double
}

export class SlackDouble {
  readonly botToken = 'xoxb-0000-double-bot-token'
  readonly appToken = 'xapp-1-double-app-token'
  readonly client = CLIENT
  readonly signingSecret = '8f742231b10e8888abcd99yyyzzz85a5'
  readonly clock: Clock
  readonly world: World
  readonly server: SlackServer
  readonly grants: Grants
  readonly deliverer: Deliverer
  /** Events that were delivered, by name. */
  readonly deliveredEvents = new Set<string>()
  readonly #sockets: SocketTransport
  readonly #options: DoubleOptions

  constructor(options: DoubleOptions) {
    this.#options = options
    this.clock = options.clock === 'wall' ? wallClock : new ManualClock()
    this.world = new World(this.clock)
    this.deliverer = new Deliverer(this.clock, this.world)
    this.#sockets = new SocketTransport(this.world)
    this.deliverer.transport = this.#sockets
    this.grants = new Grants(this.clock, this.world)
    this.grants.grant(TEAM.id, this.botToken)
    this.server = new SlackServer({
      clock: this.clock,
      world: this.world,
      sockets: this.#sockets,
      grants: this.grants,
      appToken: this.appToken,
      scopes: options.scopes,
    })
  }

  get apiUrl(): string {
    return `${this.server.url()}/api/`
  }

  /** Closes everything, and fails on whatever the app did that Slack would not know, or a fault nobody met. */
  async stop(): Promise<void> {
    await this.server.stop()
    const unmet = this.server.faults.map(
      ({ method, fault }) => `no call met the fault on ${method}: ${fault.is}`,
    )
    const problems = [...this.world.violations, ...unmet]
    if (problems.length > 0) throw new Error(`the Slack double saw:\n- ${problems.join('\n- ')}`)
  }

  /** Resolves as soon as it is true; looks again whenever anything changes here. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    if (isSo()) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        unwatch()
        reject(new Error(`it never happened: ${what}`))
      }, PATIENCE_MS)
      const unwatch = this.world.watch(() => {
        if (!isSo()) return
        clearTimeout(timer)
        unwatch()
        resolve()
      })
    })
  }

  /** Lets time pass: rate windows, trigger ids, response URLs, deadlines and retries. */
  wait(ms: number): void {
    if (!(this.clock instanceof ManualClock)) throw new Error('this double lives by the wall clock')
    this.clock.advance(ms)
  }

  // The workspace.

  addTeam(id: string, name: string): string {
    this.world.teams.push({ id, domain: id.toLowerCase(), name })
    return id
  }

  addGroup(handle: string, users: User[]): Group {
    const group = { id: `S${1000 + this.world.next()}`, handle, users: users.map(({ id }) => id) }
    this.world.groups.push(group)
    return group
  }

  addUser(name: string, more: Partial<Omit<User, 'id' | 'name'>> = {}): User {
    const user = { id: `U${1000 + this.world.next()}`, name, ...more }
    this.world.users.push(user)
    return user
  }

  addChannel(name: string, more: Partial<Omit<Channel, 'name'>> = {}): Channel {
    const id = `C${1000 + this.world.next()}`
    const channel = { id, name, archived: false, private: false, botIsMember: true, ...more }
    this.world.channels.push(channel)
    return channel
  }

  /** What this person sees in a channel, oldest first; without a person, what everyone sees. */
  see(channel: Channel, viewer?: User): SeenMessage[] {
    return this.world.messages
      .filter((each) => each.channel === channel.id)
      .filter((each) => each.visibleTo === null || each.visibleTo === viewer?.id)
      .map((each) => ({
        ...look(each.blocks, each.text),
        ts: each.ts,
        from: each.from,
        ephemeral: each.visibleTo !== null,
        edited: each.edited,
        thread: each.thread,
        fallback: each.text,
      }))
  }

  /** A person deletes a message. */
  deleteMessage(channel: Channel, ts: string): void {
    this.world.remove(this.#message(channel, ts))
  }

  /** The grants of a workspace, oldest first. */
  grantsOf(team: string): Grant[] {
    return this.grants.all.filter((each) => each.team === team)
  }

  revokeTokens(): void {
    this.server.revoked = true
  }

  /** The next call of this method goes wrong; a fault that no call meets fails the test. */
  fault(method: string, fault: Fault): void {
    this.server.faults.push({ method, fault })
  }

  /** Slack finds fault with the next message, whatever it is. */
  refuseBlocks(problem: string): void {
    this.fault('chat.postMessage', { is: 'error', error: 'invalid_blocks', problems: [problem] })
  }

  /** So many of the next sockets open, and then say nothing. */
  set silentSockets(count: number) {
    this.server.silent = count
  }

  calls(method: string): Json[] {
    return this.server.calls.filter((each) => each.method === method).map((each) => each.args)
  }

  get usedScopes(): Set<string> {
    return this.server.usedScopes
  }

  // Deliveries to the app.

  get deliveries(): Delivery[] {
    return this.deliverer.deliveries
  }

  /** How many sockets are open to deliver to. */
  get sockets(): number {
    return this.#sockets.sockets.length
  }

  /** How many were ever opened. */
  get greeted(): number {
    return this.server.greeted
  }

  /** Sends everything to this URL from now on, after Slack's own check that the app answers there. */
  async deliverOverHttp(url: string): Promise<void> {
    const body = JSON.stringify({ type: 'url_verification', token: 'legacy', challenge: 'pumpernickel' })
    const headers = { 'content-type': 'application/json', ...this.sign(body) }
    const answer: unknown = await (await fetch(url, { method: 'POST', headers, body })).json()
    if (!isObject(answer) || answer.challenge !== 'pumpernickel')
      throw new Error(`${url} did not answer the challenge`)
    this.deliverer.transport = httpTransport(url, this.signingSecret, this.clock)
  }

  /** Signature headers for a body of the test's own making. */
  sign(body: string, secret = this.signingSecret, at = this.clock.now()): Record<string, string> {
    return sign(secret, Math.floor(at / 1000), body)
  }

  /** Asks every socket to reconnect, as Slack does every few hours. */
  refreshSockets(): void {
    for (const socket of this.#sockets.sockets) {
      socket.send(
        JSON.stringify({ type: 'disconnect', reason: 'refresh_requested', debug_info: { host: 'applink' } }),
      )
    }
  }

  /** The network drops: sockets end without a goodbye. */
  dropSockets(): void {
    for (const socket of [...this.#sockets.sockets]) socket.terminate()
  }

  redeliver(delivery: Delivery): Promise<Delivery> {
    return this.deliverer.redeliver(delivery)
  }

  // What people do.

  /**
   * Presses a button or picks a menu entry by its label (or action id). A button that asks for confirmation must
   * be pressed with `confirmed`, and only such a one.
   */
  press(channel: Channel, ts: string, label: string, user: User, confirmed = false): Promise<Delivery> {
    const message = this.#message(channel, ts)
    const { buttons } = look(message.blocks, message.text)
    const button = buttons.find((each) => each.label === label || each.actionId === label)
    if (!button)
      throw new Error(
        `no button «${label}» there, but ${buttons.map((each) => `«${each.label}»`).join(', ') || 'none at all'}`,
      )
    if ((button.confirm !== null) !== confirmed)
      throw new Error(`«${label}» asks: ${button.confirm ?? 'nothing'}`)
    const issued = {
      trigger: this.world.trigger(user.id),
      responseUrl: this.#responseUrl(channel, user, ts),
      actionTs: `${Math.floor(this.clock.now() / 1000)}.${String(this.world.next()).padStart(6, '0')}`,
    }
    return this.deliverer.deliver('interactive', blockActions({ user, channel, message, button }, issued))
  }

  /** What a person sees in their App Home; null before anything was published. */
  homeOf(user: User): Seen | null {
    const home = this.world.homes.get(user.id)
    return home ? look(home.view.blocks, '') : null
  }

  /** Opens the App Home: the app is told which version Slack would show. */
  openHome(user: User, tab = 'home'): Promise<Delivery> {
    const home = this.world.homes.get(user.id)
    const view = home && { ...home.view, id: home.id, hash: home.hash }
    const channel = this.world.direct(user).id
    const of = { type: 'app_home_opened', user: user.id, channel, tab, ...(view ? { view } : {}) }
    return this.event(of, user.team)
  }

  /** Presses a button in the App Home by its label. */
  pressHome(user: User, label: string): Promise<Delivery> {
    const home = this.world.homes.get(user.id)
    const button = this.homeOf(user)?.buttons.find((each) => each.label === label)
    if (!home || !button) throw new Error(`no button «${label}» in the App Home`)
    const actionTs = `${Math.floor(this.clock.now() / 1000)}.${String(this.world.next()).padStart(6, '0')}`
    const issued = { trigger: this.world.trigger(user.id), actionTs }
    return this.deliverer.deliver('interactive', homeActions({ user, home, button }, issued))
  }

  /** Writes to the app in the direct messages with it. */
  writeDirect(text: string, user: User, more: Json = {}): Promise<Delivery> {
    const channel = this.world.direct(user)
    const common = { from: user.id, text, blocks: [], thread: null, visibleTo: null }
    const { ts } = this.world.post({ ...common, channel: channel.id })
    const of = { type: 'message', channel: channel.id, channel_type: 'im', user: user.id, text, ts, ...more }
    return this.event(of, user.team)
  }

  /** Something happens in a workspace; only what the app subscribed to is delivered. */
  event(of: Json & { type: string }, team = TEAM.id): Promise<Delivery> {
    const name = of.type === 'message' ? `message.${String(of.channel_type)}` : of.type
    const needed = EVENT_SCOPES[name]
    if (needed === undefined || !this.#options.events.includes(name))
      throw new Error(`the app is not subscribed to ${name}`)
    if (needed !== null && !this.#options.scopes.includes(needed))
      throw new Error(`${name} needs the scope ${needed}`)
    if (needed !== null) this.server.usedScopes.add(needed)
    this.deliveredEvents.add(name)
    return this.deliverer.deliver('events_api', event(of, `Ev${this.world.next()}`, this.clock.now(), team))
  }

  /** Types a slash command, e.g. `/baton open`. */
  command(typed: string, channel: Channel, user: User): Promise<Delivery> {
    const [command = '', ...words] = typed.split(' ')
    if (!this.#options.commands.includes(command)) throw new Error(`the app has no command ${command}`)
    this.server.usedScopes.add('commands')
    const issued = {
      trigger: this.world.trigger(user.id),
      responseUrl: this.#responseUrl(channel, user, null),
    }
    const payload = slashCommand({ user, channel, command, text: words.join(' ') }, issued)
    return this.deliverer.deliver('slash_commands', payload, (body) => {
      if (body === undefined || body === '') return
      const text = isObject(body) ? String(body.text ?? '') : String(body)
      this.world.post({
        channel: channel.id,
        from: 'app',
        text,
        blocks: [],
        thread: null,
        visibleTo: user.id,
      })
    })
  }

  /** Mentions the app in a channel that it is in; `more` goes into the event. */
  mention(text: string, channel: Channel, user: User, more: Json = {}): Promise<Delivery> {
    const said = `<@${BOT.user}> ${text}`
    const message = this.world.post({
      channel: channel.id,
      from: user.id,
      text: said,
      blocks: [],
      thread: null,
      visibleTo: null,
    })
    if (!channel.botIsMember) throw new Error('Slack sends app_mention only from channels that the app is in')
    if (
      !this.#options.events.includes('app_mention') ||
      !this.#options.scopes.includes('app_mentions:read')
    ) {
      throw new Error('the app is not subscribed to app_mention')
    }
    this.server.usedScopes.add('app_mentions:read')
    this.deliveredEvents.add('app_mention')
    return this.deliverer.deliver('events_api', appMention(message, `Ev${this.world.next()}`, more))
  }

  /** The form that is open on this person's screen. */
  viewOf(user: User): SeenView | null {
    const opened = this.#openView(user)
    return opened ? seeView(opened.view) : null
  }

  /** Fills the open form by its labels and submits it. Refuses what Slack's own form would not let through. */
  submit(user: User, values: Record<string, string>): Promise<Delivery> {
    const opened = this.#openView(user)
    if (!opened) throw new Error(`${user.name} has no form open`)
    const payload = viewSubmission(user, opened, readForm(opened.view, values), this.world.trigger(user.id))
    return this.deliverer.deliver('interactive', payload, (body) => this.#submitted(opened, body))
  }

  /** A person closes the form that is open. */
  closeView(user: User): void {
    const opened = this.#openView(user)
    if (opened) this.world.closeView(opened)
  }

  #submitted(opened: OpenView, body: unknown): void {
    const action = isObject(body) ? body.response_action : undefined
    if (!isObject(body) || action === undefined || action === 'clear') {
      this.world.closeView(opened)
    } else if (action === 'update' && isObject(body.view)) {
      for (const problem of checkView(body.view)) this.world.violation(`response_action update: ${problem}`)
      this.world.updateView(opened, body.view)
    } else if (action === 'errors' && isObject(body.errors)) {
      opened.view.errors = body.errors
      this.world.changed()
    } else {
      this.world.violation(`a response to a form that Slack does not know: ${JSON.stringify(body)}`)
    }
  }

  #openView(user: User): OpenView | undefined {
    return this.world.views.findLast((each) => each.user === user.id)
  }

  #message(channel: Channel, ts: string): Message {
    const message = this.world.message(channel.id, ts)
    if (!message) throw new Error(`no message ${ts} in #${channel.name}`)
    return message
  }

  #responseUrl(channel: Channel, user: User, ts: string | null): string {
    return `${this.server.url()}${this.world.responsePath(channel.id, user.id, ts)}`
  }
}
