import type { Severity } from '../domain/model.ts'
import type { ExceptionRow } from './queries.ts'
import type { ExceptionSource } from './records.ts'

/** What lies in front of one person: what is theirs, what waits for their yes, and what is open in their channels. */
export type DeskPart = 'mine' | 'approvals' | 'channels'

export type DeskAsked = {
  personId: string
  /** Whether requests of others that wait for approval are theirs to decide. */
  mayApprove: boolean
  /** Null = every channel. */
  channels: readonly string[] | null
  /** How many of each are wanted. */
  limits: Record<DeskPart, number>
}

/** The first ones, worst first, and how many there are in all. */
export type DeskSources = Record<DeskPart, { sources: ExceptionSource[]; total: number }>
export type Desk = Record<DeskPart, { items: ExceptionRow[]; total: number }>

/** One open exception with a promise that is not past. `top`: the one on whose card it is handled, mostly itself. */
export type OwedItem = {
  id: string
  top: string
  contract: string
  severity: Severity
  promiseAt: Date
  valueMinor: number | null
  currency: string | null
}

/** Everything open by what was promised. `isCut`: only the first promised were looked at, there are more. */
export type Owed = {
  items: OwedItem[]
  isCut: boolean
  /** Promised for a time that is past. */
  late: number
  /** Nobody was promised anything, or no system says so. */
  unpromised: number
  /** Set aside for now: in none of the others. */
  snoozed: number
}
