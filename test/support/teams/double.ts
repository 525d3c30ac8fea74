import { randomBytes } from 'node:crypto'
import { type Clock, ManualClock, wallClock } from '../clock.ts'
import { cardOf } from './activity.ts'
import { cardAnswer, dialogAnswer, plainAnswer } from './answers.ts'
import { actionsOf, type FoundAction } from './card-parts.ts'
import type { Asked, Call } from './connector.ts'
import { Deliverer, type Delivery, type OnAnswer } from './deliver.ts'
import { dataWith, type Typed } from './inputs.ts'
import { isObject, type Json, textOf, within } from './json.ts'
import { type Forgery, Signer } from './jwt.ts'
import {
  channelEvent,
  type Envelope,
  installation,
  invoke,
  message,
  submitted,
  type Where,
} from './payloads.ts'
import { lookAtCard, type Seen } from './see.ts'
import { type Fault, TeamsServer } from './server.ts'
import { DoubleCredentials, Tokens } from './tokens.ts'
import { type Channel, conversationId, type Message, type Person, type Team, World } from './world.ts'

/** A message as people see it, or as the one looks who asks. */
export type SeenMessage = Seen & {
  id: string
  /** The conversation that an answer to it goes to. */
  conversation: string
  from: string
  edited: boolean
  /** The post that it answers in a channel. */
  root: string | null
  /** What a notification and a screen reader say. */
  summary: string
}

export type DoubleOptions = {
  /** `manual` (the default): time moves only when the test says `wait`. `wall`: for a whole Baton in its own time. */
  clock?: 'manual' | 'wall'
  /** Whether a refusal by quota carries Retry-After. Off unless told: that is the harder case. */
  saysRetryAfter?: boolean
}

export type PressOptions = {
  inputs?: Typed
  /** The button on the card that the first one shows. */
  then?: string
  token?: Forgery
}

/** How long `until` waits, in wall time, before it says what never happened. */
const PATIENCE_MS = 5_000

/**
 * Microsoft Teams for tests: a real HTTP server that keeps Teams' rules. Tests act as people do (press, fill in a
 * dialog, type) and look at what people see. Say where the bot listens with `deliverTo`.
 */
export async function startTeams(options: DoubleOptions = {}): Promise<TeamsDouble> {
  const double = new TeamsDouble(options)
  await double.server.start()
  return double
}

export class TeamsDouble {
  readonly appPassword = `double~${randomBytes(16).toString('hex')}`
  readonly clock: Clock
  readonly world: World
  readonly tokens: Tokens
  readonly server: TeamsServer
  readonly deliverer: Deliverer
  readonly #signer = new Signer()

