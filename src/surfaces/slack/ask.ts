import type { CommandInput } from '../../app/surface.ts'
import { sendWhileAwaited } from '../kit/answering.ts'
import { outcomeOf } from '../kit/outcome.ts'
import { failureWords, logFailure, NO_ANSWER } from '../kit/pressing.ts'
import type { Answering, Handling } from './answer.ts'
import { deliveryFailure } from './errors.ts'
import type { Said } from './events.ts'
import { renderCard, renderWords } from './render.ts'

/** Answers a command to the one who asked, and to nobody else. */
export async function answerPrivately(
  input: CommandInput,
  to: Answering,
  { host, log }: Handling,
): Promise<void> {
  const reply = await outcomeOf(host.command(input))
  if (reply.ok) return to.show(reply.value.card)
  logFailure(log, reply.error, { surface: 'slack' }, 'A command was not answered')
  await to.tell(failureWords(reply.error, NO_ANSWER))
}

/**
 * Answers where it was asked: a mention in its thread (who asks in public gets a public answer), a direct message in
 * the same conversation.
 */
export async function answerThere(
  input: CommandInput,
  { channel, thread }: Said,
  { host, web, log, pause }: Handling,
): Promise<void> {
  const reply = await outcomeOf(host.command(input))
  if (!reply.ok) logFailure(log, reply.error, { surface: 'slack' }, 'A command was not answered')
  const message = reply.ok
    ? renderCard(reply.value.card, 'reply')
    : renderWords(failureWords(reply.error, NO_ANSWER))
  const answer = {
    channel,
    ...(thread === null ? {} : { thread_ts: thread }),
    ...message,
    unfurl_links: false,
    unfurl_media: false,
  }
  const sent = await sendWhileAwaited(async () => {
    const posted = await outcomeOf(web.chat.postMessage(answer))
    return posted.ok ? posted : { ok: false, failure: deliveryFailure(posted.error) }
  }, pause)
  if (!sent.ok) log.warn({ surface: 'slack', problem: sent.failure.words }, 'An answer was not posted')
}
