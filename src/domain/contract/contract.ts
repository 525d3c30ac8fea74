import type { Handoff, ObjectType, OrderClass, Role, Severity, SubjectKind } from '../model.ts'

/** Objects of one role and type that are now in one of these states (all states, if none is named). */
export type Selector = { role: Role; type: ObjectType; states?: string[] }

/**
 * How long a handoff may take, counted from the moment it became owed.
 * `field`: the deadline itself is an attribute (an ISO instant) of an object of the subject, e.g. a shipping limit.
 */
export type Grace =
  | { kind: 'duration'; ms: number }
  | { kind: 'field'; role: Role; type: ObjectType; attribute: string; plusMs: number }

/** One summand of an agreement: a named quantity, or 1 when the object is in one of the states, else 0. */
export type Term = { role: Role; type: ObjectType; times: number } & (
  | { quantity: string }
  | { inState: string[] }
)

/**
 * Once `when` holds, `then` must come to hold. `unless` ends the debt (a cancelled order owes nothing); with
 * `onlyIfKnown` nothing is owed while the other side has no such object at all (a hold on what was never sent).
 */
export type Follow = {
  form: 'follow'
  when: Selector
  then: Selector
  unless: Selector[]
  onlyIfKnown: boolean
  clockToleranceMs: number
}

/** The sums of both sides must match within the tolerance. `suspend`: no verdict while this holds (a count). */
export type Agree = { form: 'agree'; left: Term[]; right: Term[]; tolerance: number; suspend: Selector[] }

/** The object must leave these states. `where`: only when this attribute has one of these values. */
export type Leave = {
  form: 'leave'
  object: Selector & { states: string[] }
  where: { attribute: string; in: string[] } | null
}

/** At most one object in these states. */
export type One = { form: 'one'; object: Selector & { states: string[] } }

export type ContractForm = Follow | Agree | Leave | One

/** What a handoff owes, and how long it may take. */
export type Contract = {
  /** Stable, kebab-case: `wms-receipt-booked`. */
  id: string
  /** The exception's title, in plain words: "Shipped in the warehouse, still open in the ERP". */
  title: string
  /** What it means and whom it hurts, one or two sentences. */
  meaning: string
  handoff: Handoff
  subject: SubjectKind
  severity: Severity
  /** Null = every class but drafts and unknown ones. */
  classes: OrderClass[] | null
  grace: Grace
  rule: ContractForm
  /** Routing actions in the order they should be offered; the first that can work is the suggested one. */
  actions: string[]
}

/** What the systems say that makes a contract broken: for people, for watermarks and for "has it got worse?". */
export type Evidence = {
  sentence: string
  /** How bad, in units of the contract (units of drift, number of duplicates); 1 where there is no measure. */
  magnitude: number
}

export type ClockConflict = { earlier: Date; later: Date; aheadMs: number }

export type Verdict =
  | {
      is: 'kept'
      reason: 'not_owed' | 'reached' | 'agrees' | 'left' | 'at_most_one'
      conflict?: ClockConflict
    }
  | { is: 'broken'; since: Date; dueAt: Date; evidence: Evidence }
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
      case 'one':
        return [rule.object.role]
    }
  }
  return [...new Set(roles())]
}
