import type { Store, Tx } from '../app/ports.ts'
import { batchTx } from './batches.ts'
import { budgetTx } from './budgets.ts'
import type { Database, Executor } from './connect.ts'
import { codeOf } from './errors.ts'
import { exceptionTx } from './exceptions.ts'
import { feedTx } from './feeds.ts'
import { foldTx } from './fold.ts'
import { followUpTx } from './follow-ups.ts'
import { groupTx } from './groups.ts'
import { importTx } from './imports.ts'
import { graceTx } from './lags.ts'
import { nameTx } from './mappings.ts'
import { personTx } from './people.ts'
import { postTx } from './posts.ts'
import { queueTx } from './queue.ts'
import { runTx } from './runs.ts'
import { signalTx } from './signals.ts'
import { splitTx } from './splits.ts'
import { subjectTx } from './subjects.ts'
import { tendTx } from './tend.ts'

/** How often a transaction is tried that lost against another one. */
const MAX_TRIES = 5

/** 40001 serialization failure, 40P01 deadlock: the loser did nothing, and may simply try again. */
const lostAgainstAnother = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error) ?? '')

/**
 * Failures of the database or of the way to it, not of the work: classes 08 (connection), 40 (rollback), 53
 * (resources), 57 (operator), 58 (system), and the driver's own words for a lost connection.
 */
export const isTransient = (error: unknown): boolean => {
  const code = codeOf(error) ?? ''
  return /^(08|40|53|57|58)/.test(code) || /^(CONNECTION_|CONNECT_|ECONN|EPIPE|ETIMEDOUT)/.test(code)
}

/** What failed in the database, without the library's wrapping, which quotes the statement's parameters. */
const withoutParameters = (error: unknown): unknown =>
  error instanceof Error && 'params' in error && error.cause !== undefined ? error.cause : error

export const txOf = (db: Executor): Tx => ({
  ...signalTx(db),
  ...subjectTx(db),
  ...exceptionTx(db),
  ...foldTx(db),
  ...runTx(db),
  ...personTx(db),
  ...feedTx(db),
  ...postTx(db),
  ...budgetTx(db),
  ...batchTx(db),
  ...groupTx(db),
  ...followUpTx(db),
  ...queueTx(db),
  ...importTx(db),
  ...nameTx(db),
  ...splitTx(db),
  ...graceTx(db),
  ...tendTx(db),
})

/** `atMost`: so many of its transactions are open at once; the others wait in the order in which they came. */
export const createStore = (db: Database, { atMost }: { atMost?: number } = {}): Store => {
  const tried = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await db.transaction((tx) => work(txOf(tx)))
      } catch (error) {
        if (!lostAgainstAnother(error) || tries === MAX_TRIES) throw withoutParameters(error)
      }
    }
  }
  if (atMost === undefined) return { transaction: tried }
  const inTurn = createGate(atMost)
  return { transaction: (work) => inTurn(() => tried(work)) }
}

const createGate = (places: number) => {
  let free = places
  const waiting: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free -= 1
    else await new Promise<void>((enter) => waiting.push(enter))
    try {
      return await work()
    } finally {
      // The place goes straight to the next one: nobody who comes now takes it before them.
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}
