import { z } from 'zod'
import { duration } from '../../app/contract-config.ts'
import { ROLES } from '../../domain/model.ts'
import { type ActionConfig, actionConfig, retryConfig } from './actions/config.ts'
import { intakeFields } from './intake/config.ts'
import { type FactMapping, factMapping } from './mapping/config.ts'

/** Where the system is called, and how much. */
const api = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'is no http(s) address' })
    .refine((url) => !/[?#@]/.test(url), 'write the address alone: no user, no ?, no #'),
  /** Sent with every call: credentials. */
  headers: z.record(z.string(), z.string()).default({}),
  /** Read by `baton doctor`: something cheap that needs the credentials. */
  probe: z.string().startsWith('/', 'begin the path with /; the url stands before it'),
  /** Hosts that may be called although they are private: `erp.internal`, `10.0.0.7`. */
  allow_hosts: z.array(z.string().min(1)).default([]),
  per_second: z.number().int().positive().optional(),
  per_minute: z.number().int().positive().optional(),
  /** One attempt at a call. */
  timeout: duration.default(10_000),
})
export type ApiConfig = z.output<typeof api>

const role = z.enum(ROLES)
const actions = z.array(actionConfig)

type Whole = {
  role: string
  api?: unknown
  facts: FactMapping[]
  actions: ActionConfig[]
  retry?: ActionConfig | undefined
}
type Context = { addIssue(issue: { code: 'custom'; path: (string | number)[]; message: string }): void }

const firstDouble = (names: (string | undefined)[]): number =>
  names.findIndex((name, index) => name !== undefined && names.indexOf(name) !== index)

/** What one part of the block says about another. */
const checkWhole = (whole: Whole, context: Context): void => {
  const issue = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message })
  const { facts, actions, retry } = whole
  if (!whole.api && (actions.length > 0 || retry))
    issue([actions.length > 0 ? 'actions' : 'retry'], 'nothing says where to call; add api with its url')
  if (retry && whole.role !== 'integration')
    issue(['retry'], `a record is run again in an integration, and this is a ${whole.role}; use actions`)
  const fact = firstDouble(facts.map(({ name }) => name))
  if (fact >= 0) issue(['facts', fact, 'name'], 'another mapping has this name; use another')
  const all = [...actions, ...(retry ? [retry] : [])]
  const action = firstDouble(all.map(({ id }) => id))
  if (action >= 0)
    issue(action < actions.length ? ['actions', action, 'id'] : ['retry'], 'two actions have one id')
  for (const [index, { read, on, undo }] of all.entries()) {
    const at = index < actions.length ? ['actions', index] : ['retry']
    if (undo !== undefined && !all.some(({ id }) => id === undo))
      issue([...at, 'undo'], `there is no action ${undo} here`)
    const { as } = read
    const mapping = typeof as === 'string' ? facts.find(({ name }) => name === as) : as
    if (!mapping) {
      const names = facts.flatMap(({ name }) => name ?? [])
      issue(
        [...at, 'read', 'as'],
        `no mapping under facts has the name "${as}"; known are ${names.join(', ') || 'none'}`,
      )
    } else if (on.role === undefined && mapping.type !== on.type)
      issue([...at, 'read', 'as'], `it is offered on a ${on.type}, and reads a ${mapping.type}`)
  }
}

/** A system that sends. It may be called as well. */
export const webhookConfig = z
  .strictObject({
    role,
    ...intakeFields,
    api: api.optional(),
    actions: actions.default([]),
    retry: retryConfig.optional(),
  })
  .superRefine(checkWhole)
export type WebhookConfig = z.output<typeof webhookConfig> & { name: string }

/** A system that is only called: what it has is known by what its actions read, and by other means. */
export const httpConfig = z
  .strictObject({
    role,
    api,
    facts: z.array(factMapping).default([]),
    actions: actions.min(1),
    retry: retryConfig.optional(),
  })
  .superRefine(checkWhole)
export type HttpConfig = z.output<typeof httpConfig> & { name: string }
