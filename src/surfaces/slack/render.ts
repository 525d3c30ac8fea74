import type { types } from '@slack/bolt'
import type { Card, CardBlock, Mention, SystemColumn, Tone } from '../../app/card.ts'
import { timeLeft } from '../../app/words.ts'
import { LIMITS } from './limits.ts'
import { mrkdwn, plain, plainLine, section } from './objects.ts'
import { type Piece, renderButtons } from './render-buttons.ts'
import { localTime, shorten, shortenCell } from './text.ts'

/** What Slack is sent: `text` is for notifications and screen readers, `blocks` is the card. */
export type SlackMessage = { text: string; blocks: types.KnownBlock[] }

/**
 * Draws a card as Slack blocks, within every limit whatever the card holds. Everything that comes from the card is
 * a `plain_text` object: Slack neither formats, links nor resolves mentions in those. `mrkdwn` is used for times
 * and for who is told alone, whose text is ours.
 * @param as a `post` of an exception is kept up to date; a `reply` stays as it is
 * @param tells mentions those whom the card tells: for what is newly posted, so that no redrawing calls anybody again
 */
export function renderCard(card: Card, as: 'post' | 'reply', tells = false): SlackMessage {
  const own = (as === 'post' && card.exception?.id) || null
  const room = { blocks: LIMITS.message.blocks, chars: LIMITS.message.chars }
  return {
    text: shorten(card.summary || card.title, LIMITS.message.text),
    blocks: draw(card, { own, told: tells ? (card.tell ?? []) : [], tables: LIMITS.table.perMessage, room }),
  }
}

/**
 * A card as somebody's App Home, which holds no native table.
 * @param notice what came of the last thing they did there; null for nothing
 */
export function renderHome(card: Card, notice: string | null): types.HomeView {
  const room = { blocks: LIMITS.home.blocks - 1, chars: LIMITS.home.chars }
  const blocks = draw(card, { own: null, told: [], tables: 0, room })
  return {
    type: 'home',
    callback_id: HOME,
    blocks: notice === null ? blocks : [section(notice), ...blocks],
  }
}

/** The `callback_id` of every App Home. */
export const HOME = 'baton:home'

type Room = { blocks: number; chars: number }
/** `own`: the exception whose post this is. `tables`: how many native ones it may hold. */
type Drawing = { own: string | null; told: Mention[]; tables: number; room: Room }

function draw(card: Card, { own, told, tables: most, room }: Drawing): types.KnownBlock[] {
  const title = piece([header(card), ...mentions(told)], true)
  let tables = 0
  let buttons = 0
  const body = card.blocks.flatMap((block): Piece[] => {
    if (block.kind === 'table') {
      tables += 1
      return renderTable(block, tables <= most)
    }
    if (block.kind === 'buttons') {
      const pieces = renderButtons(block.buttons, own, buttons)
      buttons += block.buttons.length
      return pieces
    }
    return renderBlock(block)
  })
  return fitTogether([title, ...body], room)
}

/** Only an id that looks like one of Slack's is put into markup; `T1:U1` is the user U1 of the workspace T1. */
const PERSON = /^(?:[TE][A-Z0-9]+:)?([UW][A-Z0-9]+)$/
const GROUP = /^(?:[TE][A-Z0-9]+:)?(S[A-Z0-9]+)$/

/** A line that calls those whom the card tells on Slack; nothing when there are none. */
function mentions(told: Mention[]): types.SectionBlock[] {
  const called = told
    .filter(({ surface }) => surface === 'slack')
    .flatMap(({ kind, id }) => {
      const [, native] = (kind === 'person' ? PERSON : GROUP).exec(id) ?? []
      return native ? [kind === 'person' ? `<@${native}>` : `<!subteam^${native}>`] : []
    })
    .slice(0, LIMITS.mentions)
  return called.length === 0 ? [] : [{ type: 'section', text: mrkdwn([...new Set(called)].join(' ')) }]
}

/** A message that only says something. */
export function renderWords(words: string): SlackMessage {
  return { text: shorten(words, LIMITS.message.text), blocks: [section(words)] }
}

type Text = types.PlainTextElement | types.MrkdwnElement

const piece = (blocks: types.KnownBlock[], first = false): Piece => ({ blocks, first, buttons: 0 })

const MARKS: Record<Tone, string> = { neutral: '', good: '✅ ', warning: '⚠️ ', danger: '🔴 ' }

const header = (card: Card): types.HeaderBlock => ({
  type: 'header',
  text: plainLine(`${MARKS[card.tone]}${card.title}`, LIMITS.header),
})

type PlainBlock = Exclude<CardBlock, { kind: 'table' } | { kind: 'buttons' }>

function renderBlock(block: PlainBlock): Piece[] {
  switch (block.kind) {
    case 'text':
      return [piece([section(`${MARKS[block.tone ?? 'neutral']}${block.text}`)])]
    case 'facts':
      return fieldSections(factRows(block.facts))
    case 'systems':
      return fieldSections(block.systems.map(systemRow))
    case 'time':
      return [
        piece([
          {
            type: 'context',
            elements: [
              plain(block.label, LIMITS.context.text),
              mrkdwn(localTime(block.at)),
              ...(block.countdownFrom ? [mrkdwn(countdown(block.at, block.countdownFrom))] : []),
            ],
          },
        ]),
      ]
    case 'context':
      return [piece([{ type: 'context', elements: [plain(block.text, LIMITS.context.text)] }])]
  }
}

