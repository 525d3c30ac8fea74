import type { Store } from '../../src/app/ports.ts'

export class Crash extends Error {}

/** The store of a process that dies before or after its n-th commit, and does nothing more from then on. */
export const dying = (
  over: Store,
  at: number,
  when: 'before' | 'after',
): { store: Store; isDead: () => boolean } => {
  let commits = 0
  let dead = false
  const store: Store = {
    ...over,
    transaction: async (work) => {
      if (dead) throw new Crash()
      commits += 1
      if (commits < at) return over.transaction(work)
      dead = true
      if (when === 'before') throw new Crash()
      await over.transaction(work)
      throw new Crash()
    },
  }
  return { store, isDead: () => dead }
}
