import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { CATALOGUE } from '../../src/app/catalogue.ts'
import { applies, check } from '../../src/domain/contract/check.ts'
import type { Contract } from '../../src/domain/contract/contract.ts'
import { identityKeys } from '../../src/domain/keys.ts'
import type { ObjectState, SubjectKind, SubjectView } from '../../src/domain/model.ts'
import { fold, objectId } from '../../src/domain/object.ts'
import { projectRoot } from '../../src/root.ts'
import { DEFAULT_FAULTS } from '../../src/sandbox/faults.ts'
import { startWorld, type TestWorld } from '../support/sandbox-world.ts'

const settings = z.object({
  contracts: z.object({ tune: z.record(z.string(), z.object({ grace: z.string() })) }),
})
const { tune } = settings.parse(
  parse(readFileSync(join(projectRoot, 'src/config/sandbox.yml'), 'utf8')),
).contracts
const graceMs = (contract: Contract) => Number((tune[contract.id]?.grace ?? '0s').replace('s', '')) * 1000

/** Watches the world with no delay at all, and says which contracts are broken for longer than their grace. */
const watcher = (world: TestWorld) => {
  const systems = ['shop', 'erp', 'wms', 'carrier'] as const
  const cursors = new Map<string, string | null>()
  const objects = new Map<string, ObjectState>()
  const subjects = new Map<string, Set<string>>()
  const brokenFrom = new Map<string, number>()
  const opened = new Map<string, number>()

  const read = async () => {
    for (const system of systems) {
      const { poll, role } = world.connectors[system]
      for (let more = true; more; ) {
        const page = await poll?.changes(cursors.get(system) ?? null, AbortSignal.timeout(5_000))
        if (!page) return
        for (const wire of page.facts) {
          const fact = { ...wire, system, role, receivedAt: world.now() }
          const id = objectId(fact)
          objects.set(id, fold(objects.get(id), fact).object)
          for (const key of identityKeys(fact.keys)) {
            if (key.name === 'sale') continue
            const subject = `${key.kind} ${key.value}`
            subjects.set(subject, (subjects.get(subject) ?? new Set()).add(id))
          }
        }
        cursors.set(system, page.cursor)
        more = page.more
      }
    }
  }
  const viewOf = (subject: string, ids: Set<string>): SubjectView => {
    const all = [...ids].flatMap((id) => objects.get(id) ?? [])
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
    async look() {
      await read()
      for (const [subject, ids] of subjects) {
        const view = viewOf(subject, ids)
        for (const contract of CATALOGUE.filter((candidate) => applies(candidate, view))) {
          const name = `${contract.id} ${subject.split(' ')[1]}`
          if (check(contract, view).is !== 'broken') {
            brokenFrom.delete(name)
            continue
          }
          const from = brokenFrom.get(name) ?? world.now().getTime()
          brokenFrom.set(name, from)
          if (world.now().getTime() - from >= graceMs(contract)) opened.set(name, from)
        }
      }
    },
  }
}

describe('the ledger', () => {
  it('tells the truth: with perfect sight, the contracts find what was planted and nothing else', async () => {
    const world = await startWorld({
      seed: 'truth',
      faults: { ...DEFAULT_FAULTS, lookalikeEvery: [3_000, 5_000], outageEvery: null },
    })
    const { opened, look } = watcher(world)
    for (let i = 0; i < 600; i++) {
      await world.advance(500)
      await look()
    }
    const { faults, lookalikes } = world.sandbox.ledger()
    await world.stop()
    // The last ones have not had the time to show.
    const early = faults.filter(
      (f) => f.brokenAt !== null && world.now().getTime() - Date.parse(f.brokenAt) > 20_000,
    )
    const keyOf = ({ keys }: (typeof faults)[number]) =>
      keys.tracking ?? keys.order ?? keys.receipt ?? keys.stock ?? ''
    const wanted = new Set(early.map((f) => `${f.expectedContract} ${keyOf(f)}`))
    const planted = new Set(faults.map((f) => `${f.expectedContract} ${keyOf(f)}`))
    expect(early.length).toBeGreaterThan(15)
    expect(lookalikes.length).toBeGreaterThan(40)
    expect({
      missed: [...wanted].filter((name) => !opened.has(name)),
      madeUp: [...opened.keys()].filter((name) => !planted.has(name)),
    }).toEqual({ missed: [], madeUp: [] })
  })
})
