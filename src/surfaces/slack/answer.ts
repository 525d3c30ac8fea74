import type { webApi } from '@slack/bolt'
import type { Card } from '../../app/card.ts'
import { UserError, wordsOf } from '../../app/errors.ts'
import type { Log } from '../../app/log.ts'
import type { SurfaceHost } from '../../app/surface.ts'
import { IN_PLACE, type Placement, respond, TO_ONE } from './client.ts'
import { outcomeOf } from './outcome.ts'
import { renderCard, renderWords, type SlackMessage } from './render.ts'

/** What every handler works with. */
export type Handling = {
  host: SurfaceHost
  web: webApi.WebClient
  log: Log
  /** The latest moment of an acknowledgement, in ms after the press arrived; Slack gives up after 3000. */
  ackMs: number
}

/** What a person is told when Baton failed. Words of a UserError are meant for them; anything else is not. */
export const failureWords = (error: unknown, otherwise: string): string =>
  error instanceof UserError ? error.message : otherwise

/** Tells one person, and nobody else. An answer that cannot be given is logged: there is nobody left to tell. */
export async function tell(words: string, responseUrl: string, log: Log): Promise<void> {
  await show(renderWords(words), words, TO_ONE, responseUrl, log)
}

/** Shows one person a card. */
export async function showCard(card: Card, responseUrl: string, log: Log): Promise<void> {
  await show(renderCard(card, 'reply'), card.summary, TO_ONE, responseUrl, log)
}

/** Puts the current card in the place of the exception's post that was pressed. */
export async function replaceCard(card: Card, responseUrl: string, log: Log): Promise<void> {
  await show(renderCard(card, 'post'), card.summary, IN_PLACE, responseUrl, log)
}

async function show(
  message: SlackMessage,
  inShort: string,
  placement: Placement,
  responseUrl: string,
  log: Log,
): Promise<void> {
  const sent = await outcomeOf(respond(responseUrl, message, placement))
  if (sent.ok) return
  log.warn({ surface: 'slack', problem: wordsOf(sent.error) }, 'Slack did not take an answer')
  if (placement !== TO_ONE) return
  // A card that Slack finds fault with must not leave the person without any answer.
  await outcomeOf(respond(responseUrl, renderWords(inShort), TO_ONE))
}
