import type { Clock, Store } from './ports.ts'
import { isSameId, type People, roleOf, type SurfaceId } from './same-person.ts'

/**
 * Gives everybody who is an admin now, each with all the surfaces where they are known: whom the settings name by an id,
 * also one who was never seen; and of those who were seen, whoever is one by an address, by a group (for as long as what
 * a platform said of it holds) or because another identity of theirs is.
 */
export const createAdmins =
  ({ store, people, clock }: { store: Store; people: People; clock: Clock }) =>
  async (): Promise<SurfaceId[][]> => {
    const now = clock()
    const known = await store.transaction((tx) => tx.everybody())
    const admins = new Map<string, SurfaceId[]>()
    const add = (person: string, { surface, externalId }: SurfaceId): void => {
      const all = admins.get(person) ?? []
      if (!all.some((each) => isSameId(each, { surface, externalId }))) all.push({ surface, externalId })
      admins.set(person, all)
    }
    for (const each of known) if (roleOf(people, each, known, now).role === 'admin') add(each.person, each)
    for (const { role, name, identities } of people.configured) {
      if (role !== 'admin') continue
      const met = known.find((each) => identities.some((own) => isSameId(own, each)))
      for (const each of identities) add(met?.person ?? name, each)
    }
    return [...admins.values()]
  }
