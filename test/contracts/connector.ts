import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type {
  ActionInput,
  Connector,
  Reading,
  RequestHead,
  RoutingAction,
  WireFact,
} from '../../src/app/connector.ts'
import { SystemError } from '../../src/app/errors.ts'
import type { ObjectState, SubjectView } from '../../src/domain/model.ts'
import { fold, objectId } from '../../src/domain/object.ts'
import type { Fault, FaultyProxy } from '../support/faulty-proxy.ts'

/** One webhook as it stands on the wire; header names in small letters. */
export type SignedRequest = { headers: Record<string, string>; body: Buffer }

/** A subject on which one action is due. */
export type ActionCase = {
  subject: SubjectView
  /** How many of our calls have had an effect in the system, by its own account. */
  effects(): number | Promise<number>
  /** Lets time pass until the change shows. */
  settle(): Promise<void>
  /** Doing it again is a new deed of its own (a recount). */
  repeatable?: true
  /** What the person typed into the card. */
  values?: ActionInput['values']
}

/** One system with a connector to it, as the suite needs it. Made anew for each test. */
export type ConnectorHarness = {
  connector: Connector
  now(): Date
  /** Lets the system live until something has changed, and that has been sent. */
  live(): Promise<void>
  webhooks?: {
    /** What the system has sent so far. */
    sent(): SignedRequest[]
    /** Signs as the system would at that time. */
    sign(body: Buffer, at: Date): SignedRequest
    /** Signs with a secret that Baton was never given. */
    forge(body: Buffer, at: Date): SignedRequest
  }
  /** Brings about a subject on which the action is due. */
  actionCase(id: string): Promise<ActionCase>
  withWrongCredentials(): Connector
  /** From now on nobody answers at the system's address. */
  unplug(): Promise<void>
  /** The next change has its effect, and its answer gets lost. */
  loseNextAnswer?(): Promise<void>
  /** The connector under test reaches its system through this. */
  proxy?: FaultyProxy
  /** Faults of this kind of system alone, by name: an error inside a 200, a session that expires in the middle. */
  faults?: Record<string, () => void | Promise<void>>
  stop(): Promise<void>
}

const signal = () => AbortSignal.timeout(20_000)

const expectSound = (fact: WireFact): void => {
  const where = `${fact.type} ${fact.externalId}`
  expect(fact.externalId, where).not.toBe('')
  expect(fact.state, where).not.toBe('')
  expect(fact.rawState, where).not.toBe('')
  expect(Number.isFinite(fact.version), where).toBe(true)
  expect(Number.isFinite(fact.occurredAt.getTime()), where).toBe(true)
  expect(
    fact.keys.some((key) => key.kind === 'identity' && key.value !== ''),
    where,
  ).toBe(true)
  expect(Object.values(fact.quantities).every(Number.isFinite), where).toBe(true)
  // What is kept as JSON comes back as it was.
  expect(JSON.parse(JSON.stringify(fact.attributes)), where).toEqual(fact.attributes)
}

const foldAll = (connector: Connector, facts: WireFact[], receivedAt: Date): Map<string, ObjectState> => {
  const objects = new Map<string, ObjectState>()
  for (const wire of facts) {
    const fact = { ...wire, system: connector.system, role: connector.role, receivedAt }
    objects.set(objectId(fact), fold(objects.get(objectId(fact)), fact).object)
  }
  return objects
}

/** Reads a poller to its end; answers everything read, and the cursor to go on from. */
const pollToEnd = async (connector: Connector, from: string | null) => {
  const facts: WireFact[] = []
  let cursor = from
  for (let more = true; more; ) {
    const page = await connector.poll?.changes(cursor, signal())
    if (!page) throw new Error('no poller')
    expect(page.bad).toEqual([])
    facts.push(...page.facts)
    cursor = page.cursor
    more = page.more
  }
  return { facts, cursor }
}

/** A reading as the pipeline keeps it: its facts are recorded elsewhere, its snapshot went through JSON. */
const kept = ({ snapshot, words }: Reading): Reading => ({
  facts: [],
  snapshot: JSON.parse(JSON.stringify(snapshot)),
  words,
})

const failureOf = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(SystemError)
  return error instanceof SystemError ? error.failure : 'none'
}

