import type { Range } from './dice.ts'
import type { LookalikeKind, PlantedKind } from './faults.ts'
import type { Step } from './steps.ts'
import type { World } from './world.ts'

/** Lost by a planted fault: the ledger notes that it can be seen from now on. */
export const lost = (world: World, kind: PlantedKind, key: string): boolean => {
  const entry = world.ledger.has(kind, key)
  if (entry) world.ledger.broke(entry)
  return entry !== undefined
}

/** Puts the step off once where the planted look-alike says so: late, and well within every grace. */
export const late = (world: World, kind: LookalikeKind, key: string, step: Step): boolean => {
  if (step.n !== undefined || !world.ledger.has(kind, key)) return false
  world.later(lateLag(world), { ...step, n: 1 })
  return true
}
export const lateLag = (world: World): Range => [0.3 * world.plan.graceMs, 0.45 * world.plan.graceMs]
