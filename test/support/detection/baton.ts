import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Connector } from '../../../src/app/connector.ts'
import { takeInTurn } from '../../../src/app/jobs.ts'
import { poll } from '../../../src/app/poll.ts'
import type { ProcessDeps } from '../../../src/app/process.ts'
import { createReceiver } from '../../../src/app/receive.ts'
import { sweep } from '../../../src/app/sweep.ts'
import type { Setup } from '../../../src/app/world.ts'
import { sandboxConfig } from '../../../src/connectors/sandbox/config.ts'
import { createSandboxConnector } from '../../../src/connectors/sandbox/index.ts'
import type { Database } from '../../../src/db/connect.ts'
import { createStore, isTransient } from '../../../src/db/store.ts'
import type { Contract } from '../../../src/domain/contract/contract.ts'
import type { Deliver } from '../../../src/sandbox/outbox.ts'
import type { SandboxSystem } from '../../../src/sandbox/sandbox.ts'
import { jobsInHand } from './jobs-in-hand.ts'
import { type Actual, nextPoll, nextSweep, nothingKnown, tell, type Waiting, wantsPoll } from './ticks.ts'
import type { Watching } from './watching-store.ts'

/** How Baton is set up; intervals in ms. */
export type BatonSetup = { contracts: Contract[]; pollMs: number; sweepMs: number }

const CALL_TIMEOUT_MS = 10_000

const toldSchema = z.object({ data: z.object({ sequence: z.number() }) })

const clockText = (at: Date): string => at.toISOString().slice(11, 19)

const setupOf = ({ contracts, pollMs }: BatonSetup, connectors: Connector[]): Setup => ({
  contracts,
  connectors,
  routing: { rules: [], defaultChannel: 'exceptions' },
  trust: {},
  postingSurfaces: [],
  pollMs,
  calendars: new Map(),
  batches: [],
})

const connected = (systems: SandboxSystem[], now: () => Date): Connector[] =>
  systems.map(({ name, role, url, token, webhookSecret }) => {
    const config = sandboxConfig.parse({ role, url, token, webhookSecrets: [webhookSecret] })
    return createSandboxConnector({ ...config, name }, { now })
  })

/**
 * Baton's own pipeline, from the receiver to the sweep, one step at a time: whoever plays it moves the clock, hands it
 * the webhooks, and calls `poll` and `sweep` when they are due.
 */
export const createBaton = (
  db: Database,
  systems: SandboxSystem[],
  setup: BatonSetup,
  watching: Watching,
  clock: () => Date,
) => {
  const { pollMs, sweepMs } = setup
  const feeds = connected(systems, clock).map((connector) => ({ connector, known: nothingKnown() }))
  const connectors = feeds.map(({ connector }) => connector)
  const { store, take, takeStirred } = jobsInHand(createStore(db))
  const deps: ProcessDeps = { store, setup: setupOf(setup, connectors), clock, clockText, isTransient }
  const receiver = createReceiver({ connectors, store, isTransient })
  const process = takeInTurn(deps)
  const counts = { webhooks: 0, polls: 0, sweeps: 0 }
  const arriving: Promise<void>[] = []
  let waiting: Waiting[] = []
  let newsAt = clock().getTime()

  /** Takes what has arrived and what is in the queue, and looks what waits for its time now. */
  const work = async (): Promise<void> => {
    await Promise.all(arriving.splice(0))
    for (let jobs = take(); jobs.length > 0; jobs = take()) {
      newsAt = clock().getTime()
      await Promise.all(jobs.map(process))
    }
    if (takeStirred()) waiting = await readWaiting(db)
  }

  /** The answer is given at once and the commit seen to by `work`: what leaves together is committed together. */
  const deliver: Deliver = async (address, headers, body) => {
    const system = address.slice(address.lastIndexOf('/') + 1)
    const received = receiver.receive(system, { headers, receivedAt: clock() }, Buffer.from(body))
    arriving.push(
      received.then((answer) => {
        if (answer.status !== 200) throw new Error(`${system}: ${JSON.stringify(answer)}`)
      }),
    )
    counts.webhooks += 1
    const feed = feeds.find(({ connector }) => connector.system === system)
    if (feed) tell(feed.known, toldSchema.parse(JSON.parse(body)).data.sequence)
    return 200
  }

  const actualOf = ({ system }: Connector): Actual => ({
    changes: watching.sequenceOf(system),
    downUntil: watching.upAgainAt(system),
  })
  const nextPollOf = ({ connector, known }: (typeof feeds)[number]): number =>
    nextPoll(known, actualOf(connector), waiting, clock().getTime(), pollMs)

  return {
    counts,
    deliver,
    work,
    nextSweep: () => nextSweep(waiting, newsAt, sweepMs),
    nextPoll: () => Math.min(...feeds.map(nextPollOf)),

    async sweep() {
      counts.sweeps += 1
      await sweep(deps)
      await work()
    },

    async poll() {
      const now = clock().getTime()
      for (const { connector, known } of feeds) {
        const actual = actualOf(connector)
        if (!wantsPoll(known, actual, waiting, now)) continue
        counts.polls += 1
        await poll(deps, connector, AbortSignal.timeout(CALL_TIMEOUT_MS))
        const isDown = actual.downUntil > now
        known.downUntil = isDown ? actual.downUntil : Number.NEGATIVE_INFINITY
        if (isDown) continue
        known.watermark = now
        known.upTo = watching.sequenceOf(connector.system)
        known.ahead.clear()
        newsAt = now
      }
      await work()
    },
  }
}

const readWaiting = async (db: Database): Promise<Waiting[]> => {
  const rows = await db.execute<{ due: string; next: string; fresh: boolean }>(sql`
    select extract(epoch from due_at) * 1000 as due, extract(epoch from next_check_at) * 1000 as next,
      waiting_for is null or waiting_for like '%time to catch up' as fresh
    from expectations where timeline = 'live'`)
  return rows.map(({ due, next, fresh }) => ({
    dueAt: Number(due),
    nextCheckAt: Number(next),
    isFresh: fresh,
  }))
}
