import { act } from './act.ts'
import { checkContracts } from './check.ts'
import type { ActionInput, Connector, Reading, RoutingAction } from './connector.ts'
import { wordsOf } from './errors.ts'
import { sift, toFacts } from './facts.ts'
import { sayRunEnded } from './follow-up-causes.ts'
import { gather, keep } from './pipeline.ts'
import type { Tx } from './ports.ts'
import { type ProcessDeps, playNow, takeAgain } from './process.ts'
import { found, lost } from './reach.ts'
import { recheck } from './recheck.ts'
import type { FactRef, RunOutcome, RunRecord } from './records.ts'
import { endWords, turnWords } from './run-words.ts'
import { showRun, stands } from './show-run.ts'
import { look, lookAgain } from './verify.ts'
import { WAIT_MS } from './wait.ts'

export type RunDeps = ProcessDeps & {
  /** This process, as the heartbeat table knows it. */
  worker: string
  /** Processes that are alive: a run held by any other is taken over. */
  liveWorkers: () => Promise<string[]>
  /** Longest time for one call to a system, in ms. */
  callTimeoutMs: number
  /** How long a run waits for a system that cannot be reached, in ms. */
  waitMs?: number
}

/** What the call answered: yes, no, or nothing that can be relied on. */
export type Heard = 'accepted' | 'refused' | 'unclear'

/** What a step of a run answers: where to go on, or that nothing is left to do now. */
export type Next =
  | { go: 'act'; run: RunRecord }
  | { go: 'look'; run: RunRecord; words: string; sent: Heard }
  | { go: 'rest' }

export type ReadBack = { connector: Connector; reading: Reading }

export type Step = {
  /** What becomes of the run; `open`: does what it was asked for still stand? `credited`: has it mended the world? */
  change: Partial<RunRecord> | ((open: boolean, credited: boolean) => Partial<RunRecord>)
  /** What the card says meanwhile; without it, it goes on saying what it said. */
  status?: string
  /** What was read: taken as facts before the run is looked at. */
  read?: ReadBack | undefined
  /** The system has answered what it was called for: what waits for it may go on. */
  heard?: boolean
  /** It goes on sending, or nobody knows yet whether anything arrived: nothing is taken as mended by this step. */
  midway?: boolean
  /** Its time is over, and nothing shows yet that it worked: if this ends it, whoever pressed is told. */
  late?: boolean
  /** Begins a call, of which there is one at a time on one object of a system: where another is under way, nothing is done. */
  alone?: boolean
  /** Unless this ends it, lay the run down and go on later, or then; any process may take it up. */
  rest?: true | Date
}

/** `busy`: another call on the same object is under way. The run was laid down, to be taken up and re-checked after it. */
export type Stored = { run: RunRecord; open: boolean; busy: boolean }

/** One run in this process's hands. */
export type Running = {
  connector: Connector
  action: RoutingAction
  /** A fresh time limit for each call. */
  input(): ActionInput
  now(): Date
  /** Stores a step, and the facts that were read, in one transaction. Throws TakenOver. */
  save(run: RunRecord, step: Step): Promise<Stored>
  /** What ends a run, for a step that may or may not be its last. */
  finished(outcome: RunOutcome, words: string, read?: ReadBack): Partial<RunRecord>
  /** Stores the last step. */
  finish(
    run: RunRecord,
    outcome: RunOutcome,
    words: string,
    more?: Pick<Step, 'read' | 'heard'>,
  ): Promise<Next>
  /** The system could not be reached: since when, by all that anybody knows. */
  lost(): Promise<Date>
  waitMs: number
  clockText(at: Date): string
}

/** Another process has this run in hand: it thought this one dead. Nothing more may be done here. */
class TakenOver extends Error {
  constructor(run: string) {
    super(`Run ${run} is in another process's hands`)
    this.name = 'TakenOver'
  }
}

/** A run that waits is looked at again after a quarter of the time that it has waited, within these bounds. */
const LOOK_MIN_MS = 2_000
const LOOK_MAX_MS = 300_000

/** A call takes about so long: whoever waits for one looks again then. */
const BUSY_MS = 1_000

const nextLook = ({ sentAt, startedAt, settleBy }: RunRecord, now: Date): Date => {
  const waitedMs = now.getTime() - (sentAt ?? startedAt).getTime()
  const at = now.getTime() + Math.min(Math.max(waitedMs / 4, LOOK_MIN_MS), LOOK_MAX_MS)
  const end = settleBy !== null && settleBy > now ? settleBy.getTime() : at
  return new Date(Math.min(at, end))
}

