import { createHash } from 'node:crypto'
import { createCarrier } from './carrier.ts'
import type { SandboxClock } from './clock.ts'
import { type Dice, dice, type Range } from './dice.ts'
import { createErp } from './erp.ts'
import type { FaultPlan } from './faults.ts'
import { createFlow } from './flow.ts'
import { createIdempotency } from './idempotency.ts'
import type { Journal } from './journal.ts'
import { type Author, createLedger, type Ledger } from './ledger.ts'
import { judge } from './mending.ts'
import { createOutbox, type Deliver } from './outbox.ts'
import { createPlanner, type Planner } from './planner.ts'
import { LAGS, type Step, type SystemName } from './steps.ts'
import type { StoredDocument } from './store.ts'
import { createStorefront } from './storefront.ts'
import type { Surroundings } from './system.ts'
import { createTimeline, type Timeline } from './timeline.ts'
import { createWms } from './wms.ts'

/** What each system's clock shows against the true time, in ms: never the same, as in life. */
export const SKEW_MS: Record<SystemName, number> = { shop: 3_000, erp: 40_000, wms: -8_000, carrier: -25_000 }

export type WorldOptions = {
  seed: string
  pace: number
  plan: FaultPlan
  /** Between two orders at pace 1, in ms. */
  orderEvery: Range
  clock: SandboxClock
  journal: Journal
  documents: StoredDocument[]
  silent: boolean
  target(): string | null
  secretOf(system: SystemName): string
  deliver: Deliver
}

/** The four systems, their time, their troubles, and what the steps may use of all that. */
export type World = {
  pace: number
  plan: FaultPlan
  orderEvery: Range
  journal: Journal
  documents: StoredDocument[]
  timeline: Timeline
  ledger: Ledger
  planner: Planner
  shop: ReturnType<typeof createStorefront>
  erp: ReturnType<typeof createErp>
  wms: ReturnType<typeof createWms>
  carrier: ReturnType<typeof createCarrier>
  dice(...names: (string | number)[]): Dice
  /** A duration drawn from the range (pace 1, ms), at the world's pace. */
  lag(range: Range, ...names: (string | number)[]): number
  later(range: Range, step: Step): void
  takeDown(system: SystemName, ms: number): void
  tidy(): void
}

/** The first steps of a new world. */
const begin = (world: World): void => {
  world.shop.open()
  world.erp.open()
  world.wms.open()
  const { plan, pace, timeline } = world
  timeline.later(200 * pace, { do: 'place_order', key: '', n: 1 })
  timeline.later(plan.firstMs * pace, { do: 'plant_fault', key: '', n: 0 })
  world.later(LAGS.purchase, { do: 'order_goods', key: '', n: 1 })
  world.later(LAGS.forget, { do: 'tidy', key: '' })
  if (plan.lookalikeEvery) timeline.later(4_000 * pace, { do: 'plant_lookalike', key: '', n: 0 })
  if (plan.outageEvery) world.later(plan.outageEvery, { do: 'begin_outage', key: '', n: 0 })
}

/** Wakes a world from its documents, or begins a new one where there are none. */
export const createWorld = (options: WorldOptions) => {
  const { seed, pace, plan, clock, journal, documents } = options
  const timeline = createTimeline({
    clock,
    journal,
    documents,
    run: (step) => {
      flow(step)
      settle()
    },
  })
  const ledger = createLedger({ journal, documents, now: () => timeline.now() })
  const worldDice: World['dice'] = (...names) => dice(seed, ...names)
  const lag: World['lag'] = (range, ...names) => worldDice('lag', ...names).between(range) * pace
  const later: World['later'] = (range, step) =>
    timeline.later(lag(range, step.do, step.key, step.n ?? '', step.seq ?? ''), step)
  const idempotency = createIdempotency({ journal, documents, now: () => timeline.now() })
  const worldId = createHash('sha256')
    .update(`${seed} ${timeline.bornAt.toISOString()}`)
    .digest('hex')
    .slice(0, 8)
  const outbox = createOutbox({
    journal,
    ledger,
    timeline,
    documents,
    dice: worldDice,
    plan,
    pace,
    silent: options.silent,
    target: options.target,
    secretOf: options.secretOf,
    skewMs: SKEW_MS,
    deliver: options.deliver,
    worldId,
  })

  let beginning = false
  const touched = new Map<string, Author>()
  const around: Surroundings = {
    journal,
    timeline,
    documents,
    later,
    changed({ system, kind, row, wire, about }) {
      // The first day's stock is not news: whoever connects reads it.
      if (beginning) return
      outbox.push(system, `${kind}.changed`, row.id, wire)
      for (const name of about) touched.set(name, row.changedBy)
    },
  }
  /** After every step and every call: what has become of the faults on what has changed, and by whose hand. */
  const settle = () => {
    const names = [...touched]
    touched.clear()
    for (const [about, by] of names) judge(world, about, by)
  }
  const shop = createStorefront(SKEW_MS.shop, around)
  const erp = createErp(SKEW_MS.erp, around)
  const wms = createWms(SKEW_MS.wms, around)
  const carrier = createCarrier(SKEW_MS.carrier, around)

  const world: World = {
    pace,
    plan,
    orderEvery: options.orderEvery,
    journal,
    documents,
    timeline,
    ledger,
    get planner() {
      return planner
    },
    shop,
    erp,
    wms,
    carrier,
    dice: worldDice,
    lag,
    later,
    takeDown(system, ms) {
      const from = timeline.now()
      timeline.takeDown(system, ms)
      const to = new Date(from.getTime() + ms)
      ledger.outage({ system, from: from.toISOString(), to: to.toISOString() })
    },
    tidy: () => idempotency.tidy(),
  }
  const planner = createPlanner(world)
  const flow = createFlow(world)

  if (documents.length === 0) {
    beginning = true
    begin(world)
    beginning = false
  }
  return { ...world, planner, outbox, idempotency, settle }
}
