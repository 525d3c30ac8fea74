import type { Person } from '../domain/model.ts'
import { UserError } from './errors.ts'
import type { Clock, Store, Tx } from './ports.ts'
import { type GivenRole, type KnownIdentity, listedAs, listsOf, type People, roleOf } from './same-person.ts'
import { listed, quoted } from './words.ts'

/** One human, as admins see them. `id` of an identity: the number that commands take. */
export type PersonView = {
  id: string
  name: string
  identities: {
    id: string
    surface: string
    name: string
    /** What it may do there. */
    given: GivenRole
    isApart: boolean
    /** Of one that an admin joined to the others. */
    linked: { by: string; at: Date } | null
  }[]
}

export type LinkPlan = {
  into: PersonView
  other: PersonView
  /** As they would be one, or are. */
  after: PersonView
}

/** What an admin may say about who is who. Everything throws UserError with what to do instead. */
export type PeopleDesk = {
  list(): Promise<PersonView[]>
  /** Says what a link would do, and does nothing. */
  planLink(one: string, other: string): Promise<LinkPlan>
  link(one: string, other: string, by: Person): Promise<LinkPlan>
  /** Takes one identity out of its person. */
  unlink(which: string): Promise<{ out: PersonView; from: PersonView }>
}

type Deps = { store: Store; people: People; clock: Clock }

const viewsOf = (people: People, known: readonly KnownIdentity[], now: Date): PersonView[] => {
  const nameOf = (id: string): string => known.find(({ own }) => own === id)?.name ?? 'someone'
  return [...new Set(known.map(({ person }) => person))].map((id) => ({
    id,
    name: nameOf(id),
    identities: known
      .filter(({ person }) => person === id)
      .map((each) => ({
        id: each.own,
        surface: each.surface,
        name: each.name,
        given: roleOf(people, each, known, now),
        isApart: each.isApart,
        linked:
          each.linkedBy === null || each.linkedAt === null
            ? null
            : { by: nameOf(each.linkedBy), at: each.linkedAt },
      })),
  }))
}

/** What people type: a number of the list, `slack:lea`, a platform's own id behind its surface, an address, or a name. */
const meantBy = (known: readonly KnownIdentity[], text: string): KnownIdentity[] => {
  const wanted = text.trim().replace(/^#/, '').toLowerCase()
  return known.filter(({ own, surface, externalId, name, email }) =>
    [own, `${surface}:${name}`, `${surface}:${externalId}`, email, name].some(
      (each) => each?.toLowerCase() === wanted,
    ),
  )
}

const onSurface = ({ surface, name, own }: KnownIdentity): string => `${surface}:${name} (${own})`

const oneOf = (known: readonly KnownIdentity[], text: string, alike: 'own' | 'person'): KnownIdentity => {
  const found = meantBy(known, text)
  const [first] = found
  if (!first) throw new UserError(`Nobody is known as ${quoted(text)}. "people" lists everybody.`)
  if (new Set(found.map((each) => each[alike])).size === 1) return first
  throw new UserError(
    `${quoted(text)} may be ${listed(found.map(onSurface), 'or')}. Write the number instead.`,
  )
}

const personOf = (known: readonly KnownIdentity[], { person }: KnownIdentity) =>
  known.filter((each) => each.person === person)

const entriesOf = (people: People, list: readonly KnownIdentity[]) =>
  new Set(list.flatMap((each) => listedAs(people, each) ?? []))

/** The lists that make them one, and everybody as they would then be. */
const planned = (people: People, known: KnownIdentity[], [one, other]: [string, string], now: Date) => {
  const [a, b] = [oneOf(known, one, 'person'), oneOf(known, other, 'person')]
  if (a.person === b.person)
    throw new UserError(`${quoted(one)} and ${quoted(other)} are one person already.`)
  const both = [...personOf(known, a), ...personOf(known, b)]
  if (entriesOf(people, both).size > 1) {
    throw new UserError(
      'baton.yml lists them as two people. If they are one, make one entry of the two there.',
    )
  }
  const lists = listsOf(people, both, known)
  const person = lists[0]?.[0] ?? a.person
  const would = known.map((each) => (both.includes(each) ? { ...each, person } : each))
  const [into, gone] = person === b.person ? [b, a] : [a, b]
  const viewOf = (list: readonly KnownIdentity[], id: string): PersonView => {
    const view = viewsOf(people, list, now).find((each) => each.id === id)
    if (!view) throw new Error(`Person ${id} is not among those who are known`)
    return view
  }
  const plan: LinkPlan = {
    into: viewOf(known, into.person),
    other: viewOf(known, gone.person),
    after: viewOf(would, person),
  }
  return { lists, plan }
}

/** Nobody approves their own request, also not once they are taken apart: first it is to be decided while they are one. */
const refuseWhileAsking = async (tx: Tx, person: readonly KnownIdentity[]): Promise<void> => {
  if (!(await tx.isAsking(person.map(({ own }) => own)))) return
  throw new UserError(
    'Something that they asked for still waits for approval. Have it approved or declined first.',
  )
}

const takeOut = async (tx: Tx, { people, clock }: Deps, which: string) => {
  await tx.lockPeople()
  const known = await tx.everybody()
  const mine = oneOf(known, which, 'own')
  const rest = personOf(known, mine).filter((each) => each !== mine)
  if (rest.length === 0) throw new UserError(`${onSurface(mine)} stands alone already.`)
  const entry = listedAs(people, mine)
  if (entry !== null && rest.some((each) => listedAs(people, each) === entry)) {
    throw new UserError(`baton.yml lists ${onSurface(mine)} as ${entry.name}. Change it there.`)
  }
  await refuseWhileAsking(tx, personOf(known, mine))
  await tx.noteIdentity({ ...mine, isApart: true })
  await tx.standAs(listsOf(people, [mine], known), null)
  const after = viewsOf(people, await tx.everybody(), clock())
  const viewWith = ({ own }: KnownIdentity): PersonView => {
    const view = after.find(({ identities }) => identities.some(({ id }) => id === own))
    if (!view) throw new Error(`Person ${own} is not among those who are known`)
    return view
  }
  return { out: viewWith(mine), from: viewWith(rest[0] ?? mine) }
}

/** Who is who, under one lock; a refusal changes nothing. What was done stays where it was written down. */
export const createPeopleDesk = (deps: Deps): PeopleDesk => {
  const { store, people, clock } = deps
  return {
    list: () => store.transaction(async (tx) => viewsOf(people, await tx.everybody(), clock())),

    planLink: (one, other) =>
      store.transaction(async (tx) => planned(people, await tx.everybody(), [one, other], clock()).plan),

    link: (one, other, by) =>
      store.transaction(async (tx) => {
        await tx.lockPeople()
        const { lists, plan } = planned(people, await tx.everybody(), [one, other], clock())
        await tx.standAs(lists, { by: by.id, at: clock() })
        return plan
      }),

    unlink: (which) => store.transaction((tx) => takeOut(tx, deps, which)),
  }
}
