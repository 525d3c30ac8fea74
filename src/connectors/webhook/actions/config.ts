import { z } from 'zod'
import { CATALOGUE } from '../../../app/catalogue.ts'
import { closest } from '../../../app/closest.ts'
import { duration } from '../../../app/contract-config.ts'
import { ROLES } from '../../../domain/model.ts'
import { objectMapping } from '../mapping/config.ts'
import { path } from '../mapping/path.ts'
import { STATES, TYPES } from '../mapping/words.ts'
import { type Body, flawIn, templatesIn } from './template.ts'

/*
 * A routing action as it is written in `baton.yml`: what is offered when, what is read, what is called, and what must
 * show afterwards. The README has a whole one.
 */

const word = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'use lower-case letters, digits and _, like release_delivery')
const template = z.string()
const headers = z.record(z.string().regex(/^[A-Za-z0-9-]+$/, 'is no name of a header'), template).default({})
const query = z.record(z.string(), template).default({})
const urlPath = z
  .string()
  .regex(/^\/[^?#]*$/, 'begin the path with /, after the url; what follows a ? stands under query')

const body: z.ZodType<Body> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(body), z.record(z.string(), body)]),
)

const request = { path: urlPath, query, headers, body: body.optional() }

/** How the object is read, before and after. */
const read = z.strictObject({
  method: z.enum(['GET', 'POST']).default('GET'),
  ...request,
  /** Where the object stands in the answer; without it, the answer is the object. Nothing there, or a 404: there is none. */
  find: path.optional(),
  /** The name of a mapping under `facts`, or a mapping of its own. */
  as: z.union([z.string(), objectMapping]),
})

const call = z.strictObject({
  method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
  ...request,
  /** Named only where the system knows a repeated key and then does nothing: what is sent there is the run's key. */
  idempotency_header: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, 'is no name of a header')
    .optional(),
  /** The system knows a repeated `{{key}}` that stands elsewhere in the call, or the same call twice does no more than once. */
  idempotent: z.boolean().default(false),
  /** Words of refusal inside an answer that looks like success (200); nothing there: it is accepted. */
  refused: path.optional(),
})

const input = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('text'),
    id: word,
    label: z.string().min(1),
    required: z.boolean().default(true),
    max_length: z.number().int().min(1).max(3_000).default(200),
  }),
  z.strictObject({
    kind: z.literal('number'),
    id: word,
    label: z.string().min(1),
    required: z.boolean().default(true),
    min: z.number(),
    max: z.number(),
    unit: z.string().default('units'),
  }),
  z.strictObject({
    kind: z.literal('choice'),
    id: word,
    label: z.string().min(1),
    required: z.boolean().default(true),
    options: z.array(z.strictObject({ value: z.string().min(1), label: z.string().min(1) })).min(1),
  }),
])

/** A value of the object itself, or of another system's object about the same thing. */
const param = z.union([
  path.transform((it) => ({ path: it, role: undefined, type: undefined })),
  z.strictObject({ role: z.enum(ROLES), type: z.enum(TYPES), path }),
])

/** The objects on which it is offered: this system's own, unless a role says whose. */
const on = z
  .strictObject({
    type: z.enum(TYPES),
    role: z.enum(ROLES).optional(),
    states: z.array(z.string()).min(1).optional(),
    if: path.optional(),
    /** Why it cannot be done in other states, as it stands on the card: "there is no hold to release". */
    else: z.string().min(1),
  })
  .superRefine(({ type, states }, context) => {
    for (const [index, state] of (states ?? []).entries()) {
      if (STATES[type].includes(state)) continue
      const near = closest(state, STATES[type])
      const instead = near ? `did you mean ${near}?` : `use one of ${STATES[type].join(', ')}`
      context.addIssue({
        code: 'custom',
        path: ['states', index],
        message: `no ${type} is ever "${state}"; ${instead}`,
      })
    }
  })

/** These move money or goods, or cannot be taken back; whom they need is relaxed under `trust`, and nowhere else. */
const SECOND_PERSON = [
  'create_order',
  'cancel_order',
  'cancel_line',
  'cancel_duplicate',
  'adjust_stock',
  'refund',
  'refund_return',
  'reship',
]

/** What the contracts offer by these names, and so does this system. */
const knownVerbs = (): string[] => [
  ...new Set([...CATALOGUE.flatMap(({ actions }) => actions), 'allocate', 'cancel_line', 'notify_customer']),
]

