import { takeInTurn } from '../../src/app/jobs.ts'
import type { ProcessDeps } from '../../src/app/process.ts'
import type { FactRef, NewSignal } from '../../src/app/records.ts'
import { sweep } from '../../src/app/sweep.ts'
import { batonYml } from '../../src/config/baton-yml.ts'
import { configFrom } from '../../src/config/config.ts'
import { contractsFor } from '../../src/config/contracts.ts'
import { readEnv } from '../../src/config/env.ts'
import { connect } from '../../src/db/connect.ts'
import { createStore, isTransient } from '../../src/db/store.ts'
import { ROLES } from '../systems.ts'

/** Baton's pipeline on one database, with a clock that can be set. */
export type Plant = {
  setClock(clock: () => Date): void
  /** Stores signals as the commit of their webhooks does. */
  record(signals: NewSignal[]): Promise<FactRef[]>
  take(refs: FactRef[]): Promise<void>
  sweep(): Promise<number>
  close(): Promise<void>
}

/** record > correlate > check > open in this process, with Baton's own contracts, on the migrated database at `url`. */
export const openPlant = (url: string): Plant => {
  const connection = connect(url)
  const { yml, routing, trust } = configFrom(batonYml({}).parse({}), readEnv({}), null)
  const store = createStore(connection.db)
  let now = (): Date => new Date()
  const deps: ProcessDeps = {
    store,
    setup: {
      contracts: contractsFor(Object.values(ROLES), yml.contracts),
      connectors: [],
      routing,
      trust,
      postingSurfaces: [],
      pollMs: yml.poll,
      calendars: new Map(),
      batches: [],
    },
    clock: () => now(),
    clockText: String,
    isTransient,
  }
  const take = takeInTurn(deps)
  return {
    setClock(clock) {
      now = clock
    },
    record: (signals) => store.transaction((tx) => tx.recordSignals(signals)),
    take: (facts) => take({ facts }),
    sweep: () => sweep(deps),
    close: () => connection.close(),
  }
}
