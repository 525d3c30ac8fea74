import type { Assumptions } from './assumptions.ts'
import { beginMs, type Touch } from './touch.ts'

/**
 * Runs of touches by ONE person: a touch (or the opening of its form) less than `joinMinutes` after the last one
 * belongs to the same session. The first touch of each session is the one that the person switched for.
 */
export const sessionsOf = (touches: readonly Touch[], assumptions: Assumptions): Touch[][] => {
  const begin = (touch: Touch) => beginMs(touch, assumptions.formLimitMinutes)
  // Stable: touches that begin together stay in the order they came in.
  const byBegin = [...touches].sort((a, b) => begin(a) - begin(b))
  const sessions: Touch[][] = []
  let current: Touch[] = []
  let lastMs = Number.NEGATIVE_INFINITY
  for (const touch of byBegin) {
    if (begin(touch) - lastMs >= assumptions.joinMinutes * 60_000) {
      current = []
      sessions.push(current)
    }
    current.push(touch)
    lastMs = Math.max(lastMs, touch.at.getTime())
  }
  return sessions
}
