import type { Person, PersonRole } from '../domain/model.ts'
import { UserError } from './errors.ts'
import type { Tx } from './ports.ts'
import type { Identity } from './surface.ts'

/** One human as an admin configured them, with the identity on each surface. */
export type ConfiguredPerson = {
  name: string
  role: PersonRole
  identities: { surface: string; externalId: string }[]
}

/** `defaultRole`: of whoever is not configured; null = such a person may do nothing. */
export type People = { configured: ConfiguredPerson[]; defaultRole: PersonRole | null }

/**
 * Who is behind an identity, with the role the configuration gives: what a request claims is never asked. Throws
 * UserError for a stranger where strangers may do nothing.
 */
export const personBehind = async (
  tx: Tx,
  people: People,
  identity: Identity,
  now: Date,
): Promise<Person> => {
  const configured = people.configured.find((person) =>
    person.identities.some((i) => i.surface === identity.surface && i.externalId === identity.externalId),
  )
  const { surface, externalId, displayName } = identity
  const role = configured?.role ?? people.defaultRole
  if (role === null) {
    throw new UserError('Baton does not know you. An admin can add you under "people" in baton.yml.')
  }
  const identities = configured?.identities ?? [{ surface, externalId }]
  // Some deliveries carry no name but the bare id: that must not replace one that is known.
  const named = configured !== undefined || !externalId.endsWith(displayName)
  const { id, name } = await tx.personOf(identities, configured?.name ?? displayName, named, now)
  return { id, name, role }
}
