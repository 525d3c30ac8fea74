import { createHmac, timingSafeEqual } from 'node:crypto'
import type {
  Acted,
  Compared,
  Connector,
  ParsedSignal,
  Reading,
  RoutingAction,
  WireFact,
} from '../../src/app/connector.ts'
import { SystemError } from '../../src/app/errors.ts'
import type { ObjectType, Role } from '../../src/domain/model.ts'

/** How a fake system takes a call that wants to change it. */
export type Manner =
  | 'obeys'
  /** Says no, in its own words. */
  | 'refuses'
  /** Says yes and changes nothing. */
  | 'pretends'
  /** Says yes; the change shows only after `appear()`. */
  | 'dawdles'
  /** Does it, and the answer is lost. */
  | 'mute'
  /** The call is lost, and nobody can know. */
  | 'deaf'
  | 'unreachable'
  /** Somebody else must accept it. */
  | 'asks'

export type FakeObject = Omit<WireFact, 'type' | 'externalId' | 'version'> & {
  type: ObjectType
  externalId: string
  version: number
}

export type FakeSystem = Connector & {
  objects: Map<string, FakeObject>
  /** Calls to `act` that left, with their keys. */
  calls: { action: string; externalId: string; key: string }[]
  /** Keys whose effect has taken place: a second call with one of them has none. */
  done: Set<string>
  manner: Manner
  /** One more action. */
  offers(spec: FakeAction): void
  /** Changes an object in the system's own world and answers what it would say of it. */
  put(object: Partial<FakeObject> & Pick<FakeObject, 'type' | 'externalId'>, at: Date): FakeObject
  /** What was accepted and did not show yet shows now. */
  appear(): void
  /** Whoever was asked says yes or no, and nothing shows yet; null until then. */
  answer: 'accepted' | 'declined' | null
  /** Runs before each call to the system: a test may throw here, or change the world. */
  before: (step: 'read' | 'act' | 'poll') => void | Promise<void>
  reads: number
}

const SECRET = 'a test secret'
export const sign = (body: Buffer | string): string =>
  createHmac('sha256', SECRET).update(body).digest('base64')

const sameText = (a: string, b: string): boolean => {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}

/** A delivery as a fake system sends it: facts, and rows that make no sense. */
export type FakeBody = { facts: (WireFact | { broken: string })[]; sentAt?: string; hint?: true }

const parse = (body: Buffer): ParsedSignal => {
  const { facts, sentAt, hint }: FakeBody = JSON.parse(body.toString())
  const parsed: ParsedSignal = { facts: [], bad: [], ...(hint ? { hint } : {}) }
  facts.forEach((row, index) => {
    if ('broken' in row) parsed.bad.push({ at: `row ${index}`, reason: row.broken })
    else parsed.facts.push({ ...row, occurredAt: new Date(row.occurredAt) })
  })
  return sentAt === undefined ? parsed : { ...parsed, sentAt: new Date(sentAt) }
}

/** What an action makes of the object it is aimed at. */
export type FakeAction = {
  id: string
  label: string
  type: ObjectType
  to: { state: string; rawState: string } | { quantities: Record<string, number> }
  risk?: RoutingAction['risk']
  kind?: RoutingAction['kind']
  idempotent?: boolean
  settleMs?: number
  magnitude?: RoutingAction['magnitude']
  afterAnswersTo?: readonly string[]
  undo?: RoutingAction['undo']
}

