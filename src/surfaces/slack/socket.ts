import { setTimeout as delay } from 'node:timers/promises'
import { type SocketModeReceiver, webApi } from '@slack/bolt'
import { wordsOf } from '../../app/errors.ts'
import type { Log } from '../../app/log.ts'
import { outcomeOf, within } from '../kit/outcome.ts'

type Client = SocketModeReceiver['client']

export type SocketTiming = {
  /** Slack says hello right after the connection; a silent one is given up after this. */
  helloMs: number
  /** The first pause after a failure; it doubles up to `maxPauseMs`. */
  pauseMs: number
  maxPauseMs: number
}

/** A connection that lived less than this counts as a failure, so that a flapping one is not retried in a loop. */
const STABLE_MS = 10_000
/** How long to wait for Slack's side of the goodbye before cutting the line. */
const GOODBYE_MS = 2_000

/**
 * Keeps one Socket Mode connection up. The SDK's own reconnecting is switched off: its failures are unhandled
 * rejections that end the process, or leave it deaf, and it pauses five seconds even when Slack only asks to move.
 */
export class SocketLink {
  readonly #client: Client
  readonly #log: Log
  readonly #timing: SocketTiming
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(client: Client, log: Log, timing: SocketTiming) {
    this.#client = client
    this.#log = log
    this.#timing = timing
  }

  /** Resolves when connected; rejects with the first failure, and then keeps trying all the same. */
  start(): Promise<void> {
    return new Promise((connected, failed) => {
      this.#running = this.#keepUp(connected, failed)
    })
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#hangUp()
    await within(outcomeOf(this.#running), GOODBYE_MS)
  }

  async #keepUp(connected: () => void, failed: (error: unknown) => void): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      const before = Date.now()
      try {
        await this.#once(connected)
        failures = Date.now() - before < STABLE_MS ? failures + 1 : 0
      } catch (error) {
        failures += 1
        failed(error)
        await this.#hangUp()
        if (this.#stop.signal.aborted) return
        const problem = error === undefined ? 'closed before Slack said hello' : wordsOf(error)
        this.#log.warn({ surface: 'slack', problem }, 'The Slack connection failed; trying again')
        await this.#pause(retryAfterMs(error) ?? this.#backoff(failures))
        continue
      }
      // Slack moves connections every few hours. The next one is up at once, unless they keep breaking.
      if (failures > 1) await this.#pause(this.#backoff(failures - 1))
    }
  }

  /** One connection, from its beginning to its end. */
  async #once(connected: () => void): Promise<void> {
    const lost = new Promise<void>((resolve) => this.#client.once('disconnected', () => resolve()))
    const started = await within(outcomeOf(this.#client.start()), this.#timing.helloMs)
    if (!started) throw new Error('Slack did not say hello')
    if (!started.ok) throw started.error
    connected()
    // Stopped while it was being opened.
    if (this.#stop.signal.aborted) await this.#hangUp()
    await lost
  }

  /** Says goodbye; a second call cuts the line if Slack does not answer. */
  async #hangUp(): Promise<void> {
    const gone = await within(outcomeOf(this.#client.disconnect()), GOODBYE_MS)
    if (!gone) await this.#client.disconnect()
  }

  #backoff(failures: number): number {
    const { pauseMs, maxPauseMs } = this.#timing
    return Math.min(maxPauseMs, pauseMs * 2 ** (failures - 1))
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => {})
  }
}

const retryAfterMs = (error: unknown): number | null =>
  error instanceof webApi.WebAPIRateLimitedError ? error.retryAfter * 1000 : null
