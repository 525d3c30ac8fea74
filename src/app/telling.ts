import type { Mention, Told } from '../domain/route.ts'
import type { Reader } from './ports.ts'

/** Whom a rule tells of a new post, and of one that was raised. */
type Telling<T> = { own: T[]; raised: T[] }

/** Each once. */
export const onceEach = (list: Mention[]): Mention[] =>
  list.filter(
    ({ surface, id }, at) => list.findIndex((each) => each.surface === surface && each.id === id) === at,
  )

/** Who is known by an address alone is mentioned wherever Baton has met them; the others as they are named. */
export const mentionsOf = async (
  reader: Pick<Reader, 'vouched'>,
  { own, raised }: Telling<Told>,
): Promise<Telling<Mention>> => {
  const emails = [...own, ...raised].flatMap((told) => ('email' in told ? [told.email] : []))
  const met = emails.length === 0 ? [] : await reader.vouched(emails)
  const mentions = (list: Told[]): Mention[] =>
    list.flatMap((told): Mention[] =>
      'email' in told
        ? met
            .filter(({ email, surface }) => email === told.email && surface !== 'console')
            .map(({ surface, externalId: id }) => ({ surface, id, kind: 'person', name: told.name }))
        : [told],
    )
  return { own: onceEach(mentions(own)), raised: onceEach(mentions(raised)) }
}
