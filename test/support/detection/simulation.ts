import { connect } from '../../../src/db/connect.ts'
import { ensurePartitions } from '../../../src/db/upkeep.ts'
import { simulatedClock } from '../../../src/sandbox/clock.ts'
import type { Range } from '../../../src/sandbox/dice.ts'
import type { FaultPlan } from '../../../src/sandbox/faults.ts'
import type { LedgerPage } from '../../../src/sandbox/ledger.ts'
import type { Deliver } from '../../../src/sandbox/outbox.ts'
import { createSandbox, type Sandbox } from '../../../src/sandbox/sandbox.ts'
import { type BatonSetup, createBaton } from './baton.ts'
import { type Opened, readOpened } from './opened.ts'
import { watchingStore } from './watching-store.ts'

/*
 * The sandbox and Baton's own pipeline in one simulated time: what systems say arrives as signed webhooks, through the
 * receiver; what webhooks have lost comes by polls, over loopback HTTP; facts are taken at once; what is due is swept.
 * There is no queue worker, no timer, no surface, and nobody who presses buttons.
 */

export type Simulation = BatonSetup & {
  /** The same seed gives the same world. */
  seed: string
  start: Date
  lastsMs: number
  pace: number
  orderEvery: Range
  faults: Partial<FaultPlan>
}

export type Played = {
  ledger: LedgerPage
  opened: Opened[]
  webhooks: number
  polls: number
  sweeps: number
}

/** Plays it on the migrated, empty database at `url`, and answers what happened and what Baton said of it. */
export const simulate = async (url: string, simulation: Simulation): Promise<Played> => {
  const { seed, start, pace, orderEvery, faults } = simulation
  const connection = connect(url, { max: 4 })
  const watching = watchingStore()
  let deliver: Deliver = async () => 503
  const sandbox = createSandbox({
    seed,
    pace,
    clock: simulatedClock(start),
    store: watching.store,
    batonUrl: 'http://baton.test',
    secret: `of ${seed}`,
    faults,
    orderEvery,
    deliver: (...letter) => deliver(...letter),
    report: (error) => {
      throw error
    },
  })
  try {
    await ensurePartitions(connection.db, start)
    await sandbox.start()
    let now = start
    const baton = createBaton(connection.db, sandbox.systems, simulation, watching, () => now)
    deliver = baton.deliver
    await live(sandbox, baton, simulation, (at) => {
      now = at
    })
    return { ledger: sandbox.ledger(), opened: await readOpened(connection.db), ...baton.counts }
  } finally {
    await sandbox.stop()
    await connection.close()
  }
}

/** Goes from one moment at which something can happen to the next. */
const live = async (
  sandbox: Sandbox,
  baton: ReturnType<typeof createBaton>,
  { start, lastsMs }: Simulation,
  setClock: (now: Date) => void,
): Promise<void> => {
  await baton.poll()
  const end = start.getTime() + lastsMs
  for (let now = start.getTime(); ; ) {
    const [sweepAt, pollAt] = [baton.nextSweep(), baton.nextPoll()]
    now = Math.max(now, Math.min(sandbox.nextDue()?.getTime() ?? end, sweepAt, pollAt))
    if (now >= end) return
    setClock(new Date(now))
    await sandbox.advance(new Date(now))
    await baton.work()
    if (now === sweepAt) await baton.sweep()
    if (now === pollAt) await baton.poll()
  }
}
