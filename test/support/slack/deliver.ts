import { createHmac, randomUUID } from 'node:crypto'
import type { WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import { isObject, type Json } from './blocks.ts'
import type { World } from './world.ts'

/** Slack waits this long for the acknowledgement; then the user sees an error. */
const ACK_MS = 3_000
/** Events that were not acknowledged come again: at once, after a minute, after five. */
const EVENT_RETRIES_MS = [0, 60_000, 300_000]

export type Kind = 'interactive' | 'slash_commands' | 'events_api'

/** How one delivery went, as the person at the other end saw it. */
export type Delivery = {
  id: string
  kind: Kind
  payload: Json
  /** Retry number of each attempt, and why it was made. */
  attempts: { retry: number; reason: string | null }[]
  /** How many attempts came to an end, one way or the other. */
  answered: number
  state: 'waiting' | 'acked' | 'failed'
  /** Why it failed: `operation_timeout`, `no_connection`, `http_500`, ... */
  failure: string | null
  /** What the acknowledgement carried. */
  ack: unknown
  /** Acknowledgements that came after the three seconds were over. */
  lateAcks: number
}

type Outcome = { ok: true; body: unknown } | { ok: false; reason: string }

/** Carries one attempt; `settled` is called when Slack would learn something about it. */
export type Transport = {
  send(
    delivery: Delivery,
    retry: { num: number; reason: string } | null,
    settled: (outcome: Outcome) => void,
  ): void
}

/** Sends what people do to the app, and keeps to Slack's deadline and retries. */
export class Deliverer {
  readonly deliveries: Delivery[] = []
  transport: Transport | null = null
  readonly #clock: Clock
  readonly #world: World

  constructor(clock: Clock, world: World) {
    this.#clock = clock
    this.#world = world
  }

  /** Resolves when it was acknowledged or given up; `onAck` acts on what the acknowledgement carried. */
  deliver(kind: Kind, payload: Json, onAck: (body: unknown) => void = () => {}): Promise<Delivery> {
    const delivery: Delivery = {
      id: randomUUID(),
      kind,
      payload,
      attempts: [],
      answered: 0,
      state: 'waiting',
      failure: null,
      ack: undefined,
      lateAcks: 0,
    }
    this.deliveries.push(delivery)
    return new Promise((resolve) => this.#attempt(delivery, null, onAck, () => resolve(delivery)))
  }

  /** Sends an acknowledged delivery once more, as Slack does when the acknowledgement got lost on the way. */
  redeliver(delivery: Delivery): Promise<Delivery> {
    return new Promise((resolve) => {
      const retry = { num: 1, reason: 'timeout' }
      delivery.attempts.push({ retry: 1, reason: retry.reason })
      this.transport?.send(delivery, retry, () => resolve(delivery))
    })
  }

  #attempt(
    delivery: Delivery,
    retry: { num: number; reason: string } | null,
    onAck: (body: unknown) => void,
    done: () => void,
  ): void {
    delivery.attempts.push({ retry: retry?.num ?? 0, reason: retry?.reason ?? null })
    let open = true
    const settle = (outcome: Outcome): void => {
      if (open) {
        open = false
        cancel()
        delivery.answered += 1
        if (outcome.ok) {
          delivery.state = 'acked'
          delivery.ack = outcome.body
          onAck(outcome.body)
          done()
        } else {
          this.#failed(delivery, outcome.reason, onAck, done)
        }
      } else if (outcome.ok) {
        delivery.lateAcks += 1
      }
      this.#world.changed()
    }
    const cancel = this.#clock.after(ACK_MS, () => settle({ ok: false, reason: 'operation_timeout' }))
    if (this.transport) this.transport.send(delivery, retry, settle)
    else settle({ ok: false, reason: 'no_connection' })
  }

  /** Events are tried again; a person who waits is told at once. */
  #failed(delivery: Delivery, reason: string, onAck: (body: unknown) => void, done: () => void): void {
    const num = delivery.attempts.length
    const pause = delivery.kind === 'events_api' ? EVENT_RETRIES_MS[num - 1] : undefined
    const again = (): void => this.#attempt(delivery, { num, reason }, onAck, done)
    if (pause === 0) again()
    else if (pause !== undefined) this.#clock.after(pause, again)
    else {
      delivery.state = 'failed'
      delivery.failure = reason
      done()
    }
  }
}

