import type { Card, CardBlock } from '../src/app/card.ts'
import { type CommandContext, commandButton, defineCommand } from '../src/app/command.ts'
import { listTone, moreBlocks, PAGE, rowBlocks, takeAfter } from '../src/app/exception-list.ts'
import { whyCard } from '../src/app/exception-why.ts'
import type { ExceptionFilter, ExceptionPage, ExceptionRow, Queries, Waiting } from '../src/app/queries.ts'
import { count, quoted } from '../src/app/words.ts'
import type { Timeline } from '../src/domain/model.ts'

type Filter = {
  /** As it is typed again for the next page. */
  text: string
  words: string[]
  /** A lone number may be an exception's. */
  number: string | null
  /** `12 why`: what it means and what hangs on it, instead of its card. */
  why: boolean
  /** `#name`: a channel of that name, if there is one. */
  channel: string | null
  timeline: Timeline
  /** `snoozed`: what is set aside for now, and nothing else. */
  snoozed: boolean
  after: string | null
}

/** What is open, narrowed by words; or one exception by its number. */
export const open = defineCommand<Filter>({
  name: 'open',
  aliases: ['list', 'ls', 'show', 'exceptions'],
  summary: 'What is open: all of it, by words (severity, system, handoff, channel), or one by its number',
  usage: 'open [filter]',
  examples: ['open', 'open high', 'open wms>erp receipt', 'open 12 why'],
  role: 'operator',
  parse: (text) => ({ ok: true, args: filterOf(text) }),
  run: async (filter, context) => {
    const one = filter.number === null ? null : await oneCard(filter.number, filter.why, context)
    if (one) return { card: one }
    const page = await context.queries.listExceptions(await queryOf(filter, context.queries))
    const card =
      page.items.length > 0 ? listCard(filter, page, context) : await emptyCard(filter, context.queries)
    const isAll = filter.text === '' && filter.after === null
    const unknown = isAll ? await context.queries.waiting() : []
    const aside = isAll ? await asideBlocks(context.queries) : []
    return { card: { ...card, blocks: [...card.blocks, ...unknown.map(waitingBlock), ...aside] } }
  },
})

const oneCard = async (
  id: string,
  why: boolean,
  { cardOf, queries }: CommandContext,
): Promise<Card | null> => {
  if (!why) return cardOf(id)
  const detail = await queries.getException(id)
  return detail && whyCard(detail)
}

/** What is set aside is no open work until it comes back, and is still said. */
const asideBlocks = async (queries: Queries): Promise<CardBlock[]> => {
  const filter = { state: 'open', timeline: 'live', after: null, limit: 1, snoozed: 'only' } as const
  const { total } = await queries.listExceptions(filter)
  if (total === 0) return []
  return [
    {
      kind: 'context',
      text: `${total} snoozed: ${total === 1 ? 'it comes' : 'they come'} back by ${total === 1 ? 'itself' : 'themselves'}.`,
    },
    { kind: 'buttons', buttons: [commandButton('open snoozed', 'Show what is snoozed')] },
  ]
}

/** What is due and not yet known is said, never guessed. */
const waitingBlock = ({ waitingFor, count: breaks }: Waiting): CardBlock => ({
  kind: 'context',
  text: `${count(breaks, 'break')} ${breaks === 1 ? 'is' : 'are'} due but not yet known: ${waitingFor}.`,
})

const SNOOZED = 'snoozed'

/** Says nothing about which exceptions are meant. */
const FILLERS = new Set(['all', 'open', 'exception', 'exceptions', 'everything', 'the', 'in', 'is', 'what'])

