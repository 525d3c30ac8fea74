import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { isObject, type Json } from './blocks.ts'

export type User = {
  id: string
  name: string
  /** Its workspace; absent = the first one. */
  team?: string
  email?: string
  /** Seen by Slack; absent = yes, where there is one. */
  emailConfirmed?: boolean
  guest?: boolean
}
export type Channel = {
  id: string
  name: string
  archived: boolean
  private: boolean
  botIsMember: boolean
  /** Its workspace; absent = the first one. */
  team?: string
}
export type Group = { id: string; handle: string; users: string[]; team?: string }

export type Message = {
  ts: string
  channel: string
  /** A user's id, or `app`. */
  from: string
  text: string
  blocks: Json[]
  thread: string | null
  /** The only user who sees it (ephemeral); null = everyone. */
  visibleTo: string | null
  edited: boolean
}

/** A modal on somebody's screen, or their App Home (`view.type` says which). */
export type OpenView = { id: string; hash: string; user: string; view: Json }

type Trigger = { user: string; expiresAt: number; used: boolean }
type ResponseUrl = { channel: string; user: string; ts: string | null; left: number; expiresAt: number }

export const TEAM = { id: 'T0BATON', domain: 'example', name: 'Example Retail' }
export const APP_ID = 'A0BATON'
export const BOT = { user: 'U0BATON', id: 'B0BATON', name: 'baton' }

const TRIGGER_MS = 3_000
const RESPONSE_URL_MS = 30 * 60_000
const RESPONSE_URL_USES = 5

/** One workspace: who and what is in it, and everything that expires. */
export class World {
  readonly teams: { id: string; domain: string; name: string }[] = [TEAM]
  readonly groups: Group[] = []
  /** App Homes by user. */
  readonly homes = new Map<string, OpenView>()
  readonly users: User[] = []
  readonly channels: Channel[] = []
  readonly messages: Message[] = []
  readonly views: OpenView[] = []
  /** Things that no test expects: each fails the test when the double stops. */
  readonly violations: string[] = []
  readonly #clock: Clock
  readonly #triggers = new Map<string, Trigger>()
  readonly #responseUrls = new Map<string, ResponseUrl>()
  readonly #watchers = new Set<() => void>()
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
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

  next(): number {
    this.#count += 1
    return this.#count
  }

  /** Finds a channel by id, `name` or `#name`. */
  channel(name: string): Channel | undefined {
    return this.channels.find((each) => each.id === name || each.name === name.replace(/^#/, ''))
  }

  user(id: string): User | undefined {
    return this.users.find((each) => each.id === id)
  }

  message(channel: string, ts: string): Message | undefined {
    return this.messages.find((each) => each.channel === channel && each.ts === ts)
  }

  post(message: Omit<Message, 'ts' | 'edited'>): Message {
    const seconds = Math.floor(this.#clock.now() / 1000)
    const ts = `${seconds}.${String(this.next()).padStart(6, '0')}`
    const posted = { ...message, blocks: this.#identified(message.blocks), ts, edited: false }
    this.messages.push(posted)
    this.changed()
    return posted
  }

  edit(message: Message, text: string, blocks: Json[]): void {
    Object.assign(message, { text, blocks: this.#identified(blocks), edited: true })
    this.changed()
  }

  remove(message: Message): void {
    this.messages.splice(this.messages.indexOf(message), 1)
    this.changed()
  }

  /** Slack names every block that came without an id. */
  #identified(blocks: Json[]): Json[] {
    return blocks.map((block) => ({ ...block, block_id: block.block_id ?? `b${this.next()}` }))
  }

  /** A trigger: valid for three seconds, for one call. */
  trigger(user: string): string {
    const id = `${this.next()}.${TEAM.id}.${randomBytes(8).toString('hex')}`
    this.#triggers.set(id, { user, expiresAt: this.#clock.now() + TRIGGER_MS, used: false })
    return id
  }

  /** Spends a trigger: the user it belongs to, or Slack's error. */
  spendTrigger(id: string): { user: string } | { error: string } {
    const trigger = this.#triggers.get(id)
    if (!trigger) return { error: 'invalid_trigger_id' }
    if (trigger.used) return { error: 'exchanged_trigger_id' }
    if (this.#clock.now() > trigger.expiresAt) return { error: 'expired_trigger_id' }
    trigger.used = true
    return { user: trigger.user }
  }

  /** The path of a response URL: five uses in thirty minutes. `ts` is the message that was pressed. */
  responsePath(channel: string, user: string, ts: string | null): string {
    const path = `/actions/${TEAM.id}/${this.next()}/${randomBytes(12).toString('hex')}`
    const expiresAt = this.#clock.now() + RESPONSE_URL_MS
    this.#responseUrls.set(path, { channel, user, ts, left: RESPONSE_URL_USES, expiresAt })
    return path
  }

  spendResponsePath(path: string): { channel: string; user: string; ts: string | null } | { error: string } {
    const url = this.#responseUrls.get(path)
    if (!url) return { error: 'invalid_url' }
    if (this.#clock.now() > url.expiresAt) return { error: 'expired_url' }
    if (url.left === 0) return { error: 'used_url' }
    url.left -= 1
    return url
  }

  /** The direct messages between a person and the app. */
  direct(user: User): Channel {
    const id = `D${user.id.slice(1)}`
    const known = this.channels.find((each) => each.id === id)
    const { team } = user
    const common = { id, name: id, archived: false, private: true, botIsMember: true }
    const channel = known ?? { ...common, ...(team === undefined ? {} : { team }) }
    if (!known) this.channels.push(channel)
    return channel
  }

  publishHome(user: string, view: Json): OpenView {
    const id = this.homes.get(user)?.id ?? `V${this.next()}`
    const home = { id, hash: this.#hash(), user, view: this.#viewWithIds(view) }
    this.homes.set(user, home)
    this.changed()
    return home
  }

  openView(user: string, view: Json): OpenView {
    const opened = { id: `V${this.next()}`, hash: this.#hash(), user, view: this.#viewWithIds(view) }
    this.views.push(opened)
    this.changed()
    return opened
  }

  updateView(opened: OpenView, view: Json): void {
    Object.assign(opened, { hash: this.#hash(), view: this.#viewWithIds(view) })
    this.changed()
  }

  closeView(opened: OpenView): void {
    this.views.splice(this.views.indexOf(opened), 1)
    this.changed()
  }

  #hash(): string {
    return `${Math.floor(this.#clock.now() / 1000)}.${randomBytes(4).toString('hex')}`
  }

  #viewWithIds(view: Json): Json {
    const blocks = Array.isArray(view.blocks) ? view.blocks.filter(isObject) : []
    return { ...view, blocks: this.#identified(blocks) }
  }
}