/** A system whose world a test can set, and whose actions obey or misbehave on command. */
export const fakeSystem = (
  system: string,
  role: Role,
  { actions = [], polled = true }: { actions?: FakeAction[]; polled?: boolean } = {},
): FakeSystem => {
  const objects = new Map<string, FakeObject>()
  const pending: (() => void)[] = []
  const nameOf = (type: string, externalId: string) => `${type} ${externalId}`
  const read = (type: ObjectType, externalId: string): Reading => {
    const found = objects.get(nameOf(type, externalId))
    return {
      facts: found ? [found] : [],
      snapshot: found ? [found.state, found.quantities] : null,
      words: found ? `${system} says ${found.rawState}.` : `${system} knows no ${type} ${externalId}.`,
    }
  }

  const self: FakeSystem = {
    system,
    role,
    kind: 'fake',
    objects,
    calls: [],
    done: new Set(),
    manner: 'obeys',
    answer: null,
    before: () => {},
    reads: 0,
    put(object, at) {
      const name = nameOf(object.type, object.externalId)
      const known = objects.get(name)
      const next: FakeObject = {
        keys: [],
        state: 'open',
        rawState: 'open',
        quantities: {},
        attributes: {},
        changedBy: { kind: 'unknown' },
        ...known,
        version: (known?.version ?? 0) + 1,
        ...(object.state === undefined ? {} : { rawState: object.state }),
        ...object,
        occurredAt: object.occurredAt ?? at,
      }
      objects.set(name, next)
      return next
    },
    appear() {
      for (const change of pending.splice(0)) change()
    },
    webhook: {
      maxBytes: 100_000,
      verify: ({ headers }, body) => {
        const { signature, delivery, timestamp } = headers
        if (!signature) return { ok: false, status: 401, reason: 'The signature is missing.' }
        if (!sameText(signature, sign(body)))
          return { ok: false, status: 403, reason: 'The signature is wrong.' }
        if (timestamp === 'old') return { ok: false, status: 403, reason: 'It was signed too long ago.' }
        if (!delivery) return { ok: false, status: 400, reason: 'The delivery has no id.' }
        return { ok: true, deliveryKey: delivery }
      },
      parse,
    },
    actions: [],
    offers: () => {},
    probe: () => Promise.resolve(),
  }
  if (polled) {
    self.poll = {
      async changes(cursor) {
        await self.before('poll')
        // Overlaps wholly: every poll says everything once more.
        const facts = [...objects.values()]
        return { facts, bad: [], cursor: `${cursor ?? ''}+`, more: false, raw: Buffer.from('page') }
      },
    }
  }
  self.offers = (spec) => {
    self.actions.push(actionOf(spec))
  }
  const actionOf = (spec: FakeAction): RoutingAction => {
    const change = (externalId: string, key: string) => () => {
      if (self.done.has(key)) return
      self.done.add(key)
      const quantities = { ...objects.get(nameOf(spec.type, externalId))?.quantities }
      const to = 'state' in spec.to ? spec.to : { quantities: { ...quantities, ...spec.to.quantities } }
      const at = objects.get(nameOf(spec.type, externalId))?.occurredAt ?? new Date(0)
      self.put(
        { type: spec.type, externalId, ...to, changedBy: { kind: 'integration', name: 'baton' } },
        new Date(at.getTime() + 1),
      )
    }
    return {
      id: spec.id,
      label: spec.label,
      kind: spec.kind ?? 'do',
      risk: spec.risk ?? 'safe',
      settleMs: spec.settleMs ?? 10_000,
      idempotent: spec.idempotent ?? true,
      ...(spec.magnitude ? { magnitude: spec.magnitude } : {}),
      ...(spec.afterAnswersTo ? { afterAnswersTo: spec.afterAnswersTo } : {}),
      ...(spec.undo ? { undo: spec.undo } : {}),
      target(subject) {
        const aim = subject.objects.find((o) => o.system === system && o.type === spec.type)
        return aim ? { externalId: aim.externalId, params: {} } : null
      },
      async read({ target }) {
        self.reads++
        await self.before('read')
        return read(spec.type, target.externalId)
      },
      precondition(_input, { snapshot, words }) {
        if (snapshot === null) return { is: 'impossible', words }
        const [state] = snapshot as [string]
        return 'state' in spec.to && state === spec.to.state ? { is: 'already_done', words } : { is: 'ready' }
      },
      async act({ target: { externalId } }, key): Promise<Acted> {
        await self.before('act')
        if (self.manner === 'unreachable')
          throw new SystemError(system, 'unreachable', `${system} does not answer.`)
        self.calls.push({ action: spec.id, externalId, key })
        const effect = change(externalId, key)
        switch (self.manner) {
          case 'obeys':
            effect()
            return { is: 'accepted', words: `${system} accepted it.` }
          case 'refuses':
            throw new SystemError(system, 'refused', `${system}: period 11 is closed.`)
          case 'pretends':
            return { is: 'accepted', words: `${system} accepted it.` }
          case 'dawdles':
            pending.push(effect)
            return { is: 'accepted', words: `${system} accepted it.` }
          case 'mute':
            effect()
            throw new SystemError(system, 'ambiguous', `${system} did not answer in time.`)
          case 'deaf':
            throw new SystemError(system, 'ambiguous', `${system} did not answer in time.`)
          case 'asks':
            pending.push(effect)
            return {
              is: 'requested',
              words: 'Asked the supplier.',
              until: new Date(Date.parse('2026-11-24T06:00:00Z')),
            }
        }
      },
      compare(_input, before, after): Compared {
        const changed = JSON.stringify(before.snapshot) !== JSON.stringify(after.snapshot)
        if (changed) return { is: 'changed', words: after.words }
        if (self.answer === 'accepted') return { is: 'accepted', words: 'The supplier agrees.' }
        if (self.answer === 'declined') return { is: 'declined', words: 'The supplier says no.' }
        return pending.length > 0
          ? { is: 'settling', words: 'It does not show yet.' }
          : { is: 'unchanged', words: after.words }
      },
    }
  }
  for (const spec of actions) self.offers(spec)
  return self
}