/** Slack keeps "3 hours ago" true by itself; for what lies ahead it has no such word. */
const PAST = '{date_short_pretty} {time}, {ago}'

/** So a deadline says when so much was left. */
const countdown = (at: Date, from: Date): string => `(${timeLeft(at, from)} at ${localTime(from, '{time}')})`

/** Facts with times are rows of two: what it is at the left, when at the right. */
const factRows = (facts: { label: string; value: string; at?: Date }[]): Text[][] => {
  const isTimed = facts.some(({ at }) => at !== undefined)
  return facts.map(({ label, value, at }) => [
    // A name that a system gave must not push the value out.
    field(`${shortenCell(label, LIMITS.section.label)}: ${value}`),
    ...(isTimed ? [at === undefined ? field('–') : mrkdwn(localTime(at))] : []),
  ])
}

const field = (text: string): Text => plain(text, LIMITS.section.field)

/** One row: what the system says at the left, since when at the right, so that rows can be compared. */
function systemRow(system: SystemColumn): Text[] {
  const says = system.raw === system.state || system.raw === '' ? '' : ` (“${system.raw}”)`
  const lines = [`${system.system} · ${system.role}`, `${system.state}${says}`, system.details.join(', ')]
  const since = system.at
    ? mrkdwn(`since ${localTime(system.at, PAST)}`)
    : plain('time not known', LIMITS.section.field)
  return [field(lines.filter((line) => line.trim() !== '').join('\n')), since]
}

/** Rows of fields, as many sections as they need; a row is never torn apart. */
function fieldSections(rows: Text[][]): Piece[] {
  const sections: Text[][] = []
  for (const row of rows) {
    const last = sections.at(-1)
    if (last && last.length + row.length <= LIMITS.section.fields) last.push(...row)
    else sections.push([...row])
  }
  return sections.map((fields) => piece([{ type: 'section', fields }]))
}

/**
 * A native table, as many rows as a message has room for. A message may hold one; further tables become lines.
 */
function renderTable(table: Extract<CardBlock, { kind: 'table' }>, native: boolean): Piece[] {
  const width = Math.min(
    LIMITS.table.columns,
    Math.max(table.columns.length, ...table.rows.map((r) => r.length)),
  )
  if (width === 0) return [piece([section(table.title)])]
  const cells = [table.columns, ...table.rows].map((row) =>
    Array.from({ length: width }, (_, i) => shortenCell(row[i] ?? '', LIMITS.table.cell)),
  )
  if (!native) {
    const lines = [table.title, ...cells.map((row) => row.join(' · '))].join('\n')
    return [piece([section(lines)])]
  }
  const rows: types.RawTextElement[][] = []
  let room: number = LIMITS.table.chars
  for (const row of cells.slice(0, LIMITS.table.rows)) {
    const drawn = row.map((text): types.RawTextElement => ({ type: 'raw_text', text }))
    room -= JSON.stringify(drawn).length + 1
    if (room < 0 && rows.length > 0) break
    rows.push(drawn)
  }
  const left = cells.length - rows.length
  const more = left === 0 ? '' : ` (first ${rows.length - 1} of ${table.rows.length} rows)`
  return [piece([section(`${table.title}${more}`), { type: 'table', rows }])]
}

/**
 * Keeps what fits into one message: title and buttons first, then the rest from the top. What had to go is counted
 * in a last line.
 */
function fitTogether(pieces: Piece[], most: Room): types.KnownBlock[] {
  const size = (each: Piece): number => JSON.stringify(each.blocks).length
  // The last line is kept room for: one block, about 200 characters.
  const room = { blocks: most.blocks - 1, chars: most.chars - 200 }
  const kept = new Set<Piece>()
  for (const each of [...pieces.filter((p) => p.first), ...pieces.filter((p) => !p.first)]) {
    const chars = size(each)
    if (each.blocks.length > room.blocks || chars > room.chars) continue
    room.blocks -= each.blocks.length
    room.chars -= chars
    kept.add(each)
  }
  const gone = pieces.filter((each) => !kept.has(each))
  const blocks = pieces.filter((each) => kept.has(each)).flatMap((each) => each.blocks)
  return gone.length === 0 ? blocks : [...blocks, leftOut(gone)]
}

function leftOut(gone: Piece[]): types.ContextBlock {
  const buttons = gone.reduce((sum, each) => sum + each.buttons, 0)
  const parts = gone.filter((each) => each.buttons === 0).length
  const counted = [
    ...(parts ? [`${parts} more part(s)`] : []),
    ...(buttons ? [`${buttons} more button(s)`] : []),
  ]
  return {
    type: 'context',
    elements: [
      plain(
        `Too long for Slack: ${counted.join(' and ')} left out. The console has all of it.`,
        LIMITS.context.text,
      ),
    ],
  }
}
