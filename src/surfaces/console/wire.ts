/**
 * The console's JSON, as it travels. The names up to `WireCommandAnswer` are public and stay stable; the cards and
 * the person switch serve the page alone. Instants are ISO 8601 strings. This file imports nothing, because the
 * page is compiled for the browser.
 */

export type WireAction = { id: string; label: string; enabled: boolean; reason: string | null }

export type WireException = {
  id: string
  version: number
  state: string
  contract: string
  handoff: { from: string; to: string; object: string }
  title: string
  severity: 'low' | 'medium' | 'high'
  subject: { keys: { name: string; value: string }[] }
  systems: { system: string; role: string; state: string; raw: string; at: string | null }[]
  openedAt: string
  dueAt: string
  actions: WireAction[]
}

export type WireExceptions = { items: WireException[]; next: string | null }

export type WireIntervention = {
  id: string
  at: string
  person: string
  kind: string
  action: string | null
  result: string | null
  note: string | null
  minutes: number | null
  surface: string
}

export type WireActionRun = {
  id: string
  action: string
  label: string
  system: string
  requestedBy: string
  approvedBy: string | null
  state: string
  outcome: string | null
  words: string
  startedAt: string
  /** Until when what it did, or an answer, is waited for. */
  settleBy: string | null
  finishedAt: string | null
  verifiedAt: string | null
}

export type WireAmount = { minor: number; currency: string }

export type WireWaiter = {
  name: string
  promiseAt: string | null
  valueMinor: number | null
  currency: string | null
}

/**
 * `isCut`: only the newest were looked at, there are more. Of what people did, `verified` counts what worked, and
 * `proven` what lasted; with `needed` of those automation may take over (null: it may not, or need not earn it).
 */
export type WireHistory = {
  in7Days: number
  in90Days: number
  isCut: boolean
  closed: number
  medianOpenMs: number | null
  healedAlone: number
  medianAloneMs: number | null
  actions: { label: string; times: number; verified: number; proven: number; needed: number | null }[]
  people: string[]
  notes: { exception: string; person: string; note: string; at: string }[]
}

export type WireExceptionDetail = WireException & {
  valueMinor: number | null
  currency: string | null
  promiseAt: string | null
  meaning: string
  hurts: string
  fix: string
  /** The exception that explains this one: it is shown on that one's card. */
  root: { id: string; title: string; name: string } | null
  /** The open exceptions that this one explains; `items` are the most urgent. */
  consequences: {
    total: number
    amounts: WireAmount[]
    items: (WireWaiter & { id: string; title: string; severity: string })[]
  }
  /** Other open orders that need the same goods; null where that is not the question. */
  orders: { total: number; isCut: boolean; amounts: WireAmount[]; items: WireWaiter[] } | null
  history: WireHistory | null
  status: string
  evidence: string
  routeReason: string | null
  channel: string | null
  timeline: string
  episode: number
  since: string
  closedAt: string | null
  claimedBy: string | null
  interventions: WireIntervention[]
  actionRuns: WireActionRun[]
}

/** `exception`: an exception's id, or `batch:<id>` for a button of a batch's card. */
export type WirePress = {
  exception: string
  action: string
  version: number
  values: Record<string, string | number | boolean>
  /** How long the form was open, in ms: a duration, because the reader's clock may be wrong. */
  formOpenMs?: number
  /** The same press sent again carries the same key and is answered the same. */
  interactionKey?: string
}

export type WirePressResult =
  | 'acted'
  | 'awaiting_approval'
  | 'nothing_to_do'
  | 'lost_race'
  | 'not_allowed'
  | 'stale'

export type WirePressAnswer = { result: WirePressResult; message: string }

export type WireCommand = { channel: string | null; text: string; interactionKey?: string }

/** `card` is an Adaptive Card. */
export type WireCommandAnswer = { card: object; text: string }

export type WireChannel = { id: string; title: string; open: number; surfaces: string[] }

export type WireChannels = { items: WireChannel[] }

/** One exception as the page shows it: the Adaptive Card, and what its frame says. */
export type WireCard = {
  id: string
  version: number
  state: string
  severity: 'low' | 'medium' | 'high'
  title: string
  keys: { name: string; value: string }[]
  handoff: { from: string; to: string; object: string }
  channel: string | null
  openedAt: string
  closedAt: string | null
  card: object
}

export type WireCards = { items: WireCard[]; next: string | null; total: number }

/** Many exceptions handled by one press: how far that has come, and its Adaptive Card. */
export type WireBatch = {
  id: string
  version: number
  state: 'offered' | 'running' | 'finished'
  contract: string
  channel: string
  action: string | null
  startedBy: string | null
  startedAt: string | null
  finishedAt: string | null
  members: { exception: string; state: string; words: string }[]
  card: object
}

export type WireBatches = { items: WireBatch[] }

/** A hint on the stream that an exception is new or has changed; `exception` is `batch:<id>` where it is a batch. */
export type WireChange = { exception: string; version: number; channel: string | null }

export type WirePerson = { externalId: string; displayName: string }

/** `people` is empty where nobody can be switched to; `signedIn` = a session that can be ended. */
export type WireMe = { people: WirePerson[]; signedIn: boolean }
