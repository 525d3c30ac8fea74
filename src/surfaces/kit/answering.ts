import { setTimeout as after } from 'node:timers/promises'
import type { Delivered } from '../../app/surface.ts'

/** So long whoever asked still looks at the chat, in ms. */
const PATIENCE_MS = 30_000

/** Waits so long, in ms; tests choose their own. */
export type Pause = (ms: number) => Promise<unknown>

/** Keeps no process alive: whoever stops Baton does not wait for an answer that a platform puts off. */
export const pauseFor: Pause = (ms) => after(ms, undefined, { ref: false })

/**
 * Sends what somebody asked for. Where the platform took nothing and names a later time, it is sent again then, as long
 * as somebody waits for it; what may have arrived is not sent twice.
 */
export async function sendWhileAwaited<T>(
  send: () => Promise<Delivered<T>>,
  pause: Pause,
): Promise<Delivered<T>> {
  let waitedMs = 0
  for (;;) {
    const sent = await send()
    if (sent.ok || sent.failure.is !== 'later') return sent
    const ms = Math.max(sent.failure.retryAfterMs, 1_000)
    waitedMs += ms
    if (waitedMs > PATIENCE_MS) return sent
    await pause(ms)
  }
}
