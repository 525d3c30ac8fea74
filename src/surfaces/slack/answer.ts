import type { webApi } from '@slack/bolt'
import type { Card } from '../../app/card.ts'
import { wordsOf } from '../../app/errors.ts'
import type { Log } from '../../app/log.ts'
import type { Identity, SurfaceHost } from '../../app/surface.ts'
import type { Pause } from '../kit/answering.ts'
import { outcomeOf } from '../kit/outcome.ts'
import { respond, TO_ONE } from './client.ts'
import { deliveryFailure } from './errors.ts'
import type { Homes } from './home.ts'
import { userOf } from './payload.ts'
import { renderCard, renderWords, type SlackMessage } from './render.ts'

/** What every handler works with. */
export type Handling = {
  host: SurfaceHost
  /** Acts in the workspace in which it happened. */
  web: webApi.WebClient
  homes: Homes
  /** How a channel is named outside this surface. */
  nameOf(channel: string): string
  /** Adds what Slack says about a person: what they are called, their e-mail, their groups. Never fails. */
  whoIs(identity: Identity): Promise<Identity>
  log: Log
  /** The latest moment of an acknowledgement, in ms after the press arrived; Slack gives up after 3000. */
  ackMs: number
  pause: Pause
}

/** How the one who pressed or asked is answered, and nobody else. What cannot be said is logged: nobody is left to tell. */
export type Answering = {
  tell(words: string): Promise<void>
  show(card: Card): Promise<void>
}

/** Where something was done in a channel: `responseUrl` may be used up, or may never have been given. */
export type Place = {
  identity: Identity
  channel: string | null
  /** Null: in the channel itself. */
  thread: string | null
  responseUrl: string | null
}

/** Answers beside the message that was pressed: by its response URL, else as an ephemeral message. */
export function answering(
  { identity, channel, thread, responseUrl }: Place,
  { web, log }: Handling,
): Answering {
  // Unless it is named, an answer lands in the channel, where whoever reads the thread does not look.
  const inThread = thread === null ? {} : { thread_ts: thread }
  const urlTakes = async (message: SlackMessage): Promise<boolean> => {
    if (responseUrl === null) return false
    const sent = await outcomeOf(respond(responseUrl, message, { ...TO_ONE, ...inThread }))
    if (!sent.ok) log.warn({ surface: 'slack', problem: wordsOf(sent.error) }, 'Slack did not take an answer')
    return sent.ok
  }
  const toOne = async (message: SlackMessage, inShort: string): Promise<void> => {
    // A card that Slack finds fault with must not leave the person without any answer.
    if ((await urlTakes(message)) || (await urlTakes(renderWords(inShort)))) return
    if (channel === null) return
    const user = userOf(identity.externalId)
    const sent = await outcomeOf(
      web.chat.postEphemeral({ channel, user, ...inThread, ...renderWords(inShort) }),
    )
    if (sent.ok) return
    log.warn({ surface: 'slack', problem: deliveryFailure(sent.error).words }, 'A person was not answered')
  }
  return {
    tell: (words) => toOne(renderWords(words), words),
    show: (card) => toOne(renderCard(card, 'reply'), card.summary),
  }
}

/**
 * Answers somebody who pressed in the App Home: there is no message to stand beside, so that words come first in the
 * Home, drawn anew, and a card into the direct messages with Baton.
 */
export function answeringAtHome(identity: Identity, hash: string | null, handling: Handling): Answering {
  const { web, log, homes } = handling
  const tell = (words: string): Promise<void> =>
    homes.show({ identity, whoIs: handling.whoIs, web, hash, notice: words })
  return {
    tell,
    show: async (card) => {
      const channel = userOf(identity.externalId)
      const sent = await outcomeOf(web.chat.postMessage({ channel, ...renderCard(card, 'reply') }))
      if (sent.ok) return tell('The answer is under “Messages”.')
      log.warn({ surface: 'slack', problem: deliveryFailure(sent.error).words }, 'An answer was not posted')
      await tell(card.summary)
    },
  }
}
