import { SEVERITIES } from '../domain/model.ts'
import { type Amount, sums } from './context.ts'
import type { Owed, OwedItem } from './desk.ts'
import type { ExceptionRow } from './queries.ts'

/** What one card saves: its exception, how many it saves with that, and what they are worth. */
export type Saving = { exception: ExceptionRow; saves: number; amounts: Amount[] }

/** What can still be saved before one cut-off. `total`: cards, of which `first` are the worst. */
export type Slot = { saveBy: Date; total: number; first: Saving[] }

export type Today = {
  /** The next cut-off first. */
  slots: Slot[]
  /** Can be saved after today, too; `from`: the first cut-off of these. */
  later: { total: number; from: Date | null }
  /** The last cut-off has passed, or the promise itself. */
  missed: number
  unpromised: number
  snoozed: number
  /** There are more than were looked at. */
  isCut: boolean
}

/** The same before its rows are read. */
export type Plan = Omit<Today, 'slots'> & {
  slots: (Omit<Slot, 'first'> & { first: (Omit<Saving, 'exception'> & { id: string })[] })[]
}

type Dated = OwedItem & { saveBy: Date }

/**
 * What is owed, by the cut-off until which each card can still save something: a card that saves several stands where
 * the first of them must be saved, and counts once. Pure.
 * @param until the end of today
 * @param shown cards of each cut-off, at most
 */
export const planToday = (
  { items, late, unpromised, snoozed, isCut }: Owed,
  saveByOf: (item: OwedItem) => Date,
  { now, until }: { now: Date; until: Date },
  shown: number,
): Plan => {
  const dated = items.map((item): Dated => ({ ...item, saveBy: saveByOf(item) }))
  const inTime = dated.filter(({ saveBy }) => saveBy > now)
  const cards = [...grouped(inTime, ({ top }) => top).values()].map((saved) => ({
    saved,
    saveBy: new Date(Math.min(...saved.map(({ saveBy }) => saveBy.getTime()))),
  }))
  const today = cards.filter(({ saveBy }) => saveBy < until)
  const later = cards.filter(({ saveBy }) => saveBy >= until)
  const bySlot = [...grouped(today, ({ saveBy }) => saveBy.getTime())].sort(([a], [b]) => a - b)
  return {
    slots: bySlot.map(([at, those]) => ({
      saveBy: new Date(at),
      total: those.length,
      first: those
        .map(({ saved }) => saved)
        .sort(worstFirst)
        .slice(0, shown)
        .map((saved) => ({ id: saved[0]?.top ?? '', saves: saved.length, amounts: sums(saved) })),
    })),
    later: {
      total: later.length,
      from: later.length === 0 ? null : new Date(Math.min(...later.map(({ saveBy }) => saveBy.getTime()))),
    },
    missed: late + dated.length - inTime.length,
    unpromised,
    snoozed,
    isCut,
  }
}

const grouped = <T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> => {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}

const gravest = (saved: Dated[]): number =>
  Math.max(...saved.map(({ severity }) => SEVERITIES.indexOf(severity)))
const worth = (saved: Dated[]): number => saved.reduce((sum, { valueMinor }) => sum + (valueMinor ?? 0), 0)

/** The gravest, then what saves most, then what is worth most. */
const worstFirst = (a: Dated[], b: Dated[]): number =>
  gravest(b) - gravest(a) || b.length - a.length || worth(b) - worth(a)
