import type { Role } from '../domain/model.ts'
import { byDay, instantOn, weekdayOf } from './calendar.ts'
import type { Connector } from './connector.ts'
import type { FeedState } from './records.ts'

/** When the files of a batch interface land, as configured. */
export type Lands = {
  /** Minutes after midnight, ascending. */
  at: number[]
  /** Whether files land on this day, seven from Monday on. */
  days: boolean[]
  /** IANA; null = the zone of the file that it stands in. */
  zone: string | null
}

/** A system that hands over in batches. */
export type Batch = {
  system: string
  /** The first landing at or after this moment. */
  landing(from: Date): Date
  /** How early a file may be and still be the one that was due, in ms. */
  earlyMs: number
}

const DAY_MS = 86_400_000
const DAY_MINUTES = 1_440
const MOST_EARLY_MS = 10 * 60_000

/** Half of the shortest time between two files of a day, so that none is ever taken for the next one. */
const earlyOf = ({ at }: Lands): number => {
  const gaps = at.map((minutes, index) => (at[index + 1] ?? (at[0] ?? 0) + DAY_MINUTES) - minutes)
  return Math.min(MOST_EARLY_MS, Math.min(...gaps) * 30_000)
}

/** A batch interface ready to be asked; `zone` holds where it names none itself. */
export const batchOf = (system: string, lands: Lands, zone: string): Batch => {
  const landingsOf = byDay((day) =>
    lands.days[weekdayOf(day)] ? lands.at.map((minutes) => instantOn(day, minutes, lands.zone ?? zone)) : [],
  )
  return {
    system,
    earlyMs: earlyOf(lands),
    landing(from) {
      const at = from.getTime()
      // A week and a day for the zone: files land on at least one day of each week.
      const first = Math.floor(at / DAY_MS) - 1
      for (let day = first; day <= first + 9; day++) {
        const found = landingsOf(day).find((landing) => landing >= at)
        if (found !== undefined) return new Date(found)
      }
      throw new Error(`The batches of ${system} never land`)
    },
  }
}

type World = { batches: readonly Batch[]; connectors: readonly Connector[] }

const batchesOfRoles = ({ batches, connectors }: World, roles: readonly Role[]): Batch[] =>
  batches.filter(({ system: name }) =>
    connectors.some(({ system, role }) => system === name && roles.includes(role)),
  )

/**
 * When what happened at `after` has landed in the systems of a role: with the first file after it, and where there are
 * several such systems with the last of their first files. Null where none lands in batches.
 */
export const landingsOf =
  (world: World) =>
  (role: Role, after: Date): Date | null => {
    const next = new Date(after.getTime() + 1)
    const landings = batchesOfRoles(world, [role]).map((batch) => batch.landing(next).getTime())
    return landings.length > 0 ? new Date(Math.max(...landings)) : null
  }

/**
 * The first file that says what was true at `at` and has not landed yet. A file has landed when its system said
 * something about then or later, and where it is read page by page when the last page is in.
 */
export const missingFile = (
  world: World,
  feeds: ReadonlyMap<string, Pick<FeedState, 'watermark'>>,
  heard: ReadonlyMap<string, Date>,
  clockOf: (at: Date) => string,
  roles: readonly Role[],
  at: Date,
): { words: string; dueAt: Date } | null => {
  for (const { system, landing, earlyMs } of batchesOfRoles(world, roles)) {
    const dueAt = landing(at)
    const last = heard.get(system)
    const isRead = world.connectors.some((connector) => connector.system === system && connector.poll)
    const read = feeds.get(system)?.watermark ?? null
    const isWhole = last !== undefined && (!isRead || (read !== null && read >= last))
    if (isWhole && last.getTime() >= dueAt.getTime() - earlyMs) continue
    return { words: `${system}'s file of ${clockOf(dueAt)} has not landed`, dueAt }
  }
  return null
}

export const batchesOf = (lands: Record<string, Lands>, zone: string): Batch[] =>
  Object.entries(lands).map(([system, each]) => batchOf(system, each, zone))
