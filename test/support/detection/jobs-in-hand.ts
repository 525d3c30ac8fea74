import type { Jobs, Store } from '../../../src/app/ports.ts'

const isProcess = (name: keyof Jobs, payload: Jobs[keyof Jobs]): payload is Jobs['process'] =>
  name === 'process' && 'facts' in payload

/** The store, with a queue that is worked off by hand: jobs are there once their transaction is committed. */
export const jobsInHand = (store: Store) => {
  let queue: Jobs['process'][] = []
  let stirred = true
  const inHand: Store = {
    async transaction(work) {
      let added: Jobs['process'][] = []
      const result = await store.transaction((tx) => {
        added = []
        return work({
          ...tx,
          async addJob(name, payload) {
            if (isProcess(name, payload)) added.push(payload)
          },
          saveExpectations(...given) {
            stirred = true
            return tx.saveExpectations(...given)
          },
          wakeWaiting(...given) {
            stirred = true
            return tx.wakeWaiting(...given)
          },
          mergeSubjects(...given) {
            stirred = true
            return tx.mergeSubjects(...given)
          },
        })
      })
      queue.push(...added)
      return result
    },
  }
  return {
    store: inHand,
    take(): Jobs['process'][] {
      const taken = queue
      queue = []
      return taken
    },
    /** Whether anything that waits for its time may have changed since this was asked last. */
    takeStirred(): boolean {
      const was = stirred
      stirred = false
      return was
    },
  }
}
