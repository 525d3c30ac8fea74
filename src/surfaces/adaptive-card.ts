import type { Card, CardBlock, SystemColumn, Tone } from '../app/card.ts'
import { timeLeft } from '../app/words.ts'
import { renderButtons } from './adaptive-buttons.ts'
import {
  type AdaptiveCardJson,
  type CardHost,
  type Container,
  type Element,
  type FactSet,
  type Fit,
  LIMITS,
  type Style,
  some,
  type Table,
  type TextBlock,
  text,
  textBlock,
} from './adaptive-shape.ts'
import { clockText, cutText, plainText, timeText } from './adaptive-text.ts'

/**
 * Neutral card > Adaptive Card 1.5, pure. The console and Teams show the same JSON. All text is escaped here, so
 * that nothing a system sends can format, link, mention or fake a button.
 */

const SHORTENED = 'Shortened to fit. The rest is in the console.'

/** Size on the wire as chat platforms count it: UTF-16. */
export const sizeInBytes = (card: AdaptiveCardJson): number => JSON.stringify(card).length * 2

const CONSOLE: CardHost = { size: sizeInBytes, bytes: LIMITS.bytes, asks: 'in_card', times: 'run' }

/** What stays to the last, beside the title: how each system sees it, and what can be done. */
const ESSENTIAL: readonly CardBlock['kind'][] = ['systems', 'buttons']

/**
 * Renders a card. One that is too large is drawn again with smaller limits until it fits, at last with its title,
 * systems and buttons alone, and says that it was shortened. Only where the buttons alone are too many, the first of
 * them stay.
 */
export const renderAdaptiveCard = (card: Card, host: CardHost = CONSOLE): AdaptiveCardJson => {
  const drawn = (share: number, blocks: CardBlock[], isCut = false): AdaptiveCardJson | null => {
    const fit = { ...fitOf(host), share, cut: isCut }
    const elements = blocksOf(blocks, fit).flatMap((block) => renderBlock(block, fit))
    const body = [titleOf(card, fit), ...drawTogether(elements)]
    const rendered = envelope(card, fit.cut ? [...body, small(SHORTENED)] : body)
    return host.size(rendered) <= host.bytes ? rendered : null
  }
  for (const share of [1, 0.5, 0.25, 0.1, 0.04]) {
    const whole = drawn(share, card.blocks)
    if (whole) return whole
  }
  const essential = card.blocks.filter(({ kind }) => ESSENTIAL.includes(kind))
  for (let buttons = countButtons(essential); buttons > 0; buttons = Math.floor(buttons / 2)) {
    const fitting = drawn(0.04, firstButtons(essential, buttons), true)
    if (fitting) return fitting
  }
  return envelope(card, [titleOf(card, { ...fitOf(host), share: 0.04, cut: true }), small(SHORTENED)])
}

const fitOf = ({ asks, times }: CardHost): Pick<Fit, 'asks' | 'times'> => ({ asks, times })

const countButtons = (blocks: CardBlock[]): number =>
  blocks.reduce((sum, block) => sum + (block.kind === 'buttons' ? block.buttons.length : 0), 0)

const firstButtons = (blocks: CardBlock[], max: number): CardBlock[] => {
  let left = max
  return blocks.map((block) => {
    if (block.kind !== 'buttons') return block
    const buttons = block.buttons.slice(0, left)
    left -= buttons.length
    return { ...block, buttons }
  })
}

/** Small print that follows small print or facts belongs to them: it stands close, and the card stays short. */
const drawTogether = (elements: Element[]): Element[] =>
  elements.map((element, index) => {
    const before = elements[index - 1]
    const close = before?.type === 'FactSet' || (before !== undefined && isSmallPrint(before))
    return close && isSmallPrint(element) ? { ...element, spacing: 'small' } : element
  })

const isSmallPrint = (element: Element): element is TextBlock =>
  element.type === 'TextBlock' && element.size === 'small'

const blocksOf = (blocks: CardBlock[], fit: Fit): CardBlock[] => {
  const others = blocks.filter(({ kind }) => !ESSENTIAL.includes(kind))
  const kept = new Set(some(others, LIMITS.blocks, fit))
  return blocks.filter((block) => ESSENTIAL.includes(block.kind) || kept.has(block))
}

const envelope = (card: Card, body: Element[]): AdaptiveCardJson => ({
  type: 'AdaptiveCard',
  $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
  version: '1.5',
  fallbackText: cutText(plainText(card.summary), LIMITS.context),
  msteams: { width: 'Full' },
  body,
})

/** A sign beside each colour, for those who do not see colours. */
const TONES: Record<Tone, { style: Style; sign: string }> = {
  neutral: { style: 'default', sign: '' },
  good: { style: 'good', sign: '✓ ' },
  warning: { style: 'warning', sign: '▲ ' },
  danger: { style: 'attention', sign: '◆ ' },
}

/** A title is never shortened below its limit: it says what the card is about. */
const titleOf = (card: Card, fit: Fit): Container => {
  const whole = { ...fit, share: 1 }
  const title = TONES[card.tone].sign + text(card.title, LIMITS.title, whole)
  fit.cut ||= whole.cut
  return {
    type: 'Container',
    style: TONES[card.tone].style,
    bleed: true,
    items: [textBlock(title, { style: 'heading', size: 'medium', weight: 'bolder' })],
  }
}

