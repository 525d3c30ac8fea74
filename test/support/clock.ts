/** The time that the double lives by: rate windows, trigger ids, response URLs, ack deadlines and retries. */
export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `due` once after `ms`; the answer cancels it. */
  after(ms: number, due: () => void): () => void
}

/** Time as it passes. */
export const wallClock: Clock = {
  now: () => Date.now(),
  after: (ms, due) => {
    const timer = setTimeout(due, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

type Waiting = { at: number; due: () => void }

/**
 * Time that moves only when the test moves it. It starts at the wall clock, because signatures carry a timestamp
 * and the receiver refuses those older than five minutes.
 */
export class ManualClock implements Clock {
  #now = Date.now()
  readonly #waiting = new Set<Waiting>()

  now(): number {
    return this.#now
  }

  after(ms: number, due: () => void): () => void {
    const waiting = { at: this.#now + ms, due }
    this.#waiting.add(waiting)
    return () => this.#waiting.delete(waiting)
  }

  /** Moves time on, stopping at everything that falls due on the way, in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const [next] = [...this.#waiting].filter((each) => each.at <= end).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#waiting.delete(next)
      this.#now = next.at
      next.due()
    }
    this.#now = end
  }
}
