import type { Handoff, ObjectType, OrderClass, Role, Severity, SubjectKind } from '../model.ts'

/**
 * What must be true of an object beyond its state; `was`: it has been in that state before. A value that the object does
 * not state fulfils nothing but `stated: false`.
 */
export type Condition =
  | { was: string }
  | { attribute: string; in: (string | number | boolean)[] }
  | { attribute: string; stated: boolean }
  | { quantity: string; below: number }
  | { quantity: string; above: number }

/** Objects of one role and type that are now in one of these states (all states, if none is named) and fulfil `where`. */
export type Selector = { role: Role; type: ObjectType; states?: string[]; where?: Condition[] }

/**
 * How long a handoff may take, counted from the moment it became owed.
 *
 * - `field`: the deadline itself is an attribute (an ISO instant) of an object of the subject, e.g. a shipping limit.
 * - `working`: only the working time of a calendar counts (hours, weekends, holidays, in its zone).
 * - `landing`: a batch interface owes nothing before its next landing; `marginMs` lets it be read.
 * - `learned`: a high quantile of the lags seen on this handoff, per pair of systems and per value of the attribute
 *   `by` of the object that began it; `otherwiseMs` until enough were seen, and never less than `floorMs`.
 */
export type Grace =
  | { kind: 'duration'; ms: number }
  | { kind: 'field'; role: Role; type: ObjectType; attribute: string; plusMs: number }
  | { kind: 'working'; calendar: string; ms: number }
  | { kind: 'landing'; role: Role; marginMs: number }
  | { kind: 'learned'; by: string | null; otherwiseMs: number; floorMs: number }

/** What a learned grace rests on. */
export type LearnedGrace = { ms: number; words: string }

/** The handoff whose lag is asked for: a pair of systems, and the value of the attribute that it is learned by. */
export type LagScope = { contract: string; from: string; to: string | null; value: string | null }

/** What a grace needs to know beyond the subject: calendars, landings and learned lags, as they stand at one moment. */
export type Graces = {
  /** The end of `ms` of the calendar's working time after `from`. */
  working(calendar: string, from: Date, ms: number): Date
  /** The first landing of a batch system of this role after `after`; null where none lands in batches. */
  landing(role: Role, after: Date): Date | null
  learned(scope: LagScope): LearnedGrace | null
}

/**
 * One summand of an agreement over the objects that it selects: a named quantity, or 1 when the object is in one of the
 * states, else 0. Texts (a place) and instants (a date, compared in hours) stand alone on their side.
 */
export type Term = Selector & { times: number } & (
    | { quantity: string }
    | { inState: string[] }
    | { attribute: string }
    | { instant: string }
  )

/**
 * Once `when` holds, `then` must come to hold. `unless` ends the debt (a cancelled order owes nothing); with
 * `onlyIfKnown` nothing is owed while the other side has no such object at all (a hold on what was never sent). `covers`:
 * of a quantity that both sides state, all must have come to hold: one parcel of two is not the shipment.
 */
export type Follow = {
  form: 'follow'
  when: Selector
  then: Selector
  unless: Selector[]
  onlyIfKnown: boolean
  covers: string | null
  clockToleranceMs: number
}

/**
 * Both sides must say the same within the tolerance (units, or hours between instants). `left_above`: only more on the
 * left is a break: more units, a later date, a text that the right does not say. `suspend`: no verdict while this holds (a count).
 */
export type Agree = {
  form: 'agree'
  left: Term[]
  right: Term[]
  tolerance: number
  breaks: 'either' | 'left_above'
  suspend: Selector[]
}

/**
 * The object must leave these states. `while`: only as long as all of these hold as well, and not counted from before.
 * Broken since it entered the state; since it was first `seen` so, for conditions on values that come and go; or since
 * the last word of it (`silence`).
 */
export type Leave = {
  form: 'leave'
  object: Selector & { states: string[] }
  while: Selector[]
  since: 'entered' | 'seen' | 'silence'
}

/**
 * At most one object in these states. `within`: several are no break as long as their `quantity` together stays within
 * what is stated there, so that the parts of a split order are not taken for duplicates.
 */
export type One = {
  form: 'one'
  object: Selector & { states: string[] }
  within: { quantity: string; of: { role: Role; type: ObjectType } } | null
}

export type ContractForm = Follow | Agree | Leave | One

/** What a handoff owes, and how long it may take. */
export type Contract = {
  /** Stable, kebab-case: `wms-receipt-booked`. */
  id: string
  /** The exception's title, in plain words: "Shipped in the warehouse, still open in the ERP". */
  title: string
  /** What it means, one or two sentences. */
  meaning: string
  /** Whom it hurts: "The customer, who waits for nothing." */
  hurts: string
  /** What people usually do about it. */
  fix: string
  handoff: Handoff
  subject: SubjectKind
  severity: Severity
  /** Null = every class but drafts and unknown ones. */
  classes: OrderClass[] | null
  grace: Grace
  rule: ContractForm
  /** Routing actions in the order they should be offered; the first that can work is the suggested one. */
  actions: string[]
  /**
   * Contracts whose break explains this one: while one of them is open on the same subject, or on a stock item or
   * system that it depends on, this one is shown as its consequence and not by itself.
   */
  foldsUnder: string[]
}

/** What the systems say that makes a contract broken: for people, for watermarks and for "has it got worse?". */
export type Evidence = {
  sentence: string
  /** How bad, in units of the contract (units of drift, number of duplicates); 1 where there is no measure. */
  magnitude: number
}

export type ClockConflict = { earlier: Date; later: Date; aheadMs: number }

/** How long a handoff took. */
export type Lag = Omit<LagScope, 'contract'> & { since: Date; reachedAt: Date }

export type Verdict =
  | {
      is: 'kept'
      reason: 'not_owed' | 'reached' | 'agrees' | 'left' | 'at_most_one'
      conflict?: ClockConflict
      /** Of a follow contract that was reached and whose clocks agree. */
      lag?: Lag
    }
  /** `graceWords`: what a grace that was not simply given rests on ("usually 4 min, 99.5% within 22 min"). */
  | { is: 'broken'; since: Date; dueAt: Date; evidence: Evidence; graceWords: string | null }
  | { is: 'unknown'; waitingFor: string }

/** Roles whose silence would make a verdict about this contract a guess: their watermark must be past the due time. */
export const rolesInvolved = (contract: Contract): Role[] => {
  const { rule } = contract
  const roles = (): Role[] => {
    switch (rule.form) {
      case 'follow':
        return [rule.when.role, rule.then.role]
      case 'agree':
        return [...rule.left, ...rule.right].map((term) => term.role)
      case 'leave':
        return [rule.object, ...rule.while].map(({ role }) => role)
      case 'one':
        return [rule.object.role]
    }
  }
  return [...new Set(roles())]
}

/** The break has no start of its own in the facts: the first moment it was seen stands for as long as it lasts. */
export const startsWhenSeen = ({ rule }: Contract): boolean =>
  rule.form === 'agree' || (rule.form === 'leave' && rule.since === 'seen')
