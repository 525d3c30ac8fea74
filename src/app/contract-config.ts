import { z } from 'zod'
import type { Condition, Contract, Follow, Grace } from '../domain/contract/contract.ts'
import { OBJECT_TYPES, ORDER_CLASSES, ROLES, SEVERITIES, SUBJECT_KINDS } from '../domain/model.ts'

/*
 * How a contract is written in YAML, in `baton.yml` and in an import's mapping:
 *
 *   - id: carrier-handoff
 *     title: Not handed to the carrier by the shipping limit
 *     handoff: { from: wms, to: carrier, object: parcel }
 *     subject: fulfillment
 *     grace: { field: shippingLimit, role: storefront, type: order }
 *     follow:
 *       when: { role: erp, type: order, states: [confirmed] }
 *       then: { role: wms, type: fulfillment, states: [shipped] }
 *       unless: [{ role: storefront, type: order, states: [cancelled] }]
 *
 * One of `follow`, `agree`, `leave`, `one` says which form it has. A grace is one of
 *
 *   48h                                                # also 30s, 15m, 2d, 0s
 *   { field: shippingLimit, role: storefront, type: order, plus: 1h }
 *   { working: 4h, calendar: warehouse }               # only the calendar's hours count
 *   { next_landing: erp, margin: 30m }                 # a batch interface
 *   { learned: 30m, floor: 5m, by: carrier }           # 30m until enough was seen
 */

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const isUnit = (text: string | undefined): text is keyof typeof UNIT_MS =>
  text !== undefined && text in UNIT_MS

/** `90s`, `15m`, `48h`, `2d` -> ms. */
export const duration = z.string().transform((text, context): number => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(s|m|h|d)$/.exec(text.trim()) ?? []
  if (isUnit(unit)) return Number(number) * UNIT_MS[unit]
  context.addIssue({ code: 'custom', message: `"${text}" is no duration; write 30s, 15m, 48h or 2d` })
  return z.NEVER
})

const role = z.enum(ROLES)
const type = z.enum(OBJECT_TYPES)
const states = z.array(z.string()).min(1)
const value = z.union([z.string(), z.number(), z.boolean()])
const condition = z.union([
  z.strictObject({ was: z.string() }),
  z.strictObject({ attribute: z.string(), in: z.array(value).min(1) }),
  z.strictObject({ attribute: z.string(), stated: z.boolean() }),
  z.strictObject({ quantity: z.string(), below: z.number() }),
  z.strictObject({ quantity: z.string(), above: z.number() }),
])
const where = z.union([z.array(condition).min(1), condition.transform((only): Condition[] => [only])])
/** Without the keys that were not written: what is absent is absent, and not `undefined`. */
const written = <T extends object>({ states: named, where: conditions, ...rest }: Chosen & T) => ({
  ...rest,
  ...(named ? { states: named } : {}),
  ...(conditions ? { where: conditions } : {}),
})
type Chosen = { states?: string[] | undefined; where?: Condition[] | undefined }

const chosen = { role, type, states: states.optional(), where: where.optional() }
const selector = z.strictObject(chosen).transform((it) => written(it))
const stated = z
  .strictObject({ ...chosen, states })
  .transform(({ where: conditions, ...rest }) => (conditions ? { ...rest, where: conditions } : rest))
const times = z.number().default(1)
const term = z.union([
  z.strictObject({ ...chosen, quantity: z.string(), times }).transform((it) => written(it)),
  z.strictObject({ ...chosen, inState: states, times }).transform((it) => written(it)),
  z.strictObject({ ...chosen, attribute: z.string() }).transform((it) => written({ ...it, times: 1 })),
  z.strictObject({ ...chosen, instant: z.string() }).transform((it) => written({ ...it, times: 1 })),
])
const isNumeric = (each: z.output<typeof term>): boolean => 'quantity' in each || 'inState' in each
const isInstant = (each: z.output<typeof term>): boolean => 'instant' in each

