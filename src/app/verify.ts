import type { Compared, Reading, Seen } from './connector.ts'
import { SystemError, wordsOf } from './errors.ts'
import type { RunOutcome, RunRecord } from './records.ts'
import type { Heard, Next, ReadBack, Running } from './run.ts'
import { askedWords, endWords } from './run-words.ts'

/** An idempotent call whose fate is unknown may be sent this often in all: the system knows the key. */
const MAX_SENDS = 2

/** A request whose own deadline nobody knows (its answer got lost) is waited for so long, in ms. */
const ANSWER_MS = 86_400_000

/** Until when an answer to a request is waited for: what the system says, where that makes sense. */
export const answerBy = (it: Running, said: Date | null): Date =>
  said !== null && said > it.now() ? said : new Date(it.now().getTime() + ANSWER_MS)

/**
 * First stage: did the system change? Reads again and compares with what was before. `unclear`: nobody knows whether
 * the call arrived, so that an unchanged system means "not sent" only where repeating it is safe.
 */
export const look = async (it: Running, run: RunRecord, words: string, sent: Heard): Promise<Next> => {
  const { connector, action } = it
  let reading: Reading
  let compared: Compared
  try {
    reading = await action.read(it.input())
    compared = action.compare(it.input(), beforeOf(run), reading)
  } catch (error) {
    return unread(it, run, words, error)
  }
  const read = { connector, reading }
  switch (compared.is) {
    case 'changed':
      return settle(it, run, 'done', compared.words, read)
    case 'accepted':
      return settle(it, run, 'accepted', compared.words, read)
    case 'declined':
      return conclude(it, run, 'declined', compared.words, read)
    case 'settling': {
      if (action.kind === 'request') return asked(it, run, compared.words, read)
      const by = deadline(it, run)
      return unseen(it, run, words, compared.words, { read, by, settleBy: by })
    }
    case 'unchanged':
      if (sent === 'accepted') {
        const said = `${run.system} said yes and changed nothing.`
        return conclude(it, run, 'refused', `${said} ${compared.words}`, read)
      }
      if (sent === 'refused') return conclude(it, run, 'refused', words, read)
      if (action.idempotent && run.sends < MAX_SENDS) return { go: 'act', run }
      return conclude(it, run, 'unknown', `${words} Look into ${run.system} before trying again.`, read)
  }
}

const beforeOf = (run: RunRecord): Seen => run.before ?? { snapshot: null, words: '' }

/** The question has arrived, whatever became of its answer: from here on it waits for who was asked. */
const asked = async (it: Running, run: RunRecord, words: string, read: ReadBack): Promise<Next> => {
  await it.save(run, {
    change: {
      state: 'settling',
      outcome: 'requested',
      words,
      settleBy: answerBy(it, run.settleBy),
      ...seenIn(read),
    },
    status: askedWords(run, words),
    read,
    heard: true,
    rest: true,
  })
  return { go: 'rest' }
}

/**
 * The last step of a run that shows no effect, or to which somebody said no; if the handoff is kept all the same, the
 * effect came by another way.
 */
const conclude = async (
  it: Running,
  run: RunRecord,
  outcome: 'refused' | 'unknown' | 'declined',
  words: string,
  read: ReadBack | undefined,
): Promise<Next> => {
  await it.save(run, {
    change: (open, credited) =>
      // Who was asked says no also to what nobody needs any more.
      open || (outcome === 'declined' && !credited)
        ? it.finished(outcome, words, read)
        : it.finished('done', 'The systems agree.', read),
    status: endWords(run, outcome, words),
    read,
    heard: read !== undefined,
  })
  return { go: 'rest' }
}

const seenIn = (read: ReadBack | undefined): Partial<RunRecord> =>
  read ? { after: { snapshot: read.reading.snapshot, words: read.reading.words } } : {}

/** What cannot be read back for a reason of its own is tried for at least so long, in ms. */
const UNREADABLE_MS = 120_000

const sentAtOf = ({ sentAt, startedAt }: RunRecord): number => (sentAt ?? startedAt).getTime()

/** Until when a run may wait for what it did to show. */
const deadline = (it: Running, run: RunRecord): Date =>
  run.settleBy ?? new Date(it.now().getTime() + it.action.settleMs)

const laterOf = (a: Date, ms: number): Date => new Date(Math.max(a.getTime(), ms))

type Unseen = {
  read?: ReadBack
  /** After that nobody knows what became of it. */
  by: Date
  /** Kept for the next look; null where the time to settle begins only then. */
  settleBy: Date | null
  status?: string
  change?: Partial<RunRecord>
}

/** Nothing to be seen of the call yet: the run stays as far as it is and looks again until its deadline. */
const unseen = async (
  it: Running,
  run: RunRecord,
  words: string,
  why: string,
  { read, by, settleBy, status, change }: Unseen,
): Promise<Next> => {
  if (it.now() >= by) {
    return conclude(it, run, 'unknown', `${words} ${why} Look into ${run.system} before trying again.`, read)
  }
  await it.save(run, {
    change: (open) =>
      open
        ? { words, settleBy, ...seenIn(read), ...change }
        : it.finished('done', 'The systems agree.', read),
    status: status ?? `${run.label}: ${why} Looking again.`,
    read,
    midway: run.state === 'sending',
    heard: read !== undefined,
    rest: true,
  })
  return { go: 'rest' }
}

