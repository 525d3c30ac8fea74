import { troubleWords } from '../app/delivery-errands.ts'
import { wordsOf } from '../app/errors.ts'
import { batchesOf } from '../app/landing.ts'
import { isUnfinished } from '../app/reconcile.ts'
import type { FeedState } from '../app/records.ts'
import type { SurfaceHost } from '../app/surface.ts'
import { elapsed } from '../app/words.ts'
import type { Verb } from '../cli.ts'
import { type Config, loadConfig } from '../config/config.ts'
import { checkLandings, checkTrust, contractsFor } from '../config/contracts.ts'
import { MAP_NAME } from '../connectors/baton/index.ts'
import { connectAll } from '../connectors/index.ts'
import { cipherOf } from '../db/cipher.ts'
import { connect } from '../db/connect.ts'
import { readHealth, readProblems, readTroubles } from '../db/health.ts'
import { createKeep } from '../db/keep.ts'
import { proposedGraces } from '../db/lags.ts'
import { pendingMigrations } from '../db/migrate.ts'
import { liveWorkers } from '../db/queue.ts'
import { createStore } from '../db/store.ts'
import { ROLES } from '../domain/model.ts'
import { readSurfaces } from '../surfaces/index.ts'
import { openServer } from './database.ts'
import { readSample, sampleLines } from './doctor-sample.ts'
import { createLog } from './logger.ts'

/** One thing that was looked at: what was found, and what to do about it. */
type Finding = { what: string; ok: boolean; words: string }

const PROBE_TIMEOUT_MS = 10_000
const PROBLEMS_SHOWN = 5

const looked = async (what: string, look: () => Promise<string>): Promise<Finding> => {
  try {
    return { what, ok: true, words: await look() }
  } catch (error) {
    return { what, ok: false, words: wordsOf(error) }
  }
}

const notAsked = async (): Promise<never> => {
  throw new Error('The doctor only looks')
}

/** A surface that is probed is never asked to press or answer anything. */
const nobody: SurfaceHost = {
  press: notAsked,
  command: notAsked,
  card: async () => null,
  home: notAsked,
  redraw: notAsked,
  queries: {
    listExceptions: notAsked,
    getException: async () => null,
    findExceptions: notAsked,
    drag: notAsked,
    channels: async () => [],
    waiting: async () => [],
    graces: async () => [],
    groups: async () => [],
    candidates: async () => ({ candidates: [], total: 0 }),
    batch: async () => null,
    handover: async () => null,
    followUp: async () => null,
    episodes: async () => [],
    batches: async () => [],
    group: async () => null,
    desk: notAsked,
    today: notAsked,
  },
}

/** How a system was heard last, and when everything that it holds was compared. */
const lookAtFeed = (system: string, feeds: FeedState[], now: Date): Finding => {
  const state = feeds.find((feed) => feed.system === system)
  const { suspectSince, suspectWhy, reconciledAt, reconcileStartedAt } = state ?? {}
  const compared = reconciledAt
    ? `compared in full ${elapsed(reconciledAt, now)} ago`
    : 'never compared in full: npx baton reconcile does it at once'
  const isStopped = state !== undefined && reconcileStartedAt && isUnfinished(state)
  const underWay = isStopped ? `; another comparison was begun ${elapsed(reconcileStartedAt, now)} ago` : ''
  const suspect = suspectSince
    ? `${suspectWhy} (since ${suspectSince.toISOString()}; what depends on it is not judged); `
    : ''
  return { what: `feed ${system}`, ok: !suspectSince, words: `${suspect}${compared}${underWay}` }
}

/** Contracts whose grace is learned, whichever systems are configured. */
const learningIn = ({ yml }: Config): string[] =>
  contractsFor(ROLES, yml.contracts).flatMap(({ id, grace }) => (grace.kind === 'learned' ? [id] : []))

