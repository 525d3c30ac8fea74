import type { Person } from '../domain/model.ts'
import { UserError } from './errors.ts'
import type { Clock, Store, Tx } from './ports.ts'
import {
  type ConfiguredPerson,
  entryOf,
  isSameId,
  joiningOf,
  type KnownIdentity,
  listedAs,
  type People,
  roleOf,
} from './same-person.ts'
import type { Identity } from './surface.ts'

export type { People } from './same-person.ts'

/** What a platform said of a group is written down again after this time, in ms: not with every press. */
const GROUPS_NOTED_MS = 3_600_000

const UNKNOWN = 'Baton does not know you.'

/** An identity as it arrives, tidied: `name` is null where the delivery carried no name but the bare id. */
type Arrived = {
  surface: string
  externalId: string
  name: string | null
  email: string | null
  groups: string[] | null
}

const arrived = ({ surface, externalId, displayName, email, groups, isOutsider }: Identity): Arrived => ({
  surface,
  externalId,
  name: displayName === '' || externalId.endsWith(displayName) ? null : displayName,
  // An outsider's address is another company's word.
  email: isOutsider ? null : email?.trim().toLowerCase() || null,
  groups: groups === undefined ? null : [...groups].sort(),
})

/** What is to be written of a known identity: the same object where that is nothing. */
const noted = (
  was: KnownIdentity,
  { name, email, groups }: Omit<Arrived, 'surface' | 'externalId'>,
  now: Date,
): KnownIdentity => {
  const hasMoved = email !== null && was.email !== null && email !== was.email
  const isOld = was.groupsAt === null || now.getTime() - was.groupsAt.getTime() >= GROUPS_NOTED_MS
  const isNews = groups !== null && (isOld || groups.join() !== was.groups.join())
  const next = {
    ...was,
    name: name ?? was.name,
    email: email ?? was.email,
    isApart: was.isApart || hasMoved,
    ...(isNews ? { groups, groupsAt: now } : {}),
  }
  const isSame = next.name === was.name && next.email === was.email && next.isApart === was.isApart && !isNews
  return isSame ? was : next
}

/** An admin's own name for somebody goes before what a platform calls them; BATON_ADMIN names nobody. */
const nameIn = (entry: ConfiguredPerson | null, name: string | null): string | null =>
  entry !== null && entry.place !== 'BATON_ADMIN' ? entry.name : name

/**
 * Who is behind an identity, with the role that baton.yml and the platform's groups give: what a request claims is never
 * asked. Writes down what is new about them, and joins identities that are one human (the rules: same-person.ts). Throws
 * UserError for a stranger where strangers may do nothing, and for a guest or another company's person whom nobody gave
 * a role; the caller's transaction then leaves no trace of them.
 */
export const personBehind = async (
  tx: Tx,
  people: People,
  identity: Identity,
  now: Date,
): Promise<Person> => {
  const who = arrived(identity)
  const look = (stored: string | null = null) => tx.knownPeople(alike(people, who, stored))
  let known = await look()
  let mine = known.find((each) => isSameId(each, who))
  if (!mine) {
    // Somebody's first two touches at once are still one person: newcomers queue up, and look again.
    await tx.lockPeople()
    known = await look()
    mine = known.find((each) => isSameId(each, who)) ?? (await tx.meet(who, who.name ?? who.externalId, now))
    known = [...known.filter((each) => each !== mine), mine]
  }
  const entry = entryOf(people, { ...mine, ...(who.email === null ? {} : noted(mine, who, now)) })
  const after = noted(mine, { ...who, name: nameIn(entry, who.name) }, now)
  if (after !== mine) {
    await tx.noteIdentity(after)
    known = known.map((each) => (each.own === after.own ? after : each))
  }
  const [standing, person] = await joined(tx, people, after, known, () => look(after.email))
  const { isOutsider = false } = identity
  const { role } = roleOf(people, standing, person, now, isOutsider)
  if (role === null) {
    const why = isOutsider ? 'You are a guest here, and Baton answers only guests whom it knows.' : UNKNOWN
    throw new UserError(`${why} An admin can add you under "people" in baton.yml.`)
  }
  const first = person.find(({ own }) => own === standing.person)
  return { id: standing.person, name: first?.name ?? standing.name, role }
}

