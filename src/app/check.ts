import { applies, check } from '../domain/contract/check.ts'
import { type Contract, rolesInvolved, startsWhenSeen, type Verdict } from '../domain/contract/contract.ts'
import { decide, type Standing } from '../domain/exception.ts'
import { close } from './close.ts'
import { type Draft, viewOf } from './draft.ts'
import { openException, updateException } from './open.ts'
import type { Play } from './world.ts'

const standingOf = (draft: Draft, contract: Contract): Standing => {
  const exception = draft.exceptions.get(contract.id) ?? null
  const run = exception?.run ?? null
  return {
    expectation: draft.expectations.get(contract.id) ?? null,
    exception: exception && {
      ...exception,
      // Once something was sent the run may have changed the world; before, whatever happened was not its doing.
      runActive: run !== null && run.sends > 0 && run.episode === exception.episode,
    },
  }
}

const NOT_OWED: Verdict = { is: 'kept', reason: 'not_owed' }

/** A contract without grace is broken by what was said, not by what was not: it waits for nobody's silence. */
const immediate = (contract: Contract): boolean =>
  contract.grace.kind === 'duration' && contract.grace.ms === 0

const noteConflict = (draft: Draft, contract: Contract, verdict: Verdict): void => {
  if (verdict.is !== 'kept' || !verdict.conflict) return
  const { earlier, later } = verdict.conflict
  draft.touched.conflicts.push({ subjectId: draft.record.id, contract: contract.id, earlier, later })
}

/**
 * Checks every contract that applies to the subject at `now`, and carries out what the verdicts mean. Runs under the
 * subject's lock after each fact, in the sweep and at a press: always the same code, so that they cannot disagree.
 */
export const checkContracts = (draft: Draft, play: Play, now: Date): void => {
  const view = viewOf(draft)
  for (const contract of play.contracts) {
    if (contract.subject !== view.kind) continue
    // An order that turned out to be of another class owes nothing any more.
    const verdict = applies(contract, view) ? check(contract, view, play.graces) : NOT_OWED
    noteConflict(draft, contract, verdict)
    const roles = rolesInvolved(contract)
    const silent = (dueAt: Date) => (immediate(contract) ? null : play.silent(roles, dueAt))
    const decision = decide(verdict, standingOf(draft, contract), now, silent, startsWhenSeen(contract))
    const { expectations, exceptions, touched } = draft
    const forget = (): void => {
      if (expectations.delete(contract.id)) touched.expectations.add(contract.id)
    }
    switch (decision.do) {
      case 'nothing':
        break
      case 'expect': {
        const { since, dueAt } = decision
        expectations.set(contract.id, {
          contract: contract.id,
          since,
          dueAt,
          nextCheckAt: dueAt,
          waitingFor: null,
        })
        touched.expectations.add(contract.id)
        break
      }
      case 'wait': {
        const { since, dueAt, waitingFor } = decision
        const nextCheckAt = new Date(now.getTime() + play.recheckMs)
        expectations.set(contract.id, { contract: contract.id, since, dueAt, nextCheckAt, waitingFor })
        touched.expectations.add(contract.id)
        break
      }
      case 'forget':
        forget()
        break
      case 'open':
        forget()
        openException(draft, contract, decision, view, play, now)
        break
      case 'update':
        forget()
        updateException(draft, contract, decision.evidence)
        break
      case 'close':
        forget()
        close(draft, contract, decision.as, verdict, now)
        break
      case 'release_dismissal': {
        forget()
        const exception = exceptions.get(contract.id)
        if (!exception) break
        exceptions.set(contract.id, { ...exception, dismissalHolds: false })
        touched.exceptions.add(contract.id)
        break
      }
    }
  }
}