/** Takes the run for this process; null when it is finished, waits for a person, or is in a living process's hands. */
const take = async ({ store, worker, liveWorkers }: RunDeps, id: string): Promise<RunRecord | null> => {
  const live = await liveWorkers()
  return store.transaction(async (tx) => {
    const run = await tx.loadRun(id)
    if (!run || run.state === 'finished' || run.state === 'awaiting_approval') return null
    if (run.worker !== null && run.worker !== worker && live.includes(run.worker)) return null
    const taken: RunRecord = { ...run, worker, state: run.state === 'queued' ? 'reading' : run.state }
    await tx.saveRun(taken)
    return taken
  })
}

type Stated = { facts: Parameters<typeof gather>[2]; refs: FactRef[] }

/** Stores what was read as facts; those that make no sense are left out, as they are of a webhook. */
const state = async (tx: Tx, { connector, reading }: ReadBack, now: Date): Promise<Stated> => {
  const feed = (await tx.feeds()).find((f) => f.system === connector.system)
  const { sound } = sift(toFacts(connector, reading.facts, now, feed?.skewMs ?? 0))
  return { facts: sound, refs: sound.length > 0 ? await tx.insertFacts('live', sound) : [] }
}

/**
 * One step in one transaction, under the subject's lock and then the run's. Facts that were read are taken first: if
 * they show the contract kept, the exception closes and the run is credited. A run that somebody has finished
 * meanwhile stays as it is.
 */
const saveStep = (
  deps: RunDeps,
  run: RunRecord,
  { change, status, read, rest, heard, midway, alone, late = false }: Step,
): Promise<Stored> =>
  deps.store.transaction(async (tx) => {
    const now = deps.clock()
    const play = await playNow(tx, deps)
    const { facts, refs } = read ? await state(tx, read, now) : { facts: [], refs: [] }
    const taken = await gather(tx, play, facts, now, run.exceptionId)
    const stepOf = midway === true ? null : run.id
    for (const draft of taken.drafts) checkContracts(draft, play, now, stepOf)
    await takeAgain(tx, refs, taken.postponed, now)

    const current = await tx.loadRun(run.id)
    // An open request goes over to the exception that its own was merged into.
    const exceptionId = current?.exceptionId
    const draft = taken.drafts.find((d) => [...d.exceptions.values()].some((e) => e.id === exceptionId))
    const exception = draft && [...draft.exceptions.values()].find((e) => e.id === exceptionId)
    if (!current || !exception) throw new Error(`Run ${run.id}: its exception ${run.exceptionId} is gone`)
    const finished = current.state === 'finished'
    if (!finished && current.worker !== deps.worker) throw new TakenOver(run.id)

    const open = run.undoes !== null || stands(exception, current)
    const credited = draft.touched.runs.some(({ runId, is }) => runId === run.id && is === 'credited')
    const busy = alone === true && !finished && (await tx.isBeingCalled(current))
    const wanted =
      typeof change === 'function' ? change(open, credited || current.verifiedAt !== null) : change
    const changed = busy ? {} : wanted
    draft.touched.runs = draft.touched.runs.filter(({ runId }) => runId !== run.id)
    const next: RunRecord = {
      ...current,
      ...(credited ? { verifiedAt: now } : {}),
      ...(finished ? {} : changed),
    }
    const until = busy ? new Date(now.getTime() + BUSY_MS) : rest
    if (until !== undefined && next.state !== 'finished') {
      next.worker = null
      const runAt = until === true ? nextLook(next, now) : until
      await tx.addJob('run', { run: run.id }, { key: `run:${run.id}`, runAt })
    }
    await tx.saveRun(next)
    if (!finished && next.state === 'finished') {
      await sayRunEnded(tx, deps.setup, next, { open, late }, now)
    }
    if (heard === true) await found(tx, run.system, now)
    const shown = showRun(exception, current, next, busy ? turnWords(run) : status)
    if (shown !== exception) {
      draft.exceptions.set(exception.contract, shown)
      draft.touched.exceptions.add(exception.contract)
    }
    await keep(tx, play, taken, now)
    return { run: next, open, busy }
  })

