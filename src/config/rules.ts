import { z } from 'zod'
import { duration } from '../app/contract-config.ts'
import type { Shifts } from '../app/lease.ts'
import type { ConfiguredPerson } from '../app/same-person.ts'
import type { Escalation, Mention, Told as Telling } from '../domain/route.ts'

/*
 * Whom a channel rule tells, where it escalates to, and the shifts after which claims end, in `baton.yml`:
 *
 *   shifts: office                                      # a calendar; a channel may name its own
 *   rules:
 *     - name: urgent
 *       channel: orders
 *       tell: [Lea Lead, { slack: S0000000001 }]        # people by their names, groups by the platform's ids
 *       escalate: { to: leads, tell: [Lea Lead], after: 30m }
 */

/** A person by the name under `people`, or a group by its id on one surface. */
export const told = z.union([z.string().min(1), z.strictObject({ slack: z.string().min(1) })])

/** A person looks at a card within minutes, and nothing waits longer than a day for being taken. */
const after = duration.refine(
  (ms) => ms >= 60_000 && ms <= 86_400_000,
  'escalate after 1m to 24h, or leave it out to escalate only by a press',
)

export const escalate = z.strictObject({
  to: z.string(),
  tell: z.array(told).default([]),
  after: after.optional(),
})

type Told = z.output<typeof told>

/**
 * A person who is known on several chat surfaces is mentioned on each, and wherever their address is vouched for; on the
 * console nobody is.
 */
const mentionsOf = (list: readonly Told[], people: readonly ConfiguredPerson[]): Telling[] =>
  list.flatMap((each): Telling[] => {
    if (typeof each !== 'string')
      return [{ surface: 'slack', id: each.slack, kind: 'group', name: each.slack }]
    const person = people.find(({ name }) => name === each)
    const named = (person?.identities ?? [])
      .filter(({ surface }) => surface !== 'console')
      .map(({ surface, externalId: id }): Mention => ({ surface, id, kind: 'person', name: each }))
    return person?.email === undefined ? named : [...named, { email: person.email, name: each }]
  })

type Written = {
  tell?: readonly Told[] | undefined
  escalate?: z.output<typeof escalate> | undefined
}

/** Names become mentions, durations stay in ms. */
export const tellingOf = (
  { tell, escalate }: Written,
  people: readonly ConfiguredPerson[],
): { tell?: Telling[]; escalate?: Escalation } => ({
  ...(tell === undefined ? {} : { tell: mentionsOf(tell, people) }),
  ...(escalate === undefined
    ? {}
    : {
        escalate: {
          to: escalate.to,
          tell: mentionsOf(escalate.tell, people),
          afterMs: escalate.after ?? null,
        },
      }),
})

export const shiftsOf = ({
  shifts,
  channels,
}: {
  shifts?: string | undefined
  channels: readonly { id: string; shifts?: string | undefined }[]
}): Shifts => ({
  channels: new Map(
    channels.flatMap(({ id, shifts: own }) => (own === undefined ? [] : [[id, own] as const])),
  ),
  others: shifts ?? null,
})
