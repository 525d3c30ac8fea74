import { mayActAs, type PersonRole } from '../domain/model.ts'

/*
 * Who is who, as pure rules. An identity is somebody on one surface; a person is one identity, or several that are the
 * same human. The rules, in the order in which they hold:
 *
 * 1. An entry of baton.yml is one person: whoever it names, by identity or by verified address, is joined, and is never
 *    one with somebody whom another entry names.
 * 2. An admin's word (`people link`, `people unlink`) stands until baton.yml says otherwise.
 * 3. Two identities for which their platforms vouch the same address are one person. An address joins, it never moves:
 *    one that changes is noted and joins its identity to nobody from then on, and one that two accounts of the same
 *    workspace have shown has passed from one to the other, and joins neither.
 * 4. Where these rules would join people whom baton.yml tells apart, nobody is joined.
 */

export type SurfaceId = { surface: string; externalId: string }

/** One human as an admin configured them, with the identity on each surface. */
export type ConfiguredPerson = {
  name: string
  role: PersonRole
  identities: SurfaceId[]
  /** In small letters; means whoever a platform vouches it for. */
  email?: string
  /** Whose open exceptions their home shows as theirs to look at; absent: those of every channel. */
  channels?: readonly string[]
  /** Absent: baton.yml. `machine`: whoever reaches the console without being anybody there. */
  place?: 'BATON_ADMIN' | 'machine'
}

/** A group of a platform whose members have a role. */
type ConfiguredGroup = { surface: string; id: string; role: PersonRole }

/** `defaultRole`: of whoever belongs here and is not configured; null = such a person may do nothing. */
export type People = {
  configured: ConfiguredPerson[]
  groups?: ConfiguredGroup[]
  defaultRole: PersonRole | null
}

/** An identity as Baton knows it. */
export type KnownIdentity = SurfaceId & {
  /** The person that it is by itself: the same for ever. */
  own: string
  /** The person that stands for it: itself, or the one that it was joined to. */
  person: string
  name: string
  /** In small letters, as the platform vouched for it last. */
  email: string | null
  /** Its address joins it to nobody. */
  isApart: boolean
  groups: readonly string[]
  groupsAt: Date | null
  /** Of one that was joined to another by an admin. */
  linkedBy: string | null
  linkedAt: Date | null
}

/** What a platform says of a group is believed so long on the other surfaces, in ms: after that somebody may have left it. */
const GROUPS_HOLD_MS = 24 * 3_600_000

export const isSameId = (a: SurfaceId, b: SurfaceId): boolean =>
  a.surface === b.surface && a.externalId === b.externalId

type Named = SurfaceId & { email: string | null; isApart: boolean }

const namedBy = (people: People, who: Named, places: readonly ConfiguredPerson['place'][]) => {
  const entries = people.configured.filter(({ place }) => places.includes(place))
  return (
    entries.find(({ identities }) => identities.some((own) => isSameId(own, who))) ??
    (who.email === null || who.isApart ? undefined : entries.find(({ email }) => email === who.email)) ??
    null
  )
}

/** The entry of baton.yml that names an identity: by its id, else by its address. */
export const listedAs = (people: People, who: Named): ConfiguredPerson | null =>
  namedBy(people, who, [undefined])

/** The first entry that names an identity, wherever it stands. */
export const entryOf = (people: People, who: Named): ConfiguredPerson | null =>
  namedBy(people, who, [undefined, 'BATON_ADMIN', 'machine'])

const distinct = <T>(list: readonly (T | null)[]): T[] => [
  ...new Set(list.flatMap((each) => (each === null ? [] : [each]))),
]

/** The workspace or tenant of an id; one address belongs to one account there. */
const houseOf = ({ surface, externalId }: SurfaceId): string =>
  `${surface}:${externalId.slice(0, Math.max(externalId.lastIndexOf(':'), 0))}`

/** Each list is one person from now on, the first of it (an `own`) stands for the others. `apart`: see `isApart`. */
type Joining = { lists: string[][]; apart: KnownIdentity[] }