  constructor({ clock = 'manual', saysRetryAfter = false }: DoubleOptions) {
    this.clock = clock === 'wall' ? wallClock : new ManualClock()
    this.world = new World(this.clock)
    this.tokens = new Tokens(this.clock)
    const shared = { clock: this.clock, world: this.world, signer: this.#signer }
    this.server = new TeamsServer({
      ...shared,
      tokens: this.tokens,
      password: this.appPassword,
      saysRetryAfter,
    })
    this.deliverer = new Deliverer({ ...shared, serviceUrl: () => this.serviceUrl })
  }

  // What a bot's configuration needs.

  get appId(): string {
    return this.world.bot.appId
  }

  get tenantId(): string {
    return this.world.tenantId
  }

  /** The connector's address, as activities name it. */
  get serviceUrl(): string {
    return this.server.serviceUrl
  }

  get openIdMetadataUrl(): string {
    return `${this.server.url}/.well-known/openidconfiguration`
  }

  get tokenUrl(): string {
    return `${this.server.url}/token`
  }

  /** For `ConfigurationBotFrameworkAuthentication`: the bot's credentials, asked for at this double. */
  get credentials(): DoubleCredentials {
    const { appId, appPassword, tenantId, tokenUrl } = this
    return new DoubleCredentials({ appId, password: appPassword, tenantId, tokenUrl })
  }

  /** Sends everything to this messaging endpoint from now on. */
  deliverTo(url: string): void {
    this.deliverer.url = url
  }

  /** Closes everything, and fails on whatever the bot did that Teams would not know, or a fault nobody met. */
  async stop(): Promise<void> {
    await this.server.stop()
    const unmet = this.server.faults.map(({ call, fault }) => `no call met the fault on ${call}: ${fault.is}`)
    const problems = [...this.world.violations, ...unmet]
    if (problems.length > 0) throw new Error(`the Teams double saw:\n- ${problems.join('\n- ')}`)
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

  /** Lets time pass: quotas, tokens, and the patience with the bot. */
  wait(ms: number): void {
    if (!(this.clock instanceof ManualClock)) throw new Error('this double lives by the wall clock')
    this.clock.advance(ms)
  }

  // The tenant.

  addPerson(name: string, more: Partial<Omit<Person, 'id' | 'name'>> = {}): Person {
    return this.world.addPerson(name, more)
  }

  /** A team, without the bot until it is installed. */
  addTeam(name: string, members: Person[]): Team {
    return this.world.addTeam(name, members)
  }

  addChannel(name: string, team: Team): Channel {
    return this.world.addChannel(name, team)
  }

  /** What this person sees in a channel, or in the own chat with the bot, oldest first; without one, what all see. */
  see(where: Channel | Person, viewer?: Person): SeenMessage[] {
    const { place } = this.#where(where)
    return this.world.messages
      .filter((each) => each.place === place.id)
      .map((each) => this.#seen(each, viewer ?? ('aadObjectId' in where ? where : undefined)))
  }

  /** The card of a message as JSON: what everyone sees, or this person. */
  card(id: string, viewer?: Person): Json {
    const shown = this.#message(id)
    return (viewer && shown.replaced.get(viewer.id)) ?? cardOf(shown.activity)
  }

  #seen(each: Message, viewer: Person | undefined): SeenMessage {
    const card = this.card(each.id, viewer)
    const looked = lookAtCard(card)
    return {
      ...looked,
      text: [textOf(each.activity.text), looked.text].filter((words) => words !== '').join('\n'),
      id: each.id,
      conversation: conversationId(each.place, this.#rootOf(each)),
      from: each.from,
      edited: each.edited,
      root: each.root,
      summary: textOf(each.activity.summary),
    }
  }

  /** A person with the right to do so deletes a message; the bot is not told. */
  deleteMessage(id: string): void {
    this.world.remove(this.#message(id))
  }

  /** Nothing can be written there any more: 403 MessageWritesBlocked. */
  blockWrites(where: Channel | Person): void {
    this.world.blocked.add(this.#where(where).place.id)
  }

  /** The next call of this kind goes wrong; a fault that no call meets fails the test. */
  fault(call: Call, fault: Fault): void {
    this.server.faults.push({ call, fault })
  }

  calls(call: Call): Asked[] {
    return this.server.calls.filter((each) => each.call === call)
  }

  get deliveries(): Delivery[] {
    return this.deliverer.deliveries
  }

  redeliver(delivery: Delivery, activityId: 'same' | 'new' = 'same'): Promise<Delivery> {
    return this.deliverer.redeliver(delivery, activityId)
  }

  /** Sends an activity of the test's own making. */
  send(activity: Json, token?: Forgery): Promise<Delivery> {
    return this.deliverer.deliver(activity, plainAnswer, token ?? null)
  }

  // What people do.

  /** Installs the bot in a team, or for a person. Resolves when the bot has been told. */
  install(home: Team | Person, by: Person, token?: Forgery): Promise<Delivery[]> {
    this.world.installed.add(home.id)
    return this.#installation(home, by, 'add', token)
  }

  uninstall(home: Team | Person, by: Person): Promise<Delivery[]> {
    this.world.installed.delete(home.id)
    return this.#installation(home, by, 'remove')
  }

  #installation(
    home: Team | Person,
    by: Person,
    action: 'add' | 'remove',
    token?: Forgery,
  ): Promise<Delivery[]> {
    const place = 'members' in home ? home : this.world.chatWith(home)
    const told = installation(this.#envelope(), by, place, action)
    return Promise.all(told.map((each) => this.send(each, token)))
  }

  /** A channel goes away, and the bot is told. */
  deleteChannel(channel: Channel, by: Person): Promise<Delivery> {
    channel.deleted = true
    return this.send(channelEvent(this.#envelope(), by, channel, 'channelDeleted'))
  }

  /** Mentions the bot in a new post of a channel, or under the post with this id. */
  mention(channel: Channel, text: string, as: Person, under: string | null = null): Promise<Delivery> {
    if (!this.world.installed.has(channel.team.id))
      throw new Error('only a bot that is installed in the team can be mentioned')
    return this.#say({ place: channel, root: under }, `<at>${this.world.bot.name}</at> ${text}\n`, as)
  }

  /** Types to the bot in the personal chat. */
  say(text: string, as: Person): Promise<Delivery> {
    if (!this.world.installed.has(as.id)) throw new Error(`${as.name} has not installed the bot`)
    return this.#say({ place: this.world.chatWith(as), root: null }, text, as)
  }

  #say({ place, root }: Where, text: string, as: Person): Promise<Delivery> {
    const said = this.world.post({
      place: place.id,
      root,
      from: as.id,
      activity: { type: 'message', text },
    })
    const thread = place.kind === 'channel' ? (root ?? said.id) : null
    return this.send(message(this.#envelope(), as, { place, root: thread }, said))
  }

  /**
   * Presses a button by its label or verb, on the card as this person sees it. A button that shows a card is pressed
   * `then` on; one that opens a dialog opens it.
   */
  press(
    id: string,
    label: string,
    as: Person,
    { inputs = {}, then, token }: PressOptions = {},
  ): Promise<Delivery> {
    const pressed = this.#message(id)
    const where = this.#whereOf(pressed)
    const found = this.#button(this.card(id, as), label, then)
    const { action } = found
    const data = dataWith(found, inputs, as)
    if (action.type === 'Action.Execute') {
      const { title, verb } = action
      const value = {
        action: { type: action.type, title, verb, id: action.id ?? '', data },
        trigger: 'manual',
      }
      return this.#invoke('adaptiveCard/action', as, where, pressed, value, {
        onAnswer: cardAnswer(this.world, pressed, as),
        token,
      })
    }
    if (action.type !== 'Action.Submit') throw new Error(`«${label}» tells the bot nothing`)
    if (within(data, 'msteams').type !== 'task/fetch') {
      return this.send(submitted(this.#envelope(), as, where, pressed, data), token)
    }
    const from = { person: as, place: where.place.id, message: pressed.id }
    return this.#invoke(
      'task/fetch',
      as,
      where,
      pressed,
      { data, context: { theme: 'default' } },
      {
        onAnswer: dialogAnswer(this.world, from, 'fetch'),
        token,
      },
    )
  }

  /** Presses a button that opens a dialog, and nothing but such a one. */
  openDialog(id: string, label: string, as: Person): Promise<Delivery> {
    const seen = lookAtCard(this.card(id, as)).buttons.find((each) => each.label === label)
    if (seen && seen.kind !== 'dialog') throw new Error(`«${label}» opens no dialog`)
    return this.press(id, label, as)
  }

  /** The dialog on this person's screen: its title and its card. */
  dialogOf(person: Person): (Seen & { title: string; card: Json }) | null {
    const open = this.world.dialogOf(person)
    if (!open) return null
    const card = within(open.task, 'card', 'content')
    return { ...lookAtCard(card), title: textOf(open.task.title), card }
  }

  /** Fills in the open dialog and sends it with one of its buttons, by default the first. */
  submitDialog(person: Person, inputs: Typed, label?: string): Promise<Delivery> {
    const open = this.world.dialogOf(person)
    const card = this.dialogOf(person)?.card
    if (!open || !card) throw new Error(`${person.name} has no dialog open`)
    const found = label === undefined ? actionsOf(card)[0] : this.#button(card, label)
    if (!found) throw new Error('the dialog has no button')
    const value = { data: dataWith(found, inputs, person), context: { theme: 'default' } }
    const pressed = open.message === null ? null : (this.world.message(open.message) ?? null)
    const place = this.world.place(open.place)
    if (!place) throw new Error('the conversation is gone')
    const where = pressed ? this.#whereOf(pressed) : { place, root: null }
    return this.#invoke('task/submit', person, where, pressed, value, {
      onAnswer: dialogAnswer(this.world, { person, place: place.id, message: open.message }, 'submit'),
      token: undefined,
    })
  }

  closeDialog(person: Person): void {
    this.world.closeDialog(person)
  }

  #invoke(
    name: string,
    as: Person,
    where: Where,
    pressed: Message | null,
    value: Json,
    { onAnswer, token }: { onAnswer: OnAnswer; token: Forgery | undefined },
  ): Promise<Delivery> {
    const asked = { name, value, replyToId: pressed?.id ?? null }
    return this.deliverer.deliver(invoke(this.#envelope(), as, where, asked), onAnswer, token ?? null)
  }

  #button(card: Json, label: string, then?: string): FoundAction {
    const all = actionsOf(card)
    const named = all.filter(({ action }) => action.title === label || action.verb === label)
    const found = named.find(({ shownBy }) => shownBy === null) ?? named[0]
    if (!found) {
      const titles = all.map(({ action }) => `«${textOf(action.title)}»`)
      throw new Error(`no button «${label}» there, but ${titles.join(', ') || 'none at all'}`)
    }
    if (found.action.isEnabled === false) throw new Error(`«${label}» is off`)
    if (found.action.type !== 'Action.ShowCard') {
      if (then !== undefined) throw new Error(`«${label}» shows no card to press «${then}» on`)
      return found
    }
    const shown = isObject(found.action.card) ? found.action.card : {}
    const next = all.find(({ action, shownBy }) => shownBy === found.action && action.title === then)
    if (!next) throw new Error(`«${label}» asks: ${lookAtCard(shown).text} Press one of its buttons «then»`)
    return next
  }

  #envelope(): Envelope {
    return { world: this.world, serviceUrl: this.serviceUrl, nowMs: this.clock.now() }
  }

  #message(id: string): Message {
    const found = this.world.message(id)
    if (!found) throw new Error(`no message ${id}`)
    return found
  }

  #where(where: Channel | Person): Where {
    return { place: 'aadObjectId' in where ? this.world.chatWith(where) : where, root: null }
  }

  #whereOf(each: Message): Where {
    const place = this.world.place(each.place)
    if (!place) throw new Error('the conversation is gone')
    return { place, root: this.#rootOf(each) }
  }

  /** The post whose thread a message is in: its own, for a post. Chats have no threads. */
  #rootOf(each: Message): string | null {
    return this.world.place(each.place)?.kind === 'chat' ? null : (each.root ?? each.id)
  }
}
