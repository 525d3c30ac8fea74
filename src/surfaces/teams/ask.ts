import type { Card } from '../../app/card.ts'
import type { CommandInput } from '../../app/surface.ts'
import { sendWhileAwaited } from '../kit/answering.ts'
import { type Outcome, outcomeOf, within } from '../kit/outcome.ts'
import { failureWords, logFailure, NO_ANSWER } from '../kit/pressing.ts'
import type { Activity } from './activity.ts'
import { type Actor, asCard, asWords, type Handling, type InvokeAnswer } from './answer.ts'
import { renderTeamsCard, wordsCard } from './render.ts'

const inputOf = ({ identity, activity }: Actor, text: string, interactionKey: string): CommandInput => {
  const { place, channel, conversation } = activity
  return { identity, channel: place === 'personal' ? null : (channel ?? conversation), text, interactionKey }
}

/** In the chat with Baton the first thing, and `home`, show what waits for the person. */
const asksForHome = ({ activity }: Actor, text: string): boolean =>
  activity.place === 'personal' && /^(home)?$/i.test(text.trim())

const answered = async (
  actor: Actor,
  text: string,
  key: string,
  { host, log }: Handling,
): Promise<Outcome<Card>> => {
  const asked = asksForHome(actor, text)
    ? host.home(actor.identity)
    : host.command(inputOf(actor, text, key)).then(({ card }) => card)
  const reply = await outcomeOf(asked)
  if (!reply.ok) logFailure(log, reply.error, { surface: 'teams' }, 'A command was not answered')
  return reply
}

const cardFor = (reply: Outcome<Card>): Card =>
  reply.ok ? reply.value : wordsCard(failureWords(reply.error, NO_ANSWER), 'warning')

const sendTo = ({ conversation, from }: Activity, card: Card, { calls, pause }: Handling) =>
  sendWhileAwaited(() => calls.send(conversation, card, 'reply', [from.id]), pause)

/** What was typed is answered where it was typed: in the chat, or under the mention in its thread. */
export async function answerMessage(actor: Actor, key: string, handling: Handling): Promise<void> {
  const { activity } = actor
  const card = cardFor(await answered(actor, activity.text, key, handling))
  const sent = await sendTo(activity, card, handling)
  if (!sent.ok) handling.log.warn({ surface: 'teams', failure: sent.failure.is }, 'An answer was not posted')
}

/**
 * A button that runs a command: the answer is for the one who pressed, so it goes into their chat with Baton. Where
 * there can be none, it takes the place of the card, for them alone.
 */
export async function answerButton(
  actor: Actor,
  text: string,
  key: string,
  handling: Handling,
): Promise<InvokeAnswer> {
  const { activity, identity } = actor
  const isChat = activity.place === 'personal'
  const answering = answered(actor, text, key, handling).then(async (reply) => {
    const card = cardFor(reply)
    const sent = isChat
      ? await handling.calls.send(activity.conversation, card, 'reply', [activity.from.id])
      : await handling.calls.notify(identity.externalId, card)
    return { card, sent }
  })
  handling.track(answering)
  const early = await within(outcomeOf(answering), handling.ackMs)
  if (!early) return asWords('Still looking. The answer comes into your chat with Baton.')
  if (!early.ok) return asWords(NO_ANSWER)
  const { card, sent } = early.value
  if (sent.ok) return asWords(isChat ? 'Answered below.' : 'The answer is in your chat with Baton.')
  return asCard(renderTeamsCard({ ...card, tell: [] }, 'reply', [activity.from.id]))
}

/** The home card, where Baton was just added to somebody's chats. */
export async function welcome(actor: Actor, handling: Handling): Promise<void> {
  const card = cardFor(await answered(actor, 'home', '', handling))
  const sent = await sendTo(actor.activity, card, handling)
  if (!sent.ok)
    handling.log.warn({ surface: 'teams', failure: sent.failure.is }, 'The home card was not sent')
}