/** What has to change so that one identity is who the rules say; `known`: everybody who may be the same, whole persons. */
export const joiningOf = (people: People, mine: KnownIdentity, known: readonly KnownIdentity[]): Joining => {
  const entry = listedAs(people, mine)
  const entriesOf = (list: readonly KnownIdentity[]) => distinct(list.map((each) => listedAs(people, each)))
  const agree = (list: readonly KnownIdentity[]): boolean => entriesOf([mine, ...list]).length <= 1
  const personOf = ({ person }: KnownIdentity) => known.filter((each) => each.person === person)
  const own = personOf(mine)
  // What baton.yml tells apart does not stay together; whom it does not name stays behind.
  const stay = entry === null || agree(own) ? own : own.filter((each) => listedAs(people, each) === entry)
  const alike = known
    .filter((each) => entry !== null && listedAs(people, each) === entry)
    .flatMap((each) => (agree(personOf(each)) ? personOf(each) : [each]))
  const one = new Set([...stay, ...alike])

  const shown = known.filter(({ email }) => mine.email !== null && email === mine.email)
  const passedOn = shown.filter((each) => !one.has(each) && houseOf(each) === houseOf(mine))
  const apart = passedOn.length === 0 ? [] : [mine, ...passedOn].filter(({ isApart }) => !isApart)
  if (passedOn.length === 0 && !mine.isApart) {
    const peers = shown.filter(({ isApart }) => !isApart).flatMap(personOf)
    if (entriesOf([...one, ...peers]).length <= 1) for (const peer of peers) one.add(peer)
  }
  return { lists: listsOf(people, [...one], known), apart }
}

/** The identity that stands for the others: one that baton.yml names, else the one that stands now, else the oldest. */
const firstOf = (people: People, list: readonly KnownIdentity[]): KnownIdentity | undefined => {
  const byAge = [...list].sort((a, b) => Number(a.own) - Number(b.own))
  const standing = byAge.filter(({ own, person }) => own === person)
  const listed = (each: KnownIdentity): boolean => listedAs(people, each) !== null
  return standing.find(listed) ?? byAge.find(listed) ?? standing[0] ?? byAge[0]
}

/** `one` made one person, and those whom it leaves made one again; empty where that is how it is. */
export const listsOf = (
  people: People,
  one: readonly KnownIdentity[],
  known: readonly KnownIdentity[],
): string[][] => {
  const touched = new Set(one.map(({ person }) => person))
  const left = known.filter((each) => touched.has(each.person) && !one.includes(each))
  const parts = [one, ...[...touched].map((person) => left.filter((each) => each.person === person))]
  return parts.flatMap((part) => {
    const first = firstOf(people, part)
    if (!first || part.every(({ person }) => person === first.own)) return []
    return [[first.own, ...part.filter((each) => each !== first).map(({ own }) => own)]]
  })
}

/** A role and where it comes from, for people: `the Slack group S1`; null: may do nothing. */
export type GivenRole = { role: PersonRole | null; from: string }

const PLACES = { BATON_ADMIN: 'BATON_ADMIN', machine: 'this console' } as const

/**
 * The role of an identity; `known`: of its whole person. BATON_ADMIN goes before the identity's own entry, that before
 * the one entry of its person, that before the highest role of a group, that before the default. The default is for
 * those who belong here: somebody named it for the company, and never for a guest or for another company's people.
 */
export const roleOf = (
  people: People,
  mine: KnownIdentity,
  known: readonly KnownIdentity[],
  now: Date,
  isOutsider = false,
): GivenRole => {
  const person = known.filter((each) => each.person === mine.person)
  const given = (entry: ConfiguredPerson): GivenRole => ({
    role: entry.role,
    from: entry.place === undefined ? 'baton.yml' : PLACES[entry.place],
  })
  const named = (places: readonly ConfiguredPerson['place'][]) =>
    distinct(person.map((each) => namedBy(people, each, places)))
  const [admin] = named(['BATON_ADMIN'])
  if (admin) return given(admin)
  const own = entryOf(people, mine)
  if (own) return given(own)
  const [listed, ...others] = named([undefined])
  // Two entries for one person: neither is handed to the other's identities.
  if (listed && others.length === 0) return given(listed)
  const [machine] = named(['machine'])
  if (machine && !listed) return given(machine)
  const byDefault: GivenRole = { role: isOutsider ? null : people.defaultRole, from: 'default_role' }
  return groupRole(people, person, now) ?? byDefault
}

const groupRole = (people: People, person: readonly KnownIdentity[], now: Date): GivenRole | null => {
  const fresh = person.filter(
    ({ groupsAt }) => groupsAt !== null && now.getTime() - groupsAt.getTime() < GROUPS_HOLD_MS,
  )
  const giving = (people.groups ?? []).filter(({ surface, id }) =>
    fresh.some((each) => each.surface === surface && each.groups.includes(id)),
  )
  const best = giving.find(({ role }) => giving.every((other) => mayActAs(role, other.role)))
  return best ? { role: best.role, from: `the ${best.surface} group ${best.id}` } : null
}
