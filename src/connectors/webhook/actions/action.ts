import { isDeepStrictEqual } from 'node:util'
import type {
  Acted,
  ActionInput,
  Aim,
  Compared,
  Reading,
  Ready,
  RoutingAction,
  Seen,
} from '../../../app/connector.ts'
import { SystemError, wordsOf } from '../../../app/errors.ts'
import type { ObjectState, Role, SubjectView } from '../../../domain/model.ts'
import type { HttpClient } from '../../http/client.ts'
import { objectsOf } from '../../kit/action.ts'
import type { ObjectMapping } from '../mapping/config.ts'
import { documentOf, type Json } from '../mapping/document.ts'
import { readObject } from '../mapping/facts.ts'
import { ask, tell } from './call.ts'
import type { ActionConfig } from './config.ts'
import type { Values } from './template.ts'
import { ABSENT, isSo, valueAt, viewOf } from './view.ts'

export type ActionDeps = {
  system: string
  role: Role
  http: HttpClient
  /** The named mappings of the system's facts. */
  mappings: ReadonlyMap<string, ObjectMapping>
  now(): Date
}

type Found = { object: ObjectState; params: Values } | { unavailable: string } | null
type Scope = { [name: string]: Json }

/** A state seen before or after; what was kept of a reading went through JSON. */
const scopeOf = (seen: Seen, input: ActionInput, more: Scope = {}): Scope => {
  const view = documentOf(seen.snapshot)
  const known = typeof view === 'object' && view !== null && !Array.isArray(view) ? view : ABSENT
  return { ...known, params: input.target.params, values: input.values, ...more }
}

/** A size that nobody can tell counts as one above every limit. */
const UNSIZED = Number.POSITIVE_INFINITY

/** What was kept meanwhile has its names in another order. */
const isSame = (a: Seen, b: Seen): boolean =>
  isDeepStrictEqual(documentOf(a.snapshot), documentOf(b.snapshot))

const inputsOf = ({ inputs }: ActionConfig): Pick<RoutingAction, 'inputs'> =>
  inputs.length === 0
    ? {}
    : {
        inputs: () =>
          inputs.map((input) => {
            if (input.kind !== 'text') return input
            const { max_length: maxLength, ...rest } = input
            return { ...rest, maxLength }
          }),
      }

/** The object it is offered on, the values it needs, or why it cannot be done. */
const aimOf = (config: ActionConfig, { system, role }: ActionDeps, subject: SubjectView): Found => {
  const { on, params } = config
  const own = { role, type: on.type, system }
  const all = objectsOf(subject, on.role === undefined ? own : { role: on.role, type: on.type })
  const object = all.find(
    (each) => (on.states?.includes(each.state) ?? true) && (!on.if || isSo(on.if, viewOf(each))),
  )
  const [other] = all
  if (!other) return null
  if (!object) return { unavailable: `${other.externalId} is ${other.rawState}: ${on.else}` }
  const values: Values = {}
  for (const [name, param] of Object.entries(params)) {
    const among =
      param.role === undefined
        ? [object]
        : objectsOf(subject, { role: param.role, type: param.type ?? on.type })
    const [value] = among.flatMap((each) => valueAt(param.path, viewOf(each)) ?? [])
    if (value === undefined || value === '')
      return {
        unavailable: `${param.role ? `No ${param.role}` : object.externalId} states ${param.path.text}`,
      }
    values[name] = value
  }
  return { object, params: values }
}

/** What the system has now, as the action's mapping reads it. */
const reading = async (config: ActionConfig, deps: ActionDeps, input: ActionInput): Promise<Reading> => {
  const { system, http, mappings, now } = deps
  const { read, on } = config
  const { externalId } = input.target
  const mapping = typeof read.as === 'string' ? mappings.get(read.as) : read.as
  if (!mapping) throw new SystemError(system, 'misconfigured', `${system}: no mapping is called ${read.as}.`)
  const answer = await ask(http, system, read, valuesOf(config, input), input.signal)
  const unreadable = (why: string) =>
    new SystemError(system, 'misconfigured', `${system} answered what ${config.id} cannot read: ${why}.`)
  let found: unknown = null
  try {
    const document = documentOf(answer.json ?? null)
    if (answer.status !== 404) found = read.find ? read.find.of(document) : document
  } catch (error) {
    throw unreadable(wordsOf(error))
  }
  const object = found === null ? null : readObject(mapping, found, now())
  if (object === null)
    return { facts: [], snapshot: ABSENT, words: `${system} has no ${mapping.type} for ${externalId}.` }
  if ('reason' in object) throw unreadable(object.reason)
  const { fact } = object
  // The answer to another question must not pass for this one's.
  if (on.role === undefined && fact.externalId !== externalId)
    throw unreadable(`it is about ${fact.externalId}, not ${externalId}`)
  return {
    facts: [fact],
    // The moment of reading is no state of the object: it would differ each time.
    snapshot: { ...viewOf(fact), ...('received' in mapping.at ? { at: null } : {}) },
    words: `${fact.externalId} is ${fact.rawState} in ${system}.`,
  }
}

