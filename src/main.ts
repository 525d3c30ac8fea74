import { randomUUID } from 'node:crypto'
import { commands } from '../commands/index.ts'
import { createAdmins } from './app/admins.ts'
import { createQueries } from './app/ask.ts'
import { worktimesOf } from './app/calendar.ts'
import { createCardOf } from './app/card-of.ts'
import type { Connector } from './app/connector.ts'
import { createDeliver } from './app/deliver.ts'
import { wordsOf } from './app/errors.ts'
import { createHost } from './app/host.ts'
import { createJobs, reclaim } from './app/jobs.ts'
import { batchesOf } from './app/landing.ts'
import type { Log } from './app/log.ts'
import { createNameDesk } from './app/names.ts'
import { findUnread } from './app/poll.ts'
import type { Clock, ClockText, Jobs, Store } from './app/ports.ts'
import type { Queries } from './app/queries.ts'
import { createReceiver } from './app/receive.ts'
import { createRuns } from './app/run.ts'
import { createWatch } from './app/watch.ts'
import type { Setup } from './app/world.ts'
import type { Config } from './config/config.ts'
import { checkLandings, checkTrust, contractsFor } from './config/contracts.ts'
import { shiftsOf } from './config/rules.ts'
import { createBatonConnector } from './connectors/baton/index.ts'
import { type ConfiguredSystem, connectAll } from './connectors/index.ts'
import { cipherOf } from './db/cipher.ts'
import type { Connection } from './db/connect.ts'
import { readHealth } from './db/health.ts'
import { createKeep } from './db/keep.ts'
import { enqueueTick, liveWorkers, type QueueWorker, startWorker } from './db/queue.ts'
import { createReader } from './db/reader.ts'
import { createStore, isTransient } from './db/store.ts'
import { ensurePartitions, upkeep } from './db/upkeep.ts'
import { createMetrics } from './metrics.ts'
import { everyMs, type Schedule, startSchedules } from './schedule.ts'
import { startServer } from './server.ts'
import { readSurfaces } from './surfaces/index.ts'

export type Player = { externalId: string; displayName: string }

export type BatonOptions = {
  config: Config
  environment: Record<string, string | undefined>
  connection: Connection
  systems: ConfiguredSystem[]
  log: Log
  /** Persons that the console's reader may play: only in the sandbox. */
  players: Player[]
}

export type Baton = { port: number; publicPort: number | null; stop(): Promise<void> }

/** Longest time for one call to a system. */
const CALL_TIMEOUT_MS = 15_000
/** How often due expectations are looked for. */
const SWEEP_CRON = '*/2 * * * * *'
const RECLAIM_CRON = '*/10 * * * * *'
/** How late a post that was held back may be, and a summary. */
const GROUPS_CRON = '*/2 * * * * *'
/** How late a snooze, a claim or an escalation may be. */
const TEND_CRON = '*/15 * * * * *'
/** How often the feeds are looked at. */
const WATCH_CRON = '*/15 * * * * *'
/** How often it is looked whether a comparison is due, at most. */
const RECONCILE_TICK_MS = 60_000
/** A system that was not read so many times in a row is silent, however short the time. */
const SILENT_POLLS = 3
/** How often it is counted how many share what a system allows, in ms. */
const REPLICAS_MS = 10_000
const UPKEEP_CRON = '0 17 3 * * *'
/** How often it is counted anew how often unknown names were seen. */
const REMAP_CRON = '0 */5 * * * *'
const LEARN_CRON = '0 41 2 * * *'

/** "10:42:07 UTC", "Wed 25 Nov 10:42:07 UTC": for the words of cards, which are the same for all readers. */
export const clockTextIn = (zone: string): ClockText => {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  const day = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
  })
  const dayOf = (at: Date): string => day.format(at).replace(',', '')
  return (at, now = at) => {
    const time = `${format.format(at)} ${zone === 'UTC' ? 'UTC' : `(${zone})`}`
    return dayOf(at) === dayOf(now) ? time : `${dayOf(at)} ${time}`
  }
}

/** What is running, in the order in which it is to be stopped. */
type Stops = (() => Promise<void>)[]

/**
 * The composition root: wires stores, connectors, surfaces and the pipeline, and starts them in an order in which
 * nothing arrives before it can be kept. `stop` goes the other way: nothing new comes in, work in hand is finished
 * or returned, then the doors close. What fails to start leaves nothing running behind.
 */
