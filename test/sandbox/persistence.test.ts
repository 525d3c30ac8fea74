import { afterEach, describe, expect, it } from 'vitest'
import { DEFAULT_FAULTS } from '../../src/sandbox/faults.ts'
import { createJournal } from '../../src/sandbox/journal.ts'
import { memoryStore, type SandboxStore } from '../../src/sandbox/store.ts'
import { START, startWorld, type TestWorld } from '../support/sandbox-world.ts'

const worlds: TestWorld[] = []
const open = async (options: Parameters<typeof startWorld>[0]) => {
  const world = await startWorld(options)
  worlds.push(world)
  return world
}
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.stop()))
})

const MINUTE = 60_000
const later = (ms: number) => new Date(START.getTime() + ms)

/** Opens only when told to; counts what was asked of it. */
const gatedStore = () => {
  const inner = memoryStore()
  let gate: Promise<void> = Promise.resolve()
  let open = () => {}
  let waiting = 0
  const store: SandboxStore = {
    load: inner.load,
    async write(changes) {
      waiting += 1
      await gate
      await inner.write(changes)
    },
  }
  return {
    store,
    waiting: () => waiting,
    close() {
      gate = new Promise((resolve) => {
        open = resolve
      })
    },
    open: () => open(),
  }
}

describe('a restart', () => {
  it('continues the very same world: orders, numbers, ledger, chance', async () => {
    const through = await open({ faults: DEFAULT_FAULTS })
    await through.advance(4 * MINUTE)

    const store = memoryStore()
    const before = await open({ faults: DEFAULT_FAULTS, store })
    await before.advance(2 * MINUTE)
    await before.stop()
    const after = await open({ faults: DEFAULT_FAULTS, store, at: later(2 * MINUTE) })
    await after.advance(2 * MINUTE)

    expect(after.sandbox.ledger()).toEqual(through.sandbox.ledger())
    for (const system of ['shop', 'erp', 'wms', 'carrier'] as const) {
      expect(await after.facts(system)).toEqual(await through.facts(system))
    }
    const ids = [...before.deliveries, ...after.deliveries].map((d) => d.headers['webhook-id'])
    expect(ids).toEqual(through.deliveries.map((d) => d.headers['webhook-id']))
  })

  it('ages nothing while the sandbox is stopped, so that no flood follows', async () => {
    const store = memoryStore()
    const before = await open({ store })
    await before.advance(MINUTE)
    const orders = (await before.facts('shop')).filter((f) => f.type === 'order').length
    await before.stop()
    const after = await open({ store, at: later(8 * 60 * MINUTE) })
    await after.advance(MINUTE)
    const grown = (await after.facts('shop')).filter((f) => f.type === 'order')
    expect(grown.length - orders).toBeLessThan(orders * 1.5)
    expect(Math.max(...grown.map((f) => f.occurredAt.getTime()))).toBeGreaterThan(+later(8 * 60 * MINUTE))
  })

  it('keeps the answers given under idempotency keys, and webhooks not yet delivered', async () => {
    const store = memoryStore()
    const before = await open({ store, answer: () => 0 })
    const fault = await before.plant('receipt_never_booked')
    const { objects } = await before.subject('receipt', fault.keys.receipt ?? '')
    const path = `/receipts/${objects.find((o) => o.system === 'erp')?.externalId}/book`
    const init = { key: 'press-1', body: { quantity: 24 } }
    const first = await before.call('erp', path, init)
    expect(before.deliveries).toEqual([])
    await before.stop()

    const after = await open({ store, at: before.now() })
    const again = await after.call('erp', path, init)
    expect(again.status).toBe(first.status)
    expect(again.body).toEqual(first.body)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(after.sandbox.ledger().effects.map((e) => e.idempotencyKey)).toEqual(['press-1'])
    await after.advance(MINUTE)
    const oldest = JSON.parse(String(after.deliveries.find((d) => d.url.endsWith('/shop'))?.body))
    expect(oldest.data).toMatchObject({ kind: 'order', number: '#1001', status: 'open' })
  })

  it('after a crash in the middle of anything, the stored world is whole and lives on', async () => {
    const inner = memoryStore()
    for (let round = 1; round <= 8; round++) {
      let left = round * 37
      let crashed = false
      const dying: SandboxStore = {
        load: inner.load,
        async write(changes) {
          if (left-- <= 0) crashed = true
          // After its death a process writes nothing and hears nothing.
          if (crashed) return new Promise(() => {})
          await inner.write(changes)
        },
      }
      const world = await startWorld({ store: dying, faults: DEFAULT_FAULTS, at: later(round * MINUTE) })
      await Promise.race([world.advance(30_000), crash(() => crashed)])
      expect(crashed).toBe(true)
    }
    const survivor = await open({ store: inner, faults: DEFAULT_FAULTS, at: later(10 * MINUTE) })
    await survivor.advance(MINUTE)
    const orders = (await survivor.facts('shop')).filter((f) => f.type === 'order').map((f) => f.externalId)
    expect(new Set(orders).size).toBe(orders.length)
    // A poll reads some objects twice.
    const sales = new Map((await survivor.facts('erp')).map((f) => [`${f.type} ${f.externalId}`, f]))
    const references = [...sales.values()].flatMap((f) =>
      f.type === 'order' ? f.keys.filter((k) => k.name === 'order').map((k) => k.value) : [],
    )
    expect(references.length).toBeGreaterThan(3)
    expect(new Set(references).size).toBe(references.length)
  })
})