/** While the system is away nobody can see what became of the call, and nothing is lost by waiting until it is back. */
const outOfReach = async (
  it: Running,
  run: RunRecord,
  words: string,
  why: string,
  change: Partial<RunRecord> = {},
): Promise<Next> => {
  const { system, label } = run
  const since = it.clockText(await it.lost())
  const status = `${system} unreachable since ${since}: what became of "${label}" is looked at as soon as it answers.`
  const by = new Date(sentAtOf(run) + it.waitMs)
  return unseen(it, run, words, why, { by, settleBy: null, status, change })
}

const unread = (it: Running, run: RunRecord, words: string, error: unknown): Promise<Next> => {
  const why = `Reading back failed: ${wordsOf(error)}`
  if (error instanceof SystemError && error.failure === 'unreachable') {
    return outOfReach(it, run, words, why)
  }
  const by = laterOf(deadline(it, run), sentAtOf(run) + UNREADABLE_MS)
  return unseen(it, run, words, why, { by, settleBy: by })
}

/**
 * A call that was to repeat an unclear one certainly did not arrive: the first one is as unclear as before, and may be
 * repeated after another look.
 */
export const unsent = (it: Running, before: RunRecord, why: string): Promise<Next> =>
  outOfReach(it, before, before.words || 'Nobody knows whether the first call arrived.', why, {
    sends: before.sends,
  })

/**
 * Second stage: is the handoff kept? Only that reads "verified". Until it is, or until the settling deadline, the
 * run looks again; the news may as well come by webhook, and is credited all the same. What was only to take something
 * back has nothing to wait for. What somebody was asked for is waited for to its end, also where the exception is closed
 * or dismissed meanwhile: that he was asked and what he says belongs into the log.
 */
export const settle = async (
  it: Running,
  run: RunRecord,
  outcome: RunOutcome,
  words: string,
  read?: ReadBack,
  heard = read !== undefined,
): Promise<Next> => {
  const settleBy = deadline(it, run)
  const over = it.now() >= settleBy
  const late = outcome === 'requested' ? 'No answer in time.' : 'The systems still do not agree.'
  const undone = run.undoes !== null && outcome !== 'requested'
  // One more look that finds nothing new does not take the word from what was done meanwhile.
  const isNews = over || run.state !== 'settling' || run.outcome !== outcome
  const status = undone
    ? endWords(run, outcome, words)
    : settlingWords(run, outcome, words, over ? late : null)
  await it.save(run, {
    change: (open, credited) => {
      if (undone || credited || (!open && outcome !== 'requested')) return it.finished(outcome, words, read)
      if (over) return it.finished(outcome, `${words} ${late}`, read)
      return { state: 'settling', outcome, words, settleBy, ...seenIn(read) }
    },
    ...(isNews ? { status } : {}),
    late: over && !undone,
    read,
    heard,
    rest: true,
  })
  return { go: 'rest' }
}

const settlingWords = (run: RunRecord, outcome: RunOutcome, words: string, late: string | null): string => {
  if (late !== null) return `${run.label}: ${words} ${late}`
  const accepted = outcome === 'accepted' ? 'accepted. ' : ''
  return `${run.label}: ${accepted}${words} Waiting for the systems to agree.`
}

/** A settling run after a while: has who was asked answered, and is the contract kept by now? */
export const lookAgain = async (it: Running, run: RunRecord): Promise<Next> => {
  const { outcome, words } = run
  let read: ReadBack | undefined
  let answer: Compared | undefined
  let away = false
  try {
    read = { connector: it.connector, reading: await it.action.read(it.input()) }
    if (outcome === 'requested') answer = it.action.compare(it.input(), beforeOf(run), read.reading)
  } catch (error) {
    // It cannot be read now; the news may still come by webhook.
    away = error instanceof SystemError && error.failure === 'unreachable'
    if (away) await it.lost()
  }
  if (away && it.now().getTime() < deadline(it, run).getTime() + it.waitMs) {
    // Nobody can say that it did not come in time who could not look.
    const change = (open: boolean, credited: boolean) =>
      credited || (!open && outcome !== 'requested') ? it.finished(outcome ?? 'done', words) : {}
    await it.save(run, { change, rest: true })
    return { go: 'rest' }
  }
  if (read && answer?.is === 'declined') return conclude(it, run, 'declined', answer.words, read)
  if (read && (answer?.is === 'accepted' || answer?.is === 'changed')) {
    // What was agreed has its own time to show.
    return settle(it, { ...run, settleBy: null }, 'accepted', answer.words, read)
  }
  return settle(it, run, outcome ?? 'done', words, read)
}