export const startBaton = async (options: BatonOptions): Promise<Baton> => {
  const stops: Stops = []
  const stop = (): Promise<void> => stopAll(stops.splice(0), options.log)
  try {
    return { ...(await open(options, stops)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const open = async (options: BatonOptions, stops: Stops): Promise<Omit<Baton, 'stop'>> => {
  const { config, connection, log } = options
  const clock = (): Date => new Date()
  const clockText = clockTextIn(config.yml.zone)
  const worker = randomUUID()
  const { db } = connection
  const store = createStore(db, { atMost: connection.forBackground })
  await ensurePartitions(db, clock())

  const surfaced = readSurfaces(options.environment)
  const connectors = connectAll(options.systems, { now: clock, replicas: countReplicas(db, stops) })
  const { maps } = config.yml
  const baton = createBatonConnector(createNameDesk({ store, maps, clock }))
  const setup = setupOf(options, [...connectors, baton], surfaced.posting)
  const queries = createQueries(createReader(db), setup, config.channels, clock, clockText)
  const base = { store, setup, clock, clockText, isTransient }
  const { people } = config
  // Whoever presses or asks does not wait behind a storm for a connection.
  const forPeople = createStore(db)
  const host = createHost({
    press: { ...base, store: forPeople, people },
    store: forPeople,
    people,
    clock,
    commands,
    queries,
    zone: config.yml.zone,
    channelNamed: (surface, native) => config.channels.find(({ on }) => on[surface] === native)?.id ?? null,
  })
  const receiver = createReceiver({ connectors, store, isTransient })
  receiver.remember(await store.transaction((tx) => tx.feeds()))

  const changes = createChanges(connection, log)
  const { env } = config
  const cipher = cipherOf(env.BATON_ENCRYPTION_KEY)
  const surfaces = surfaced.create(host, {
    log,
    clock,
    keep: (surface) => createKeep(db, surface, cipher),
    players: options.players,
    onChange: changes.add,
  })
  const metrics = createMetrics(() => readHealth(db))
  const ready = async (): Promise<void> => {
    const alive = await liveWorkers(db)
    if (!alive.includes(worker)) throw new Error('the queue worker is not running')
  }
  // The ports first: who finds them taken has touched nothing yet.
  const server = await startServer(
    { receiver, surfaces, guard: surfaced.guard(clock), metrics, ready, log, clock },
    { host: env.HOST, port: env.PORT, publicPort: env.PUBLIC_PORT },
  )
  stops.push(server.close)

  const deliver = createDeliver({
    ...deliveryOf(config, queries, clock),
    store,
    clock,
    log,
    worker,
    admins: createAdmins({ store, people, clock }),
    surfaces: () => surfaces,
  })
  const callTimeoutMs = CALL_TIMEOUT_MS
  const waitMs = config.yml.wait_for_system
  const runs = createRuns({ ...base, worker, liveWorkers: () => liveWorkers(db), callTimeoutMs, waitMs })
  const handlers = createJobs({
    ...base,
    surfaces,
    connectors,
    log,
    callTimeoutMs,
    upkeep: () => upkeep(db, clock()),
    watch: createWatch({ ...base, ...watchOf(config), watchedSince: clock() }),
    reconcileMs: config.yml.reconcile,
    runs,
    deliver,
  })
  const onTakeover = async (): Promise<void> => {
    await reclaim(store, clock)
  }
  const directUrl = env.DATABASE_DIRECT_URL
  const queue: QueueWorker = await startWorker({
    connection,
    directUrl,
    id: worker,
    handlers,
    log,
    onTakeover,
  })
  stops.push(queue.stop)
  stops.push(changes.stop)
  await changes.start()
  for (const surface of surfaces) {
    stops.unshift(surface.stop)
    await surface.start()
  }
  await findUnread(base)
  await catchUp(store, connectors)

  const schedules = startSchedules(schedulesOf(connection, setup), (name, error) =>
    log.error({ schedule: name, error: wordsOf(error) }, 'A schedule could not enqueue'),
  )
  stops.unshift(schedules.stop)
  return { port: server.port, publicPort: server.publicPort }
}

/** Where the alarms about a feed begin, and in which zone its week runs. */
const watchOf = ({ yml }: Config) => ({
  limits: { ...yml.feeds, silentAfterMs: Math.max(yml.feeds.silentAfterMs, SILENT_POLLS * yml.poll) },
  zone: yml.zone,
})

/** Also for verbs that take facts while no Baton, or another one, is running. Throws UserError. */
export const setupOf = (
  { config }: Pick<BatonOptions, 'config'>,
  connectors: Connector[],
  postingSurfaces: string[],
): Setup => {
  const actions = connectors.flatMap((connector) => connector.actions.map(({ id }) => id))
  checkTrust(config.yml.trust, actions)
  const { routing, trust, yml, people } = config
  const listened = connectors.filter(({ poll, webhook }) => poll || webhook)
  const contracts = contractsFor(
    listened.map(({ role }) => role),
    yml.contracts,
    yml.maps.meanings.size > 0,
  )
  const batches = batchesOf(yml.batches, yml.zone)
  checkLandings(contracts, connectors, batches)
  const calendars = worktimesOf(yml.calendars, yml.zone)
  // Work is given to whom the file names; whom it knows by an address alone, once Baton has met them.
  const listed = people.configured.filter(
    ({ name, identities, email }) =>
      (identities.length > 0 || email !== undefined) && yml.people.some((person) => person.name === name),
  )
  return {
    contracts,
    connectors,
    routing,
    trust,
    postingSurfaces,
    pollMs: yml.poll,
    calendars,
    batches,
    shifts: shiftsOf(yml),
    people: listed,
    zone: yml.zone,
    maps: yml.maps,
  }
}

/** Where cards go, and what they look like now. */
const deliveryOf = ({ channels, routing }: Config, queries: Queries, clock: Clock) => ({
  defaultChannel: routing.defaultChannel,
  channelOn: (surface: string, channel: string) =>
    channels.find(({ id }) => id === channel)?.on[surface] ?? null,
  cardOf: createCardOf(queries, clock),
})

/** What a start does at once instead of waiting for the first tick: read every system, look at what is due. */
const catchUp = (store: Store, connectors: Connector[]): Promise<void> =>
  store.transaction(async (tx) => {
    for (const { system, poll } of connectors)
      if (poll) await tx.addJob('poll', { system }, { key: `poll:${system}` })
    await tx.addJob('reclaim', {}, { key: 'reclaim' })
    await tx.addJob('sweep', {}, { key: 'sweep' })
    // baton.yml may say more about names than it did.
    await tx.addJob('remap', { name: null, after: '' }, { key: 'remap' })
  })

const schedulesOf = (connection: Connection, setup: Setup): Schedule[] => {
  const schedule = <N extends keyof Jobs>(
    name: string,
    expression: string,
    job: N,
    payload: Jobs[N],
  ): Schedule => ({
    name,
    expression,
    enqueue: async (tick) => {
      await enqueueTick(connection, name, tick, (tx) => tx.addJob(job, payload, { key: name }))
    },
  })
  const polled = setup.connectors.flatMap(({ system, poll }) => (poll ? [system] : []))
  return [
    schedule('sweep', SWEEP_CRON, 'sweep', {}),
    schedule('reclaim', RECLAIM_CRON, 'reclaim', {}),
    schedule('tend', TEND_CRON, 'tend', {}),
    schedule('groups', GROUPS_CRON, 'groups', {}),
    schedule('upkeep', UPKEEP_CRON, 'upkeep', {}),
    schedule('remap', REMAP_CRON, 'remap', { name: null, after: '' }),
    schedule('learn', LEARN_CRON, 'learn', {}),
    schedule('watch', WATCH_CRON, 'watch', {}),
    ...polled.map((system) => schedule(`poll:${system}`, everyMs(setup.pollMs), 'poll', { system })),
    ...polled.map((system) =>
      schedule(`reconcile:${system}`, everyMs(RECONCILE_TICK_MS), 'reconcile', { system }),
    ),
  ]
}

/** How many processes are alive, counted now and then; while the database does not answer the last count stands. */
const countReplicas = (db: Connection['db'], stops: Stops): (() => number) => {
  let count = 1
  const look = async (): Promise<void> => {
    const alive = await liveWorkers(db).catch(() => null)
    if (alive) count = Math.max(1, alive.length)
  }
  const timer = setInterval(look, REPLICAS_MS).unref()
  stops.push(async () => clearInterval(timer))
  return () => count
}

type Change = { exception: string; version: number; channel: string | null }

/** PostgreSQL's own notifications, as the console's stream wants them: every replica hears every change. */
const createChanges = (connection: Connection, log: Log) => {
  const listeners = new Set<(change: Change) => void>()
  let unlisten: (() => Promise<void>) | null = null
  return {
    add(listener: (change: Change) => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async start(): Promise<void> {
      unlisten = await connection.listen('baton_exception', (payload) => {
        try {
          const change: Change = JSON.parse(payload)
          for (const listener of listeners) listener(change)
        } catch (error) {
          log.error({ error: wordsOf(error) }, 'A notification could not be read')
        }
      })
    },
    stop: async (): Promise<void> => {
      await unlisten?.()
    },
  }
}

/** Every step is tried, whatever becomes of the one before: a door that jams must not keep the others open. */
const stopAll = async (steps: Stops, log: Log): Promise<void> => {
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      log.error({ error: wordsOf(error) }, 'A part did not stop cleanly')
    }
  }
}
