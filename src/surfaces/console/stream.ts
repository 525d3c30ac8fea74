import type { ServerResponse } from 'node:http'
import type { WireChange } from './wire.ts'

/** Often enough for the page to notice a dead connection, and for proxies to keep a quiet one. */
const HEARTBEAT_MS = 15_000

/** Changes that come within this time travel in one write. */
const GATHER_MS = 20

/** A reader this far behind is cut off: it connects again and reads everything afresh. */
const MAX_BACKLOG_BYTES = 256 * 1024

/**
 * Server-sent events for any number of readers. A change is a hint, not a message: it may be repeated, and after a
 * lost connection the page reads the list again, so nothing is kept for readers who are away.
 */
export type ChangeStream = {
  add(response: ServerResponse): void
  publish(change: WireChange): void
  readers(): number
  close(): void
}

export const createChangeStream = (heartbeatMs = HEARTBEAT_MS): ChangeStream => {
  const responses = new Set<ServerResponse>()
  const gathered = new Map<string, WireChange>()
  let flushTimer: NodeJS.Timeout | undefined
  let sequence = 0

  const send = (text: string): void => {
    const bytes = Buffer.from(text)
    for (const response of responses) {
      if (response.writableLength > MAX_BACKLOG_BYTES) response.destroy()
      else response.write(bytes)
    }
  }

  const flush = (): void => {
    flushTimer = undefined
    const frames = [...gathered.values()].map(
      (change) => `id: ${++sequence}\nevent: change\ndata: ${JSON.stringify(change)}\n\n`,
    )
    gathered.clear()
    send(frames.join(''))
  }

  // The comment keeps proxies awake; the event tells the page, which cannot see comments, that all is well.
  const heartbeat = setInterval(() => send(': heartbeat\nevent: heartbeat\ndata: {}\n\n'), heartbeatMs)
  heartbeat.unref()

  return {
    add: (response) => {
      response.writeHead(200, {
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-store, no-transform',
        'X-Accel-Buffering': 'no',
      })
      response.write('retry: 2000\nevent: hello\ndata: {}\n\n')
      responses.add(response)
      response.on('close', () => responses.delete(response))
      // A write to a reader that has just gone fails by itself; 'close' follows.
      response.on('error', () => responses.delete(response))
    },
    publish: (change) => {
      gathered.set(change.exception, change)
      flushTimer ??= setTimeout(flush, GATHER_MS)
    },
    readers: () => responses.size,
    close: () => {
      clearInterval(heartbeat)
      clearTimeout(flushTimer)
      for (const response of responses) response.end()
      responses.clear()
    },
  }
}
