/**
 * Where the sandbox's time comes from. With `wake` the world moves by itself in real time; without it the world
 * stands still until somebody calls `advance(to)`, so that weeks can be played in seconds.
 */
export type SandboxClock = {
  now(): Date
  /** Runs `run` once after `afterMs`; the answer takes it back. */
  wake?(afterMs: number, run: () => void): () => void
}

/** Real time. */
export const systemClock: SandboxClock = {
  now: () => new Date(),
  wake(afterMs, run) {
    const timer = setTimeout(run, afterMs)
    return () => clearTimeout(timer)
  },
}

/** Simulated time: it begins at `start` and moves only by `Sandbox.advance`. */
export const simulatedClock = (start: Date): SandboxClock => ({ now: () => new Date(start) })
