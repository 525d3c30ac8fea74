import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { type Json, parseJson } from './json.ts'
import type { Forgery, Signer } from './jwt.ts'
import type { World } from './world.ts'

/** How one activity went, as the person at the other end learned of it. */
export type Delivery = {
  activity: Json
  state: 'waiting' | 'answered' | 'failed'
  /** The status of the bot's answer; null when none came in time. */
  status: number | null
  body: unknown
  /** Why it failed: `timed_out`, `http_500`, `connection_failed`, `bad_response`, … */
  failure: string | null
  /** What the person is told beside the card; null = nothing. */
  told: string | null
  /** Answers that came when nobody was waiting any more: they show nothing. */
  lateAnswers: number
}

/** How the bot's answer is taken in; says what the person is told, or why the answer cannot be shown. */
export type OnAnswer = (body: unknown, delivery: Delivery) => { told: string | null } | { failure: string }

/** Teams shows an error when a bot takes longer. */
const PATIENCE_MS = 15_000

/** Posts activities to the bot's messaging endpoint, signed, and keeps to Teams' patience. */
export class Deliverer {
  readonly deliveries: Delivery[] = []
  /** The bot's messaging endpoint. */
  url: string | null = null
  readonly #at: { clock: Clock; world: World; signer: Signer; serviceUrl: () => string }
  readonly #onAnswer = new Map<Delivery, OnAnswer>()

  constructor(at: { clock: Clock; world: World; signer: Signer; serviceUrl: () => string }) {
    this.#at = at
  }

  /** Resolves when the bot has answered, or when Teams has given up. */
  deliver(activity: Json, onAnswer: OnAnswer, forgery: Forgery | null = null): Promise<Delivery> {
    const delivery: Delivery = {
      activity,
      state: 'waiting',
      status: null,
      body: undefined,
      failure: null,
      told: null,
      lateAnswers: 0,
    }
    this.deliveries.push(delivery)
    this.#onAnswer.set(delivery, onAnswer)
    return this.#send(delivery, onAnswer, forgery)
  }

  /** Sends the same thing once more, with the same activity id or, as happens too, with a new one. */
  redeliver(delivery: Delivery, activityId: 'same' | 'new'): Promise<Delivery> {
    const id = activityId === 'same' ? delivery.activity.id : `f:${randomUUID()}`
    const onAnswer = this.#onAnswer.get(delivery)
    if (!onAnswer) throw new Error('that was never delivered')
    return this.deliver({ ...delivery.activity, id }, onAnswer)
  }

  async #send(delivery: Delivery, onAnswer: OnAnswer, forgery: Forgery | null): Promise<Delivery> {
    const { clock, world } = this.#at
    return new Promise((resolve) => {
      const fail = (failure: string): void => {
        delivery.state = 'failed'
        delivery.failure = failure
      }
      const end = (settle: () => void): void => {
        if (delivery.state === 'waiting') {
          cancel()
          settle()
          resolve(delivery)
        } else delivery.lateAnswers += 1
        world.changed()
      }
      const cancel = clock.after(PATIENCE_MS, () => end(() => fail('timed_out')))
      this.#post(delivery.activity, forgery).then(
        ({ status, body }) =>
          end(() => {
            delivery.status = status
            delivery.body = body
            delivery.state = 'answered'
            const ok = status >= 200 && status <= 299
            const taken = ok ? onAnswer(body, delivery) : { failure: `http_${status}` }
            if ('failure' in taken) fail(taken.failure)
            else delivery.told = taken.told
          }),
        () => end(() => fail('connection_failed')),
      )
    })
  }

  async #post(activity: Json, forgery: Forgery | null): Promise<{ status: number; body: unknown }> {
    const { clock, world, signer, serviceUrl } = this.#at
    if (this.url === null) throw new Error('nobody has said where the bot listens')
    const claims = { appId: world.bot.appId, serviceUrl: serviceUrl(), nowMs: clock.now() }
    const authorization = signer.header(claims, forgery)
    const response = await fetch(this.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        ...(authorization === null ? {} : { authorization }),
      },
      body: JSON.stringify(activity),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : (parseJson(text) ?? text) }
  }
}
