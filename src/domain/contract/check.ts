import type { OrderClass, SubjectView } from '../model.ts'
import { checkAgree } from './agree.ts'
import type { Contract, Graces, Verdict } from './contract.ts'
import { checkFollow } from './follow.ts'
import { checkLeave } from './leave.ts'
import { checkOne } from './one.ts'
import { PLAIN_GRACES, type Terms } from './terms.ts'

const CARDED: readonly OrderClass[] = ['consumer', 'b2b', 'preorder', 'backorder', 'marketplace', 'pos']

/** Whether a contract says anything about this subject: its kind, and its order class where it has one. */
export const applies = (contract: Contract, view: Pick<SubjectView, 'kind' | 'orderClass'>): boolean =>
  contract.subject === view.kind &&
  (view.kind !== 'fulfillment' || (contract.classes ?? CARDED).includes(view.orderClass))

/**
 * Is the contract kept on this subject? A pure and total function of the facts: the same objects in any order give
 * the same verdict. Whether a break is already due is the caller's question, because only the caller has a clock.
 */
export const check = (contract: Contract, view: SubjectView, graces: Graces = PLAIN_GRACES): Verdict => {
  const { id, rule, grace } = contract
  const terms: Terms = { id, grace, graces }
  switch (rule.form) {
    case 'follow':
      return checkFollow(rule, terms, view)
    case 'agree':
      return checkAgree(rule, terms, view)
    case 'leave':
      return checkLeave(rule, terms, view)
    case 'one':
      return checkOne(rule, terms, view)
  }
}
