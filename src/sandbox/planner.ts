import { z } from 'zod'
import { PEOPLE, stockId } from './catalogue.ts'
import type { Dice, Range } from './dice.ts'
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
import { sellable } from './flow-goods.ts'
import type { Planted } from './ledger.ts'
import { LAGS, type Step, SYSTEMS } from './steps.ts'
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

type StockKind = 'stock_drift' | 'count_in_progress' | 'transfer_in_flight'
const isOnStock = (kind: PlantedKind): kind is StockKind => seatOf(kind) === 'stock'

const kindsOf = <K extends string>(table: Record<K, unknown>, is: (name: string) => name is K): K[] =>
  Object.keys(table).filter(is)

export const createPlanner = (world: World): Planner => {
  const { ledger, journal, timeline, plan } = world
  const saved = world.documents.find((d) => d.collection === 'planner')
  const waiting = (saved ? waitingSchema.parse(saved.body).kinds : []).filter(
    (kind): kind is PlantedKind => isFault(kind) || isLookalike(kind),
  )
  const saveWaiting = () => journal.put('planner', 'waiting', { kinds: waiting })

  const ageMs = (): number => timeline.now().getTime() - timeline.bornAt.getTime()
  const drawFault = (n: number): FaultKind | null => {
    const weightOf = (kind: FaultKind) => plan.weights[kind] ?? 0
    const first = FIRST_ROUND.filter((kind) => weightOf(kind) > 0)
    const isOpen = (kind: FaultKind) =>
      ageMs() >= plan.rareAfterMs * world.pace || FIRST_ROUND.some((known) => known === kind)
    const bag = kindsOf(FAULTS, isFault)
      .filter(isOpen)
      .flatMap((kind) => Array<FaultKind>(weightOf(kind)).fill(kind))
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
    return ageMs() < plan.livelyForMs * world.pace ? plan.livelyEvery : plan.calmEvery
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

  /** Stock of which there is enough, at rest, and on which nothing is planted yet. */
  const someStock = (kind: PlantedKind) => {
    const skus = sellable(world, 30).filter(
      (sku) =>
        ledger.on(stockId(sku)).every((entry) => entry.benign) &&
        timeline.pending('move_stock', stockId(sku)).length === 0,
    )
    const luck = world.dice(kind, ledger.planted())
    return skus.length > 0 ? { luck, sku: luck.pick(skus) } : null
  }
  const onStock: Record<StockKind, (luck: Dice, sku: string) => void> = {
    stock_drift(luck, sku) {
      const { erp, wms } = world
      // Larger than what is ever on the move at once, and unlike any purchase: no agreement by accident.
      const units = luck.between([9, 20]) * (luck.chance(0.5) ? 1 : -1)
      const wrongIn = luck.chance(0.7) ? 'erp' : 'wms'
      const stock = stockId(sku)
      sendPerson(ledger.plant({ kind: 'stock_drift', keys: { sku, stock }, units, wrongIn }))
      if (wrongIn === 'erp') erp.misbook(stock, units)
      else wms.mistype(stock, units, { kind: 'person', name: luck.pick(PEOPLE.wms) })
    },
    count_in_progress(luck, sku) {
      const { wms } = world
      const stock = stockId(sku)
      const by = { kind: 'person', name: luck.pick(PEOPLE.wms) } as const
      const onCarts = luck.between([9, 20])
      if (!wms.requestCount(stock, by, onCarts)) return
      record('count_in_progress', { sku, stock })
      wms.mistype(stock, -onCarts, by)
    },
    transfer_in_flight(luck, sku) {
      const units = luck.between([6, 13])
      record('transfer_in_flight', { sku, stock: stockId(sku) })
      world.wms.sendTransfer(sku, units)
      world.later(LAGS.transfer, { do: 'arrive_transfer', key: sku, n: units })
    },
  }

  const plant: Planner['plant'] = (kind, on) => {
    if (isOnStock(kind)) {
      const found = someStock(kind)
      return found ? onStock[kind](found.luck, found.sku) : undefined
    }
    if (seatOf(kind) === 'purchase') return timeline.later(0, { do: 'order_goods', key: kind })
    if (on === 'now') return timeline.later(0, { do: 'place_order', key: kind })
    waiting.push(kind)
    saveWaiting()
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
