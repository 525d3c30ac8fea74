import type { Concentration } from './concentration.ts'
import type { Downstream } from './downstream.ts'
import type { HandoffDiagnosis } from './handoff.ts'
import type { Step } from './steps.ts'

/**
 * A handoff to fix, and what speaks for it. `harm` orders them: its own misses, less those that go with an earlier
 * missed handoff, plus the late ones further down that go with its own.
 */
export type Fix = { harm: number } & (
  | {
      kind: 'contract'
      handoff: HandoffDiagnosis
      /** Of its own misses, how many go with an earlier handoff that was missed. */
      explained: number
      /** Where its misses do most further down; null if nothing can be told. */
      hurts: Downstream | null
      /** Where they pile up most, beyond luck; null if nowhere. */
      piles: Concentration | null
    }
  | { kind: 'step'; step: Step; unwatched: number }
)

const FIXES = 3

/** The handoffs to fix first. Those without a contract come after: nobody has said how long they may take. */
export const fixFirst = (
  handoffs: readonly HandoffDiagnosis[],
  steps: readonly { step: Step; unwatched: number }[],
): Fix[] => {
  const contracts = handoffs
    .map((handoff): Fix => {
      const explained = handoffs
        .flatMap(({ downstream }) => downstream)
        .reduce((sum, { contract, excess }) => sum + (contract === handoff.contract ? excess : 0), 0)
      const further = handoff.downstream.reduce((sum, { excess }) => sum + excess, 0)
      const own = handoff.missed.hits
      return {
        kind: 'contract',
        handoff,
        explained: Math.min(explained, own),
        hurts: most(
          handoff.downstream.filter(({ tells }) => tells === 'more'),
          ({ excess }) => excess,
        ),
        piles: worstPile(handoff.concentration),
        harm: Math.max(0, own - explained) + further,
      }
    })
    .filter(({ harm }) => harm > 0)
  const lost = steps
    .filter(({ step, unwatched }) => step.contract === null && unwatched > 0)
    .map(({ step, unwatched }): Fix => ({ kind: 'step', step, unwatched, harm: unwatched }))
  const byHarm = (a: Fix, b: Fix): number => b.harm - a.harm
  return [...contracts.sort(byHarm), ...lost.sort(byHarm)].slice(0, FIXES)
}

/** The dimension along which late ones pile up furthest beyond luck; null where none does. */
export const worstPile = (all: readonly Concentration[]): Concentration | null =>
  most(
    all.filter(({ verdict }) => verdict === 'concentrated'),
    ({ late, luck }) => (late.share ?? 0) - (luck?.mean ?? 0),
  )

const most = <T>(all: readonly T[], by: (each: T) => number): T | null =>
  all.reduce<T | null>((best, each) => (best === null || by(each) > by(best) ? each : best), null)
