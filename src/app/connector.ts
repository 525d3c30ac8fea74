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
  /** `body`: what is kept and read in place of the raw one, where headers say what the body alone does not. */
  { ok: true; deliveryKey: string; body?: Buffer } | { ok: false; status: 400 | 401 | 403; reason: string }

/** A row that could not be parsed: where it stood, and what was wrong. Its neighbours go on. */
export type BadRow = {
  at: string
  reason: string
  /** A word of the system's that its map does not know. */
  unknownWord?: string
}

/** A number that a sender counts up by one with every delivery; `of` names the series it belongs to. */
export type SequenceNumber = { of: string; number: number }

export type ParsedSignal = {
  facts: WireFact[]
  bad: BadRow[]
  /** Where the sender numbers its deliveries without holes: those that came. A hole becomes a finding of the feed. */
  sequence?: SequenceNumber[]
  /** The sender's own clock when it sent, for measuring skew; undefined if it does not say. */
  sentAt?: Date
  /** It says that something changed, and not what: the system is read at once instead of at its next poll. */
  hint?: true
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
  /**
   * Up to when the world is known once this page, the last of its reading, is taken; without it, up to the moment at
   * which the page was asked for. For a system that lists objects and not changes: its first pages are older by then.
   */
  watermark?: Date
}

export type Poller = {
  /** Everything changed since the cursor, overlapping it; null = from the start. Throws SystemError. */
  changes(cursor: string | null, signal: AbortSignal): Promise<PollPage>
  /** From the start it lists everything that the system still holds: what is missing there is gone. */
  listsAll?: boolean
  /** So far its watermark may lie behind although all is well, in ms; without it, not at all. */
  lagMs?: number
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
  /** Kind `request`: told, and nobody has to answer; nothing more will ever be seen of it. `to`: "the mail server". */
  | { is: 'handed_over'; to: string }

export type Compared =
  /** Done; of a request: who was asked has done it. */
  | { is: 'changed'; words: string }
  /** Kind `request`: who was asked agrees, and it will show. */
  | { is: 'accepted'; words: string }
  /** Kind `request`: who was asked says no, in these words. */
  | { is: 'declined'; words: string }
  /** Accepted but not visible yet, or asked and not answered yet: look again until the deadline. */
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

/** A run that has changed something, as its undoing sees it. */
export type Done = Pick<ActionInput, 'target' | 'values'> & { before: Seen | null; after: Seen | null }

/**
 * What takes an action back: an action of the same system, run like any other, with its own re-check. `target` aims it
 * by what was before; without it the action aims itself. Unavailable, with the reason, once it is too late.
 */
export type Undo = { action: string; target?(subject: SubjectView, done: Done): Aim }

/** Null when there is nothing to aim at; a reason when there is and it cannot work now. */
export type Aim = ActionTarget | { unavailable: string } | null

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
  target(subject: SubjectView): Aim
  /** Not while one of these was asked for and is not answered: a customer is told only what is agreed. */
  afterAnswersTo?: readonly string[]
  /** Absent where nothing takes it back. */
  undo?: Undo
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