const crash = async (crashed: () => boolean) => {
  while (!crashed()) await new Promise((resolve) => setImmediate(resolve))
}

describe('nothing is said before it is stored', () => {
  it('an answer waits for the store', async () => {
    const gated = gatedStore()
    const world = await open({ store: gated.store })
    const fault = await world.plant('short_pick')
    gated.close()
    let answered = false
    const call = world
      .call('wms', `/deliveries/D${fault.keys.order}-1/split`, { key: 'k' })
      .then((answer) => {
        answered = true
        return answer
      })
    const before = gated.waiting()
    while (gated.waiting() === before) await new Promise((resolve) => setImmediate(resolve))
    expect(answered).toBe(false)
    gated.open()
    expect((await call).status).toBe(200)
  })

  it('so does a webhook', async () => {
    const gated = gatedStore()
    const world = await open({ store: gated.store })
    gated.close()
    const advanced = world.advance(5_000)
    while (gated.waiting() < 2) await new Promise((resolve) => setImmediate(resolve))
    expect(world.deliveries).toEqual([])
    gated.open()
    await advanced
    expect(world.deliveries.length).toBeGreaterThan(5)
  })
})

describe('a world of another version', () => {
  it('is not started, and says what to do', async () => {
    const store = memoryStore()
    await store.write([{ collection: 'shop_order', id: '501001', body: { something: 'else' } }])
    await expect(startWorld({ store })).rejects.toThrow('Delete its database to begin a new one')
  })
})

describe('the journal', () => {
  it('keeps the changes of a failed write for the next one, the newer value winning', async () => {
    const inner = memoryStore()
    let fail = true
    const journal = createJournal({
      load: inner.load,
      write: (changes) => (fail ? Promise.reject(new Error('disk full')) : inner.write(changes)),
    })
    journal.put('c', 'a', { v: 1 })
    journal.put('c', 'b', { v: 1 })
    await expect(journal.saved()).rejects.toThrow('disk full')
    fail = false
    journal.put('c', 'a', { v: 2 })
    await journal.saved()
    expect(await inner.load()).toEqual([
      { collection: 'c', id: 'a', body: { v: 2 } },
      { collection: 'c', id: 'b', body: { v: 1 } },
    ])
  })
})
