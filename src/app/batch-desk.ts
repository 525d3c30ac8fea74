import type { Person } from '../domain/model.ts'
import { planBatch } from './batch-plan.ts'
import type { BatchMember } from './batch-records.ts'
import type { Clock, Store } from './ports.ts'
import type { Queries } from './queries.ts'
import type { Setup } from './world.ts'

/** What may be done for many at once; `nothing`: why not, for each of them or for all. */
export type BatchOffered =
  /** `total`: how many there are, of which `shown` are on its card. */
  | { is: 'offered'; batch: string; total: number; shown: number }
  | { is: 'nothing'; open: number; alone: string[]; leftOut: Pick<BatchMember, 'name' | 'words'>[] }

/** What a command may do about many exceptions: look at them, and lay an offer before the asker. Nothing is done yet. */
export type BatchDesk = {
  offer(contract: string, words: string[]): Promise<BatchOffered>
}

export type BatchDeskDeps = { store: Store; setup: Setup; clock: Clock; queries: Queries }

/**
 * `channel`: where it was asked, as Baton calls that channel; null where that is none of Baton's. Then its card is shown
 * where the worst of its exceptions is.
 */
export const createBatchDesk = (
  { store, setup, clock, queries }: BatchDeskDeps,
  asker: Person,
  channel: string | null,
): BatchDesk => ({
  async offer(contract, words) {
    const { candidates, total } = await queries.candidates(contract, words)
    const { members, offers, alone } = planBatch(candidates, asker.id, setup)
    if (offers.length === 0) return { is: 'nothing', open: total, alone, leftOut: members }
    const worst = candidates.find(({ id }) => id === members[0]?.exceptionId)
    const batch = await store.transaction((tx) =>
      tx.insertBatch(
        {
          contract,
          state: 'offered',
          version: 1,
          revision: 1,
          offers,
          chosen: null,
          channel: channel ?? worst?.channel ?? setup.routing.defaultChannel,
          askedBy: asker.id,
          askedAt: clock(),
          startedBy: null,
          startedAt: null,
          stoppedBy: null,
          finishedAt: null,
          decidedBy: null,
          decidedAt: null,
          decidedWhat: null,
          decidedOnVersion: null,
        },
        members,
      ),
    )
    return { is: 'offered', batch, total, shown: members.length }
  },
})