/** A reading that the pipeline cannot take is set aside for an admin; the run itself goes on. */
const saveWithout = async (deps: RunDeps, read: ReadBack, why: unknown): Promise<void> => {
  await deps.store.transaction(async (tx) => {
    const now = deps.clock()
    for (const ref of (await state(tx, read, now)).refs) await tx.quarantine(ref, wordsOf(why), now)
  })
}

const saveOf =
  (deps: RunDeps): Running['save'] =>
  async (run, step) => {
    try {
      return await saveStep(deps, run, step)
    } catch (error) {
      const { read, ...rest } = step
      if (!read || error instanceof TakenOver || deps.isTransient(error)) throw error
      await saveWithout(deps, read, error)
      return saveStep(deps, run, rest)
    }
  }

const runningOf = (deps: RunDeps, run: RunRecord): Running | null => {
  const connector = deps.setup.connectors.find((c) => c.system === run.system)
  const action = connector?.actions.find((a) => a.id === run.action)
  const { target, values, requestedBy: by } = run
  if (!connector || !action || !target) return null
  const save = saveOf(deps)
  return {
    connector,
    action,
    input: () => ({ target, values, by, signal: AbortSignal.timeout(deps.callTimeoutMs) }),
    now: deps.clock,
    save,
    finished: (outcome, words, read) => finished(deps, outcome, words, read),
    finish: async (current, outcome, words, more = {}) => {
      const { sends, sentAt } = current
      const change = { sends, sentAt, ...finished(deps, outcome, words, more.read) }
      await save(current, { change, status: endWords(current, outcome, words), ...more })
      return { go: 'rest' }
    },
    lost: () => deps.store.transaction((tx) => lost(tx, run.system, deps.clock())),
    waitMs: deps.waitMs ?? WAIT_MS,
    clockText: deps.clockText,
  }
}

/** A run that was refused or did nothing is not the one that mended the world, whatever closed meanwhile. */
const finished = (
  { clock }: RunDeps,
  outcome: RunOutcome,
  words: string,
  read?: ReadBack,
): Partial<RunRecord> => ({
  state: 'finished',
  outcome,
  words,
  finishedAt: clock(),
  worker: null,
  ...(outcome === 'refused' || outcome === 'failed' ? { verifiedAt: null } : {}),
  ...(read ? { after: { snapshot: read.reading.snapshot, words: read.reading.words } } : {}),
})

/** The action is not configured any more: all that can be said is whether anything was sent. */
const abandon = async (deps: RunDeps, run: RunRecord): Promise<void> => {
  const sent = run.sends > 0
  const words = `${run.system} no longer offers "${run.action}". ${sent ? `Look into ${run.system}.` : 'Nothing was sent.'}`
  const change = finished(deps, sent ? (run.outcome ?? 'unknown') : 'failed', words)
  await saveOf(deps)(run, { change, status: `${run.label}: ${words}` })
}

/** Where a run goes on, from how far it had come: the same after a crash as in one go. */
const resume = (it: Running, run: RunRecord): Promise<Next> => {
  switch (run.state) {
    case 'queued':
    case 'reading':
      return recheck(it, run)
    case 'sending':
      return look(it, run, run.words || 'Baton was stopped while it was sending.', 'unclear')
    case 'sent':
      return look(it, run, run.words, 'accepted')
    case 'settling':
      return lookAgain(it, run)
    case 'awaiting_approval':
    case 'finished':
      return Promise.resolve({ go: 'rest' })
  }
}

/**
 * Drives one action run: re-check > act > verify. Every step is committed before the next begins, and `sending`
 * before the call goes out, so that whoever takes over after a crash knows whether something may have been sent.
 * Nothing is ever sent again without looking first, and only the process that holds the run may go on with it.
 */
export const createRuns = (deps: RunDeps) => {
  const inHand = new Set<string>()

  const drive = async (id: string): Promise<void> => {
    const run = await take(deps, id)
    if (!run) return
    const it = runningOf(deps, run)
    if (!it) return abandon(deps, run)
    let next = await resume(it, run)
    while (next.go !== 'rest') {
      next = next.go === 'act' ? await act(it, next.run) : await look(it, next.run, next.words, next.sent)
    }
  }

  return async (id: string): Promise<void> => {
    if (inHand.has(id)) return
    inHand.add(id)
    try {
      await drive(id)
    } catch (error) {
      if (!(error instanceof TakenOver)) throw error
    } finally {
      inHand.delete(id)
    }
  }
}
