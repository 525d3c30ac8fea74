import { outcomeOf, within } from './outcome.ts'

/** What is known is asked again after this. */
export const FRESH_MS = 600_000
/** What could not be asked again for so long counts no more: nobody keeps a right that was taken away. */
const OLD_MS = 3_600_000
/** Somebody waits for the answer to a press. */
const PATIENCE_MS = 1_500
const REMEMBERED = 5_000

type Entry<T> = { value: T | null; at: number; asking: Promise<void> | null; notBefore: number }

/**
 * What a platform says, by key: asked for when it is needed and once at a time; a failure keeps the old one for a
 * while, and never counts as an answer.
 */
export class Known<T> {
  readonly #entries = new Map<string, Entry<T>>()
  readonly #now: () => number
  readonly #onFailure: (error: unknown) => number

  /** @param onFailure hears of each failure, and says after how many ms the platform may be asked again */
  constructor(now: () => number, onFailure: (error: unknown) => number) {
    this.#now = now
    this.#onFailure = onFailure
  }

  /** Null: not known, and the platform would not say in time. */
  async get(key: string, ask: () => Promise<T>): Promise<T | null> {
    const entry = this.#entries.get(key) ?? { value: null, at: 0, asking: null, notBefore: 0 }
    this.#entries.set(key, entry)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > REMEMBERED && oldest !== undefined) this.#entries.delete(oldest)
    const now = this.#now()
    if (now - entry.at >= FRESH_MS && now >= entry.notBefore) {
      entry.asking ??= this.#ask(entry, ask)
      await within(outcomeOf(entry.asking), PATIENCE_MS)
    }
    return this.#now() - entry.at < OLD_MS ? entry.value : null
  }

  /** What is known of this one may be wrong: it is asked anew when it is needed. */
  doubt(key: string): void {
    const entry = this.#entries.get(key)
    // Kept as old, not as unknown, for the case that the platform is away.
    if (entry) Object.assign(entry, { at: Math.min(entry.at, this.#now() - FRESH_MS), notBefore: 0 })
  }

  async #ask(entry: Entry<T>, ask: () => Promise<T>): Promise<void> {
    const startedAt = this.#now()
    const asked = await outcomeOf(ask())
    entry.asking = null
    if (asked.ok) Object.assign(entry, { value: asked.value, at: startedAt })
    else entry.notBefore = this.#now() + this.#onFailure(asked.error)
  }
}
