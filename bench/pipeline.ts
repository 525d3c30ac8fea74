import { toFacts } from '../src/app/facts.ts'
import { takeInTurn } from '../src/app/jobs.ts'
import type { ProcessDeps } from '../src/app/process.ts'
import type { FactRef } from '../src/app/records.ts'
import type { Setup } from '../src/app/world.ts'
import { batonYml } from '../src/config/baton-yml.ts'
import { configFrom } from '../src/config/config.ts'
import { contractsFor } from '../src/config/contracts.ts'
import { readEnv } from '../src/config/env.ts'
import { connect } from '../src/db/connect.ts'
import { migrate } from '../src/db/migrate.ts'
import { createStore, isTransient } from '../src/db/store.ts'
import { ensurePartitions } from '../src/db/upkeep.ts'
import type { Context } from './context.ts'
import type { Told } from './journey.ts'
import { secondsOf } from './stats.ts'
import { factOf, ROLES } from './systems.ts'

export type Pipeline = {
  /** Stores what was told, as the commit of a webhook does; one job for each batch. */
  record(batches: Told[][]): Promise<FactRef[][]>
  /** Works the jobs off as a server does that has `atOnce` of them in hand; in seconds. */
  work(jobs: FactRef[][], atOnce: number): Promise<number>
}

/** record > correlate > check > open in this process, with Baton's own contracts, on the database at `url`. */
export const openPipeline = async (context: Context, url: string): Promise<Pipeline> => {
  await migrate(url, { queue: true })
  const connection = connect(url)
  context.onEnd(() => connection.close())
  const clock = (): Date => new Date()
  await ensurePartitions(connection.db, clock())
  const { yml, routing, trust } = configFrom(batonYml({}).parse({}), readEnv({}), null)
  const contracts = contractsFor(Object.values(ROLES), yml.contracts)
  const setup: Setup = {
    contracts,
    connectors: [],
    routing,
    trust,
    postingSurfaces: [],
    pollMs: yml.poll,
    calendars: new Map(),
    batches: [],
  }
  const store = createStore(connection.db)
  const deps: ProcessDeps = { store, setup, clock, clockText: String, isTransient }

  const factsOf = (batch: Told[]) =>
    batch.flatMap((told) => {
      const { system } = told
      return toFacts({ system, role: ROLES[system] }, [factOf(told)], clock(), 0)
    })
  return {
    async record(batches) {
      const jobs: FactRef[][] = []
      for (const batch of batches) {
        jobs.push(await store.transaction((tx) => tx.insertFacts('live', factsOf(batch))))
      }
      return jobs
    },
    work(jobs, atOnce) {
      const take = takeInTurn(deps)
      const waiting = jobs.values()
      const worker = async (): Promise<void> => {
        for (const facts of waiting) await take({ facts })
      }
      return secondsOf(() => Promise.all(Array.from({ length: atOnce }, worker)))
    },
  }
}
