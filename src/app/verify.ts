import type { Compared, Reading, Seen } from './connector.ts'
import { wordsOf } from './errors.ts'
import type { RunOutcome, RunRecord } from './records.ts'
import type { Next, ReadBack, Running } from './run.ts'
import { endWords } from './run-words.ts'

/** An idempotent call whose fate is unknown may be sent this often in all: the system knows the key. */
const MAX_SENDS = 2

/**
 * First stage: did the system change? Reads again and compares with what was before. `unclear`: nobody knows whether
 * the call arrived, so that an unchanged system means "not sent" only where repeating it is safe.
 */
export const look = async (
  it: Running,
  run: RunRecord,
  words: string,
  sent: 'accepted' | 'unclear',
): Promise<Next> => {
  const { connector, action } = it
  const input = it.input()
  let reading: Reading
  let compared: Compared
  try {
    reading = await action.read(input)
    const before: Seen = run.before ?? { snapshot: null, words: '' }
    compared = action.compare(input, before, reading)
  } catch (error) {
    return unseen(it, run, words, `Reading back failed: ${wordsOf(error)}`, undefined, OUTAGE_MS)
  }
  const read = { connector, reading }
  switch (compared.is) {
    case 'changed':
      return settle(it, run, 'done', compared.words, read)
    case 'settling':
      return unseen(it, run, words, compared.words, read)
    case 'unchanged':
      if (sent === 'accepted') {
        const said = `${run.system} said yes and changed nothing.`
        return conclude(it, run, 'refused', `${said} ${compared.words}`, read)
      }
      if (action.idempotent && run.sends < MAX_SENDS) return { go: 'act', run }
      return conclude(it, run, 'unknown', `${words} Look into ${run.system} before trying again.`, read)
  }
}

/** The last step of a run that shows no effect; if the handoff is kept all the same, the effect came by another way. */
const conclude = async (
  it: Running,
  run: RunRecord,
  outcome: 'refused' | 'unknown',
  words: string,
  read: ReadBack | undefined,
): Promise<Next> => {
  await it.save(run, {
    change: (open) =>
      open ? it.finished(outcome, words, read) : it.finished('done', 'The systems agree.', read),
    status: endWords(run, outcome, words),
    read,
  })
  return { go: 'rest' }
}

const seenIn = (read: ReadBack | undefined): Partial<RunRecord> =>
  read ? { after: { snapshot: read.reading.snapshot, words: read.reading.words } } : {}

/** A system that cannot be read back is waited for at least so long: a short outage must not leave a riddle. */
const OUTAGE_MS = 120_000

/** Until when a run may wait for what it did to show, and whether that is over. */
const deadline = (it: Running, run: RunRecord, leastMs = 0): { settleBy: Date; over: boolean } => {
  const least = (run.sentAt ?? run.startedAt).getTime() + leastMs
  const settle = run.settleBy?.getTime() ?? it.now().getTime() + it.action.settleMs
  const settleBy = new Date(Math.max(settle, least))
  return { settleBy, over: it.now() >= settleBy }
}

/** Nothing to be seen of the call yet: the run stays as far as it is and looks again until the settling deadline. */
const unseen = async (
  it: Running,
  run: RunRecord,
  words: string,
  why: string,
  read?: ReadBack,
  leastMs?: number,
): Promise<Next> => {
  const { settleBy, over } = deadline(it, run, leastMs)
  if (over) {
    return conclude(it, run, 'unknown', `${words} ${why} Look into ${run.system} before trying again.`, read)
  }
  await it.save(run, {
    change: (open) =>
      open ? { words, settleBy, ...seenIn(read) } : it.finished('done', 'The systems agree.', read),
    status: `${run.label}: ${why} Looking again.`,
    read,
    rest: true,
  })
  return { go: 'rest' }
}

/**
 * Second stage: is the handoff kept? Only that reads "verified". Until it is, or until the settling deadline, the
 * run looks again; the news may as well come by webhook, and is credited all the same.
 */
export const settle = async (
  it: Running,
  run: RunRecord,
  outcome: RunOutcome,
  words: string,
  read?: ReadBack,
): Promise<Next> => {
  const { settleBy, over } = deadline(it, run)
  const late = outcome === 'requested' ? 'No answer in time.' : 'The systems still do not agree.'
  await it.save(run, {
    change: (open) => {
      if (!open) return it.finished(outcome, words, read)
      if (over) return it.finished(outcome, `${words} ${late}`, read)
      return { state: 'settling', outcome, words, settleBy, ...seenIn(read) }
    },
    status: `${run.label}: ${words} ${over ? late : 'Waiting for the systems to agree.'}`,
    read,
    rest: true,
  })
  return { go: 'rest' }
}

/** A settling run after a while: is the contract kept by now? */
export const lookAgain = async (it: Running, run: RunRecord): Promise<Next> => {
  const { outcome, words } = run
  let read: ReadBack | undefined
  try {
    read = { connector: it.connector, reading: await it.action.read(it.input()) }
  } catch {
    // It cannot be read now; the news may still come by webhook, and the deadline stands.
  }
  return settle(it, run, outcome ?? 'done', words, read)
}
