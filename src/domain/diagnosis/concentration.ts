import { dice, type Part, partOf, type Rate, rateOf } from './statistics.ts'

/** A completed handoff: was it late, and whose was it (an order with three sellers is each one's). */
export type Owned = { late: boolean; owners: string[] }

export type Owner = { name: string; late: Rate }

/** Where late handoffs pile up along one dimension: who holds how many of them, beside how much of the volume. */
export type Concentration = {
  dimension: string
  /** Completed handoffs of which the dimension is known; the others are left out. */
  known: number
  unknown: number
  owners: number
  ownersWithLate: number
  /** How many are called "the worst": twenty, or the worst fifth where there are fewer than a hundred. */
  worst: number
  /**
   * Late handoffs with at least one of the worst among their owners, of all late ones. Without an interval: the worst were
   * chosen by this very figure, so that only `luck` says what it is worth.
   */
  late: Part
  /** All completed handoffs with at least one of the worst among their owners, of all completed ones. */
  volume: Part
  /**
   * What the worst would hold if lateness were luck: late ones dealt out at random over the same handoffs. The mean
   * share and the 95th percentile. Null where nothing is late.
   */
  luck: { mean: number; p95: number } | null
  /** `concentrated`: more than luck explains. `spread`: not. `too_few`: too few late ones to tell. */
  verdict: 'concentrated' | 'spread' | 'too_few'
  /** The worst, most late ones first. */
  list: Owner[]
}

const WORST_AT_MOST = 20
/** Below these nothing is said: our own, the customary least sample. */
const LEAST_LATE = 30
/** Shuffles: enough for a steady 95th percentile to a percent. Fixed, so that the same export says the same. */
const SHUFFLES = 200
const SEED = 20

/** The share that the worst owners of a dimension hold; null when fewer than two owners are known. */
export const concentrationOf = (dimension: string, all: readonly Owned[]): Concentration | null => {
  const known = all.filter(({ owners }) => owners.length > 0)
  const names = [...new Set(known.flatMap(({ owners }) => owners))].sort()
  if (names.length < 2) return null
  const place = new Map(names.map((name, i) => [name, i]))
  const owners = known.map((each) => [...new Set(each.owners)].flatMap((name) => place.get(name) ?? []))
  const volumes = countsOf(owners, owners.keys(), names.length)
  const lateOnes = [...known.keys()].filter((i) => known[i]?.late)
  const worst = Math.min(WORST_AT_MOST, Math.ceil(names.length / 5))
  const counts = countsOf(owners, lateOnes, names.length)
  const top = worstOf(counts, volumes, worst)
  const held = heldBy(top, owners, lateOnes)
  const share = held / lateOnes.length
  const luck = lateOnes.length === 0 ? null : byLuck(owners, volumes, lateOnes.length, worst)
  return {
    dimension,
    known: known.length,
    unknown: all.length - known.length,
    owners: names.length,
    ownersWithLate: counts.reduce((sum, count) => sum + Number(count > 0), 0),
    worst,
    late: partOf(held, lateOnes.length),
    volume: partOf(heldBy(top, owners, owners.keys()), known.length),
    luck,
    verdict:
      luck === null || lateOnes.length < LEAST_LATE
        ? 'too_few'
        : share > luck.p95
          ? 'concentrated'
          : 'spread',
    list: top.map((i) => ({ name: names[i] ?? '', late: rateOf(counts[i] ?? 0, volumes[i] ?? 0) })),
  }
}

const countsOf = (owners: readonly number[][], which: Iterable<number>, size: number): number[] => {
  const counts = new Array<number>(size).fill(0)
  for (const i of which) for (const owner of owners[i] ?? []) counts[owner] = (counts[owner] ?? 0) + 1
  return counts
}

/** Owners with the most late ones; of equals the one with the least volume, then by place: the same every time. */
const worstOf = (counts: readonly number[], volumes: readonly number[], worst: number): number[] =>
  [...counts.keys()]
    .filter((i) => (counts[i] ?? 0) > 0)
    .sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || (volumes[a] ?? 0) - (volumes[b] ?? 0) || a - b)
    .slice(0, worst)

const heldBy = (top: readonly number[], owners: readonly number[][], which: Iterable<number>): number => {
  const among = new Set(top)
  let held = 0
  for (const i of which) if (owners[i]?.some((owner) => among.has(owner))) held++
  return held
}

/** Deals the late ones out at random, again and again, and sees what the worst then hold. */
const byLuck = (
  owners: readonly number[][],
  volumes: readonly number[],
  late: number,
  worst: number,
): { mean: number; p95: number } => {
  const roll = dice(SEED)
  const order = [...owners.keys()]
  const shares: number[] = []
  for (let round = 0; round < SHUFFLES; round++) {
    for (let i = 0; i < late; i++) {
      const j = i + Math.floor(roll() * (order.length - i))
      const [a, b] = [order[i] ?? 0, order[j] ?? 0]
      order[i] = b
      order[j] = a
    }
    const dealt = order.slice(0, late)
    shares.push(
      heldBy(worstOf(countsOf(owners, dealt, volumes.length), volumes, worst), owners, dealt) / late,
    )
  }
  shares.sort((a, b) => a - b)
  return {
    mean: shares.reduce((sum, share) => sum + share, 0) / SHUFFLES,
    p95: shares[Math.ceil(SHUFFLES * 0.95) - 1] ?? 1,
  }
}
