/** How many items are committed together at most: past this the disk is no longer the bound. */
const MAX_BATCH = 256

type Waiting<T> = { item: T; resolve: () => void; reject: (error: unknown) => void }

/**
 * Group commit: items that arrive while a commit is under way are committed together in the next one, so that
 * throughput is bound by the disk and not by round trips. A batch that fails is bisected, so that one bad item never
 * harms its neighbours; unless the failure is the database's own, which every part of it would only meet again. The
 * answer of each item's promise is the fate of its own commit.
 */
export const groupCommit = <T>(
  commit: (items: T[]) => Promise<void>,
  isTransient: (error: unknown) => boolean,
): ((item: T) => Promise<void>) => {
  let waiting: Waiting<T>[] = []
  let busy = false

  const settle = async (batch: Waiting<T>[]): Promise<void> => {
    try {
      await commit(batch.map(({ item }) => item))
      for (const { resolve } of batch) resolve()
    } catch (error) {
      if (batch.length === 1 || isTransient(error)) {
        for (const { reject } of batch) reject(error)
        return
      }
      const middle = batch.length >> 1
      await settle(batch.slice(0, middle))
      await settle(batch.slice(middle))
    }
  }

  const drain = async (): Promise<void> => {
    busy = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH)
      waiting = waiting.slice(MAX_BATCH)
      await settle(batch)
    }
    busy = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (!busy) void drain()
    })
}
