import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { WireFact } from '../../src/app/connector.ts'
import { contractConfig } from '../../src/app/contract-config.ts'
import { createDeliver } from '../../src/app/deliver.ts'
import { createJobs } from '../../src/app/jobs.ts'
import type { People } from '../../src/app/people.ts'
import { poll } from '../../src/app/poll.ts'
import type { Jobs } from '../../src/app/ports.ts'
import { createPress, type Pressed } from '../../src/app/press.ts'
import { createReceiver, type Received } from '../../src/app/receive.ts'
import { createRuns } from '../../src/app/run.ts'
import type { Surface } from '../../src/app/surface.ts'
import { sweep } from '../../src/app/sweep.ts'
import { createWatch } from '../../src/app/watch.ts'
import type { Setup } from '../../src/app/world.ts'
import { type Connection, connect } from '../../src/db/connect.ts'
import { createStore, isTransient } from '../../src/db/store.ts'
import type { Key, KeyName } from '../../src/domain/model.ts'
import { type FakeSystem, fakeSystem, sign } from './fake-system.ts'

/** Monday, six o'clock: where every test's clock stands at its start. */
export const SIX = new Date('2026-11-23T06:00:00Z')
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

/** Contracts of all forms, small enough to be known by heart. */
export const CONTRACTS = [
  {
    id: 'receipt-booked',
    title: 'Received in the warehouse, never booked',
    handoff: { from: 'wms', to: 'erp', object: 'receipt' },
    subject: 'receipt',
    grace: '1h',
    follow: {
      when: { role: 'wms', type: 'receipt', states: ['received'] },
      then: { role: 'erp', type: 'receipt', states: ['received', 'closed'] },
    },
    actions: ['book_receipt', 'ask_supplier'],
  },
  {
    id: 'short-pick',
    title: 'Short pick',
    handoff: { from: 'wms', to: 'storefront', object: 'pick' },
    subject: 'fulfillment',
    severity: 'high',
    grace: '0s',
    leave: { object: { role: 'wms', type: 'fulfillment', states: ['short'] } },
  },
  {
    id: 'shipment-in-erp',
    title: 'Shipped, still open in the ERP',
    handoff: { from: 'wms', to: 'erp', object: 'shipment' },
    subject: 'fulfillment',
    grace: '30m',
    follow: {
      when: { role: 'wms', type: 'fulfillment', states: ['shipped'] },
      then: { role: 'erp', type: 'order', states: ['shipped'] },
      unless: [{ role: 'storefront', type: 'order', states: ['cancelled'] }],
    },
  },
  {
    id: 'one-delivery',
    title: 'Two live deliveries',
    handoff: { from: 'erp', to: 'wms', object: 'delivery' },
    subject: 'fulfillment',
    grace: '5m',
    one: { object: { role: 'wms', type: 'fulfillment', states: ['ready', 'picked', 'shipped'] } },
  },
  {
    id: 'stock-agrees',
    title: 'Stock differs',
    handoff: { from: 'wms', to: 'erp', object: 'stock' },
    subject: 'stock',
    grace: '30m',
    agree: {
      left: [{ role: 'wms', type: 'inventory', quantity: 'on_hand' }],
      right: [{ role: 'erp', type: 'inventory', quantity: 'on_hand' }],
    },
    actions: ['adjust_stock'],
  },
  {
    id: 'parcel-scanned',
    title: 'Never scanned',
    handoff: { from: 'wms', to: 'carrier', object: 'parcel' },
    subject: 'parcel',
    grace: '2h',
    follow: {
      when: { role: 'wms', type: 'fulfillment', states: ['shipped'] },
      then: { role: 'carrier', type: 'shipment', states: ['in_transit', 'delivered'] },
    },
  },
].map((written) => contractConfig.parse(written))

export const FEED_LIMITS = { silentAfterMs: 5 * MINUTE, tooFew: 0.25, tooMany: 10, unreadable: 0.2 }

export const PEOPLE: People = {
  configured: [
    { name: 'Ada Example', role: 'operator', identities: [{ surface: 'test', externalId: 'ada' }] },
    { name: 'Bo Example', role: 'operator', identities: [{ surface: 'test', externalId: 'bo' }] },
    { name: 'Lea Example', role: 'lead', identities: [{ surface: 'test', externalId: 'lea' }] },
    { name: 'Lou Example', role: 'lead', identities: [{ surface: 'test', externalId: 'lou' }] },
  ],
  defaultRole: 'operator',
}

