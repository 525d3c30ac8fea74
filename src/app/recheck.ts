import type { Reading, Ready } from './connector.ts'
import { SystemError, wordsOf } from './errors.ts'
import type { RunRecord } from './records.ts'
import type { Next, Running } from './run.ts'
import { settle } from './verify.ts'
import { waitFor } from './wait.ts'

/**
 * Before anything is done: reads the system, takes what it says as facts, and asks whether the exception still
 * stands and the action can work. A press against a world that changed meanwhile does nothing, and says so.
 */
export const recheck = async (it: Running, run: RunRecord): Promise<Next> => {
  const { connector, action } = it
  const input = it.input()
  let before: Reading
  let ready: Ready
  try {
    before = await action.read(input)
    ready = action.precondition(input, before)
  } catch (error) {
    if (error instanceof SystemError && error.failure === 'unreachable') return waitFor(it, run, error)
    return it.finish(run, 'failed', `${wordsOf(error)} Nothing was sent.`)
  }
  const seen = { snapshot: before.snapshot, words: before.words }
  const { run: read, open } = await it.save(run, {
    change: { before: seen },
    read: { connector, reading: before },
  })
  const heard = { heard: true }
  if (!open) return it.finish(read, 'already_done', `${before.words} Nothing was sent.`, heard)
  switch (ready.is) {
    case 'impossible':
      return it.finish(read, 'refused', `${ready.words} Nothing was sent.`, heard)
    case 'already_done':
      return settle(it, read, 'already_done', `${ready.words} Nothing was sent.`, undefined, true)
    case 'ready':
      return { go: 'act', run: read }
  }
}
