import { z } from 'zod'
import type { SandboxClock } from './clock.ts'
import type { Journal } from './journal.ts'
import { STEP_OWNER, type Step, type StepName, type SystemName, stepSchema } from './steps.ts'
import type { StoredDocument } from './store.ts'

const eventSchema = z.object({ due: z.number(), step: stepSchema })
const stateSchema = z.object({
  elapsed: z.number(),
  nextId: z.number(),
  bornAt: z.string(),
  outages: z.record(z.string(), z.number()),
})

type Event = { id: number; due: number; step: Step }

/** A live world further behind than this has been asleep (a closed laptop): it goes on instead of catching up. */
const ASLEEP_MS = 60_000

/**
 * The world's queue of steps. Its time is counted in ms lived: a stopped, paused or sleeping world does not age, and
 * goes on where it was. To the outside each moment lived has an instant: while a step runs that is the step's own
 * due time, so that the same seed and the same start give the same world, however late the timer fired.
 */
export type Timeline = {
  /** The world's true time; each system's own clock is off from it. */
  now(): Date
  bornAt: Date
  later(delayMs: number, step: Step): void
  /** Runs everything due by then, in order. */
  runUntil(at: Date): void
  nextDue(): Date | null
  pending(name: StepName, key: string): Step[]
  pause(): void
  resume(): void
  /** Stores how long the world has lived: a restart goes on from there. */
  remember(): void
  /** From now on for so long the system does nothing and answers nobody. */
  takeDown(system: SystemName, ms: number): void
  /** When a system that is down comes back; null when it is up. */
  upAgainAt(system: SystemName): Date | null
}

export const createTimeline = (deps: {
  clock: SandboxClock
  journal: Journal
  documents: StoredDocument[]
  run(step: Step): void
}): Timeline => {
  const { clock, journal } = deps
  const events: Event[] = []
  const saved = deps.documents.find((d) => d.collection === 'timeline')
  const state = saved
    ? stateSchema.parse(saved.body)
    : { elapsed: 0, nextId: 1, bornAt: clock.now().toISOString(), outages: {} }
  let anchor = { at: clock.now().getTime(), elapsed: state.elapsed }
  let latest = anchor.at
  let inStep: Date | null = null
  let paused = false

  const instantOf = (elapsed: number) => anchor.at + elapsed - anchor.elapsed
  const save = () => journal.put('timeline', 'state', state)
  const reAnchor = (at: number) => {
    anchor = { at, elapsed: state.elapsed }
  }

  const insert = (event: Event) => {
    let at = events.length
    for (let before = events[at - 1]; before; before = events[at - 1]) {
      if (before.due < event.due || (before.due === event.due && before.id < event.id)) break
      at -= 1
    }
    events.splice(at, 0, event)
  }
  for (const { collection, id, body } of deps.documents) {
    if (collection === 'event') insert({ id: Number(id), ...eventSchema.parse(body) })
  }

  const downUntil = (owner: SystemName | 'world') => state.outages[owner] ?? 0
  const runOne = (event: Event) => {
    state.elapsed = Math.max(state.elapsed, event.due)
    save()
    const until = downUntil(STEP_OWNER[event.step.do])
    if (until > state.elapsed) {
      const waiting = { ...event, due: until }
      insert(waiting)
      journal.put('event', String(event.id), { due: until, step: event.step })
      return
    }
    inStep = new Date(instantOf(event.due))
    try {
      deps.run(event.step)
    } finally {
      inStep = null
      journal.drop('event', String(event.id))
    }
  }

  return {
    bornAt: new Date(state.bornAt),
    now: () => inStep ?? new Date(Math.max(latest, clock.now().getTime())),
    later(delayMs, step) {
      const due = state.elapsed + Math.max(0, Math.round(delayMs))
      const event = { id: state.nextId++, due, step }
      insert(event)
      journal.put('event', String(event.id), { due, step })
      save()
    },
    runUntil(at) {
      latest = Math.max(latest, at.getTime())
      if (paused) return
      const first = events[0]
      if (clock.wake && first && latest - instantOf(first.due) > ASLEEP_MS) {
        state.elapsed = Math.max(state.elapsed, first.due)
        reAnchor(latest)
      }
      const target = anchor.elapsed + latest - anchor.at
      for (let event = events[0]; event && event.due <= target; event = events[0]) {
        events.shift()
        runOne(event)
      }
      state.elapsed = Math.max(state.elapsed, target)
    },
    nextDue: () => (events[0] && !paused ? new Date(instantOf(events[0].due)) : null),
    pending: (name, key) => events.map((e) => e.step).filter((step) => step.do === name && step.key === key),
    pause() {
      paused = true
    },
    resume() {
      if (paused) reAnchor(Math.max(latest, clock.now().getTime()))
      paused = false
    },
    remember: save,
    takeDown(system, ms) {
      state.outages[system] = Math.max(downUntil(system), state.elapsed + ms)
      save()
    },
    upAgainAt(system) {
      const until = downUntil(system)
      return until > state.elapsed ? new Date(instantOf(until)) : null
    },
  }
}
