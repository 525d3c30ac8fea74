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
    ...(grace === undefined ? {} : { grace }),
    ...(severity === undefined ? {} : { severity }),
    ...(tolerance !== undefined && contract.rule.form === 'agree'
      ? { rule: { ...contract.rule, tolerance } }
      : {}),
  }
}

/**
 * The contracts that are on: those of the catalogue and of the file whose roles are all configured, as tuned there;
 * those on names are on where any are mapped.
 */
export const contractsFor = (
  roles: readonly Role[],
  { tune, add }: BatonYml['contracts'],
  mapsNames = false,
): Contract[] =>
  [...CATALOGUE, ...add]
    .filter(
      (contract) =>
        !tune[contract.id]?.off &&
        (contract.subject === 'mapping'
          ? mapsNames
          : rolesInvolved(contract).every((role) => roles.includes(role))),
    )
    .map((contract) => tuned(contract, tune[contract.id]))

/**
 * Refuses a grace that waits for a file where none lands: it would be no grace at all. Throws UserError.
 */
export const checkLandings = (
  contracts: readonly Contract[],
  connectors: readonly { system: string; role: Role }[],
  batches: readonly { system: string }[],
): void => {
  const landing = connectors.filter(({ system }) => batches.some((batch) => batch.system === system))
  for (const { id, grace } of contracts) {
    if (grace.kind !== 'landing' || landing.some(({ role }) => role === grace.role)) continue
    const named = connectors.filter(({ role }) => role === grace.role).map(({ system }) => system)
    const fix = `say under "batches" when the files of ${named.join(' or ') || 'such a system'} land`
    throw new UserError(
      `contract ${id}: its grace is the next landing of the ${grace.role}, but no ${grace.role} lands in batches; ${fix}.`,
      2,
    )
  }
}

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
