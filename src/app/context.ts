import type { Key, Severity } from '../domain/model.ts'

/** Consequences counted for one exception; past that there may be more. */
export const MOST_COUNTED = 1_000

/** What stands around an exception: bounded, and read when its card is drawn. */
export type ExceptionContext = {
  /** The worst of the open exceptions that it explains. */
  consequences: { first: ConsequenceRecord[]; amounts: Amount[] }
  /** Other open orders that need the same goods; null where that is not the question. */
  orders: WaitingOrders | null
  /** When its latest episodes opened, newest first. */
  openings: Date[]
  /** How all exceptions of its contract went in the past 90 days; null for an import, which is one exception's past. */
  gap: GapHistory | null
}

export type Amount = { minor: number; currency: string }

/** What these are worth together, by currency, the largest sum first. */
export const sums = (rows: readonly { valueMinor: number | null; currency: string | null }[]): Amount[] => {
  const byCurrency = new Map<string, number>()
  for (const { valueMinor, currency } of rows) {
    if (valueMinor !== null && currency !== null)
      byCurrency.set(currency, (byCurrency.get(currency) ?? 0) + valueMinor)
  }
  return [...byCurrency].map(([currency, minor]) => ({ minor, currency })).sort((a, b) => b.minor - a.minor)
}

export type ConsequenceRecord = {
  id: string
  contract: string
  keys: Key[]
  severity: Severity
  promiseAt: Date | null
  valueMinor: number | null
  currency: string | null
}

export type WaitingOrders = {
  total: number
  /** Only the newest orders of a SKU were looked at: there may be more. */
  isCut: boolean
  amounts: Amount[]
  /** The first by promise date. */
  first: { keys: Key[]; promiseAt: Date | null; valueMinor: number | null; currency: string | null }[]
}

export type GapHistory = {
  /** Openings in the past 7 and 90 days. */
  week: number
  quarter: number
  /** Only the newest exceptions were looked at: there were more. */
  isCut: boolean
  closed: number
  medianOpenMs: number | null
  /** Closed episodes that healed with nobody's hand in it, and how long half of these took at most. */
  healedAlone: number
  medianAloneMs: number | null
  /** How often somebody did something about one, these actions and rarer ones. */
  handled: number
  /**
   * What people did, the most frequent first. `system`: of an action in a system, null for what they did themselves;
   * `proven`: runs that were verified, not undone, and whose exception stayed closed; `ms`: half of them took no longer,
   * from the press to the proof or by what people said, null where nobody knows.
   */
  actions: {
    system: string | null
    action: string
    times: number
    verified: number
    proven: number
    ms: number | null
  }[]
  /** Persons who handled it most often, without figures. */
  people: string[]
  /** The latest notes on other exceptions of it that nobody has retired; `id`: to retire one. */
  notes: { id: string; exception: string; person: string; note: string; at: Date }[]
}