/** The database as it is: looked at, never migrated. */
const lookAtDatabase = async (config: Config): Promise<Finding[]> => {
  const server = await openServer(config, 'share', () => {})
  const connection = connect(server.url)
  try {
    const pending = await pendingMigrations(config.env.DATABASE_DIRECT_URL ?? server.url)
    const what = 'database'
    if (pending > 0) {
      return [
        {
          what,
          ok: true,
          words: `reachable; ${pending} migrations wait for the next start, or for: npx baton migrate`,
        },
      ]
    }
    const { db } = connection
    const health = await readHealth(db)
    const problems = await readProblems(db, PROBLEMS_SHOWN)
    const troubles = await readTroubles(db)
    const proposed = await proposedGraces(db, learningIn(config))
    const running = (await liveWorkers(db)).length
    const batons = running === 0 ? 'no Baton is running on it' : `Batons running on it: ${running}`
    const words = `reachable and up to date; ${batons}; ${health.openExceptions} open exceptions, ${health.queuedJobs} jobs waiting`
    const feeds = await createStore(db).transaction((tx) => tx.feeds())
    const configured = config.yml.systems.map(({ name }) => name)
    const heard = configured.length > 0 ? configured : feeds.map(({ system }) => system).sort()
    return [
      { what, ok: true, words },
      ...heard.map((name) => lookAtFeed(name, feeds, new Date())),
      ...problems.map(({ system, at, problem }) => ({
        what: `signal of ${system} at ${at}`,
        ok: false,
        words: `could not be read: ${problem}`,
      })),
      ...troubles.map((trouble) => ({
        what: `delivery ${trouble.surface}`,
        ok: false,
        words: troubleWords(trouble, config.routing.defaultChannel),
      })),
      ...(proposed.length > 0
        ? [
            {
              what: 'graces',
              ok: true,
              words: `longer ones are proposed for ${proposed.join(', ')}; ask "graces"`,
            },
          ]
        : []),
      ...(health.quarantinedFacts > 0
        ? [
            {
              what: 'quarantine',
              ok: false,
              words: `${health.quarantinedFacts} facts could not be taken; see the table quarantine`,
            },
          ]
        : []),
    ]
  } finally {
    await connection.close()
    await server.stop()
  }
}

const lookAtSystems = async ({ yml }: Config): Promise<Finding[]> => {
  const connectors = connectAll(yml.systems, { now: () => new Date() })
  if (connectors.length === 0)
    return [{ what: 'systems', ok: true, words: 'none is configured: the sandbox is used' }]
  const contracts = await looked('contracts', async () => {
    const offered = [...connectors.flatMap(({ actions }) => actions.map(({ id }) => id)), MAP_NAME]
    checkTrust(yml.trust, offered)
    const on = contractsFor(
      connectors.map(({ role }) => role),
      yml.contracts,
      yml.maps.meanings.size > 0,
    )
    checkLandings(on, connectors, batchesOf(yml.batches, yml.zone))
    return `${on.length} on: ${on.map(({ id }) => id).join(', ')}`
  })
  const probed = connectors.map((connector) =>
    looked(`system ${connector.system}`, async () => {
      await connector.probe(AbortSignal.timeout(PROBE_TIMEOUT_MS))
      return 'answers, and the credentials work'
    }),
  )
  return [contracts, ...(await Promise.all(probed))]
}

/** What surfaces keep is in the database: where it cannot be reached, they say so themselves. */
const lookAtSurfaces = async (
  environment: Record<string, string | undefined>,
  config: Config,
): Promise<Finding[]> => {
  const { posting, create } = readSurfaces(environment)
  const server = await openServer(config, 'share', () => {})
  const connection = connect(server.url)
  try {
    const cipher = cipherOf(config.env.BATON_ENCRYPTION_KEY)
    const surfaces = create(nobody, {
      log: createLog('silent'),
      clock: () => new Date(),
      keep: (surface) => createKeep(connection.db, surface, cipher),
      players: [],
      onChange: () => () => {},
    })
    const found = await Promise.all(surfaces.map((surface) => looked(surface.id, surface.probe)))
    const slack = { what: 'slack', ok: true, words: 'not configured; set SLACK_BOT_TOKEN to use it' }
    return posting.includes('slack') ? found : [...found, slack]
  } finally {
    await connection.close()
    await server.stop()
  }
}

export const doctor: Verb = {
  usage: 'doctor [--sample <body.json> --system <name>]',
  summary: 'check configuration, database, systems and chat; or what a pasted webhook would become',
  takes: { files: false, map: false, sample: true },
  async run({ environment, print, sample }) {
    const config = await loadConfig(environment)
    if (sample) {
      const read = await readSample(config, sample, new Date())
      for (const line of sampleLines(read)) print(line)
      const ok = read.bad.length === 0 && read.facts.length > 0 && read.signature.is !== 'bad'
      return { ok, data: { ok, ...read } }
    }
    const findings: Finding[] = []
    /** What cannot even be looked at is one finding more. */
    const examine = async (what: string, look: () => Promise<Finding[]>): Promise<void> => {
      const found = await look().catch((error: unknown) => [{ what, ok: false, words: wordsOf(error) }])
      for (const { what: part, ok, words } of found) print(`${ok ? 'ok  ' : 'BAD '} ${part}: ${words}`)
      findings.push(...found)
    }
    await examine('configuration', async () => [
      { what: 'configuration', ok: true, words: config.file ?? 'no baton.yml: the defaults stand' },
    ])
    await examine('database', () => lookAtDatabase(config))
    await examine('systems', () => lookAtSystems(config))
    await examine('chat', () => lookAtSurfaces(environment, config))
    const ok = findings.every((finding) => finding.ok)
    print(ok ? 'Everything is well.' : 'Something needs mending (above).')
    return { ok, data: { ok, findings } }
  },
}
