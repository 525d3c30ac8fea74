import { orderOf } from './catalogue.ts'
import type { Range } from './dice.ts'
import { FAULTS, isFault, isLookalike } from './faults.ts'
import type { Planted } from './ledger.ts'
import { PLOTS, type Plot } from './plots.ts'
import { STEP_OWNER, type Step } from './steps.ts'
import type { World } from './world.ts'

/** Late, and well within every grace. */
export const lateLag = (world: World): Range => [0.3 * world.plan.graceMs, 0.45 * world.plan.graceMs]

const plotOf = ({ kind }: Planted): Plot =>
  (isFault(kind) || isLookalike(kind) ? PLOTS[kind] : undefined) ?? {}

/** What is planted on the order, delivery, parcel, return or purchase that the step is about. */
const plantedOn = ({ ledger }: World, { key }: Step): Planted[] =>
  ledger.on(/^D\d/.test(key) ? orderOf(key) : key)

/**
 * What is planted meddles with the step before it happens; true if it does not happen now. A step that somebody asked
 * for again, or that was put off already, carries a number: it passes.
 */
export const meddled = (world: World, step: Step): boolean => {
  if (step.n !== undefined) return false
  for (const entry of plantedOn(world, step)) {
    const { loses, delays, stops = [] } = plotOf(entry)
    if (loses === step.do) world.ledger.broke(entry)
    if (delays === step.do) world.later(lateLag(world), { ...step, n: 1 })
    if (loses === step.do || delays === step.do || stops.includes(step.do)) return true
  }
  return false
}

/** What a step that has happened brings about where something is planted. The shop speaks of orders, not deliveries. */
export const brought = (world: World, { do: done, key }: Step): void => {
  for (const entry of plantedOn(world, { do: done, key })) {
    for (const { after, step, lag } of plotOf(entry).brings ?? []) {
      if (after === done)
        world.later(lag, { do: step, key: STEP_OWNER[step] === 'shop' ? orderOf(key) : key })
    }
  }
}

/** What shows the faults on an order has got its name by now: a parcel its tracking number. */
export const named = (world: World, order: string, shown: 'tracking' | 'return', value: string): void => {
  for (const entry of world.ledger.on(order)) {
    if (isFault(entry.kind) && FAULTS[entry.kind].shown === shown) world.ledger.addKey(entry, shown, value)
  }
}
