import { randomUUID } from 'node:crypto'
import type { ShownCard } from './card-of.ts'
import { LEASE_MS } from './deliver.ts'
import { wordsOf } from './errors.ts'
import type { Clock, Store } from './ports.ts'
import type { Delivered, SurfaceHost } from './surface.ts'

export type RedrawDeps = {
  store: Store
  clock: Clock
  cardOf: (card: string) => Promise<ShownCard | null>
}

/**
 * `SurfaceHost.redraw`: leases the post, reads what it should show only then, has it written, and writes down which
 * revision that was. What stays behind is the dispatcher's, which is woken.
 */
export const createRedraw =
  ({ store, clock, cardOf }: RedrawDeps): SurfaceHost['redraw'] =>
  async (card, surface, write, ref) => {
    const lease = `redraw/${randomUUID()}`
    const post = await store.transaction((tx) =>
      tx.leasePostOf({ card, surface, ref: ref ?? null }, lease, clock(), LEASE_MS),
    )
    if (!post) return
    const shown = await cardOf(card).catch(() => null)
    const written = shown !== null && (await writing(write, shown)).ok
    await store.transaction(async (tx) => {
      const saved = await tx.savePost(post, lease, {
        ref: post.ref ?? ref ?? null,
        channel: post.channel,
        postedRevision: written ? shown.revision : post.postedRevision,
        nextAttemptAt: clock(),
        problem: null,
      })
      const shownIn = post.ref ?? ref ?? null
      if (saved === 'lost' && shownIn !== null) await tx.drawAgain({ card, surface, ref: shownIn }, clock())
      if (saved !== 'current') await tx.addJob('deliver', { surface }, { key: `deliver:${surface}` })
    })
  }

const writing = async (
  write: Parameters<SurfaceHost['redraw']>[2],
  { card }: ShownCard,
): Promise<Delivered<null>> => {
  try {
    return await write(card)
  } catch (error) {
    return { ok: false, failure: { is: 'ambiguous', words: wordsOf(error) } }
  }
}
