import type { SandboxClock } from './clock.ts'
import type { Outbox } from './outbox.ts'
import type { Timeline } from './timeline.ts'

/** Keeps a world in real time going. In simulated time it never rings. */
export type Alarm = { ring(): void; stop(): void }

/** The world looks at its clock at least so often: retries of webhooks wait for that. */
const LONGEST_NAP_MS = 1_000

export const createAlarm = (deps: {
  clock: SandboxClock
  timeline: Timeline
  outbox: Outbox
  saved(): Promise<void>
  report(error: unknown): void
}): Alarm => {
  const { clock, timeline, outbox, saved, report } = deps
  let takeBack: (() => void) | undefined
  let ringing = false
  let again = false
  let stopped = false

  /** One look at the clock; answers how long nothing will happen, in ms. */
  const live = async (): Promise<number> => {
    try {
      timeline.runUntil(clock.now())
      await saved()
      outbox.wake()
    } catch (error) {
      report(error)
      return LONGEST_NAP_MS
    }
    const next = timeline.nextDue()
    const nap = next ? next.getTime() - clock.now().getTime() : LONGEST_NAP_MS
    return Math.max(0, Math.min(nap, LONGEST_NAP_MS))
  }
  const ring = async (): Promise<void> => {
    if (stopped || !clock.wake) return
    again = ringing
    if (ringing) return
    ringing = true
    takeBack?.()
    const nap = await live()
    ringing = false
    if (stopped) return
    takeBack = clock.wake(again ? 0 : nap, () => void ring())
  }
  return {
    ring: () => void ring(),
    stop() {
      stopped = true
      takeBack?.()
    },
  }
}
