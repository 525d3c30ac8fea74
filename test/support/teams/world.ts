import { randomBytes, randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Json } from './json.ts'

/** `phone`: the mobile client, which sends numbers as text. */
export type Person = {
  /** How Teams names the person to this bot. */
  id: string
  aadObjectId: string
  name: string
  email: string
  client: 'desktop' | 'phone'
  /** Invited from another company. */
  isGuest?: boolean
}
export type Team = { kind: 'team'; id: string; aadGroupId: string; name: string; members: Person[] }
export type Channel = { kind: 'channel'; id: string; name: string; team: Team; deleted: boolean }
export type Chat = { kind: 'chat'; id: string; person: Person }

export type Message = {
  id: string
  /** The channel's or the chat's id. */
  place: string
  /** The message that this one answers in a channel; null = a post of its own, or a message in a chat. */
  root: string | null
  /** A person's id, or `bot`. */
  from: string
  activity: Json
  edited: boolean
  /** Cards that an answer to a press put in its place, for that person alone; an update for everyone ends them. */
  replaced: Map<string, Json>
}

/** A dialog on a person's screen: `place` and `message` say where it was opened from. */
export type Dialog = { person: Person; place: string; message: string | null; task: Json }

/** One tenant: who and what is in it, and where the bot is installed. */
export class World {
  readonly tenantId = randomUUID()
  /** New for each double: the SDK caches keys and tokens by these names for the whole process. */
  readonly bot = { appId: randomUUID(), name: 'Baton' }
  readonly people: Person[] = []
  readonly teams: Team[] = []
  readonly channels: Channel[] = []
  readonly chats: Chat[] = []
  readonly messages: Message[] = []
  readonly dialogs: Dialog[] = []
  /** Ids of the teams and people that have the bot installed. */
  readonly installed = new Set<string>()
  /** Places that let the bot write nothing. */
  readonly blocked = new Set<string>()
  /** Things that no test expects: each fails the test when the double stops. */
  readonly violations: string[] = []
  readonly #clock: Clock
  readonly #watchers = new Set<() => void>()
  #lastMessage = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get botId(): string {
    return `28:${this.bot.appId}`
  }

  /** Tells whoever waits that something may have changed. */
  changed(): void {
    for (const watcher of [...this.#watchers]) watcher()
  }

  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  violation(words: string): void {
    this.violations.push(words)
    this.changed()
  }

  addPerson(name: string, more: Partial<Omit<Person, 'id' | 'name'>> = {}): Person {
    const person: Person = {
      id: `29:1${randomBytes(24).toString('base64url')}`,
      aadObjectId: randomUUID(),
      name,
      email: `${name.toLowerCase().replaceAll(/[^a-z]+/g, '.')}@retail.example`,
      client: 'desktop',
      ...more,
    }
    this.people.push(person)
    return person
  }

  addTeam(name: string, members: Person[]): Team {
    const team: Team = {
      kind: 'team',
      id: threadId(),
      aadGroupId: randomUUID(),
      name,
      members: [...members],
    }
    this.teams.push(team)
    return team
  }

  addChannel(name: string, team: Team): Channel {
    const channel: Channel = { kind: 'channel', id: threadId(), name, team, deleted: false }
    this.channels.push(channel)
    return channel
  }

  /** The chat between a person and the bot: there is one, whoever begins it. */
  chatWith(person: Person): Chat {
    const known = this.chats.find((each) => each.person.id === person.id)
    if (known) return known
    const chat: Chat = { kind: 'chat', id: `a:1${randomBytes(30).toString('base64url')}`, person }
    this.chats.push(chat)
    return chat
  }

  /** A person by the id that Teams gives the bot, or by the directory's. */
  person(id: string): Person | undefined {
    return this.people.find((each) => each.id === id || each.aadObjectId === id)
  }

  place(id: string): Channel | Chat | undefined {
    return (
      this.channels.find((each) => each.id === id && !each.deleted) ??
      this.chats.find((each) => each.id === id)
    )
  }

  message(id: string, place?: string): Message | undefined {
    return this.messages.find((each) => each.id === id && (place === undefined || each.place === place))
  }

  /** Ids are times in milliseconds; two messages never share one. */
  post(message: Omit<Message, 'id' | 'edited' | 'replaced'>): Message {
    this.#lastMessage = Math.max(this.#clock.now(), this.#lastMessage + 1)
    const posted: Message = {
      ...message,
      id: String(this.#lastMessage),
      edited: false,
      replaced: new Map(),
    }
    this.messages.push(posted)
    this.changed()
    return posted
  }

  /** Everyone sees the new content, also those whose press was answered with a card of their own. */
  edit(message: Message, activity: Json): void {
    message.activity = activity
    message.edited = true
    message.replaced.clear()
    this.changed()
  }

  remove(message: Message): void {
    this.messages.splice(this.messages.indexOf(message), 1)
    this.changed()
  }

  /** The answer to a press replaces the card for the one who pressed. */
  replaceFor(message: Message, person: Person, card: Json): void {
    message.replaced.set(person.id, card)
    this.changed()
  }

  openDialog(dialog: Dialog): void {
    this.closeDialog(dialog.person)
    this.dialogs.push(dialog)
    this.changed()
  }

  dialogOf(person: Person): Dialog | undefined {
    return this.dialogs.find((each) => each.person.id === person.id)
  }

  closeDialog(person: Person): void {
    const open = this.dialogOf(person)
    if (open) this.dialogs.splice(this.dialogs.indexOf(open), 1)
    this.changed()
  }
}

const threadId = (): string => `19:${randomBytes(16).toString('hex')}@thread.tacv2`

/** A conversation id as the connector knows it: a place, and in a channel the post that a thread hangs on. */
export const readConversation = (id: string): { place: string; root: string | null } => {
  const [place = '', message] = id.split(';messageid=')
  return { place, root: message ?? null }
}

/** The conversation that a message of this place and thread belongs to. */
export const conversationId = (place: string, root: string | null): string =>
  root === null ? place : `${place};messageid=${root}`