/** Headers of a signed delivery (v0). */
export function sign(secret: string, timestamp: number, body: string): Record<string, string> {
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')
  return { 'x-slack-request-timestamp': String(timestamp), 'x-slack-signature': `v0=${digest}` }
}

/** The body of an HTTP delivery: events are JSON, everything else is a form. */
export function httpBody(kind: Kind, payload: Json): { type: string; body: string } {
  if (kind === 'events_api') return { type: 'application/json', body: JSON.stringify(payload) }
  const form =
    kind === 'slash_commands'
      ? new URLSearchParams(
          Object.entries(payload).map(([key, value]): [string, string] => [key, String(value)]),
        )
      : new URLSearchParams({ payload: JSON.stringify(payload) })
  return { type: 'application/x-www-form-urlencoded', body: form.toString() }
}

/** Delivers to the app's request URL. */
export function httpTransport(url: string, secret: string, clock: Clock): Transport {
  return {
    send(delivery, retry, settled) {
      const { type, body } = httpBody(delivery.kind, delivery.payload)
      const headers = {
        'content-type': type,
        'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
        ...sign(secret, Math.floor(clock.now() / 1000), body),
        ...(retry ? { 'x-slack-retry-num': String(retry.num), 'x-slack-retry-reason': retry.reason } : {}),
      }
      const post = async (): Promise<Outcome> => {
        const response = await fetch(url, { method: 'POST', headers, body })
        const text = await response.text()
        if (response.status !== 200) return { ok: false, reason: `http_${response.status}` }
        const json = response.headers.get('content-type')?.startsWith('application/json')
        return { ok: true, body: json ? JSON.parse(text) : text }
      }
      post().then(settled, () => settled({ ok: false, reason: 'connection_failed' }))
    },
  }
}

/** Delivers over the app's open sockets, one after the other. */
export class SocketTransport implements Transport {
  readonly sockets: WebSocket[] = []
  readonly #world: World
  readonly #waiting = new Map<string, (outcome: Outcome) => void>()
  #turn = 0

  constructor(world: World) {
    this.#world = world
  }

  send(
    delivery: Delivery,
    retry: { num: number; reason: string } | null,
    settled: (outcome: Outcome) => void,
  ): void {
    const socket = this.sockets[this.#turn % Math.max(1, this.sockets.length)]
    this.#turn += 1
    if (!socket) {
      settled({ ok: false, reason: 'no_connection' })
      return
    }
    this.#waiting.set(delivery.id, settled)
    const envelope = {
      envelope_id: delivery.id,
      type: delivery.kind,
      payload: delivery.payload,
      accepts_response_payload: delivery.kind !== 'events_api',
      ...(retry ? { retry_attempt: retry.num, retry_reason: retry.reason } : {}),
    }
    socket.send(JSON.stringify(envelope))
  }

  /** Takes what the app sent: nothing but acknowledgements of envelopes that are out. */
  receive(message: string): void {
    const said: unknown = JSON.parse(message)
    const id = isObject(said) && typeof said.envelope_id === 'string' ? said.envelope_id : ''
    const settled = this.#waiting.get(id)
    if (!isObject(said) || !settled) {
      this.#world.violation(`an acknowledgement of no known envelope: ${id}`)
      return
    }
    this.#waiting.delete(id)
    const empty = isObject(said.payload) && Object.keys(said.payload).length === 0
    settled({ ok: true, body: empty ? undefined : said.payload })
  }
}
