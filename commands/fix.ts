import { reasonLines } from '../src/app/batch-card.ts'
import type { BatchOffered } from '../src/app/batch-desk.ts'
import type { Card, CardBlock } from '../src/app/card.ts'
import { batchRef } from '../src/app/card-ref.ts'
import { type CommandContext, commandButton, defineCommand } from '../src/app/command.ts'
import type { Group } from '../src/app/queries.ts'
import { count, listed, quoted } from '../src/app/words.ts'

/** Many at once: what one press could do for all open exceptions of one kind, or of which kinds there are many. */
export const fix = defineCommand<{ words: string[] }>({
  name: 'fix',
  aliases: ['all'],
  summary: 'Handle many at once: what one press can do for all that are open of one kind',
  usage: 'fix [contract or words]',
  examples: ['fix', 'fix receipt', 'fix wms>erp receipt'],
  role: 'operator',
  parse: (text) => ({ ok: true, args: { words: wordsOf(text) } }),
  run: async ({ words }, context) => {
    const { groups, rest } = await meant(words, context)
    const [only] = groups
    if (words.length > 0 && only && groups.length === 1) return { card: await groupCard(only, rest, context) }
    return { card: groups.length === 0 ? nothingCard(words) : listCard(groups, words) }
  },
})

/** Says nothing about which are meant. */
const FILLERS = new Set(['all', 'open', 'every', 'everything', 'the', 'of', 'for', 'them', 'exceptions'])

const wordsOf = (text: string): string[] =>
  text
    .replace(/&gt;/g, '>')
    .replace(/\s*(?:[-=]*>|→)\s*/g, '>')
    .replace(/["'`,;?]/g, ' ')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '' && !FILLERS.has(word))

/** A contract by its id, with words that narrow it down; else whatever the words match. */
const meant = async (
  words: string[],
  { queries }: CommandContext,
): Promise<{ groups: Group[]; rest: string[] }> => {
  const [first = '', ...rest] = words
  const named =
    first === '' ? undefined : (await queries.groups(rest)).find(({ contract }) => contract === first)
  return named ? { groups: [named], rest } : { groups: await queries.groups(words), rest: words }
}

const groupCard = async (
  group: Group,
  words: string[],
  { batches, cardOf }: CommandContext,
): Promise<Card> => {
  const offered = await batches.offer(group.contract, words)
  if (offered.is === 'nothing') return refusedCard(group, offered)
  const card = await cardOf(batchRef(offered.batch))
  if (!card) throw new Error(`Batch ${offered.batch} was offered and cannot be read`)
  const { shown, total } = offered
  if (total <= shown) return card
  const more = `${count(total, 'exception')} are open; these are the newest ${shown}. Ask again for the rest.`
  return { ...card, blocks: [{ kind: 'text', text: more }, ...card.blocks] }
}

/** Why nothing is offered: because of what it is, or because of how each of them stands. */
const refusedCard = (
  { contract, title }: Group,
  { open, alone, leftOut }: Extract<BatchOffered, { is: 'nothing' }>,
): Card => {
  const why = [...alone, ...reasonLines(leftOut)]
  const text = `Nothing can be done for ${open === 1 ? 'it' : `these ${open}`} at once.`
  return {
    title: `${title}: ${open} open`,
    tone: 'neutral',
    summary: `${title}: ${text} ${why[0] ?? ''}`.trim(),
    blocks: [
      { kind: 'text', text },
      ...why.map((line): CardBlock => ({ kind: 'text', text: line })),
      { kind: 'buttons', buttons: [commandButton(`open ${contract}`, 'Show them one by one')] },
    ],
  }
}

/** Kinds on one card: what a phone can still be scrolled through. */
const MOST_GROUPS = 10

const listCard = (groups: Group[], words: string[]): Card => {
  const able = groups.filter(({ together }) => together.length > 0)
  const alone = groups.filter(({ together }) => together.length === 0)
  const matching = words.length > 0 ? ` for ${quoted(words.join(' '))}` : ''
  const summary =
    able.length === 0
      ? `Nothing open${matching} can be handled many at once.`
      : `${count(able.length, 'kind')} of exceptions${matching} can be handled many at once, largest first. For which of them now, the next card says.`
  const left = able.length - MOST_GROUPS
  return {
    title: 'Many at once',
    tone: able.length === 0 ? 'neutral' : 'warning',
    summary,
    blocks: [
      { kind: 'text', text: summary },
      ...able.slice(0, MOST_GROUPS).flatMap(({ contract, title, open, together }): CardBlock[] => [
        { kind: 'text', text: `${title}: ${open} open\n${listed(together, 'or')}` },
        {
          kind: 'buttons',
          buttons: [
            commandButton(
              ['fix', contract, ...words].join(' '),
              open === 1 ? 'Look at it' : `Look at all ${open}`,
            ),
          ],
        },
      ]),
      ...(left > 0 ? [{ kind: 'context' as const, text: `And ${count(left, 'smaller kind')}.` }] : []),
      ...(alone.length > 0
        ? [
            {
              kind: 'context' as const,
              text: `Looked at one by one: ${listed(alone.slice(0, MOST_GROUPS).map(({ title, open }) => `${title} (${open})`))}.`,
            },
          ]
        : []),
    ],
  }
}

const nothingCard = (words: string[]): Card => {
  const text =
    words.length === 0
      ? 'Nothing is open: there is nothing to handle at once.'
      : `Nothing open matches ${quoted(words.join(' '))}.`
  return {
    title: words.length === 0 ? 'Nothing is open' : 'Nothing open matches',
    tone: words.length === 0 ? 'good' : 'neutral',
    summary: text,
    blocks: [
      { kind: 'text', text },
      {
        kind: 'buttons',
        buttons: [words.length === 0 ? commandButton('help') : commandButton('fix', 'What there is')],
      },
    ],
  }
}
