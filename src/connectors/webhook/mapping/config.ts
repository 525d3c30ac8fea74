import { z } from 'zod'
import { closest } from '../../../app/closest.ts'
import { ORDER_CLASSES } from '../../../domain/model.ts'
import { path } from './path.ts'
import { type DeclaredType, MAPPED_KEYS, OWN_KEYS, STATES, TYPES } from './words.ts'

/*
 * How JSON becomes facts, as it is written in `baton.yml`; the README says it with examples. What is not named here is
 * not taken: a customer's name or address in the document goes no further.
 */

/** An instant: ISO 8601 with its zone, unless it counts seconds or milliseconds since 1970. */
export const instant = z
  .union([path, z.strictObject({ path, format: z.enum(['iso', 'epoch_s', 'epoch_ms']).default('iso') })])
  .transform((it) => ('format' in it ? it : { path: it, format: 'iso' as const }))
export type Instant = z.output<typeof instant>

/** An unknown word is a bad row, unless the rows that bear it are of no interest; never a guess. */
const otherwise = z.enum(['bad', 'skip']).default('bad')

const state = z.union([
  z.string().min(1),
  z.strictObject({ path, map: z.record(z.string(), z.string().min(1)), otherwise }),
])

const plain = { format: undefined, map: undefined, otherwise: 'bad' as const }
const attribute = z
  .union([
    path,
    z.strictObject({
      path,
      /** `money`: 59.90 as 5990; `lines`: a list of {sku, quantity} as `MUG*2,PEN*1`. */
      format: z.enum(['iso', 'epoch_s', 'epoch_ms', 'money', 'lines']).optional(),
      map: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
      otherwise,
    }),
  ])
  .transform((it) => ('path' in it ? it : { ...plain, path: it }))
export type Attribute = z.output<typeof attribute>

const name = z.string().regex(/^[a-z][A-Za-z0-9_]*$/, 'use letters, digits and _, like on_hand or holdReason')

const fields = {
  type: z.enum(TYPES),
  /** The system's own id of the object. */
  id: path,
  keys: z.partialRecord(z.enum(MAPPED_KEYS), path),
  /** Which of the keys say what the object is, where that differs from what is usual for its type. */
  identity: z.array(z.enum(MAPPED_KEYS)).min(1).optional(),
  state,
  quantities: z.record(name, path).default({}),
  attributes: z.record(name, attribute).default({}),
  /** `{ received: true }` only where the sender states no time at all: then a late delivery counts as news. */
  at: z.union([instant, z.strictObject({ received: z.literal(true) })]),
  /** A number that grows with each change, or an instant; without it, `at`. */
  version: path.optional(),
  /** Who changed it: a person, unless the name is listed as a program's. */
  changed_by: z.strictObject({ path, integrations: z.array(z.string()).default([]) }).optional(),
  class: z.strictObject({ path, map: z.record(z.string(), z.enum(ORDER_CLASSES)), otherwise }).optional(),
}

type Shape = {
  type: DeclaredType
  keys: Partial<Record<(typeof MAPPED_KEYS)[number], unknown>>
  identity?: readonly (typeof MAPPED_KEYS)[number][] | undefined
  state: string | { map: Record<string, string> }
}
type Context = { addIssue(issue: { code: 'custom'; path: (string | number)[]; message: string }): void }

const among = (word: string, known: readonly string[]): string => {
  const near = closest(word, known)
  return near ? `did you mean ${near}?` : `use one of ${known.join(', ')}`
}

/** What the types and the contracts know is known before the first delivery comes. */
const checkWords = ({ type, keys, identity, state }: Shape, context: Context): void => {
  const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
  const states = typeof state === 'string' ? [[['state'], state] as const] : []
  const mapped =
    typeof state === 'string'
      ? []
      : Object.entries(state.map).map(([word, to]) => [['state', 'map', word], to] as const)
  for (const [at, word] of [...states, ...mapped]) {
    if (!STATES[type].includes(word))
      issue([...at], `no contract knows a ${type} that is "${word}"; ${among(word, STATES[type])}`)
  }
  const own = identity ?? OWN_KEYS[type]
  const missing = type === 'inventory' ? (['sku', 'location'] as const).filter((key) => !(key in keys)) : []
  if (missing.length > 0) issue(['keys'], `an inventory needs sku and location; add ${missing.join(' and ')}`)
  else if (!own.some((key) => key in keys))
    issue(['keys'], `nothing says which ${type} it is; add ${own.join(' or ')}`)
  for (const key of identity ?? []) {
    if (!(key in keys)) issue(['identity'], `${key} is not among the keys; add it there`)
    if (key === 'sku' && type !== 'inventory')
      issue(['identity'], 'an article says no more than what is in it; name an order, a parcel, a receipt')
  }
  if ('location' in keys && type !== 'inventory')
    issue(['keys', 'location'], 'a place is a key of an inventory only; write it under attributes')
}

/** One object as it stands in an answer. */
export const objectMapping = z.strictObject(fields).superRefine(checkWords)
export type ObjectMapping = z.output<typeof objectMapping>

/** One kind of fact in a delivery: `each` finds its rows, `when` those that count. */
export const factMapping = z
  .strictObject({
    /** What reads elsewhere refer to it by. */
    name: z.string().min(1).optional(),
    each: path.optional(),
    when: path.optional(),
    ...fields,
  })
  .superRefine(checkWords)
export type FactMapping = z.output<typeof factMapping>