/** What templates name: what was typed, with nothing for what could be left out. */
const valuesOf = ({ inputs }: ActionConfig, { target, values }: ActionInput): Values => ({
  ...Object.fromEntries(inputs.map(({ id }) => [id, ''])),
  ...values,
  ...target.params,
  id: target.externalId,
})

const refusalIn = (config: ActionConfig, system: string, json: unknown): SystemError | null => {
  const { refused } = config.call
  if (!refused) return null
  let said: unknown
  try {
    said = refused.of(documentOf(json ?? null))
  } catch (error) {
    const words = `${system} answered what cannot be read (${wordsOf(error)}): look there before trying again.`
    return new SystemError(system, 'ambiguous', words)
  }
  if (said === null || said === false || said === '') return null
  if (Array.isArray(said) && said.length === 0) return null
  const words = typeof said === 'string' ? said.slice(0, 300) : 'it says so in its answer'
  return new SystemError(system, 'refused', `${system} refused: ${words}`)
}

const precondition = (config: ActionConfig, input: ActionInput, before: Reading): Ready => {
  const scope = scopeOf(before, input)
  if (isSo(config.done, scope)) return { is: 'already_done', words: before.words }
  if (isSo(config.ready, scope)) return { is: 'ready' }
  return { is: 'impossible', words: `${before.words} It cannot be done now: ${config.on.else}.` }
}

const compare = (config: ActionConfig, input: ActionInput, before: Seen, after: Reading): Compared => {
  const { words } = after
  const scope = scopeOf(after, input, { before: scopeOf(before, input) })
  if (!isSame(before, after) && isSo(config.expect ?? config.done, scope)) return { is: 'changed', words }
  if (isSo(config.declined, scope)) return { is: 'declined', words }
  if (isSo(config.accepted, scope)) return { is: 'accepted', words }
  return config.kind === 'request' || isSo(config.underway, scope)
    ? { is: 'settling', words }
    : { is: 'unchanged', words }
}

/** A routing action as `baton.yml` declares it, by the protocol that all actions keep. */
export const createAction = (config: ActionConfig, deps: ActionDeps): RoutingAction => {
  const { system, http, now } = deps
  const { id, label, kind, risk, settle, call, magnitude, undo } = config
  const aim = (subject: SubjectView): Found => aimOf(config, deps, subject)
  const sized = (size: NonNullable<typeof magnitude>) => (subject: SubjectView) => {
    const found = aim(subject)
    if (!found || 'unavailable' in found) return UNSIZED
    const units = valueAt(size, { ...viewOf(found.object), params: found.params })
    return typeof units === 'number' ? Math.abs(units) : UNSIZED
  }
  return {
    id,
    label,
    kind,
    risk,
    settleMs: settle,
    idempotent: call.idempotent || call.idempotency_header !== undefined,
    ...(undo === undefined ? {} : { undo: { action: undo } }),
    ...inputsOf(config),
    ...(magnitude ? { magnitude: sized(magnitude) } : {}),
    target(subject): Aim {
      const found = aim(subject)
      return found && 'object' in found
        ? { externalId: found.object.externalId, params: found.params }
        : found
    },
    read: (input) => reading(config, deps, input),
    precondition: (input, before) => precondition(config, input, before),
    async act(input, key): Promise<Acted> {
      const { json } = await tell(http, system, call, valuesOf(config, input), key, input.signal)
      const refusal = refusalIn(config, system, json)
      if (refusal) throw refusal
      if (kind === 'do') return { is: 'accepted', words: `${system} accepted it.` }
      const until = new Date(now().getTime() + (config.answer_within ?? settle))
      return { is: 'requested', words: `${system} was asked.`, until }
    },
    compare: (input, before, after) => compare(config, input, before, after),
  }
}
