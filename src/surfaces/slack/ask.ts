import { wordsOf } from '../../app/errors.ts'
import type { CommandInput } from '../../app/surface.ts'
import { failureWords, type Handling, showCard, tell } from './answer.ts'
import { deliveryFailure } from './errors.ts'
import { outcomeOf } from './outcome.ts'
import type { Mentioned } from './payload.ts'
import { renderCard, renderWords } from './render.ts'

const NO_ANSWER = 'Baton could not answer this just now. Try again in a moment.'

/** Answers a command to the one who asked, and to nobody else. */
export async function answerPrivately(
  input: CommandInput,
  responseUrl: string,
  { host, log }: Handling,
): Promise<void> {
  const reply = await outcomeOf(host.command(input))
  if (reply.ok) return showCard(reply.value.card, responseUrl, log)
  log.error({ surface: 'slack', problem: wordsOf(reply.error) }, 'A command was not answered')
  await tell(failureWords(reply.error, NO_ANSWER), responseUrl, log)
}

/** Answers a mention where it was made, in its thread: who asks in public gets a public answer. */
export async function answerInThread(
  input: CommandInput,
  { channel, thread }: Mentioned,
  { host, web, log }: Handling,
): Promise<void> {
  const reply = await outcomeOf(host.command(input))
  if (!reply.ok) log.error({ surface: 'slack', problem: wordsOf(reply.error) }, 'A command was not answered')
  const message = reply.ok
    ? renderCard(reply.value.card, 'reply')
    : renderWords(failureWords(reply.error, NO_ANSWER))
  const post = web.chat.postMessage({
    channel,
    thread_ts: thread,
    ...message,
    unfurl_links: false,
    unfurl_media: false,
  })
  const sent = await outcomeOf(post)
  if (!sent.ok) {
    log.warn({ surface: 'slack', problem: deliveryFailure(sent.error).words }, 'An answer was not posted')
  }
}