/** A value somewhere in a JSON document, replaced by another. */
const spoilt = (document: unknown, path: number[], by: unknown): unknown => {
  if (typeof document !== 'object' || document === null || path.length === 0) return by
  const entries = Object.entries(document)
  const at = (path[0] ?? 0) % Math.max(1, entries.length)
  const changed = entries.map(
    ([name, value], i) => [name, i === at ? spoilt(value, path.slice(1), by) : value] as const,
  )
  return Array.isArray(document) ? changed.map(([, value]) => value) : Object.fromEntries(changed)
}

export type Promised = {
  actions: string[]
  /** `timestamped`: a signature covers the time at which it was made, so that an old one can be told. */
  pushes: 'timestamped' | 'undated' | false
  /** `once`: what was taken is not listed again, as in a queue or a folder. */
  polls: boolean | 'once'
  /** Names of the harness's own `faults`. */
  faults?: string[]
}

/**
 * What every connector promises, whatever it connects to. `actions` are the ids it should offer: a new action does not
 * pass unnoticed.
 */
export const describeConnector = (
  name: string,
  expected: Promised,
  start: () => Promise<ConnectorHarness>,
): void => {
  describe(`the connector contract: ${name}`, () => {
    let harness: ConnectorHarness
    beforeEach(async () => {
      harness = await start()
    })
    afterEach(() => harness.stop())

    it('offers what it is said to offer', () => {
      const { connector } = harness
      expect(connector.actions.map((action) => action.id).sort()).toEqual([...expected.actions].sort())
      expect(connector.webhook !== undefined).toBe(expected.pushes !== false)
      expect(connector.poll !== undefined).toBe(expected.polls !== false)
      for (const action of connector.actions) {
        expect(action.label).toMatch(/^[A-Z][^.]+$/)
        expect(action.settleMs).toBeGreaterThan(0)
        // What takes it back is an action of the same system.
        const { undo } = action
        if (undo) expect(connector.actions.map(({ id }) => id)).toContain(undo.action)
      }
    })

    it('probes: works when all is well', async () => {
      await expect(harness.connector.probe(signal())).resolves.toBeUndefined()
    })

    it('says that the credentials are wrong when they are', async () => {
      const wrong = harness.withWrongCredentials()
      expect(await failureOf(wrong.probe(signal()))).toBe('misconfigured')
      if (wrong.poll) expect(await failureOf(wrong.poll.changes(null, signal()))).toBe('misconfigured')
    })

    it('says that nobody is there when nobody is', async () => {
      await harness.unplug()
      const { connector } = harness
      expect(await failureOf(connector.probe(signal()))).toBe('unreachable')
      if (connector.poll) expect(await failureOf(connector.poll.changes(null, signal()))).toBe('unreachable')
    })

    if (expected.pushes) describeWebhooks(() => harness, expected.pushes === 'timestamped')
    if (expected.polls) describePolling(() => harness, expected.polls !== 'once')
    if (expected.actions.length > 0) {
      describe.each(expected.actions)('%s', (id) => {
        describeAction(() => harness, id)
        describeFaults(() => harness, id, expected.faults ?? [])
      })
    }
  })
}

