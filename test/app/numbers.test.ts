import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { feedContract, feeds } from '../../src/app/catalogue/feeds.ts'
import type { Connector, ParsedSignal } from '../../src/app/connector.ts'
import { contractConfig } from '../../src/app/contract-config.ts'
import { poll } from '../../src/app/poll.ts'
import { createReceiver } from '../../src/app/receive.ts'
import { createWatch } from '../../src/app/watch.ts'
import { isTransient } from '../../src/db/store.ts'
import { testDatabase } from '../support/database.ts'
import { CONTRACTS, createWorld, FEED_LIMITS, HOUR, MINUTE, type World } from '../support/world.ts'

const FEEDS = feeds.map((written) => contractConfig.parse(written))
const WMS = feedContract('wms')
const DAY = 24 * HOUR

/** What a numbering sender's body says: the numbers in it, each with the series it belongs to. */
const parse = (body: Buffer): ParsedSignal => {
  const sequence = body
    .toString()
    .split(' ')
    .filter((text) => text !== '')
    .map((text) => text.split('#'))
    .map(([of = '', number]) => ({ of, number: Number(number) }))
  return { facts: [], bad: [], sequence }
}

/** Pages that wait to be polled. */
const pages: string[] = []
const bravo: Connector = {
  system: 'bravo',
  role: 'wms',
  kind: 'fake',
  actions: [],
  probe: async () => {},
  webhook: {
    maxBytes: 1_000,
    verify: (_head, body) => ({ ok: true, deliveryKey: body.toString() }),
    parse,
  },
  poll: {
    async changes() {
      const raw = Buffer.from(pages.shift() ?? '')
      return { ...parse(raw), cursor: '', more: pages.length > 0, raw }
    },
  },
}

const database = testDatabase()
let world: World
let watch: () => Promise<void>
let receiver: ReturnType<typeof createReceiver>
beforeEach(async () => {
  pages.length = 0
  world = await createWorld(database.url, { contracts: [...CONTRACTS, ...FEEDS], connectors: [bravo] })
  receiver = createReceiver({ connectors: [bravo], store: world.store, isTransient })
  watch = createWatch({ ...world.base, limits: FEED_LIMITS, zone: 'UTC', watchedSince: world.at(-DAY) })
})
afterEach(() => world.close())

const comes = async (...numbers: string[]) => {
  for (const number of numbers) {
    const head = { headers: {}, receivedAt: world.clock() }
    const { status } = await receiver.receive('bravo', head, Buffer.from(number))
    expect(status).toBe(200)
  }
}
const later = async (ms: number) => {
  world.pass(ms)
  await poll(world.base, bravo, AbortSignal.timeout(5_000))
  await watch()
  await world.sweep()
}
const evidence = async () => (await world.exceptions()).map((row) => [row.contract, row.state, row.evidence])

describe('a number that a sender left out', () => {
  it('is one exception of its feed once it had time to come, and heals when it has come', async () => {
    await comes('3pl#905')
    await later(MINUTE)
    await comes('3pl#908')
    await later(4 * MINUTE)
    expect(await world.exceptions()).toEqual([])
    await later(2 * MINUTE)
    expect(await evidence()).toEqual([
      [WMS, 'open', 'bravo: numbers 906 to 907 of 3pl never came, while 908 did'],
    ])
    await comes('3pl#907')
    await later(MINUTE)
    expect((await world.exception(WMS)).state).toBe('open')
    await comes('3pl#906')
    await later(MINUTE)
    expect((await world.exception(WMS)).state).toBe('healed')
    expect(await world.exceptions()).toHaveLength(1)
  })

  it('is not asked for: numbers out of order, twice, several at once, or by webhook and poll', async () => {
    await comes('3pl#905', '3pl#908', '3pl#906', '3pl#906 3pl#907', '3pl#905')
    pages.push('3pl#909', '3pl#911')
    await later(MINUTE)
    await comes('3pl#910')
    for (let n = 0; n < 4; n++) await later(10 * MINUTE)
    expect(await world.exceptions()).toEqual([])
  })

  it('that came by poll and said nothing new has come all the same', async () => {
    pages.push('3pl#905', '3pl#906')
    await later(MINUTE)
    await comes('3pl#907')
    for (let n = 0; n < 2; n++) await later(10 * MINUTE)
    expect(await world.exceptions()).toEqual([])
  })

  it('is of its own series: what is left out in one is not in the other', async () => {
    await comes('3pl#905', 'mill#41')
    world.pass(MINUTE)
    await comes('3pl#906', 'mill#43')
    await later(10 * MINUTE)
    expect(await evidence()).toEqual([[WMS, 'open', 'bravo: number 42 of mill never came, while 43 did']])
  })

  it('is none where a sender begins to count anew', async () => {
    await comes('3pl#904', '3pl#905')
    world.pass(HOUR)
    await comes('3pl#1')
    world.pass(MINUTE)
    await comes('3pl#2', '3pl#3')
    await later(10 * MINUTE)
    expect(await world.exceptions()).toEqual([])
    await comes('3pl#5')
    await later(10 * MINUTE)
    expect(await evidence()).toEqual([[WMS, 'open', 'bravo: number 4 of 3pl never came, while 5 did']])
  })

  it('is given up after three days, in which a person can say that it is expected', async () => {
    await comes('3pl#905')
    world.pass(MINUTE)
    await comes('3pl#907')
    await later(10 * MINUTE)
    for (let day = 0; day < 3; day++) await later(DAY - HOUR)
    expect((await world.exception(WMS)).state).toBe('open')
    await later(4 * HOUR)
    expect((await world.exception(WMS)).state).toBe('healed')
  })
})
