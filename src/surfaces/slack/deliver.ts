import type { webApi } from '@slack/bolt'
import type { Deliver, Delivered, PostRef } from '../../app/surface.ts'
import { outcomeOf } from '../kit/outcome.ts'
import { deliveryFailure } from './errors.ts'
import { budgetsOf } from './limits.ts'
import { teamOf, userOf } from './payload.ts'
import { decodeChannel, decodeRef, encodeRef, type SlackChannel, type SlackPost } from './ref.ts'
import { renderCard, type SlackMessage } from './render.ts'
import { NotInstalled } from './tokens.ts'

/** Links in cards are never unfolded into previews. */
const QUIET = { unfurl_links: false, unfurl_media: false }

/** Gives the client of the workspace that a message belongs to; throws NotInstalled. */
export type Clients = {
  webFor(team: string | undefined): Promise<webApi.WebClient>
  /** Several workspaces are served: what one refuses says nothing about the others. */
  areMany: boolean
  doubt(team: string | undefined): void
}

/** Cards as messages of Slack. Every failure is classified (errors.ts); the dispatcher decides what to do about it. */
export function createDelivery(clients: Clients): Deliver {
  /** Without a timestamp of its own the message starts a conversation; `thread_ts` puts it under another. */
  const say = (
    { team, channel, ts }: SlackChannel & { ts?: string },
    message: SlackMessage,
  ): Promise<Delivered<PostRef>> =>
    delivered(clients, team, async (web) => {
      const under = ts === undefined ? {} : { thread_ts: ts }
      const sent = await web.chat.postMessage({ channel, ...under, ...message, ...QUIET })
      if (!sent.channel || !sent.ts) throw new Error('Slack did not name the message')
      return encodeRef({ ...(team === undefined ? {} : { team }), channel: sent.channel, ts: sent.ts })
    })
  return {
    post: (channel, card) => say(decodeChannel(channel), renderCard(card, 'post', true)),

    update: (ref, card) =>
      onMessage(ref, ({ team, channel, ts }) =>
        delivered(clients, team, async (web) => {
          await web.chat.update({ channel, ts, ...renderCard(card, 'post') })
          return null
        }),
      ),

    reply: (ref, card) => onMessage(ref, (post) => say(post, renderCard(card, 'reply', true))),

    remove: (ref) =>
      onMessage(ref, ({ team, channel, ts }) =>
        delivered(clients, team, async (web) => {
          await web.chat.delete({ channel, ts })
          return null
        }),
      ),

    // A message to a person's id arrives in their direct messages with the app.
    notify: (externalId, card) => {
      const team = clients.areMany ? { team: teamOf(externalId) } : {}
      return say({ ...team, channel: userOf(externalId) }, renderCard(card, 'reply', true))
    },

    // Slack limits each workspace by itself.
    budgets: (call, channel) => {
      const { team, channel: native } = decodeChannel(channel)
      const of = team === undefined ? '' : `${team} `
      return budgetsOf(call, native).map((budget) => ({ ...budget, key: `${of}${budget.key}` }))
    },
  }
}

async function onMessage<T>(
  ref: PostRef,
  work: (post: SlackPost) => Promise<Delivered<T>>,
): Promise<Delivered<T>> {
  const post = decodeRef(ref)
  if (post) return work(post)
  return { ok: false, failure: { is: 'gone', words: 'this is not the name of a Slack message' } }
}

async function delivered<T>(
  { webFor, areMany, doubt }: Clients,
  team: string | undefined,
  send: (web: webApi.WebClient) => Promise<T>,
): Promise<Delivered<T>> {
  const sent = await outcomeOf(webFor(team).then(send))
  if (sent.ok) return sent
  if (sent.error instanceof NotInstalled) {
    return { ok: false, failure: { is: 'channel_unusable', words: sent.error.message } }
  }
  const failure = deliveryFailure(sent.error)
  if (!areMany || failure.is !== 'locked_out') return { ok: false, failure }
  // One workspace of several shut Baton out: the others go on.
  doubt(team)
  return { ok: false, failure: { is: 'channel_unusable', words: failure.words } }
}
