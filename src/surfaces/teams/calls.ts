import { z } from 'zod'
import type { Card } from '../../app/card.ts'
import type { Delivered, PostRef } from '../../app/surface.ts'
import type { Conversations, TeamsAdapter } from './adapter.ts'
import type { TeamsConfig } from './config.ts'
import type { Directory, KnownPerson } from './directory.ts'
import { deliveryFailure } from './errors.ts'
import { ConnectorSilence } from './http.ts'
import { channelOf, decodeRef, encodeRef, threadIn } from './ref.ts'
import { type As, renderMessage } from './render.ts'

type SdkActivity = NonNullable<Parameters<Conversations['createConversation']>[0]['activity']>

const member = z.object({
  email: z.string().nullish(),
  tenantId: z.string().optional(),
  userRole: z.string().optional(),
  /** A guest's holds `#EXT#`. */
  userPrincipalName: z.string().nullish(),
})

export type Profile = { email: string | null; isOutsider: boolean }

/** Every message that Baton writes in Teams goes through here. */
export type Calls = ReturnType<typeof createCalls>

const unheard = (what: string): Delivered<never> => ({
  ok: false,
  failure: {
    is: 'channel_unusable',
    words: `Teams has not told Baton yet where ${what} is: add the app there`,
  },
})
const notOurs: Delivered<never> = {
  ok: false,
  failure: { is: 'gone', words: 'this is not the name of a Teams message' },
}

