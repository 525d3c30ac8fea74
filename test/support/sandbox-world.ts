import { z } from 'zod'
import type { Connector, WireFact } from '../../src/app/connector.ts'
import { sandboxConfig } from '../../src/connectors/sandbox/config.ts'
import { createSandboxConnector } from '../../src/connectors/sandbox/index.ts'
import { kindOfKey } from '../../src/domain/keys.ts'
import type { KeyName, ObjectState, Role, SubjectView } from '../../src/domain/model.ts'
import { fold, objectId } from '../../src/domain/object.ts'
import { simulatedClock } from '../../src/sandbox/clock.ts'
import { type FaultPlan, NO_FAULTS, type PlantedKind } from '../../src/sandbox/faults.ts'
import type { Planted } from '../../src/sandbox/ledger.ts'
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import type { SystemName } from '../../src/sandbox/steps.ts'
import { memoryStore, type SandboxStore } from '../../src/sandbox/store.ts'

export const START = new Date('2026-03-02T08:00:00.000Z')
const STEP_MS = 250

/** One webhook as it came, headers in small letters. */
export type Delivery = { url: string; headers: Record<string, string>; body: Buffer; at: Date }

export type TestWorld = {
  sandbox: Sandbox
  store: SandboxStore
  connectors: Record<SystemName, Connector>
  deliveries: Delivery[]
  now(): Date
  advance(ms: number): Promise<void>
  /** Lives on until it is so; fails after `ms` of the world's time. */
  until<T>(what: string, found: () => Promise<T | undefined> | T | undefined, ms?: number): Promise<T>
  control(path: string, body?: unknown): Promise<Response>
  call(
    system: SystemName,
    path: string,
    init?: { key?: string; body?: unknown; token?: string },
  ): Promise<Answer>
  /** Plants it now and waits until it shows. */
  plant(kind: PlantedKind): Promise<Planted>
  /** Everything that one system says now. */
  facts(system: SystemName): Promise<WireFact[]>
  /** What all four systems say about one subject. */
  subject(name: KeyName, value: string): Promise<SubjectView>
  stop(): Promise<void>
}

const anyObject = z.record(z.string(), z.unknown())
export type Answer = { status: number; headers: Headers; body: Record<string, unknown> }

/** Everything that a connector's poll brings, page after page. */
export const pollAll = async (connector: Connector, from: string | null = null): Promise<WireFact[]> => {
  const facts: WireFact[] = []
  let cursor = from
  for (let more = true; more; ) {
    const page = await connector.poll?.changes(cursor, AbortSignal.timeout(10_000))
    if (!page) break
    facts.push(...page.facts)
    cursor = page.cursor
    more = page.more
  }
  return facts
}

/** The newest version of each object, as the pipeline would hold it. */
export const foldFacts = (system: string, role: Role, facts: WireFact[], receivedAt: Date): ObjectState[] => {
  const objects = new Map<string, ObjectState>()
  for (const wire of facts) {
    const fact = { ...wire, system, role, receivedAt }
    objects.set(objectId(fact), fold(objects.get(objectId(fact)), fact).object)
  }
  return [...objects.values()]
}

/** A sandbox in simulated time, behind real HTTP, with a connector to each system. */
export const startWorld = async (
  options: {
    seed?: string
    faults?: Partial<FaultPlan>
    store?: SandboxStore
    answer?: () => number
    at?: Date
  } = {},
): Promise<TestWorld> => {
  const store = options.store ?? memoryStore()
  const deliveries: Delivery[] = []
  let at = options.at ?? START
  const sandbox = createSandbox({
    seed: options.seed ?? 'test',
    pace: 1,
    clock: simulatedClock(at),
    store,
    batonUrl: 'http://baton.test',
    secret: 'only for tests',
    faults: options.faults ?? NO_FAULTS,
    async deliver(url, headers, body) {
      const status = options.answer?.() ?? 204
      if (status === 0) throw new Error('connection refused')
      deliveries.push({ url, headers, body: Buffer.from(body), at })
      return status
    },
    report: (error) => {
      throw error
    },
  })
  await sandbox.start()
  const now = () => at
  const connect = (name: SystemName) => {
    const system = sandbox.systems.find((s) => s.name === name)
    if (!system) throw new Error(`No ${name}`)
    const { role, url, token, webhookSecret } = system
    const config = sandboxConfig.parse({ role, url, token, webhookSecrets: [webhookSecret] })
    return createSandboxConnector({ ...config, name }, { now })
  }
  const connectors = {
    shop: connect('shop'),
    erp: connect('erp'),
    wms: connect('wms'),
    carrier: connect('carrier'),
  }

  const world: TestWorld = {
    sandbox,
    store,
    connectors,
    deliveries,
    now,
    async advance(ms) {
      at = new Date(at.getTime() + ms)
      await sandbox.advance(at)
    },
    async until(what, found, ms = 60_000) {
      for (const end = at.getTime() + ms; at.getTime() < end; await world.advance(STEP_MS)) {
        const value = await found()
        if (value !== undefined) return value
      }
      throw new Error(`Not within ${ms} ms: ${what}`)
    },
    control(path, body) {
      const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
      return fetch(`${sandbox.controlUrl}${path}`, init)
    },
    async call(name, path, init) {
      const system = sandbox.systems.find((s) => s.name === name)
      const response = await fetch(`${system?.url}${path}`, {
        method: init ? 'POST' : 'GET',
        headers: {
          authorization: `Bearer ${init?.token ?? system?.token}`,
          ...(init?.key === undefined ? {} : { 'idempotency-key': init.key }),
        },
        ...(init ? { body: JSON.stringify(init.body ?? {}) } : {}),
      })
      return {
        status: response.status,
        headers: response.headers,
        body: anyObject.parse(await response.json()),
      }
    },
    async plant(kind) {
      const before = new Set([...sandbox.ledger().faults, ...sandbox.ledger().lookalikes].map((e) => e.id))
      const response = await world.control('/faults', { kind })
      if (response.status !== 202) throw new Error(await response.text())
      return world.until(`${kind} shows`, () =>
        [...sandbox.ledger().faults, ...sandbox.ledger().lookalikes].find(
          (e) => e.kind === kind && !before.has(e.id) && (e.benign || e.brokenAt !== null),
        ),
      )
    },
    facts: (name) => pollAll(connectors[name]),
    async subject(name, value) {
      const objects: ObjectState[] = []
      for (const system of ['shop', 'erp', 'wms', 'carrier'] as const) {
        const connector = connectors[system]
        const all = foldFacts(system, connector.role, await world.facts(system), at)
        objects.push(
          ...all.filter((o) =>
            o.keys.some((k) => k.kind === 'identity' && k.name === name && k.value === value),
          ),
        )
      }
      const kind = kindOfKey(name)
      if (!kind) throw new Error(`${name} names no subject`)
      return {
        id: `${name} ${value}`,
        timeline: 'live',
        kind,
        keys: [{ name, value, kind: 'identity' }],
        orderClass: 'consumer',
        objects,
      }
    },
    stop: () => sandbox.stop(),
  }
  return world
}
