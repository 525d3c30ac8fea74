import type { WireChange } from '../wire.ts'
import { ApiError, api } from './api.ts'

/** Three heartbeats missed: the connection is dead though nobody said so (a phone that slept, a cable pulled). */
const SILENCE_MS = 50_000

/** A hiccup shorter than this is not worth a word. */
const GRACE_MS = 1500

const RETRY_MS = 3000

export type StreamState = 'live' | 'lost' | 'signed_out'

type StreamParts = {
  onChange(change: WireChange): void
  /** Connected, for the first time or again: what is shown may be old. */
  onConnected(): void
  onState(state: StreamState): void
}

/** Hears of changes for as long as the page is open, and comes back by itself. */
export const openStream = (parts: StreamParts): void => {
  let source: EventSource | null = null
  let heard = Date.now()
  let graceTimer: ReturnType<typeof setTimeout> | undefined
  let retryTimer: ReturnType<typeof setTimeout> | undefined

  const alive = (): void => {
    heard = Date.now()
    clearTimeout(graceTimer)
    graceTimer = undefined
    parts.onState('live')
  }

  const lost = (): void => {
    graceTimer ??= setTimeout(async () => {
      const error = await api.me().catch((reason: unknown) => reason)
      parts.onState(error instanceof ApiError && error.status === 401 ? 'signed_out' : 'lost')
    }, GRACE_MS)
  }

  const connect = (): void => {
    clearTimeout(retryTimer)
    retryTimer = undefined
    source?.close()
    heard = Date.now()
    source = new EventSource('/console/api/stream')
    source.addEventListener('hello', () => {
      alive()
      parts.onConnected()
    })
    source.addEventListener('heartbeat', alive)
    source.addEventListener('change', (event) => {
      alive()
      parts.onChange(JSON.parse(event.data))
    })
    source.addEventListener('error', () => {
      lost()
      // The browser tries again by itself after a lost connection, but not after a refusal.
      if (source?.readyState === EventSource.CLOSED) retryTimer ??= setTimeout(connect, RETRY_MS)
    })
  }

  const checkSilence = (): void => {
    if (Date.now() - heard < SILENCE_MS) return
    lost()
    connect()
  }

  connect()
  setInterval(checkSilence, 5000)
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) checkSilence()
  })
  window.addEventListener('online', connect)
}