export const createCalls = (
  { app, tenantId }: TeamsConfig,
  adapter: TeamsAdapter,
  directory: Directory,
  timeoutMs: number,
) => {
  const bot = { id: app ? `28:${app.id}` : 'bot', name: 'Baton' }

  const delivered = async <T>(
    serviceUrl: string,
    work: (conversations: Conversations) => Promise<T>,
  ): Promise<Delivered<T>> => {
    try {
      return { ok: true, value: await inTime(timeoutMs, adapter.conversationsAt(serviceUrl).then(work)) }
    } catch (error) {
      return { ok: false, failure: deliveryFailure(error) }
    }
  }

  /** The SDK wants every field that an activity may ever have; Teams wants these. */
  const message = async (card: Card, as: As, watchers: string[] = []): Promise<SdkActivity> =>
    renderMessage(card, as, [...watchers, ...(await toldOf(card))]) as object as SdkActivity

  /** Those who are told of a card see it as it is whenever they look at it. */
  const toldOf = async ({ tell = [] }: Card): Promise<string[]> => {
    const people = tell.filter(({ surface, kind }) => surface === 'teams' && kind === 'person')
    const known = await Promise.all(people.map(({ id }) => directory.person(id)))
    return known.flatMap((person) => (person ? [person.userId] : []))
  }

  /** Into a conversation that exists: a chat, or a thread in a channel. */
  const send = async (
    conversation: string,
    card: Card,
    as: As,
    watchers: string[] = [],
  ): Promise<Delivered<PostRef>> => {
    const serviceUrl = await directory.serviceOf(channelOf(conversation))
    if (serviceUrl === null) return unheard('this conversation')
    const activity = await message(card, as, watchers)
    return delivered(serviceUrl, async (conversations) => {
      const { id } = await conversations.sendToConversation(conversation, activity)
      return encodeRef({ conversation, message: named(id) })
    })
  }

  /** The chat with a person; Teams gives the same one however often it is asked. */
  const chatWith = (
    known: KnownPerson | null,
    userId: string,
    serviceUrl: string,
  ): Promise<Delivered<string>> =>
    known?.chat
      ? Promise.resolve({ ok: true, value: known.chat })
      : delivered(serviceUrl, async (conversations) => {
          const channelData = { tenant: { id: tenantId } }
          const members = [{ id: userId, name: '' }]
          const made = await conversations.createConversation({
            isGroup: false,
            bot,
            members,
            tenantId,
            channelData,
          })
          return named(made.id)
        })

  return {
    send,

    async post(channel: string, card: Card): Promise<Delivered<PostRef>> {
      const serviceUrl = await directory.serviceOf(channel)
      if (serviceUrl === null) return unheard('this channel')
      const activity = await message(card, 'post')
      return delivered(serviceUrl, async (conversations) => {
        const channelData = { channel: { id: channel }, tenant: { id: tenantId } }
        const made = await conversations.createConversation({
          isGroup: true,
          bot,
          tenantId,
          channelData,
          activity,
        })
        // The thread that the message begins is named after it: `19:…;messageid=17`.
        const begun = /;messageid=(\d+)$/.exec(made.id ?? '')?.[1] ?? named(made.activityId)
        return encodeRef({ conversation: threadIn(channel, begun), message: begun })
      })
    },

    async update(ref: PostRef, card: Card): Promise<Delivered<null>> {
      const post = decodeRef(ref)
      if (!post) return notOurs
      const serviceUrl = await directory.serviceOf(channelOf(post.conversation))
      if (serviceUrl === null) return unheard('this channel')
      const activity = await message(card, 'post')
      return delivered(serviceUrl, async (conversations) => {
        await conversations.updateActivity(post.conversation, post.message, { ...activity, id: post.message })
        return null
      })
    },

    async reply(ref: PostRef, card: Card): Promise<Delivered<PostRef>> {
      const post = decodeRef(ref)
      return post ? send(post.conversation, card, 'reply') : notOurs
    },

    async remove(ref: PostRef): Promise<Delivered<null>> {
      const post = decodeRef(ref)
      if (!post) return notOurs
      const serviceUrl = await directory.serviceOf(channelOf(post.conversation))
      if (serviceUrl === null) return unheard('this channel')
      return delivered(serviceUrl, async (conversations) => {
        await conversations.deleteActivity(post.conversation, post.message)
        return null
      })
    },

    async notify(externalId: string, card: Card): Promise<Delivered<PostRef>> {
      const known = await directory.person(externalId)
      const userId = known?.userId ?? externalId.slice(externalId.indexOf(':') + 1)
      const serviceUrl = known?.serviceUrl ?? (await directory.serviceOf(''))
      if (serviceUrl === null) return unheard('this person')
      const chat = await chatWith(known, userId, serviceUrl)
      // Teams opens no chat with somebody whom this bot has never met.
      if (!chat.ok && chat.failure.is === 'rejected') return unheard('this person')
      if (!chat.ok) return chat
      if (known) await directory.rememberChat(externalId, { ...known, chat: chat.value })
      const activity = await message(card, 'reply', known ? [known.userId] : [])
      return delivered(serviceUrl, async (conversations) => {
        const { id } = await conversations.sendToConversation(chat.value, activity)
        return encodeRef({ conversation: chat.value, message: named(id) })
      })
    },

    /**
     * What the directory of the tenant says of a person. `email`: null where it has none, and for an outsider (a guest,
     * or somebody of another tenant): that address is of another company. Throws where Teams does not say.
     */
    async profileOf(serviceUrl: string, conversation: string, userId: string): Promise<Profile> {
      const conversations = await inTime(timeoutMs, adapter.conversationsAt(serviceUrl))
      const found = member.parse(
        await inTime(timeoutMs, conversations.getConversationMember(channelOf(conversation), userId)),
      )
      const isOurs = found.tenantId === undefined || found.tenantId.toLowerCase() === tenantId
      const isGuest =
        found.userRole === 'guest' ||
        found.userRole === 'anonymous' ||
        found.userPrincipalName?.toUpperCase().includes('#EXT#') === true
      const isOutsider = !isOurs || isGuest
      return { email: isOutsider ? null : found.email || null, isOutsider }
    },

    /** Asks for a token, as every call does. Throws what Microsoft says. */
    async probe(): Promise<void> {
      await inTime(timeoutMs, adapter.token())
    },
  }
}

/** Teams may accept a message without naming it: then nobody can tell whether it is there. */
const named = (id: string | undefined): string => {
  if (!id) throw new ConnectorSilence(true, new Error('Teams did not name the message'))
  return id
}

/** What gets stuck before the call itself (which has a limit of its own) was on its way to a token: nothing was sent. */
const inTime = async <T>(timeoutMs: number, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Microsoft gave no token in time')), 2 * timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
