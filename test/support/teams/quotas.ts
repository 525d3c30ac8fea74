import type { Clock } from '../clock.ts'

/** So many calls in so long, over a sliding window. */
type Quota = { calls: number; perMs: number }

/** Teams' published quotas: one bot in one conversation, for what it writes there; and one app in one tenant. */
const CONVERSATION: Quota[] = [
  { calls: 7, perMs: 1_000 },
  { calls: 8, perMs: 2_000 },
  { calls: 60, perMs: 30_000 },
  { calls: 1_800, perMs: 3_600_000 },
]
/** Reading who is in a conversation has twice the room. */
const MEMBERS: Quota[] = CONVERSATION.map((each) => ({ ...each, calls: each.calls * 2 }))
const LONGEST = Math.max(...MEMBERS.map((each) => each.calls))
const TENANT: Quota[] = [{ calls: 50, perMs: 1_000 }]

/** Counts calls, and says how long one must wait in milliseconds (0 = it may go on). */
export class Quotas {
  readonly #clock: Clock
  readonly #taken = new Map<string, number[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes a place for one call in every window that applies, or in none. */
  take(what: 'write' | 'members', conversation: string): number {
    const buckets: [string, Quota[]][] = [
      [`${what} ${conversation}`, what === 'write' ? CONVERSATION : MEMBERS],
      ['tenant', TENANT],
    ]
    const wait = Math.max(0, ...buckets.map(([key, quotas]) => this.#wait(key, quotas)))
    if (wait === 0) for (const [key] of buckets) this.#note(key)
    return wait
  }

  #note(key: string): void {
    const times = this.#times(key)
    times.push(this.#clock.now())
    // No window looks further back than its own number of calls.
    if (times.length > 2 * LONGEST) times.splice(0, times.length - LONGEST)
  }

  #wait(key: string, quotas: Quota[]): number {
    const now = this.#clock.now()
    const times = this.#times(key)
    const waits = quotas.map(({ calls, perMs }) => {
      const inTheWay = times.at(-calls)
      return inTheWay === undefined ? 0 : inTheWay + perMs - now
    })
    return Math.max(0, ...waits)
  }

  #times(key: string): number[] {
    const times = this.#taken.get(key) ?? []
    this.#taken.set(key, times)
    return times
  }
}
