import { applies, check } from '../domain/contract/check.ts'
import { type Contract, rolesInvolved, startsWhenSeen, type Verdict } from '../domain/contract/contract.ts'
import { decide, hold, type Standing } from '../domain/exception.ts'
import { close, creditOf } from './close.ts'
import { type Draft, viewOf } from './draft.ts'
import { noteLag } from './learn.ts'
import { openException, updateException } from './open.ts'
import type { ExceptionRecord } from './records.ts'
import type { Blind, Play } from './world.ts'

const standingOf = (draft: Draft, contract: Contract): Standing => {
  const exception = draft.exceptions.get(contract.id) ?? null
  return {
    expectation: draft.expectations.get(contract.id) ?? null,
    exception: exception && {
      ...exception,
      runActive: creditOf(exception) !== null,
    },
  }
}

const NOT_OWED: Verdict = { is: 'kept', reason: 'not_owed' }

/** A contract without grace is broken by what was said, not by what was not: it waits for nobody's silence. */
const immediate = (contract: Contract): boolean =>
  contract.grace.kind === 'duration' && contract.grace.ms === 0

/**
 * What keeps a contract from being judged now: a system of its roles whose feed is suspect. What rests on what was said,
 * and not on what was not, is judged all the same while nothing worse than silence is wrong.
 */
const heldBy = (contract: Contract, play: Play): string | null => {
  if (contract.subject === 'feed') return null
  const suspicion = play.suspect(rolesInvolved(contract))
  return suspicion?.is === 'silent' && immediate(contract) ? null : (suspicion?.words ?? null)
}

/** Until when a batch interface must have spoken: the margin of a landing is for reading it, no new file comes in it. */
const knownBy = ({ grace }: Contract, dueAt: Date): Date =>
  grace.kind === 'landing' ? new Date(dueAt.getTime() - grace.marginMs) : dueAt

type Excuse = { words: string; until: Date }

/**
 * Time in which a system of the handoff was out of sight is no time to catch up in: what was owed meanwhile has so much
 * longer. A deadline that a system states stands all the same.
 */
const catchingUp = (
  { grace }: Contract,
  blind: Blind[],
  since: Date,
  dueAt: Date,
  now: Date,
): Excuse | null => {
  if (grace.kind === 'field') return null
  const excuses = blind
    .filter(({ from }) => from < dueAt)
    .map(({ from, to, words }) => {
      const lostMs = to.getTime() - Math.max(since.getTime(), from.getTime())
      return { words, until: new Date(dueAt.getTime() + lostMs) }
    })
  return (
    excuses.filter(({ until }) => until > now).sort((x, y) => y.until.getTime() - x.until.getTime())[0] ??
    null
  )
}

const noteConflict = (draft: Draft, contract: Contract, verdict: Verdict): void => {
  if (verdict.is !== 'kept' || !verdict.conflict) return
  const { earlier, later } = verdict.conflict
  draft.touched.conflicts.push({ subjectId: draft.record.id, contract: contract.id, earlier, later })
}

/**
 * An action of several calls may pass through a state that keeps the contract for a moment: while it is sending, only
 * its own next step can tell whether the world is mended.
 */
const isBetweenCalls = (exception: ExceptionRecord | undefined, stepOf: string | null): boolean =>
  exception?.run?.state === 'sending' && exception.run.id !== stepOf

/**
 * Checks every contract that applies to the subject at `now`, and carries out what the verdicts mean. Runs under the
 * subject's lock after each fact, in the sweep and at a press: always the same code, so that they cannot disagree.
 */
export const checkContracts = (draft: Draft, play: Play, now: Date, stepOf: string | null = null): void => {
  const view = viewOf(draft)
  for (const contract of play.contracts) {
    if (contract.subject !== view.kind) continue
    // An order that turned out to be of another class owes nothing any more.
    const verdict = applies(contract, view) ? check(contract, view, play.graces) : NOT_OWED
    noteConflict(draft, contract, verdict)
    noteLag(draft, contract, verdict, play, now)
    const roles = rolesInvolved(contract)
    const [standing, keepSince] = [standingOf(draft, contract), startsWhenSeen(contract)]
    // That a feed is silent is no reason to wait with saying so.
    const waits = !immediate(contract) && contract.subject !== 'feed'
    const file = (dueAt: Date) => (waits && play.missing?.(roles, knownBy(contract, dueAt))) || null
    // What one system says of itself is waited for by nobody.
    const blind = waits && roles.length > 1 ? (play.blind?.(roles) ?? []) : []
    const late = (dueAt: Date): Excuse | null => {
      const first = keepSince ? standing.expectation?.since : undefined
      return verdict.is === 'broken' ? catchingUp(contract, blind, first ?? verdict.since, dueAt, now) : null
    }
    const silent = (dueAt: Date) =>
      waits ? (file(dueAt)?.words ?? play.silent(roles, dueAt) ?? late(dueAt)?.words ?? null) : null
    const held = heldBy(contract, play)
    const decision =
      held === null
        ? decide(verdict, standing, now, silent, keepSince)
        : hold(verdict, standing, now, held, keepSince)
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
        // What is known to come later need not be looked for every few seconds.
        const laterMs = [file(dueAt)?.dueAt, late(dueAt)?.until].map((at) => at?.getTime() ?? 0)
        const nextCheckAt = new Date(Math.max(now.getTime() + play.recheckMs, ...laterMs))
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
        updateException(draft, contract, decision, now)
        break
      case 'close':
        if (isBetweenCalls(exceptions.get(contract.id), stepOf)) break
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
