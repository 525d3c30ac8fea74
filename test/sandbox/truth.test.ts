import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { WireFact } from '../../src/app/connector.ts'
import { batonYml } from '../../src/config/baton-yml.ts'
import { contractsFor } from '../../src/config/contracts.ts'
import { applies, check } from '../../src/domain/contract/check.ts'
import { startsWhenSeen } from '../../src/domain/contract/contract.ts'
import { identityKeys } from '../../src/domain/keys.ts'
import type { ObjectState, SubjectKind, SubjectView } from '../../src/domain/model.ts'
import { fold, objectId } from '../../src/domain/object.ts'
import { projectRoot } from '../../src/root.ts'
import { DEFAULT_FAULTS, FAULTS, isFault, LOOKALIKES } from '../../src/sandbox/faults.ts'
import type { Planted } from '../../src/sandbox/ledger.ts'
import { SYSTEMS, type SystemName } from '../../src/sandbox/steps.ts'
import { SKEW_MS } from '../../src/sandbox/world.ts'
import { startWorld, type TestWorld } from '../support/sandbox-world.ts'

const settings = parse(readFileSync(join(projectRoot, 'src/config/sandbox.yml'), 'utf8'))
const contracts = contractsFor(
  ['storefront', 'erp', 'wms', 'carrier'],
  batonYml({}).parse(settings).contracts,
)

/** Hears the world with no delay and no loss, and says which contracts are broken for longer than their grace. */
const watcher = (world: TestWorld) => {
  const objects = new Map<string, ObjectState>()
  const subjects = new Map<string, Set<string>>()
  const brokenFrom = new Map<string, number>()
  /** What has changed since the last look, and what is broken: only there can the verdict be another one. */
  const toCheck = new Set<string>()
  const opened = new Map<string, string>()

  const take = (system: SystemName, facts: WireFact[]) => {
    for (const wire of facts) {
      // Perfect sight knows how far each clock is off.
      const occurredAt = new Date(wire.occurredAt.getTime() - SKEW_MS[system])
      const { role } = world.connectors[system]
      const fact = { ...wire, occurredAt, system, role, receivedAt: world.now() }
      const id = objectId(fact)
      objects.set(id, fold(objects.get(id), fact).object)
      for (const key of identityKeys(fact.keys)) {
        if (key.name === 'sale') continue
        const subject = `${key.kind} ${key.value}`
        subjects.set(subject, (subjects.get(subject) ?? new Set()).add(id))
        toCheck.add(subject)
      }
    }
  }
  const listen = () => {
    for (const { url, body } of world.deliveries.splice(0)) {
      const system = SYSTEMS.find((name) => url.endsWith(`/${name}`))
      const { webhook } = world.connectors[system ?? 'shop']
      if (system && webhook) take(system, webhook.parse(body).facts)
    }
  }
  const viewOf = (subject: string): SubjectView => {
    const all = [...(subjects.get(subject) ?? [])].flatMap((id) => objects.get(id) ?? [])
    return {
      id: subject,
      timeline: 'live',
      kind: subject.split(' ')[0] as SubjectKind,
      keys: [],
      orderClass: all.find((o) => o.orderClass !== undefined)?.orderClass ?? 'other',
      objects: all,
    }
  }
  return {
    opened,
    /** What was there before anything was told. */
    async begin() {
      for (const system of SYSTEMS) take(system, await world.facts(system))
    },
    look() {
      listen()
      const now = world.now().getTime()
      for (const subject of [...toCheck]) {
        toCheck.delete(subject)
        const view = viewOf(subject)
        for (const contract of contracts.filter((candidate) => applies(candidate, view))) {
          const name = `${contract.id} ${subject.split(' ')[1]}`
          const verdict = check(contract, view)
          if (verdict.is !== 'broken') {
            brokenFrom.delete(name)
            continue
          }
          toCheck.add(subject)
          const from = brokenFrom.get(name) ?? now
          brokenFrom.set(name, from)
          const graceMs = verdict.dueAt.getTime() - verdict.since.getTime()
          const dueAt = startsWhenSeen(contract) ? from + graceMs : verdict.dueAt.getTime()
          if (now >= dueAt && !opened.has(name)) opened.set(name, verdict.evidence.sentence)
        }
      }
    },
  }
}

/** How long it takes at most until a break that stays is one for every contract: the longest grace, and some lags. */
const SHOWN_AFTER_MS = 25_000

describe('the ledger', () => {
  it('tells the truth: with perfect sight, the contracts find what was planted and nothing else', async () => {
    const world = await startWorld({
      seed: 'truth',
      faults: {
        ...DEFAULT_FAULTS,
        rareAfterMs: 0,
        burst: Number.POSITIVE_INFINITY,
        burstEvery: [3_500, 4_500],
        maxOpen: Number.POSITIVE_INFINITY,
        lookalikeEvery: [1_500, 2_500],
        personAfter: [60_000, 120_000],
        outageEvery: null,
        webhooks: { drop: 0, duplicate: 0, delay: 0 },
      },
    })
    const { opened, begin, look } = watcher(world)
    await begin()
    for (let i = 0; i < 500; i++) {
      await world.advance(1_000)
      look()
    }
    const { faults, lookalikes } = world.sandbox.ledger()
    await world.stop()
    const mended = ({ fixedAt }: Planted) => (fixedAt === null ? world.now().getTime() : Date.parse(fixedAt))
    const lasting = faults.filter(
      (f) => f.brokenAt !== null && mended(f) - Date.parse(f.brokenAt) > SHOWN_AFTER_MS,
    )
    const nameOf = ({ kind, expectedContract, keys }: Planted) =>
      `${expectedContract} ${isFault(kind) ? keys[FAULTS[kind].shown] : ''}`
    const planted = new Set(faults.map(nameOf))
    expect(new Set(lasting.map((f) => f.kind))).toEqual(new Set(Object.keys(FAULTS)))
    expect(new Set(lookalikes.map((l) => l.kind))).toEqual(new Set(Object.keys(LOOKALIKES)))
    expect(lookalikes.length).toBeGreaterThan(lasting.length)
    expect({
      missed: lasting.filter((f) => !opened.has(nameOf(f))).map((f) => `${f.kind}: ${nameOf(f)}`),
      madeUp: [...opened].filter(([name]) => !planted.has(name)),
    }).toEqual({ missed: [], madeUp: [] })
  }, 60_000)
})
