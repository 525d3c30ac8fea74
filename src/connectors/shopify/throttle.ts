import { SystemError } from '../../app/errors.ts'

/** What Shopify says about the shop's bucket, in points; `restoreRate` is points a second. */
export type ThrottleStatus = { maximumAvailable: number; currentlyAvailable: number; restoreRate: number }

export type Clock = {
  now(): Date
  /** Resolves after so many ms; rejects when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** Longer than this nobody waits for points to come back, in ms: the caller is told when to come again. */
const MAX_WAIT_MS = 10_000

/**
 * One shop's bucket of points as Shopify last stated it, refilled by the clock. Calls wait here, not at Shopify; what
 * a call may cost is learned from what the same document cost before.
 */
export type Bucket = {
  /** Waits until the document may be sent. Throws `unreachable` with the time to wait where that is too long. */
  enter(document: string, signal: AbortSignal): Promise<void>
  /** What an answer said: what the document was reckoned at, and how much is left. */
  learn(document: string, requested: number, status: ThrottleStatus): void
}

export const createBucket = (system: string, clock: Clock): Bucket => {
  const costs = new Map<string, number>()
  let known: (ThrottleStatus & { at: number }) | null = null

  const waitMs = (cost: number): number => {
    if (!known) return 0
    const refilled = ((clock.now().getTime() - known.at) / 1000) * known.restoreRate
    const available = Math.min(known.maximumAvailable, known.currentlyAvailable + Math.max(0, refilled))
    // A document that is dearer than the whole bucket is Shopify's to refuse.
    const missing = Math.min(cost, known.maximumAvailable) - available
    return missing <= 0 ? 0 : Math.ceil((missing / Math.max(known.restoreRate, 1)) * 1000)
  }

  return {
    async enter(document, signal) {
      const cost = costs.get(document) ?? 0
      const ms = waitMs(cost)
      if (ms > MAX_WAIT_MS) {
        const words = `${system} has used up its share of calls: its points are back in ${Math.ceil(ms / 1000)} s.`
        throw new SystemError(system, 'unreachable', words, ms)
      }
      // Reserved before the wait, so that calls which wait at the same time do not count on the same points.
      if (known) known.currentlyAvailable -= cost
      if (ms === 0) return
      try {
        await clock.sleep(ms, signal)
      } catch {
        throw new SystemError(system, 'unreachable', `Stopped while waiting for ${system}'s points.`)
      }
    },
    learn(document, requested, status) {
      costs.set(document, requested)
      known = { ...status, at: clock.now().getTime() }
    },
  }
}
