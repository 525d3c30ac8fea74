import { CATALOGUE } from '../app/catalogue.ts'
import { closest } from '../app/closest.ts'
import { UserError } from '../app/errors.ts'
import { type Contract, rolesInvolved } from '../domain/contract/contract.ts'
import type { Role } from '../domain/model.ts'
import type { BatonYml } from './baton-yml.ts'

type Tuning = BatonYml['contracts']['tune'][string]

const tuned = (contract: Contract, tuning: Tuning | undefined): Contract => {
  if (!tuning) return contract
  const { grace, severity, tolerance } = tuning
  return {
    ...contract,
    ...(grace === undefined ? {} : { grace: { kind: 'duration' as const, ms: grace } }),
    ...(severity === undefined ? {} : { severity }),
    ...(tolerance !== undefined && contract.rule.form === 'agree'
      ? { rule: { ...contract.rule, tolerance } }
      : {}),
  }
}

/** The contracts that are on: those of the catalogue and of the file whose roles are all configured, as tuned there. */
export const contractsFor = (roles: readonly Role[], { tune, add }: BatonYml['contracts']): Contract[] =>
  [...CATALOGUE, ...add]
    .filter(
      (contract) => !tune[contract.id]?.off && rolesInvolved(contract).every((role) => roles.includes(role)),
    )
    .map((contract) => tuned(contract, tune[contract.id]))

/**
 * Refuses a trust rule about an action that no configured system offers: a slip there would silently let one person
 * do what needs two. Throws UserError.
 */
export const checkTrust = (trust: BatonYml['trust'], actions: readonly string[]): void => {
  const known = [...new Set(actions)].sort()
  for (const id of Object.keys(trust)) {
    if (known.includes(id)) continue
    const near = closest(id, known)
    const instead = near ? `did you mean ${near}?` : `known are ${known.join(', ')}.`
    throw new UserError(`trust.${id}: no configured system offers this action; ${instead}`, 2)
  }
}
