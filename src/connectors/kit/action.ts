import { z } from 'zod'
import type {
  Acted,
  ActionInput,
  ActionTarget,
  Compared,
  Done,
  Reading,
  Ready,
  RoutingAction,
  WireFact,
} from '../../app/connector.ts'
import type { ObjectState, ObjectType, Role, SubjectView } from '../../domain/model.ts'

const snapshot = z.object({
  state: z.string(),
  rawState: z.string(),
  quantities: z.record(z.string(), z.number()),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
})
const snapshots = z.tuple([snapshot])

/** Where an object stands: what is compared before and after. Its version may move for reasons of its own. */
type Snapshot = z.infer<typeof snapshot>

const snapshotOf = ({ state, rawState, quantities, attributes }: WireFact): Snapshot => ({
  state,
  rawState,
  quantities,
  attributes,
})

export const readingOf = (facts: WireFact[], words: string): Reading => ({
  facts,
  snapshot: facts.map(snapshotOf),
  words,
})

/** Where the object stood before a run of an `objectAction`, and after it; null where nobody saw that. */
export const stood = ({ before, after }: Done): { before: Snapshot | null; after: Snapshot | null } => {
  const [was, is] = [before, after].map((seen) => snapshots.safeParse(seen?.snapshot).data?.[0] ?? null)
  return { before: was ?? null, after: is ?? null }
}

/** The subject's objects of this role (and system, where it has to be one's own), oldest first. */
export const objectsOf = (
  subject: SubjectView,
  wanted: { role: Role; type: ObjectType; system?: string },
): ObjectState[] =>
  subject.objects
    .filter(
      (o) =>
        o.role === wanted.role &&
        o.type === wanted.type &&
        (wanted.system === undefined || o.system === wanted.system),
    )
    .sort((a, b) => a.firstAt.getTime() - b.firstAt.getTime() || (a.externalId < b.externalId ? -1 : 1))

/** A routing action on one object; what is left out is a safe `do` that shows within seconds and knows its key. */
export type ObjectAction = Pick<RoutingAction, 'id' | 'label' | 'target'> &
  Partial<
    Pick<
      RoutingAction,
      'kind' | 'risk' | 'settleMs' | 'idempotent' | 'inputs' | 'magnitude' | 'afterAnswersTo' | 'undo'
    >
  > & {
    /** The object as the system has it now. Throws SystemError. */
    readObject(input: ActionInput): Promise<WireFact>
    /** Sends the call; answers what the system said. Throws SystemError. */
    send(input: ActionInput, key: string): Promise<unknown>
    ready(fact: WireFact, target: ActionTarget): Ready
    acted?(answer: unknown, input: ActionInput): Acted
    compare(before: Snapshot, after: WireFact, input: ActionInput): Compared
  }

const SETTLE_MS = 5_000

/** A routing action that changes one object of the system, which is read before and after. */
export const objectAction = (system: string, spec: ObjectAction): RoutingAction => {
  const { id, readObject, send, ready, acted, compare, ...given } = spec
  /** The object as read; `read` always brings exactly one. */
  const read = ({ facts: [fact] }: Reading): WireFact => {
    if (!fact) throw new Error(`${id}: nothing was read`)
    return fact
  }
  return {
    id,
    kind: 'do',
    risk: 'safe',
    settleMs: SETTLE_MS,
    idempotent: true,
    ...given,
    async read(input) {
      const fact = await readObject(input)
      return readingOf([fact], `${fact.externalId} is ${fact.rawState} in ${system}.`)
    },
    precondition: ({ target }, before) => ready(read(before), target),
    async act(input, key) {
      const answer = await send(input, key)
      return acted?.(answer, input) ?? { is: 'accepted', words: `${system} accepted it.` }
    },
    compare: (input, before, after) => compare(snapshots.parse(before.snapshot)[0], read(after), input),
  }
}

/** The change has happened once the object has come into one of these states. */
export const reaches =
  (...states: string[]): ObjectAction['compare'] =>
  (before, after) => {
    const { externalId, rawState } = after
    if (states.includes(after.state) && !states.includes(before.state)) {
      return { is: 'changed', words: `${externalId} is ${rawState} now.` }
    }
    return before.rawState === rawState
      ? { is: 'unchanged', words: `${externalId} is still ${rawState}.` }
      : { is: 'unchanged', words: `${externalId} is ${rawState} now, which is not what was asked.` }
  }

/** Ready in these states, already done in those, impossible in all others. */
export const readyWhen =
  (states: { ready: string[]; done: string[]; else: string }): ObjectAction['ready'] =>
  ({ externalId, state, rawState }) => {
    if (states.ready.includes(state)) return { is: 'ready' }
    if (states.done.includes(state))
      return { is: 'already_done', words: `${externalId} is ${rawState} already.` }
    return { is: 'impossible', words: `${externalId} is ${rawState}: ${states.else}.` }
  }