/** Numbers can only be compared with numbers, dates with dates and texts with texts. */
const comparable = ({ left, right }: { left: z.output<typeof term>[]; right: z.output<typeof term>[] }) => {
  const all = [...left, ...right]
  return (
    all.every(isNumeric) || all.every(isInstant) || !all.some((each) => isNumeric(each) || isInstant(each))
  )
}

/** How a grace is written, in a contract and where one is tuned. */
export const graceConfig = z.union([
  duration.transform((ms): Grace => ({ kind: 'duration', ms })),
  z
    .strictObject({ field: z.string(), role, type, plus: duration.optional() })
    .transform(
      ({ field, plus, ...of }): Grace => ({ kind: 'field', attribute: field, plusMs: plus ?? 0, ...of }),
    ),
  z
    .strictObject({ working: duration, calendar: z.string().min(1) })
    .transform(({ working, calendar }): Grace => ({ kind: 'working', calendar, ms: working })),
  z
    .strictObject({ next_landing: role, margin: duration.default(0) })
    .transform(
      ({ next_landing, margin }): Grace => ({ kind: 'landing', role: next_landing, marginMs: margin }),
    ),
  z
    .strictObject({
      learned: duration,
      floor: duration.default(60_000),
      by: z.string().nullable().default(null),
    })
    .transform(
      ({ learned, floor, by }): Grace => ({ kind: 'learned', by, otherwiseMs: learned, floorMs: floor }),
    ),
])
const follow = z.strictObject({
  when: selector,
  then: selector,
  unless: z.array(selector).default([]),
  onlyIfKnown: z.boolean().default(false),
  covers: z.string().nullable().default(null),
  /** Clocks closer than this do not count as contradicting each other. */
  clockTolerance: duration.default(60_000),
})
const agree = z
  .strictObject({
    left: z.array(term).min(1),
    right: z.array(term).min(1),
    tolerance: z.number().nonnegative().default(0),
    breaks: z.enum(['either', 'left_above']).default('either'),
    suspend: z.array(selector).default([]),
  })
  .refine(comparable, 'compares things of different kinds: quantities, instants or attributes on both sides')
const leave = z.strictObject({
  object: stated,
  while: z.array(selector).default([]),
  since: z.enum(['entered', 'seen', 'silence']).default('entered'),
})
const one = z.strictObject({
  object: stated,
  within: z
    .strictObject({ quantity: z.string(), of: z.strictObject({ role, type }) })
    .nullable()
    .default(null),
})

const followOf = ({ clockTolerance, ...rest }: z.output<typeof follow>): Follow => ({
  form: 'follow',
  clockToleranceMs: clockTolerance,
  ...rest,
})

/** One contract as written, parsed into the domain's `Contract`. */
export const contractConfig = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens, like wms-receipt-booked'),
    title: z.string().min(1).max(120),
    meaning: z.string().default(''),
    hurts: z.string().default(''),
    fix: z.string().default(''),
    handoff: z.strictObject({ from: role, to: role, object: z.string().min(1) }),
    subject: z.enum(SUBJECT_KINDS),
    severity: z.enum(SEVERITIES).default('medium'),
    classes: z.array(z.enum(ORDER_CLASSES)).nullable().default(null),
    grace: graceConfig,
    actions: z.array(z.string()).default([]),
    foldsUnder: z.array(z.string()).default([]),
    follow: follow.optional(),
    agree: agree.optional(),
    leave: leave.optional(),
    one: one.optional(),
  })
  .transform(({ follow, agree, leave, one, ...rest }, context): Contract => {
    const forms = [
      follow && followOf(follow),
      agree && { form: 'agree' as const, ...agree },
      leave && { form: 'leave' as const, ...leave },
      one && { form: 'one' as const, ...one },
    ].filter((form) => form !== undefined)
    const [rule] = forms
    if (forms.length === 1 && rule) return { ...rest, rule }
    context.addIssue({
      code: 'custom',
      message: `contract ${rest.id} needs exactly one of follow, agree, leave, one`,
    })
    return z.NEVER
  })
