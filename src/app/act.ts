import type { Acted } from './connector.ts'
import { SystemError, wordsOf } from './errors.ts'
import type { RunRecord } from './records.ts'
import type { Next, Running } from './run.ts'

/**
 * Sends the call, once, with the run's key. That it is being sent is committed first, and only while the exception
 * is open: a world that was mended meanwhile is left alone. What the call answers decides nothing but where to look:
 * only a clear refusal, or a certainty that nothing was sent, ends the run here.
 */
export const act = async (it: Running, run: RunRecord): Promise<Next> => {
  const { run: sent } = await it.save(run, {
    change: (open) => (open ? sending(it, run) : overtaken(it, run)),
    status: `${run.label}: sending to ${run.system}.`,
  })
  if (sent.state === 'finished') return { go: 'rest' }
  let acted: Acted
  try {
    acted = await it.action.act(it.input(), run.idempotencyKey)
  } catch (error) {
    // A bug of ours after the request left is as unclear as a lost answer.
    const failure = error instanceof SystemError ? error.failure : 'ambiguous'
    switch (failure) {
      case 'refused':
        return it.finish(sent, 'refused', wordsOf(error))
      case 'unreachable':
      case 'misconfigured':
        return it.finish(sent, 'failed', `${wordsOf(error)} Nothing was changed.`)
      case 'ambiguous':
        return { go: 'look', run: sent, words: wordsOf(error), sent: 'unclear' }
    }
  }
  const { words } = acted
  if (acted.is === 'requested') {
    const change = { state: 'settling' as const, outcome: 'requested' as const, words, settleBy: acted.until }
    await it.save(sent, { change, status: `${run.label}: asked. ${words}`, rest: true })
    return { go: 'rest' }
  }
  const { run: accepted } = await it.save(sent, {
    change: { state: 'sent', words },
    status: `${run.label}: accepted, reading back.`,
  })
  return { go: 'look', run: accepted, words, sent: 'accepted' }
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
