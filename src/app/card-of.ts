import { batchCard } from './batch-card.ts'
import type { Card } from './card.ts'
import { batchOf } from './card-ref.ts'
import { exceptionCard } from './exception-card.ts'
import type { Clock } from './ports.ts'
import type { Queries } from './queries.ts'

/** A card as it stands, with the revision that it shows. */
export type ShownCard = { card: Card; revision: number }

/** The current card of what `ref` names (see card-ref.ts), the same for every surface; null when there is no such thing. */
export const createCardOf =
  (queries: Queries, clock: Clock) =>
  async (ref: string): Promise<ShownCard | null> => {
    const id = batchOf(ref)
    if (id === null) {
      const detail = await queries.getException(ref)
      return detail && { card: exceptionCard(detail), revision: detail.revision }
    }
    const batch = await queries.batch(id)
    return batch && { card: batchCard(batch, clock()), revision: batch.revision }
  }
