import { advanceBatch } from './batch.ts'
import type { Connector } from './connector.ts'
import { wordsOf } from './errors.ts'
import { foldAgain, redraw } from './fold-again.ts'
import { groupCommit } from './group-commit.ts'
import { tendGroups } from './group-tend.ts'
import { learnGraces } from './learn.ts'
import type { Log } from './log.ts'
import { notify } from './notify.ts'
import { poll } from './poll.ts'
import type { Clock, Jobs, Store } from './ports.ts'
import { type ProcessDeps, processFacts } from './process.ts'
import { forgetUnwatched } from './reach.ts'
import { reconcileWhenDue } from './reconcile.ts'
import { remap } from './remap.ts'
import { showReach } from './show-reach.ts'
import type { Surface } from './surface.ts'
import { sweep } from './sweep.ts'
import { tend } from './tend.ts'

export type JobDeps = ProcessDeps & {
  runs: (id: string) => Promise<void>
  deliver: (surface: Surface) => Promise<void>
  surfaces: Surface[]
  connectors: Connector[]
  /** Partitions, and what is past its keeping. */
  upkeep: () => Promise<void>
  /** Looks at every system's feed. */
  watch: () => Promise<void>
  /** How often everything that a system holds is compared, in ms. */
  reconcileMs: number
  log: Log
  callTimeoutMs: number
}

/** A run that failed in itself (not in the system it calls) goes on after this pause, from where it stood. */
const RUN_AGAIN_MS = 5_000

/** Runs and batches that nobody is at get a job again: a dead process's, and those whose job failed. */
export const reclaim = (store: Store, clock: Clock): Promise<number> =>
  store.transaction(async (tx) => {
    const runs = await tx.runsWithoutJob()
    for (const run of runs) await tx.addJob('run', { run }, { key: `run:${run}`, runAt: clock() })
    const batches = await tx.batchesWithoutJob()
    for (const batch of batches)
      await tx.addJob('batch', { batch }, { key: `batch:${batch}`, runAt: clock() })
    return runs.length + batches.length
  })

/** Posts that are behind have a writer coming, also where its job has failed for good. */
const wakeWriters = ({ store, setup }: JobDeps): Promise<void> =>
  store.transaction(async (tx) => {
    for (const surface of setup.postingSurfaces) {
      const runAt = await tx.nextPostAt(surface)
      if (runAt) await tx.addJob('deliver', { surface }, { key: `deliver:${surface}:later`, runAt })
    }
  })

/**
 * Takes the facts of one job; those of jobs that come meanwhile are taken together next. Jobs that follow one another
 * mostly speak about the same subjects: at the same time they would only wait for each other's locks, and together
 * they cost hardly more statements than one.
 */
export const takeInTurn = (deps: ProcessDeps): ((job: Jobs['process']) => Promise<void>) =>
  groupCommit(async (jobs) => {
    const contradicting = await processFacts(
      deps,
      jobs.flatMap(({ facts }) => facts),
    )
    if (contradicting.size === 0) return
    await deps.store.transaction(async (tx) => {
      for (const system of contradicting) await tx.addJob('poll', { system }, { key: `poll:${system}` })
    })
  }, deps.isTransient)

/**
 * Compares one system if that is due, some pages at a time. A tick that finds this process at it leaves it to its work;
 * two processes at once only read twice.
 */
const reconcileInTurn = (deps: JobDeps): ((job: Jobs['reconcile']) => Promise<void>) => {
  const underWay = new Set<string>()
  return async ({ system }) => {
    const connector = deps.connectors.find((c) => c.system === system)
    if (!connector || underWay.has(system)) return
    underWay.add(system)
    try {
      const limit = () => AbortSignal.timeout(deps.callTimeoutMs)
      const isMore = await reconcileWhenDue(deps, connector, deps.reconcileMs, limit)
      if (!isMore) return
      await deps.store.transaction((tx) => tx.addJob('reconcile', { system }, { key: `reconcile:${system}` }))
    } finally {
      underWay.delete(system)
    }
  }
}

/** What each kind of job does. Every handler may be called again at any time: what it needs to know is in the rows. */
export const createJobs = (deps: JobDeps): { [N in keyof Jobs]: (payload: Jobs[N]) => Promise<void> } => ({
  process: takeInTurn(deps),

  sweep: async () => {
    await sweep(deps)
  },

  poll: async ({ system }) => {
    const connector = deps.connectors.find((c) => c.system === system)
    if (connector) await poll(deps, connector, AbortSignal.timeout(deps.callTimeoutMs))
  },

  run: async ({ run }) => {
    try {
      await deps.runs(run)
    } catch (error) {
      deps.log.error({ run, error: wordsOf(error) }, 'A run stumbled and goes on')
      const runAt = new Date(deps.clock().getTime() + RUN_AGAIN_MS)
      await deps.store.transaction((tx) => tx.addJob('run', { run }, { key: `run:${run}`, runAt }))
    }
  },

  batch: ({ batch }) => advanceBatch(deps, batch),

  fold: ({ exceptions }) => foldAgain(deps, exceptions),

  redraw: ({ exception }) => redraw(deps, exception),

  reach: (job) => showReach(deps, job),

  deliver: async ({ surface }) => {
    const found = deps.surfaces.find(({ id }) => id === surface)
    if (found) await deps.deliver(found)
  },

  tend: () => tend(deps),

  groups: () => tendGroups(deps),

  notify: (job) => notify(deps, job),

  reclaim: async () => {
    await reclaim(deps.store, deps.clock)
    await wakeWriters(deps)
    await deps.store.transaction((tx) => forgetUnwatched(tx, deps.connectors, deps.clock()))
  },

  remap: (job) => remap(deps, job),

  upkeep: deps.upkeep,

  learn: async () => {
    for (const { contract, from, to, value } of await learnGraces(deps, deps.clock)) {
      deps.log.info({ contract, from, to, value }, 'A longer grace is proposed: see the command graces')
    }
  },

  reconcile: reconcileInTurn(deps),

  watch: deps.watch,
})
