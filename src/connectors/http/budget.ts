import { RateLimiter } from 'limiter'

export type Rate = { perSecond?: number; perMinute?: number }

/** Waits its turn; rejects with the signal's reason when the caller gives up, and then costs nothing. */
export type Budget = { take(signal: AbortSignal): Promise<void> }

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })

/** Of several that share a rate each takes as long for the same number of calls as there are of them. */
const limitsOf = ({ perSecond, perMinute }: Rate, sharers: number): RateLimiter[] => [
  ...(perSecond === undefined
    ? []
    : [new RateLimiter({ tokensPerInterval: perSecond, interval: 1_000 * sharers })]),
  ...(perMinute === undefined
    ? []
    : [new RateLimiter({ tokensPerInterval: perMinute, interval: 60_000 * sharers })]),
]

/**
 * How many calls a system gets in a second and in a minute; a call above that waits, first come, first served. The
 * counting is the limiter's; the line is ours, because its own cannot be left: who gives up would still take a turn.
 * `replicas`: how many processes share the rate just now; in the long run they keep it together.
 */
export const createBudget = (rate: Rate, replicas: () => number = () => 1): Budget => {
  let sharers = replicas()
  let limits = limitsOf(rate, sharers)
  let line: Promise<void> = Promise.resolve()

  const turn = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      signal.throwIfAborted()
      if (sharers !== replicas()) {
        sharers = replicas()
        limits = limitsOf(rate, sharers)
      }
      const waitMs = Math.max(0, ...limits.map((limit) => limit.getWaitTime(1)))
      // Nothing comes between the question and the taking.
      if (waitMs === 0 && limits.every((limit) => limit.tryRemoveTokens(1))) return
      await pause(Math.max(1, waitMs), signal)
    }
  }
  return {
    take(signal) {
      if (limits.length === 0) return Promise.resolve()
      const mine = line.then(() => turn(signal))
      line = mine.catch(() => {})
      return mine
    },
  }
}
