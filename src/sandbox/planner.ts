import { z } from 'zod'
import { PEOPLE, stockId } from './catalogue.ts'
import type { Range } from './dice.ts'
import {
  FAULTS,
  type FaultKind,
  FIRST_ROUND,
  isFault,
  isLookalike,
  LOOKALIKES,
  type LookalikeKind,
  type PlantedKind,
  seatOf,
} from './faults.ts'
import type { Planted } from './ledger.ts'
import { type Step, SYSTEMS } from './steps.ts'
import type { World } from './world.ts'

const waitingSchema = z.object({ kinds: z.array(z.string()) })

/** The first faults are never stubborn: a newcomer's first press should work. */
const MEEK_UNTIL = 16

/** Decides what goes wrong when. All chance comes from the seed and the running number of the step. */
export type Planner = {
  /** Plants it on an extra order or purchase at once, or on the next one that comes anyway. */
  plant(kind: PlantedKind, on: 'now' | 'next'): void
  /** What waits for the next order, if anything; asking uses it up. */
  takeWaiting(): PlantedKind | null
  /** Enters it into the ledger, now that it is known what it sits on. */
  record(kind: PlantedKind, keys: Record<string, string>, stubborn?: boolean): Planted
  isStubborn(kind: PlantedKind): boolean
  plantFault(step: Step): void
  plantLookalike(step: Step): void
  beginOutage(step: Step): void
}

const kindsOf = <K extends string>(table: Record<K, unknown>, is: (name: string) => name is K): K[] =>
  Object.keys(table).filter(is)

export const createPlanner = (world: World): Planner => {
  const { ledger, journal, timeline, plan } = world
  const saved = world.documents.find((d) => d.collection === 'planner')
  const waiting = (saved ? waitingSchema.parse(saved.body).kinds : []).filter(
    (kind): kind is PlantedKind => isFault(kind) || isLookalike(kind),
  )
  const saveWaiting = () => journal.put('planner', 'waiting', { kinds: waiting })

  const drawFault = (n: number): FaultKind | null => {
    const first = FIRST_ROUND.filter((kind) => plan.weights[kind] > 0)
    const bag = kindsOf(FAULTS, isFault).flatMap((kind) => Array<FaultKind>(plan.weights[kind]).fill(kind))
    if (bag.length === 0) return null
    const after = n - first.length
    const round = Math.floor(after / bag.length)
    return first[n] ?? world.dice('bag', round).shuffle(bag)[after % bag.length] ?? null
  }
  const drawLookalike = (n: number): LookalikeKind | null => {
    const kinds = kindsOf(LOOKALIKES, isLookalike)
    const shuffled = world.dice('lookalikes', Math.floor(n / kinds.length)).shuffle(kinds)
    return shuffled[n % kinds.length] ?? null
  }
  const faultPause = (n: number): Range => {
    if (n < plan.burst) return plan.burstEvery
    const lively = timeline.now().getTime() - timeline.bornAt.getTime() < plan.livelyForMs * world.pace
    return lively ? plan.livelyEvery : plan.calmEvery
  }

  const record: Planner['record'] = (kind, keys, stubborn = false) => {
    const entry = ledger.plant({ kind, keys, stubborn })
    sendPerson(entry)
    return entry
  }
  /** Somebody may come across the fault in the system itself; at last somebody does. */
  const sendPerson = (entry: Planted) => {
    if (entry.benign) return
    const soon = world.dice('person', entry.id).chance(plan.personShare)
    world.later(soon ? plan.personAfter : plan.cleanUpAfter, { do: 'person_looks', key: entry.id })
  }

  const drift = () => {
    const { shop, erp, wms } = world
    const luck = world.dice('drift', ledger.planted())
    const skus = wms
      .skus()
      .filter((sku) => !ledger.has('stock_drift', sku) && shop.available(sku) > 30)
      .sort()
    if (skus.length === 0) return
    const sku = luck.pick(skus)
    // Larger than what is ever on the move at once, and unlike any purchase: no agreement by accident.
    const units = luck.between([9, 20]) * (luck.chance(0.5) ? 1 : -1)
    const wrongIn = luck.chance(0.7) ? 'erp' : 'wms'
    const keys = { sku, stock: stockId(sku) }
    const entry = ledger.plant({ kind: 'stock_drift', keys, units, wrongIn })
    if (wrongIn === 'erp') erp.misbook(sku, units)
    else wms.mistype(sku, units, { kind: 'person', name: luck.pick(PEOPLE.wms) })
    ledger.broke(entry)
    sendPerson(entry)
  }

  const plant: Planner['plant'] = (kind, on) => {
    switch (seatOf(kind)) {
      case 'stock':
        return drift()
      case 'purchase':
        return timeline.later(0, { do: 'order_goods', key: kind })
      case 'order':
        if (on === 'now') return timeline.later(0, { do: 'place_order', key: kind })
        waiting.push(kind)
        saveWaiting()
    }
  }

  return {
    plant,
    record,
    takeWaiting() {
      const kind = waiting.shift() ?? null
      if (kind) saveWaiting()
      return kind
    },
    isStubborn: (kind) => {
      const n = ledger.planted() + 1
      const can = kind === 'paid_never_imported' || kind === 'receipt_never_booked'
      return can && n > MEEK_UNTIL && world.dice('stubborn', n).chance(plan.stubbornShare)
    },
    plantFault(step) {
      const n = step.n ?? 0
      world.later(faultPause(n + 1), { do: 'plant_fault', key: '', n: n + 1 })
      const kind = drawFault(n)
      if (kind && ledger.openFaults().length < plan.maxOpen) plant(kind, n < plan.burst ? 'now' : 'next')
    },
    plantLookalike(step) {
      const n = step.n ?? 0
      if (plan.lookalikeEvery) world.later(plan.lookalikeEvery, { do: 'plant_lookalike', key: '', n: n + 1 })
      const kind = drawLookalike(n)
      if (kind) plant(kind, 'next')
    },
    beginOutage(step) {
      const n = step.n ?? 0
      if (plan.outageEvery) world.later(plan.outageEvery, { do: 'begin_outage', key: '', n: n + 1 })
      const luck = world.dice('outage', n)
      world.takeDown(luck.pick(SYSTEMS), luck.between(plan.outageFor) * world.pace)
    },
  }
}
