import type { Contract } from './contract/contract.ts'

/**
 * Folding: a break that another open break explains is shown as its consequence and not by itself. What explains what
 * is said by contracts (`foldsUnder`); which of several explanations counts is decided here, the same whatever came
 * first.
 */
export type FoldPlan = {
  /** The contracts whose open exception explains one of this contract, the best explanation first. */
  rootsOf(contract: string): readonly string[]
  /** The contracts whose exceptions one of this contract may explain. */
  consequencesOf(contract: string): readonly string[]
}

const NONE: readonly string[] = []

/** Everything that explains `contract`, directly or through others. */
const ancestorsOf = (contract: string, direct: Map<string, readonly string[]>): Set<string> => {
  const found = new Set<string>()
  const waiting = [...(direct.get(contract) ?? NONE)]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue
    found.add(next)
    waiting.push(...(direct.get(next) ?? NONE))
  }
  return found
}

/**
 * The plan of these contracts. Contracts that explain each other in a circle explain nothing: they would hide one
 * another, and nobody would be told of either.
 */
export const foldPlan = (contracts: readonly Pick<Contract, 'id' | 'foldsUnder'>[]): FoldPlan => {
  const known = new Set(contracts.map(({ id }) => id))
  const stated = new Map(
    contracts.map(({ id, foldsUnder }) => [id, foldsUnder.filter((r) => known.has(r))] as const),
  )
  const roots = new Map<string, string[]>()
  const consequences = new Map<string, string[]>()
  for (const [id, explained] of stated) {
    for (const root of new Set(explained)) {
      if (root === id || ancestorsOf(root, stated).has(id)) continue
      roots.set(id, [...(roots.get(id) ?? []), root])
      consequences.set(root, [...(consequences.get(root) ?? []), id])
    }
  }
  return {
    rootsOf: (contract) => roots.get(contract) ?? NONE,
    consequencesOf: (contract) => consequences.get(contract) ?? NONE,
  }
}

/** An open exception on the same subject, or on one that the subject refers to. */
export type PossibleRoot = {
  id: string
  contract: string
  /** On the very subject of the consequence. */
  isSame: boolean
  /** A name of its subject that does not depend on when the subject was first heard of. */
  subjectKey: string
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * The exception that explains one of `contract`, or null: by the order in which the contract names its explanations,
 * then the subject itself before others, then by name. No time and no id decides, so that any order of opening ends
 * in the same root.
 */
export const chooseRoot = (
  plan: FoldPlan,
  contract: string,
  possible: readonly PossibleRoot[],
): PossibleRoot | null => {
  const ranks = plan.rootsOf(contract)
  const fit = possible.filter((root) => ranks.includes(root.contract))
  const [best] = fit.sort(
    (a, b) =>
      ranks.indexOf(a.contract) - ranks.indexOf(b.contract) ||
      Number(b.isSame) - Number(a.isSame) ||
      compare(a.subjectKey, b.subjectKey),
  )
  return best ?? null
}
