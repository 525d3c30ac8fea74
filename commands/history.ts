import type { Card } from '../src/app/card.ts'
import { commandButton, defineCommand } from '../src/app/command.ts'
import { storyCard } from '../src/app/story.ts'

type Asked = { id: string; retire: string | null }

/** What happened to one exception, and what was noted on its kind. */
export const history = defineCommand<Asked>({
  name: 'history',
  aliases: ['story', 'log'],
  summary: 'What happened to one exception, and the notes of its kind: "retire" takes one off the cards',
  usage: 'history <number> [retire <note>]',
  examples: ['history 12'],
  role: 'operator',
  parse: (text) => {
    const [, id, retire = null] = /^#?(\d{1,15})(?:\s+retire\s+(\d{1,15}))?$/i.exec(text.trim()) ?? []
    if (id === undefined) return { ok: false, error: 'Say which exception, by its number.' }
    return { ok: true, args: { id, retire } }
  },
  run: async ({ id, retire }, { queries, retireNote }) => {
    const retired = retire === null ? null : await retireNote(retire)
    const [detail, episodes] = await Promise.all([queries.getException(id), queries.episodes(id)])
    if (!detail) return { card: unknownCard(id) }
    const card = storyCard(detail, episodes)
    return { card: retired === null ? card : saying(card, retired) }
  },
})

const saying = (card: Card, retired: boolean): Card => {
  const text = retired
    ? 'Retired: the cards of this kind do not show that note any more.'
    : 'There is no such note on the cards, or somebody has retired it already.'
  return { ...card, summary: text, blocks: [{ kind: 'text', text }, ...card.blocks] }
}

const unknownCard = (id: string): Card => {
  const text = `There is no exception ${id}.`
  return {
    title: 'No such exception',
    tone: 'neutral',
    summary: text,
    blocks: [
      { kind: 'text', text },
      { kind: 'buttons', buttons: [commandButton('open', 'All that is open')] },
    ],
  }
}
