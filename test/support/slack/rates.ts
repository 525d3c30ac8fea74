import type { Clock } from '../clock.ts'

/** A bucket that holds `burst` calls and refills at `perMinute`. */
type Rate = { burst: number; perMinute: number }

/**
 * Limits for one app in one workspace (Slack's rate limit tiers; where Slack says "50+", the 50 is enforced).
 * `chat.postMessage` has a limit for each channel as well: one a second, with short bursts.
 */
const WORKSPACE: Record<string, Rate> = {
  'chat.postMessage': { burst: 300, perMinute: 300 },
  'chat.update': { burst: 50, perMinute: 50 },
  'chat.delete': { burst: 50, perMinute: 50 },
  'chat.postEphemeral': { burst: 100, perMinute: 100 },
  'views.open': { burst: 100, perMinute: 100 },
  'views.update': { burst: 100, perMinute: 100 },
  'views.publish': { burst: 100, perMinute: 100 },
  'usergroups.list': { burst: 20, perMinute: 20 },
  'users.info': { burst: 100, perMinute: 100 },
  'conversations.info': { burst: 50, perMinute: 50 },
  'auth.test': { burst: 200, perMinute: 200 },
  // Tier 1. How large a burst Slack really tolerates is not documented.
  'apps.connections.open': { burst: 5, perMinute: 1 },
}
const CHANNEL_POST: Rate = { burst: 4, perMinute: 60 }

type Bucket = { left: number; at: number }

/** Counts calls, and says how many seconds a call must wait (0 = it may go on). */
export class RateLimits {
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes a place for one call, in every bucket that applies or in none. */
  take(method: string, channel: string | null, team: string): number {
    const workspace = WORKSPACE[method]
    const needed: [string, Rate][] = workspace ? [[`${team} ${method}`, workspace]] : []
    if (method === 'chat.postMessage' && channel) needed.push([`${method} ${channel}`, CHANNEL_POST])
    const wait = Math.max(0, ...needed.map(([name, rate]) => this.#wait(name, rate)))
    if (wait === 0) for (const [name, rate] of needed) this.#bucket(name, rate).left -= 1
    return Math.ceil(wait)
  }

  #wait(name: string, rate: Rate): number {
    const bucket = this.#bucket(name, rate)
    return bucket.left >= 1 - 1e-9 ? 0 : ((1 - bucket.left) / rate.perMinute) * 60
  }

  #bucket(name: string, rate: Rate): Bucket {
    const now = this.#clock.now()
    const bucket = this.#buckets.get(name) ?? { left: rate.burst, at: now }
    bucket.left = Math.min(rate.burst, bucket.left + ((now - bucket.at) / 60_000) * rate.perMinute)
    bucket.at = now
    this.#buckets.set(name, bucket)
    return bucket
  }
}