const id = word.superRefine((name, context) => {
  const known = knownVerbs()
  const near = known.includes(name) ? undefined : closest(name, known)
  if (near)
    context.addIssue({
      code: 'custom',
      message: `did you mean ${near}? An own name must differ more than by a slip`,
    })
})

const settle = duration.refine((ms) => ms > 0, 'write how long a change may take to show, like 30s')

const steps = {
  params: z.record(word, param).default({}),
  read,
  /** Over what was read, `params` and `values`: it can be done now. */
  ready: path,
  /** Over the same: nothing is left to do. */
  done: path,
  call,
  /** Over what is read afterwards: it has happened. Without it, `done`. `before` is what was read before. */
  expect: path.optional(),
  /** Of a request, over the same: who was asked agrees, and it will show; or says no. */
  accepted: path.optional(),
  declined: path.optional(),
  /** Over the same: it is on its way, look again until `settle` is over. */
  underway: path.optional(),
  settle: settle.default(5_000),
}

const RESERVED = ['id', 'key']

type Steps = {
  params: Record<string, unknown>
  read: {
    path: string
    query: Record<string, string>
    headers: Record<string, string>
    body?: Body | undefined
  }
  call: Steps['read'] & { idempotency_header?: string | undefined; idempotent: boolean }
  inputs?: { id: string; required: boolean }[]
}
type Context = { addIssue(issue: { code: 'custom'; path: (string | number)[]; message: string }): void }

/** Every template names only what there is. */
const checkTemplates = ({ params, inputs = [], read, call }: Steps, context: Context): void => {
  const names = [...Object.keys(params), ...inputs.map((each) => each.id)]
  const doubled = names.find((name, index) => names.indexOf(name) !== index || RESERVED.includes(name))
  if (doubled !== undefined)
    context.addIssue({
      code: 'custom',
      path: [],
      message: `{{${doubled}}} means two things; name one of them otherwise`,
    })
  for (const [step, request] of [
    ['read', read],
    ['call', call],
  ] as const) {
    const known = ['id', ...names, ...(step === 'call' ? ['key'] : [])]
    const all: [(string | number)[], string][] = [
      [['path'], request.path],
      ...Object.entries(request.query).map(([name, text]): [string[], string] => [['query', name], text]),
      ...Object.entries(request.headers).map(([name, text]): [string[], string] => [['headers', name], text]),
      ...templatesIn(request.body ?? null, ['body']),
    ]
    for (const [at, text] of all) {
      const flaw = flawIn(text, known)
      if (flaw) context.addIssue({ code: 'custom', path: [step, ...at], message: flaw })
    }
  }
}

export const actionConfig = z
  .strictObject({
    id,
    label: z.string().regex(/^[A-Z][^.]*$/, 'begin the label with a capital and end it without a full stop'),
    kind: z.enum(['do', 'request']).default('do'),
    /** Of a request: until when somebody answers. */
    answer_within: duration.optional(),
    risk: z.enum(['safe', 'second_person']).default('second_person'),
    on,
    inputs: z.array(input).max(5).default([]),
    /** The size of the change in units, over the object and `params`: "a second person above 10 units". */
    magnitude: path.optional(),
    /** The action of this system that takes it back. */
    undo: word.optional(),
    ...steps,
  })
  .superRefine((action, context) => {
    if ((action.kind === 'request') !== (action.answer_within !== undefined))
      context.addIssue({
        code: 'custom',
        path: ['answer_within'],
        message: 'kind: request and answer_within belong together',
      })
    if (action.risk === 'safe' && SECOND_PERSON.includes(action.id))
      context.addIssue({
        code: 'custom',
        path: ['risk'],
        message: `${action.id} moves money or goods, or cannot be taken back; remove this, or relax it for everybody under trust`,
      })
    checkTemplates(action, context)
  })
export type ActionConfig = z.output<typeof actionConfig>

/** Running an integration's failed record again: what a message is says the rest of the action. */
export const retryConfig = z
  .strictObject({
    label: z.string().default('Run it again'),
    read,
    call,
    settle: settle.default(30_000),
  })
  .superRefine((retry, context) => checkTemplates({ params: {}, ...retry }, context))
  .transform(
    (retry): ActionConfig => ({
      ...retry,
      id: 'retry_message',
      kind: 'do',
      risk: 'safe',
      on: { type: 'message', states: ['error'], else: 'it is not in error' },
      inputs: [],
      params: {},
      ready: path.parse("state == 'error'"),
      done: path.parse("state == 'ok'"),
      underway: path.parse("state == 'waiting'"),
    }),
  )
