import { z } from 'zod'
import type { Contract, Follow, Grace } from '../domain/contract/contract.ts'
import { OBJECT_TYPES, ORDER_CLASSES, ROLES, SEVERITIES, SUBJECT_KINDS } from '../domain/model.ts'

/*
 * How a contract is written in YAML, in `baton.yml` and in an import's mapping:
 *
 *   - id: carrier-handoff
 *     title: Not handed to the carrier by the shipping limit
 *     handoff: { from: wms, to: carrier, object: parcel }
 *     subject: fulfillment
 *     grace: { field: shippingLimit, role: storefront, type: order }     # or '48h', '0s'
 *     follow:
 *       when: { role: erp, type: order, states: [confirmed] }
 *       then: { role: wms, type: fulfillment, states: [shipped] }
 *       unless: [{ role: storefront, type: order, states: [cancelled] }]
 *
 * One of `follow`, `agree`, `leave`, `one` says which form it has.
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
const selector = z
  .strictObject({ role, type, states: states.optional() })
  .transform(({ states: named, ...rest }) => (named ? { ...rest, states: named } : rest))
const stated = z.strictObject({ role, type, states })
const term = z.union([
  z.strictObject({ role, type, quantity: z.string(), times: z.number().default(1) }),
  z.strictObject({ role, type, inState: states, times: z.number().default(1) }),
])

const grace = z.union([
  duration.transform((ms): Grace => ({ kind: 'duration', ms })),
  z
    .strictObject({ field: z.string(), role, type, plus: duration.optional() })
    .transform(
      ({ field, plus, ...of }): Grace => ({ kind: 'field', attribute: field, plusMs: plus ?? 0, ...of }),
    ),
])

const follow = z.strictObject({
  when: selector,
  then: selector,
  unless: z.array(selector).default([]),
  onlyIfKnown: z.boolean().default(false),
  /** Clocks closer than this do not count as contradicting each other. */
  clockTolerance: duration.default(60_000),
})
const agree = z.strictObject({
  left: z.array(term).min(1),
  right: z.array(term).min(1),
  tolerance: z.number().nonnegative().default(0),
  suspend: z.array(selector).default([]),
})
const leave = z.strictObject({
  object: stated,
  where: z
    .strictObject({ attribute: z.string(), in: z.array(z.string()).min(1) })
    .nullable()
    .default(null),
})
const one = z.strictObject({ object: stated })

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
    handoff: z.strictObject({ from: role, to: role, object: z.string().min(1) }),
    subject: z.enum(SUBJECT_KINDS),
    severity: z.enum(SEVERITIES).default('medium'),
    classes: z.array(z.enum(ORDER_CLASSES)).nullable().default(null),
    grace,
    actions: z.array(z.string()).default([]),
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
