import type { Acted } from './connector.ts'
import { SystemError, wordsOf } from './errors.ts'
import type { RunRecord } from './records.ts'
import type { Next, Running } from './run.ts'
import { askedWords } from './run-words.ts'
import { answerBy, unsent } from './verify.ts'
import { waitFor } from './wait.ts'

/**
 * Sends the call, once, with the run's key, and never beside another one on the same object: systems check what may be
 * done and then do it, and two at once pass the same check. That it is being sent is committed first, and only while the exception
 * is open: a world that was mended meanwhile is left alone. What the call answers decides nothing but where to look:
 * only a clear refusal, or a certainty that nothing was sent, ends the run here.
 */
export const act = async (it: Running, run: RunRecord): Promise<Next> => {
  const { run: sent, busy } = await it.save(run, {
    change: (open) => (open ? sending(it, run) : overtaken(it, run)),
    status: `${run.label}: sending to ${run.system}.`,
    midway: run.state === 'sending',
    alone: true,
  })
  if (busy || sent.state === 'finished') return { go: 'rest' }
  let acted: Acted
  try {
    acted = await it.action.act(it.input(), run.idempotencyKey)
  } catch (error) {
    return failed(it, run, sent, error)
  }
  if (acted.is === 'handed_over') {
    const words = `Handed to ${acted.to} at ${it.clockText(it.now())}.`
    const change = it.finished('done', words)
    await it.save(sent, { change, status: `${run.label}: ${words}`, heard: true })
    return { go: 'rest' }
  }
  const { words } = acted
  if (acted.is === 'requested') {
    const settleBy = answerBy(it, acted.until)
    const change = { state: 'settling' as const, outcome: 'requested' as const, words, settleBy }
    await it.save(sent, { change, status: askedWords(run, words), heard: true, rest: true })
    return { go: 'rest' }
  }
  const { run: accepted } = await it.save(sent, {
    change: { state: 'sent', words },
    status: `${run.label}: accepted, reading back.`,
    heard: true,
  })
  return { go: 'look', run: accepted, words, sent: 'accepted' }
}

/** `before`: the run before this call. What an earlier call of it may have done is not undone by this one's failing. */
const failed = async (it: Running, before: RunRecord, sent: RunRecord, error: unknown): Promise<Next> => {
  const words = wordsOf(error)
  // A bug of ours after the request left is as unclear as a lost answer.
  if (!(error instanceof SystemError) || error.failure === 'ambiguous') {
    return { go: 'look', run: sent, words, sent: 'unclear' }
  }
  const again = before.sends > 0
  switch (error.failure) {
    case 'refused':
      if (again) return { go: 'look', run: sent, words, sent: 'refused' }
      return it.finish(sent, 'refused', words, { heard: true })
    case 'misconfigured':
      if (again) return { go: 'look', run: sent, words, sent: 'unclear' }
      return it.finish({ ...sent, sends: 0, sentAt: null }, 'failed', `${words} Nothing was changed.`)
    case 'unreachable':
      return again ? unsent(it, before, words) : waitFor(it, sent, error)
  }
}

const sending = (it: Running, run: RunRecord): Partial<RunRecord> => ({
  state: 'sending',
  sends: run.sends + 1,
  sentAt: it.now(),
  settleBy: null,
})

const overtaken = (it: Running, { sends }: RunRecord): Partial<RunRecord> =>
  sends > 0
    ? it.finished('done', 'The systems agree by now.')
    : it.finished('already_done', 'The systems agree by now. Nothing was sent.')