const describeWebhooks = (harnessNow: () => ConnectorHarness, isTimestamped: boolean): void => {
  const open = () => {
    const { connector, webhooks, now } = harnessNow()
    const intake = connector.webhook
    if (!intake || !webhooks) throw new Error('The harness brings no webhooks')
    const head = (request: SignedRequest, receivedAt = now()): RequestHead => ({
      headers: request.headers,
      receivedAt,
    })
    return { intake, webhooks, head, now: now() }
  }
  const minutes = (at: Date, n: number) => new Date(at.getTime() + n * 60_000)

  it('accepts what the system sends, and knows a redelivery by its key', async () => {
    await harnessNow().live()
    const { intake, webhooks, head } = open()
    const sent = webhooks.sent()
    expect(sent.length).toBeGreaterThan(1)
    const keys = sent.map((request) => intake.verify(head(request), request.body))
    expect(keys.filter((verified) => !verified.ok)).toEqual([])
    const again = sent.map((request) => intake.verify(head(request), request.body))
    expect(again).toEqual(keys)
    expect(new Set(keys.map((k) => k.ok && k.deliveryKey)).size).toBe(sent.length)
  })

  it('refuses what is not signed, or signed by somebody else, or changed on the way, with 401', async () => {
    const { intake, webhooks, head, now } = open()
    const body = Buffer.from('{"hello":1}')
    const genuine = webhooks.sign(body, now)
    expect(intake.verify(head(genuine), body).ok).toBe(true)
    const forged = webhooks.forge(body, now)
    expect(intake.verify(head(forged), body)).toMatchObject({ ok: false, status: 401 })
    expect(intake.verify(head(genuine), Buffer.from('{"hello":2}'))).toMatchObject({ ok: false, status: 401 })
    expect(intake.verify({ headers: {}, receivedAt: now }, body)).toMatchObject({ ok: false, status: 401 })
    for (const name of Object.keys(genuine.headers)) {
      const { [name]: _, ...rest } = genuine.headers
      const verified = intake.verify({ headers: rest, receivedAt: now }, body)
      // Some headers are not signed, but name the delivery: without them it makes no sense.
      if (name !== 'content-type') expect(verified, name).toMatchObject({ ok: false })
    }
  })

  it.runIf(isTimestamped)('refuses an old one that is sent again, with 403, and one from the future', () => {
    const { intake, webhooks, head, now } = open()
    const body = Buffer.from('{}')
    for (const at of [minutes(now, -6), minutes(now, 6)]) {
      const replayed = webhooks.sign(body, at)
      expect(intake.verify(head(replayed), body)).toMatchObject({ ok: false, status: 403 })
    }
    for (const at of [minutes(now, -4), minutes(now, 4)]) {
      expect(intake.verify(head(webhooks.sign(body, at)), body).ok).toBe(true)
    }
  })

  it('reads everything that the system sends, with the sender’s clock where it says so', async () => {
    await harnessNow().live()
    const { intake, webhooks } = open()
    for (const { body } of webhooks.sent()) {
      const { facts, bad, sentAt, hint } = intake.parse(body)
      expect(bad).toEqual([])
      // A hint says that something changed, and not what.
      if (!hint) expect(facts.length).toBeGreaterThan(0)
      facts.forEach(expectSound)
      if (sentAt) expect(Number.isFinite(sentAt.getTime())).toBe(true)
      expect(body.length).toBeLessThan(intake.maxBytes)
    }
  })

  it('parses anything: a sound fact, a bad row with its place, or an error for the whole', async () => {
    await harnessNow().live()
    const { intake, webhooks } = open()
    const sent = webhooks.sent().map(({ body }) => body.toString())
    // What is no JSON is spoilt as text.
    const documents = sent.filter((text) => /^\s*[[{]/.test(text)).map((text): unknown => JSON.parse(text))
    const parse = (body: Buffer) => {
      let signal: ReturnType<typeof intake.parse>
      try {
        signal = intake.parse(body)
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
        return
      }
      signal.facts.forEach(expectSound)
      for (const bad of signal.bad) expect([bad.at, bad.reason].every((text) => text !== '')).toBe(true)
    }
    fc.assert(fc.property(fc.string(), (text) => parse(Buffer.from(text))))
    fc.assert(fc.property(fc.jsonValue(), (value) => parse(Buffer.from(JSON.stringify(value)))))
    fc.assert(
      fc.property(fc.constantFrom(...sent), fc.nat(), fc.nat(20), fc.string(), (text, at, cut, by) => {
        const start = at % text.length
        parse(Buffer.from(text.slice(0, start) + by + text.slice(start + cut)))
      }),
      { numRuns: 500 },
    )
    if (documents.length === 0) return
    fc.assert(
      fc.property(
        fc.constantFrom(...documents),
        fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
        fc.jsonValue(),
        (document, path, by) => parse(Buffer.from(JSON.stringify(spoilt(document, path, by)))),
      ),
      { numRuns: 500 },
    )
  })
}

const describePolling = (harnessNow: () => ConnectorHarness, overlaps: boolean): void => {
  it('reads from the start to the end, page after page, and then goes on from there', async () => {
    const { connector, live } = harnessNow()
    await live()
    const first = await pollToEnd(connector, null)
    expect(first.facts.length).toBeGreaterThan(0)
    first.facts.forEach(expectSound)
    await live()
    const second = await pollToEnd(connector, first.cursor)
    const known = new Set(first.facts.map((f) => `${f.type} ${f.externalId} ${f.version}`))
    expect(second.facts.some((f) => !known.has(`${f.type} ${f.externalId} ${f.version}`))).toBe(true)
  })

  it.runIf(overlaps)(
    'overlaps: what was read last is read once more, and the cursor never goes back',
    async () => {
      const { connector, live } = harnessNow()
      await live()
      const { facts, cursor } = await pollToEnd(connector, null)
      const page = await connector.poll?.changes(cursor, signal())
      const newest = Math.max(...facts.map((f) => f.version))
      expect(page?.facts.some((f) => f.version === newest)).toBe(true)
      expect(page?.cursor).toBe(cursor)
      expect(page?.more).toBe(false)
    },
  )

  it('reaches the same facts as the webhooks, whatever order those come in', async () => {
    const { connector, webhooks, live, now } = harnessNow()
    const intake = connector.webhook
    if (!intake || !webhooks) return
    await live()
    const polled = foldAll(connector, (await pollToEnd(connector, null)).facts, now())
    const signals = webhooks.sent().map(({ body }) => intake.parse(body))
    if (signals.every(({ hint }) => hint)) return
    const pushed = signals.flatMap(({ facts }) => facts)
    for (const order of [pushed, [...pushed].reverse(), [...pushed, ...pushed]]) {
      const heard = foldAll(connector, order, now())
      expect(heard.size).toBeGreaterThan(0)
      for (const [id, object] of heard) expect(object.hash, id).toBe(polled.get(id)?.hash)
    }
  })
}

const readyFor = async (harness: ConnectorHarness, id: string) => {
  const action = harness.connector.actions.find((candidate) => candidate.id === id)
  if (!action) throw new Error(`No action ${id}`)
  const due = await harness.actionCase(id)
  const target = action.target(due.subject)
  if (target === null || 'unavailable' in target) throw new Error(`Not due: ${JSON.stringify(target)}`)
  const { values = {} } = due
  const input = (): ActionInput => ({ target, values, signal: signal() })
  return { harness, action, due, input }
}

/** It has happened, or who was asked agrees that it will. */
const DONE = ['changed', 'accepted']

const isQuiet = (action: RoutingAction, compared: { is: string }) =>
  action.kind === 'request' ? ['settling', 'unchanged'].includes(compared.is) : compared.is === 'unchanged'

const describeAction = (harnessNow: () => ConnectorHarness, id: string): void => {
  const ready = () => readyFor(harnessNow(), id)

  it('finds nothing to aim at on a subject it knows nothing of', async () => {
    const { action, due } = await ready()
    const target = action.target({ ...due.subject, objects: [] })
    expect(target).toBeNull()
  })

  it('reads, is ready, acts, reads again, and the change is there', async () => {
    const { action, due, input } = await ready()
    const before = await action.read(input())
    before.facts.forEach(expectSound)
    expect(before.words).not.toBe('')
    expect(action.precondition(input(), before)).toEqual({ is: 'ready' })
    expect(isQuiet(action, action.compare(input(), kept(before), before))).toBe(true)

    const effects = await due.effects()
    const acted = await action.act(input(), `key-${id}`)
    expect(acted.is).toBe(action.kind === 'request' ? 'requested' : 'accepted')
    expect('words' in acted && acted.words).toBeTruthy()
    const soon = action.compare(input(), kept(before), await action.read(input()))
    expect(['changed', 'settling']).toContain(soon.is)
    await due.settle()
    const after = await action.read(input())
    expect(DONE).toContain(action.compare(input(), kept(before), after).is)
    expect(after.facts.length).toBeGreaterThan(0)
    expect(await due.effects()).toBe(effects + 1)
    if (!due.repeatable) expect(action.precondition(input(), after).is).not.toBe('ready')
  })

  it('has no second effect with the same key', async () => {
    const { action, due, input } = await ready()
    if (!action.idempotent) return
    const effects = await due.effects()
    const first = await action.act(input(), 'one-key')
    expect(await action.act(input(), 'one-key')).toEqual(first)
    await due.settle()
    expect((await action.act(input(), 'one-key')).is).toBe(first.is)
    expect(await due.effects()).toBe(effects + 1)
  })

  it('done once more with another key, is refused or seen to change nothing', async () => {
    const { action, due, input } = await ready()
    if (due.repeatable) return
    await action.act(input(), 'first')
    await due.settle()
    const between = await action.read(input())
    try {
      await action.act(input(), 'second')
    } catch (error) {
      expect(error).toMatchObject({ failure: 'refused' })
      expect(String(error)).not.toContain('undefined')
      return
    }
    const compared = action.compare(input(), kept(between), await action.read(input()))
    expect(compared.is).toBe('unchanged')
  })

  it('knows that nothing was sent when nobody is there', async () => {
    const { harness, action, input } = await ready()
    await harness.unplug()
    expect(await failureOf(action.act(input(), 'key'))).toBe('unreachable')
    expect(await failureOf(action.read(input()))).toBe('unreachable')
  })

  it('does not claim to know when the answer is lost, and the same key finds out', async () => {
    const { harness, action, due, input } = await ready()
    if (!harness.loseNextAnswer || !action.idempotent) return
    const effects = await due.effects()
    await harness.loseNextAnswer()
    expect(await failureOf(action.act(input(), 'key'))).toBe('ambiguous')
    expect(['accepted', 'requested']).toContain((await action.act(input(), 'key')).is)
    expect(await due.effects()).toBe(effects + 1)
  })
}

/** What may go wrong at every call of an action. */
const FAULTS: Record<string, Fault> = {
  'a refused connection': { kind: 'refused' },
  'no answer, and nothing done': { kind: 'hang', when: 'before' },
  'no answer, and it is done': { kind: 'hang', when: 'after' },
  'a connection cut before it is done': { kind: 'reset', when: 'before' },
  'a connection cut after it is done': { kind: 'reset', when: 'after' },
  'a 500 before it is done': { kind: 'status', when: 'before', status: 500 },
  'a 502 after it is done': { kind: 'status', when: 'after', status: 502 },
  'a 429': { kind: 'status', when: 'before', status: 429 },
  'a 429 with a time to wait': {
    kind: 'status',
    when: 'before',
    status: 429,
    headers: { 'retry-after': '30' },
  },
  'an answer cut short': { kind: 'truncated' },
  'a clock an hour ahead': { kind: 'clock', ms: 3_600_000 },
}

/** How an action ended: what it heard, or how it failed. */
const ending = async (acting: Promise<{ is: string }>): Promise<string> => {
  try {
    return (await acting).is
  } catch (error) {
    expect(error).toBeInstanceOf(SystemError)
    return error instanceof SystemError ? error.failure : 'none'
  }
}

/**
 * At every call of an action, everything that can go wrong on the way: what is said to have changed nothing has changed
 * nothing, what may have been done is looked for and seen, and nothing is done twice.
 */
const describeFaults = (harnessNow: () => ConnectorHarness, id: string, own: string[]): void => {
  const struckBy = async (arm: (nth: number) => void | Promise<void>): Promise<boolean> => {
    const harness = harnessNow()
    for (let nth = 0; ; nth++) {
      const { action, due, input } = await readyFor(harness, id)
      const before = await action.read(input())
      const effects = await due.effects()
      await arm(nth)
      const ended = await ending(action.act(input(), `key-${nth}`))
      const struck = harness.proxy?.struck() ?? true
      harness.proxy?.disarm()
      const done = (await due.effects()) - effects
      expect(done, ended).toBeLessThanOrEqual(1)
      // These say that nothing was changed.
      if (['unreachable', 'refused', 'misconfigured'].includes(ended)) expect(done, ended).toBe(0)
      await due.settle()
      const after = await action.read(input())
      const seen = action.compare(input(), kept(before), after)
      if (done === 1) expect(DONE, ended).toContain(seen.is)
      else expect(isQuiet(action, seen), `${ended}: ${seen.is}`).toBe(true)
      if (done === 1 && !due.repeatable) expect(action.precondition(input(), after).is).not.toBe('ready')
      if (ended === 'ambiguous' && action.idempotent) {
        await ending(action.act(input(), `key-${nth}`))
        await due.settle()
        expect((await due.effects()) - effects).toBe(1)
      }
      if (!struck || nth > 20 || harness.proxy === undefined) return nth > 0
    }
  }

  it.each(Object.entries(FAULTS))('tells the truth and doubles nothing after %s', async (_name, fault) => {
    const { proxy } = harnessNow()
    if (!proxy) return
    // Before the first call that is not hit, at least one was.
    expect(await struckBy((nth) => proxy.arm(fault, nth))).toBe(true)
  })

  it.each(own)('tells the truth and doubles nothing after %s', async (name) => {
    const harness = harnessNow()
    const fault = harness.faults?.[name]
    if (!fault) throw new Error(`The harness brings no fault "${name}"`)
    const { action, due, input } = await readyFor(harness, id)
    const before = await action.read(input())
    const effects = await due.effects()
    await fault()
    const ended = await ending(action.act(input(), 'key'))
    const done = (await due.effects()) - effects
    expect(done, ended).toBeLessThanOrEqual(1)
    if (['unreachable', 'refused', 'misconfigured'].includes(ended)) expect(done, ended).toBe(0)
    await due.settle()
    const seen = action.compare(input(), kept(before), await action.read(input()))
    if (done === 1) expect(DONE, ended).toContain(seen.is)
    else expect(isQuiet(action, seen), `${ended}: ${seen.is}`).toBe(true)
  })
}