/**
 * Makes whoever touches Baton for the first time known, and one with their other identities, in a short transaction of
 * its own. Newcomers queue up behind one lock, which lasts as long as the transaction that asked for it: a transaction
 * that goes on to wait for a subject must not make everybody's first touch wait for the same. It decides nothing:
 * `personBehind` is asked again in the transaction that acts, and makes somebody known itself where it has to. Throws
 * UserError, and leaves no trace, for a stranger where strangers may do nothing.
 */
export const createMeet = ({ store, people, clock }: { store: Store; people: People; clock: Clock }) => {
  /** Who was met here before: to ask again would cost every press a transaction. As many as there are people. */
  const met = new Set<string>()
  return async (identity: Identity): Promise<void> => {
    const { surface, externalId, email } = arrived(identity)
    const who = JSON.stringify([surface, externalId, email])
    if (met.has(who)) return
    await store.transaction((tx) => personBehind(tx, people, identity, clock()))
    met.add(who)
  }
}

/** The channels that are somebody's by the entry that names them, on this surface or another; null = every channel. */
export const channelsOf = async (
  tx: Tx,
  people: People,
  identity: Identity,
): Promise<readonly string[] | null> => {
  const known = await tx.knownPeople({ identities: [identity], emails: [] })
  const mine = known.find((each) => isSameId(each, identity))
  const entries = new Set(known.flatMap((each) => listedAs(people, each) ?? []))
  const own = mine && listedAs(people, mine)
  const entry = own ?? (entries.size === 1 ? [...entries][0] : undefined)
  return entry?.channels ?? null
}

/** Whom to look for: the identity itself, and whoever its entry or its address would make the same human. */
const alike = (people: People, who: Arrived, stored: string | null) => {
  const email = who.email ?? stored
  const entry = entryOf(people, { ...who, email, isApart: false })
  const emails = [email, entry?.email ?? null].flatMap((each) => each ?? [])
  return {
    identities: [{ surface: who.surface, externalId: who.externalId }, ...(entry?.identities ?? [])],
    emails,
  }
}

/**
 * Whether this would take apart a person who waits for an approval. Nobody approves their own request, also not once
 * baton.yml says that they are two: it is decided while they are one, and whoever of them comes next is taken apart then.
 * Their roles do not wait for that.
 */
const isHeldTogether = async (
  tx: Tx,
  lists: readonly string[][],
  known: readonly KnownIdentity[],
): Promise<boolean> => {
  const listOf = new Map(lists.flatMap((list) => list.map((own) => [own, list] as const)))
  const parted = known.filter(({ own, person }) =>
    known.some((other) => other.person === person && listOf.get(other.own) !== listOf.get(own)),
  )
  return parted.length > 0 && (await tx.isAsking(parted.map(({ own }) => own)))
}

/**
 * Joins what the rules join, and takes apart what baton.yml tells apart. Decided again under the lock, so that two who
 * arrive at once come to the same end.
 */
const joined = async (
  tx: Tx,
  people: People,
  mine: KnownIdentity,
  known: KnownIdentity[],
  look: () => Promise<KnownIdentity[]>,
): Promise<[KnownIdentity, KnownIdentity[]]> => {
  const first = joiningOf(people, mine, known)
  if (first.lists.length === 0 && first.apart.length === 0) return [mine, known]
  await tx.lockPeople()
  const again = await look()
  const { lists, apart } = joiningOf(people, again.find((each) => isSameId(each, mine)) ?? mine, again)
  for (const each of apart) await tx.noteIdentity({ ...each, isApart: true })
  if (!(await isHeldTogether(tx, lists, again))) await tx.standAs(lists, null)
  const after = await look()
  return [after.find((each) => isSameId(each, mine)) ?? mine, after]
}
