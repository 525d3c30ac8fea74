import type { Contract, Graces } from '../contract/contract.ts'
import type { Role } from '../model.ts'
import { type Case, casesOf, type Stated } from './case.ts'
import { downstreamOf } from './downstream.ts'
import { type Fix, fixFirst } from './fix.ts'
import { type HandoffDiagnosis, handoffOf } from './handoff.ts'
import { type Outcome, outcomesOf, type System } from './outcome.ts'
import { type Step, stepsOf } from './steps.ts'

export type DiagnosisInput = {
  asOf: Date
  systems: System[]
  contracts: Contract[]
  stated: Stated[]
  graces?: Graces
  /** An instant in ms > the first day of its week, ISO, in the calendar of the readers. */
  weekOf: (ms: number) => string
  onProgress?: (done: number, of: number) => void
}

/** What an export shows about the handoffs between its systems. */
export type Diagnosis = {
  facts: number
  /** Subjects of all kinds. */
  cases: number
  steps: Step[]
  handoffs: HandoffDiagnosis[]
  /** At most three, the worst first. */
  fixFirst: Fix[]
}

const PROGRESS_EVERY = 500

/**
 * Plays every subject of an export through its contracts and measures each handoff. Pure: the same facts give the
 * same figures, in whatever order they come.
 */
export const diagnose = (input: DiagnosisInput): Diagnosis => {
  const { contracts, systems, stated, weekOf, onProgress } = input
  const cases = casesOf(stated)
  const outcomes = cases.map((own, i) => {
    if (i % PROGRESS_EVERY === 0) onProgress?.(i, cases.length)
    return outcomesOf(own, contracts, input)
  })
  const handoffs = measured(contracts, cases, outcomes, countRoles(systems), weekOf)
  const steps = stepsOf(cases, contracts, systems)
  const known = new Map(cases.map((own, i) => [own, outcomes[i] ?? []]))
  const unwatched = (step: Step): number =>
    step.lost.filter((own) => (known.get(own) ?? []).every((outcome) => !isAccountedFor(outcome))).length
  return {
    facts: stated.length,
    cases: cases.length,
    steps,
    handoffs,
    fixFirst: fixFirst(
      handoffs,
      steps.map((step) => ({ step, unwatched: unwatched(step) })),
    ),
  }
}

/** Some contract has already said what became of the subject: it was missed, called off, or is not due yet. */
const isAccountedFor = (outcome: Outcome | null): boolean =>
  outcome !== null && ['late', 'never', 'called_off', 'waiting'].includes(outcome.standing)

const measured = (
  contracts: readonly Contract[],
  cases: readonly Case[],
  outcomes: readonly (Outcome | null)[][],
  systemCounts: ReadonlyMap<Role, number>,
  weekOf: (ms: number) => string,
): HandoffDiagnosis[] =>
  contracts.flatMap((contract, here) => {
    const judged = cases.flatMap((own, i) => {
      const outcome = outcomes[i]?.[here]
      return outcome ? [{ own, outcome }] : []
    })
    const downstream = contracts.flatMap((other, there) => {
      if (there === here) return []
      const pairs = outcomes.map((of) => ({ here: of[here] ?? null, there: of[there] ?? null }))
      return downstreamOf(other.id, pairs) ?? []
    })
    return [{ ...handoffOf(contract, judged, systemCounts, weekOf), downstream }]
  })

const countRoles = (systems: readonly System[]): Map<Role, number> => {
  const counts = new Map<Role, number>()
  for (const { role } of systems) counts.set(role, (counts.get(role) ?? 0) + 1)
  return counts
}
