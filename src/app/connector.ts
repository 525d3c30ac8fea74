import type { KeyRules } from '../domain/keys.ts'
import type { Fact, Role, SubjectView } from '../domain/model.ts'
import type { CardInput } from './card.ts'

/**
 * The port to one system: what every connector folder implements (`createX(config, deps): Connector`).
 * A connector turns wire data into facts at its edge and performs routing actions; it decides nothing else.
 */
export type Connector = {
  /** The configured name, e.g. `shop-eu`. */
  system: string
  role: Role
  /** The folder it lives in, e.g. `sandbox`. */
  kind: string
  webhook?: WebhookIntake
  poll?: Poller
  actions: RoutingAction[]
  /** How its numbers are compared, as an admin declares it; without it, as they are. */
  keys?: KeyRules
  /** For `baton doctor`: resolves when the system answers and the credentials work; throws SystemError. */
  probe(signal: AbortSignal): Promise<void>
}

export type RequestHead = { headers: Record<string, string | undefined>; receivedAt: Date }

/** A fact as a connector states it: Baton adds system, role, receipt time and the clock correction. */
export type WireFact = Omit<Fact, 'system' | 'role' | 'receivedAt'>

export type Verified =
  | { ok: true; deliveryKey: string }
  | { ok: false; status: 400 | 401 | 403; reason: string }

/** A row that could not be parsed: where it stood, and what was wrong. Its neighbours go on. */
export type BadRow = { at: string; reason: string }

export type ParsedSignal = {
  facts: WireFact[]
  bad: BadRow[]
  /** The sender's own clock when it sent, for measuring skew; undefined if it does not say. */
  sentAt?: Date
}

export type WebhookIntake = {
  maxBytes: number
  /** Checks the signature over the raw bytes in constant time, and the sender's timestamp where it has one. */
  verify(head: RequestHead, body: Buffer): Verified
  /** Throws when the body as a whole makes no sense: the signal is then kept as unparsed. */
  parse(body: Buffer): ParsedSignal
}

export type PollPage = ParsedSignal & {
  /** Opaque; given to the next call. */
  cursor: string
  /** More pages are waiting right now. */
  more: boolean
  /** Raw body, kept like a webhook's. */
  raw: Buffer
}

export type Poller = {
  /** Everything changed since the cursor, overlapping it; null = from the start. Throws SystemError. */
  changes(cursor: string | null, signal: AbortSignal): Promise<PollPage>
  /** From the start it lists everything that the system still holds: what is missing there is gone. */
  listsAll?: boolean
}

/** What an action's read saw: the facts to record, and the words for people. */
export type Reading = {
  facts: WireFact[]
  /** The system's state for compare: equal JSON = nothing changed. */
  snapshot: unknown
  words: string
}

/** What is kept of a reading: JSON, so that it survives the process that read it. */
export type Seen = Omit<Reading, 'facts'>

export type Ready =
  | { is: 'ready' }
  /** The world is already as the action would make it. */
  | { is: 'already_done'; words: string }
  /** It cannot work now; `words` says why in the system's terms. */
  | { is: 'impossible'; words: string }

/** What `act` heard. HTTP 200 proves nothing: only the second read does. */
export type Acted =
  | { is: 'accepted'; words: string }
  /** Kind `request`: someone else must agree; asked, waiting until. */
  | { is: 'requested'; words: string; until: Date }

export type Compared =
  | { is: 'changed'; words: string }
  /** Accepted but not visible yet: look again until the settling deadline. */
  | { is: 'settling'; words: string }
  /** The system said yes and changed nothing. */
  | { is: 'unchanged'; words: string }

/** What the action is aimed at, resolved from the subject when the card is drawn and again when it runs. */
export type ActionTarget = { externalId: string; params: Record<string, string | number | boolean> }

export type ActionInput = {
  target: ActionTarget
  /** What the person typed into the card's inputs. */
  values: Record<string, string | number | boolean>
  /** The person who asked for it, for a system that keeps who did what. */
  by?: string
  signal: AbortSignal
}

/**
 * A thing that a button does through this system's API: read > precondition > act with a key > read > compare.
 * The steps are driven by `app/act.ts`; an action never retries and never decides an outcome by itself.
 */
export type RoutingAction = {
  /** Unique within Baton, a verb: `book_receipt`. Two connectors may offer the same id for their own system. */
  id: string
  label: string
  kind: 'do' | 'request'
  /** Moves money or goods, or cannot be taken back: the trust policy asks for a second person. */
  risk: 'safe' | 'second_person'
  /** How long a change may take to show after it was accepted, in ms. */
  settleMs: number
  /** Repeating `act` with the same key is known by the system and has no second effect. */
  idempotent: boolean
  /** Null when the subject gives nothing to aim at; a reason when it does but the state forbids it. */
  target(subject: SubjectView): ActionTarget | { unavailable: string } | null
  /** What to ask the person before it is done; without it, one click does it. */
  inputs?(subject: SubjectView): CardInput[]
  /** The size of the change, for the trust policy ("a second person above 10 units"); undefined = not sized. */
  magnitude?(subject: SubjectView): number
  read(input: ActionInput): Promise<Reading>
  precondition(input: ActionInput, before: Reading): Ready
  act(input: ActionInput, key: string): Promise<Acted>
  /** `before` may have been read by a process that is dead by now: only its snapshot and words were kept. */
  compare(input: ActionInput, before: Seen, after: Reading): Compared
}