export type Row = Record<string, unknown>
export type PressOptions = {
  version?: number
  values?: Record<string, string | number | boolean>
  key?: string
}

export type World = Awaited<ReturnType<typeof createWorld>>

/**
 * Everything but HTTP and the queue's own worker: the real store on the real database, fake systems, a clock that
 * stands still until it is told to pass.
 */
export const createWorld = async (url: string, over: Partial<Setup> = {}) => {
  const connection: Connection = connect(url)
  await emptied(connection)
  let now = SIX
  const clock = () => now
  const clockText = (at: Date, today = at) => {
    const [day, time] = at.toISOString().split('T')
    const clock = String(time).slice(0, 5)
    return today.toISOString().startsWith(String(day)) ? clock : `${day} ${clock}`
  }
  const shop = fakeSystem('shop', 'storefront')
  const erp = fakeSystem('erp', 'erp', {
    actions: [
      {
        id: 'book_receipt',
        label: 'Book the receipt',
        type: 'receipt',
        to: { state: 'received', rawState: 'Posted' },
      },
      {
        id: 'ask_supplier',
        label: 'Ask the supplier',
        type: 'receipt',
        to: { state: 'received', rawState: 'Posted' },
        kind: 'request',
        idempotent: false,
      },
      {
        id: 'adjust_stock',
        label: 'Adjust the stock',
        type: 'inventory',
        to: { quantities: { on_hand: 10 } },
        risk: 'second_person',
        idempotent: false,
      },
    ],
  })
  const wms = fakeSystem('wms', 'wms')
  const carrier = fakeSystem('carrier', 'carrier')
  const systems = { shop, erp, wms, carrier }
  const connectors = [shop, erp, wms, carrier]
  const setup: Setup = {
    contracts: CONTRACTS,
    connectors,
    routing: { rules: [], defaultChannel: 'orders' },
    trust: {},
    postingSurfaces: ['chat'],
    pollMs: 10_000,
    calendars: new Map(),
    batches: [],
    ...over,
  }
  const store = createStore(connection.db)
  const base = { store, setup, clock, clockText, isTransient }
  const receiver = createReceiver({ connectors, store, isTransient })
  const pressOn = createPress({ ...base, people: PEOPLE })
  const alive = new Set(['here'])
  const runsOf = (worker: string) =>
    createRuns({ ...base, worker, liveWorkers: async () => [...alive], callTimeoutMs: 1_000 })
  const quiet = { info: () => {}, warn: () => {}, error: () => {} }
  const surfaces: Surface[] = []
  const log: { errors: object[] } = { errors: [] }
  const handlers = createJobs({
    ...base,
    runs: runsOf('here'),
    deliver: createDeliver({
      store,
      clock,
      log: quiet,
      worker: 'here',
      defaultChannel: 'orders',
      channelOn: (_surface, channel) => (channel === 'nowhere' ? null : `#${channel}`),
      cardOf: async () => null,
      admins: async () => [],
      surfaces: () => surfaces,
    }),
    surfaces,
    connectors,
    upkeep: async () => {},
    watch: createWatch({ ...base, limits: FEED_LIMITS, zone: 'UTC', watchedSince: SIX }),
    reconcileMs: HOUR,
    log: { ...quiet, error: (fields) => log.errors.push(fields) },
    callTimeoutMs: 1_000,
  })
  const rows = async (query: ReturnType<typeof sql>): Promise<Row[]> => [
    ...(await connection.db.execute<Row>(query)),
  ]

  const world = {
    connection,
    store,
    setup,
    base,
    systems,
    ...systems,
    receiver,
    surfaces,
    log,
    alive,
    runsOf,
    clock,
    clockText,
    /** Lets time pass. */
    pass(ms: number) {
      now = new Date(now.getTime() + ms)
      return now
    },
    at: (ms: number) => new Date(SIX.getTime() + ms),

    /** A signed delivery of these facts; answers what the sender hears. */
    hook(
      system: FakeSystem,
      facts: (WireFact | { broken: string })[],
      { delivery = randomUUID(), sentAt, ...headers }: Record<string, string | undefined> = {},
    ): Promise<Received> {
      const body = Buffer.from(JSON.stringify({ facts, sentAt }))
      const head = { headers: { signature: sign(body), delivery, ...headers }, receivedAt: now }
      return receiver.receive(system.system, head, body)
    },

    /** The system changes an object and tells it at once; the pipeline takes it. */
    async say(
      system: FakeSystem,
      object: Parameters<FakeSystem['put']>[0],
      options: { quietly?: boolean } = {},
    ): Promise<void> {
      const fact = system.put(object, now)
      if (options.quietly) return
      await world.hook(system, [fact])
      await world.work('process')
    },

    /** Reads these systems, or all: what is silent until then is known. */
    async poll(...which: FakeSystem[]): Promise<void> {
      const asked = which.length > 0 ? which : connectors
      for (const connector of asked) await poll(base, connector, AbortSignal.timeout(5_000))
    },
    sweep: () => sweep(base),

    /** Time passes, every system is read and what is due is looked at. */
    async later(ms: number): Promise<void> {
      world.pass(ms)
      await world.poll()
      await world.sweep()
    },

    /** Works off what is queued and due, in the order of a worker; answers the names of the jobs done. */
    async work(...only: (keyof Jobs)[]): Promise<string[]> {
      const done: string[] = []
      for (;;) {
        const [job] = await rows(sql`
          delete from graphile_worker._private_jobs where id = (
            select j.id from graphile_worker.jobs j
            where (j.run_at <= ${now.toISOString()}::timestamptz or j.run_at in (j.created_at, j.updated_at))
              and (${only.length === 0} or j.task_identifier in ${only.length === 0 ? sql`('')` : only})
            order by j.priority, j.id limit 1)
          returning payload, (select identifier from graphile_worker._private_tasks t where t.id = task_id) as task`)
        if (!job) return done
        const name = String(job.task)
        done.push(name)
        const handle = Object.entries(handlers).find(([known]) => known === name)?.[1]
        await (handle as (payload: unknown) => Promise<void>)(job.payload)
      }
    },

    press(who: string, exception: unknown, action: string, options: PressOptions = {}): Promise<Pressed> {
      return (async () => {
        const version = options.version ?? Number((await world.exception(exception)).version)
        return pressOn({
          identity: { surface: 'test', externalId: who, displayName: who },
          exception: String(exception),
          action,
          version,
          values: options.values ?? {},
          formOpenedAt: null,
          interactionKey: options.key ?? null,
        })
      })()
    },

    rows,
    exceptions: () => rows(sql`select * from exceptions order by id`),
    /** The only exception of a contract, or the one of this id. */
    async exception(
      which: unknown,
    ): Promise<Row & { id: string; version: number; state: string; status: string }> {
      const found = await rows(
        sql`select * from exceptions where id::text = ${String(which)} or contract = ${String(which)}`,
      )
      const [row] = found
      if (!row || found.length > 1) throw new Error(`${found.length} exceptions ${String(which)}`)
      return {
        ...row,
        id: String(row.id),
        version: Number(row.version),
        state: String(row.state),
        status: String(row.status),
      }
    },
    expectations: () => rows(sql`select * from expectations order by subject_id, contract`),
    objects: () => rows(sql`select * from objects order by timeline, system, type, external_id`),
    subjects: () => rows(sql`select * from subjects where merged_into is null order by id`),
    runs: () => rows(sql`select * from action_runs order by id`),
    interventions: () => rows(sql`select * from interventions order by id`),
    episodes: () => rows(sql`select * from episodes order by exception_id, episode`),
    posts: () => rows(sql`select * from posts order by length(card), card`),
    jobs: () => rows(sql`select * from graphile_worker.jobs order by id`),
    close: () => connection.close(),
  }
  return world
}

/** Leaves nothing of the test before; only a superuser gets past the guard of the interventions. */
const emptied = async ({ db }: Connection): Promise<void> => {
  await db.transaction(async (tx) => {
    await tx.execute(sql`set local session_replication_role = replica`)
    const tables = await tx.execute<{ name: string }>(sql`
      select quote_ident(c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition`)
    const names = tables.map(({ name }) => name).join(', ')
    await tx.execute(sql.raw(`truncate ${names}, graphile_worker._private_jobs restart identity`))
  })
}

export const key = (name: KeyName, value: string, kind: Key['kind'] = 'identity'): Key => ({
  name,
  value,
  kind,
})

/** Goods received in the warehouse, and the ERP's open receipt for them. */
export const receipt = (value: string) => ({
  type: 'receipt' as const,
  externalId: value,
  keys: [key('receipt', value)],
})

/** An order's fulfilment, or its order in another system. */
export const fulfillment = (order: string, externalId = order) => ({
  type: 'fulfillment' as const,
  externalId,
  keys: [key('order', order)],
})
export const order = (value: string) => ({
  type: 'order' as const,
  externalId: value,
  keys: [key('order', value)],
})