const filterOf = (typed: string): Filter => {
  const { text: asked, after } = takeAfter(typed)
  const [imported] = /(?:^|\s)import:\S+/i.exec(asked) ?? []
  // Chat clients and hands write the arrow of a handoff in many ways.
  const text = (imported ? asked.replace(imported, ' ') : asked)
    .replace(/&gt;/g, '>')
    .replace(/\s*(?:[-=]*>|→)\s*/g, '>')
    .replace(/["'`,;?]/g, ' ')
    .trim()
    .toLowerCase()
  const typedWords = text
    .split(/\s+/)
    .map((word) => word.replace(/^#/, ''))
    .filter((word) => word !== '' && !FILLERS.has(word))
  const words = typedWords.filter((word) => word !== SNOOZED)
  const [first = '', second] = words
  const why = second === 'why' && words.length === 2
  return {
    text: imported ? `${text} ${imported.trim()}`.trim() : text,
    words,
    number: (words.length === 1 || why) && /^\d{1,15}$/.test(first) ? first : null,
    why,
    channel: text.startsWith('#') ? text.slice(1) : null,
    timeline: imported ? `import:${imported.trim().slice('import:'.length)}` : 'live',
    snoozed: words.length < typedWords.length,
    after,
  }
}

const queryOf = async (filter: Filter, queries: Queries): Promise<ExceptionFilter> => {
  const { timeline, after, words } = filter
  // Words name what is meant: then it is found, also where somebody has set it aside.
  const snoozed = filter.snoozed ? 'only' : words.length === 0 || filter.channel !== null ? 'hide' : undefined
  const base: ExceptionFilter = {
    state: 'open',
    timeline,
    after,
    limit: PAGE,
    ...(snoozed ? { snoozed } : {}),
  }
  if (filter.channel !== null) {
    const named = (name: string) => name.toLowerCase().replace(/^#/, '') === filter.channel
    const channel = (await queries.channels()).find(({ id, title }) => named(id) || named(title))
    if (channel) return { ...base, channel: channel.id }
  }
  return words.length > 0 ? { ...base, words } : base
}

const listCard = (filter: Filter, page: ExceptionPage, { now }: CommandContext): Card => {
  const matching = filter.text === '' ? '' : ` for ${quoted(filter.text)}`
  const shown = page.items.length < page.total ? ` ${page.items.length} are shown here.` : ''
  const summary = `${count(page.total, 'exception')} ${page.total === 1 ? 'is' : 'are'} open${matching}.${shown}`
  return {
    title: `Open: ${count(page.total, 'exception')}${matching}`,
    tone: listTone(page.items),
    summary,
    blocks: [
      ...(shown === '' ? [] : [{ kind: 'context' as const, text: summary }]),
      ...page.items.flatMap((row) => rowBlocks(row, now)),
      ...manyBlocks(page.items),
      ...moreBlocks(`open ${filter.text}`.trim(), page.next),
    ],
  }
}

/** Where all are of one kind, one press may do for all of them: that is asked, or told why not, by its own command. */
const manyBlocks = ([first, ...others]: ExceptionRow[]): CardBlock[] =>
  first === undefined ||
  others.length === 0 ||
  others.some(({ contract, timeline }) => contract !== first.contract || timeline !== 'live')
    ? []
    : [{ kind: 'buttons', buttons: [commandButton(`fix ${first.contract}`, 'Many at once')] }]

const emptyCard = async (filter: Filter, queries: Queries): Promise<Card> => {
  if (filter.after !== null) return noMoreCard(filter)
  if (filter.text === '') {
    const text = 'Nothing is open: every handoff that is watched is kept, or still within its grace.'
    return { title: 'Nothing is open', tone: 'good', summary: text, blocks: [{ kind: 'text', text }] }
  }
  const { total } = await queries.listExceptions({ state: 'open', timeline: 'live', after: null, limit: 1 })
  const text = `Nothing open matches ${quoted(filter.text)}. ${total === 0 ? 'Nothing else is open either.' : `${count(total, 'exception')} ${total === 1 ? 'is' : 'are'} open in all.`}`
  return {
    title: `Nothing open for ${quoted(filter.text)}`,
    tone: 'neutral',
    summary: text,
    blocks: [
      { kind: 'text', text },
      {
        kind: 'buttons',
        buttons: [
          ...(total > 0 ? [commandButton('open', 'All that is open')] : []),
          commandButton(`find ${filter.text}`, 'Find it in the systems'),
        ],
      },
    ],
  }
}

const noMoreCard = (filter: Filter): Card => ({
  title: 'No more',
  tone: 'neutral',
  summary: 'There is no more: the rest has been closed meanwhile.',
  blocks: [
    { kind: 'text', text: 'There is no more: the rest has been closed meanwhile.' },
    { kind: 'buttons', buttons: [commandButton(`open ${filter.text}`.trim(), 'From the start')] },
  ],
})