const renderBlock = (block: CardBlock, fit: Fit): Element[] => {
  switch (block.kind) {
    case 'text':
      return [paragraph(block.text, block.tone ?? 'neutral', fit)]
    case 'facts':
      return block.facts.length === 0 ? [] : facts(block.facts, fit)
    case 'systems':
      return block.systems.length === 0 ? [] : systems(block.systems, fit)
    case 'table':
      return table(block, fit)
    case 'time':
      return [time(block, fit)]
    case 'buttons':
      return block.buttons.length === 0 ? [] : renderButtons(block.buttons, fit)
    case 'context':
      return [small(text(block.text, LIMITS.context, fit))]
  }
}

/** A deadline stands out; any other time is small print. Where times stand still it says when so much was left. */
const time = ({ label, at, countdownFrom }: Extract<CardBlock, { kind: 'time' }>, fit: Fit): TextBlock => {
  const words = `${text(label, LIMITS.factLabel, fit)}: ${timeText(at)}`
  if (countdownFrom === undefined) return small(words)
  const left = fit.times === 'run' ? '' : ` (${timeLeft(at, countdownFrom)} at ${clockText(countdownFrom)})`
  return textBlock(words + left, { weight: 'bolder' })
}

const small = (words: string): TextBlock => textBlock(words, { size: 'small', isSubtle: true })

const paragraph = (words: string, tone: Tone, fit: Fit): TextBlock => {
  const { style, sign } = TONES[tone]
  const body = text(words, LIMITS.text, fit)
  return tone === 'neutral' ? textBlock(body) : textBlock(sign + body, { color: style })
}

/** How many were left out is said where they would have stood; where they are stands at the end of the card. */
const hiddenLine = (hidden: number): TextBlock[] => (hidden > 0 ? [small(`${hidden} more`)] : [])

const facts = (all: { label: string; value: string; at?: Date }[], fit: Fit): Element[] => {
  const set = factSet(all, fit)
  return [set, ...hiddenLine(all.length - set.facts.length)]
}

const systems = (all: SystemColumn[], fit: Fit): Element[] => {
  const table = systemsTable(all, fit)
  // The first row is the heading.
  return [table, ...hiddenLine(all.length + 1 - table.rows.length)]
}

const factSet = (facts: { label: string; value: string; at?: Date }[], fit: Fit): FactSet => ({
  type: 'FactSet',
  facts: some(facts, LIMITS.facts, fit).map(({ label, value, at }) => ({
    title: text(label, LIMITS.factLabel, fit),
    value: `${text(value, LIMITS.factValue, fit)}${at === undefined ? '' : ` ${timeText(at)}`}`,
  })),
})

const row = (cells: TextBlock[][]): Table['rows'][number] => ({
  type: 'TableRow',
  cells: cells.map((items) => ({ type: 'TableCell', items })),
})

/** One row a system: read downwards, the states stand side by side, and three columns still fit a phone. */
const systemsTable = (systems: SystemColumn[], fit: Fit): Table => ({
  type: 'Table',
  showGridLines: false,
  columns: [{ width: 10 }, { width: 12 }, { width: 10 }],
  rows: [
    row([[small('System')], [small('Says')], [small('Since')]]),
    ...some(systems, LIMITS.systems, fit).map((side) => {
      const state = text(side.state, LIMITS.cell, fit)
      const raw = text(side.raw, LIMITS.cell, fit)
      const details = some(side.details, LIMITS.systemDetails, fit).map((words) =>
        text(words, LIMITS.cell, fit),
      )
      const below = { size: 'small', isSubtle: true, spacing: 'none' } as const
      return row([
        [
          textBlock(text(side.role, LIMITS.cell, fit), { weight: 'bolder' }),
          textBlock(text(side.system, LIMITS.cell, fit), below),
        ],
        [
          textBlock(state),
          ...(raw !== '' && raw !== state ? [textBlock(`“${raw}”`, below)] : []),
          ...details.map((words) => textBlock(words, below)),
        ],
        [textBlock(side.at === null ? 'not known' : timeText(side.at))],
      ])
    }),
  ],
})

const NUMERIC = /^[-+−]?[\d.,\s]*\d\s?(%|h|min|s|d)?$/

/** Columns as wide as their longest text asks for, numbers to the right. */
const columnLook = (name: string, cells: string[]): Table['columns'][number] => ({
  width: Math.min(20, 2 + Math.max(6, name.length, ...cells.map((cell) => cell.length))),
  ...(cells.every((cell) => NUMERIC.test(cell.trim())) ? { horizontalCellContentAlignment: 'right' } : {}),
})

const table = (block: Extract<CardBlock, { kind: 'table' }>, fit: Fit): Element[] => {
  const columns = block.columns.slice(0, LIMITS.columns)
  const rows = some(block.rows, LIMITS.rows, fit)
  const hidden = block.rows.length - rows.length
  if (block.columns.length > columns.length) fit.cut = true
  const title =
    block.title === '' ? [] : [textBlock(text(block.title, LIMITS.title, fit), { weight: 'bolder' })]
  if (columns.length === 0) return title
  if (rows.length === 0) {
    return [...title, textBlock('Nothing to list.', { isSubtle: true, spacing: 'small' })]
  }
  const cell = (cells: string[], index: number): string => cells[index] ?? ''
  return [
    ...title,
    {
      type: 'Table',
      showGridLines: false,
      columns: columns.map((name, index) =>
        columnLook(
          name,
          rows.map((cells) => cell(cells, index)),
        ),
      ),
      rows: [
        row(columns.map((name) => [small(text(name, LIMITS.cell, fit))])),
        ...rows.map((cells) =>
          row(columns.map((_, index) => [textBlock(text(cell(cells, index), LIMITS.cell, fit))])),
        ),
      ],
    },
    ...hiddenLine(hidden),
  ]
}
