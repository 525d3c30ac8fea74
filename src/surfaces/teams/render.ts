import type { Card, Mention } from '../../app/card.ts'
import { renderAdaptiveCard } from '../adaptive-card.ts'
import { type AdaptiveCardJson, type CardHost, type Element, textBlock } from '../adaptive-shape.ts'
import { cleanText, cutText, escapeMarkdown, plainText } from '../adaptive-text.ts'
import { LIMITS } from './limits.ts'
import type { StandsOn } from './press-data.ts'

/** How a card is meant: a `post` of an exception is kept up to date; a `reply` stays as it is. */
export type As = 'post' | 'reply'

type MentionEntity = {
  type: 'mention'
  text: string
  mentioned: { id: string; name: string; type?: 'tag' }
}
type Refresh = {
  action: {
    type: 'Action.Execute'
    title: 'Refresh'
    verb: 'refresh'
    data: { refresh: string; on: StandsOn }
  }
  userIds: string[]
}
export type TeamsCard = Omit<AdaptiveCardJson, 'msteams' | 'body'> & {
  msteams: { width: 'Full'; entities?: MentionEntity[] }
  refresh?: Refresh
  body: unknown[]
}

export const CARD_TYPE = 'application/vnd.microsoft.card.adaptive'
export type CardAttachment = { contentType: typeof CARD_TYPE; content: TeamsCard }
/** The card alone: with a text beside it Teams posts two messages and names neither. */
export type TeamsMessage = { type: 'message'; summary: string; attachments: CardAttachment[] }

const utf8 = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

/** What a mention, a refresh and the places of the buttons add to a card. */
const ROOM = 6 * 1024
const HOST: CardHost = { size: utf8, bytes: LIMITS.cardBytes - ROOM, asks: 'in_dialog', times: 'stand' }

/**
 * Draws a card for Teams, pure: within its size whatever the card holds; it mentions those in `tell` who are of
 * Teams, and nobody else.
 * @param watchers ids of those (`29:…`) whose client asks for the card anew whenever it shows it
 */
export function renderTeamsCard(card: Card, as: As, watchers: readonly string[] = []): TeamsCard {
  const { body, msteams, ...rest } = renderAdaptiveCard(card, HOST)
  const own = card.exception?.id ?? null
  const on: StandsOn = own === null ? 'list' : as === 'post' ? 'post' : 'card'
  const told = mentionsOf(card.tell ?? [])
  const [title, ...others] = body.map((element) => placed(element, own, on))
  const userIds = watchers.slice(0, LIMITS.refreshUsers)
  return {
    ...rest,
    msteams: { ...msteams, ...(told.length > 0 ? { entities: told } : {}) },
    ...(own === null || userIds.length === 0
      ? {}
      : {
          refresh: {
            action: { type: 'Action.Execute', title: 'Refresh', verb: 'refresh', data: { refresh: own, on } },
            userIds,
          },
        }),
    body: [
      ...(title === undefined ? [] : [title]),
      ...(told.length > 0 ? [textBlock(told.map(({ text }) => text).join(', '))] : []),
      ...others,
    ],
  }
}

export function renderMessage(card: Card, as: As, watchers: readonly string[] = []): TeamsMessage {
  const content = renderTeamsCard(card, as, watchers)
  const summary = cutText(plainText(card.summary || card.title), LIMITS.summary)
  return { type: 'message', summary, attachments: [{ contentType: CARD_TYPE, content }] }
}

/** A card that only says something. */
export const wordsCard = (words: string, tone: Card['tone'] = 'neutral'): Card => ({
  title: 'Baton',
  tone,
  summary: words,
  blocks: [{ kind: 'text', text: words }],
})

/** Text as a card shows it, as Markdown that means nothing. */
export const shownText = (words: string, max: number): string =>
  escapeMarkdown(cutText(cleanText(words), max))

/** Every button learns where it stands: that decides how its press is answered. */
const placed = (element: Element, own: string | null, on: StandsOn): unknown =>
  element.type !== 'ActionSet'
    ? element
    : {
        ...element,
        actions: element.actions.map((action) =>
          'data' in action && 'exception' in action.data
            ? { ...action, data: { ...action.data, on: action.data.exception === own ? on : 'list' } }
            : action,
        ),
      }

/** Teams finds a mention by its text in the card: only characters that Markdown leaves alone may stand in it. */
const mentionable = (name: string): string =>
  cleanText(name)
    .replace(/[^\p{L}\p{M}\p{N} '’-]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 40)
    .replace(/\p{Surrogate}$/u, '')

const mentionsOf = (tell: readonly Mention[]): MentionEntity[] => {
  const mine = tell.filter(
    ({ surface, id }, index) =>
      surface === 'teams' &&
      tell.findIndex((other) => other.surface === surface && other.id === id) === index,
  )
  const names = new Map<string, number>()
  return mine.slice(0, LIMITS.mentions).map(({ id, kind, name }): MentionEntity => {
    const called = mentionable(name) || (kind === 'group' ? 'the team' : 'you')
    // Two people of one name are told apart by a number, or Teams would not know whom each text means.
    const nth = (names.get(called) ?? 0) + 1
    names.set(called, nth)
    const shown = nth === 1 ? called : `${called} ${nth}`
    // An identity is `<tenant>:<directory id>`; Teams knows the person by the second.
    const mentioned =
      kind === 'group'
        ? ({ id, name: shown, type: 'tag' } as const)
        : { id: id.slice(id.indexOf(':') + 1), name: shown }
    return { type: 'mention', text: `<at>${shown}</at>`, mentioned }
  })
}
