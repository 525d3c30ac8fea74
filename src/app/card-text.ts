import type { Card, CardBlock, CardButton, CommandButton, SystemColumn } from './card.ts'
import { timeLeft } from './words.ts'

/**
 * The whole card as plain text: for terminals, logs of tests, and the fallback text of chat messages. Times are in
 * UTC, as text knows no reader.
 */
export const cardText = (card: Card): string => {
  const body = card.blocks.map(blockText).filter((text) => text !== '')
  return [card.title, ...(body.length > 0 ? body : [card.summary])].join('\n')
}

const blockText = (block: CardBlock): string => {
  switch (block.kind) {
    case 'text':
    case 'context':
      return block.text
    case 'facts':
      return block.facts
        .map(({ label, value, at }) => `${label}: ${value}${at ? ` ${timeText(at)}` : ''}`)
        .join('\n')
    case 'systems':
      return block.systems.map(systemText).join('\n')
    case 'table':
      return tableText(block.title, block.columns, block.rows)
    case 'time':
      return `${block.label}: ${timeText(block.at)}${countdown(block)}`
    case 'buttons':
      return block.buttons.map(buttonText).join('\n')
  }
}

const timeText = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

const countdown = ({ at, countdownFrom }: { at: Date; countdownFrom?: Date }): string =>
  countdownFrom === undefined ? '' : ` (${timeLeft(at, countdownFrom)})`

const systemText = ({ system, role, state, raw, at, details }: SystemColumn): string => {
  const since = at ? ` since ${timeText(at)}` : ''
  const said = raw === state || raw === '' ? '' : ` ("${raw}")`
  return [`${system} (${role}): ${state}${said}${since}`, ...details].join(', ')
}

const buttonText = (button: CardButton | CommandButton): string => {
  if (button.kind === 'command') return `[${button.label}] ${button.text}`
  const reason = button.reason === null ? '' : ` ${button.reason}`
  return `[${button.label}]${button.enabled ? '' : ' not now.'}${reason}`
}

/** Columns of figures are set to the right, so that they can be compared. */
const tableText = (title: string, columns: string[], rows: string[][]): string => {
  const clean = [columns, ...rows].map((row) => columns.map((_, i) => (row[i] ?? '').replace(/\s+/g, ' ')))
  const widths = columns.map((_, i) => Math.max(...clean.map((row) => row[i]?.length ?? 0)))
  const isFigures = columns.map((_, i) =>
    clean.slice(1).every((row) => /^(\d|under |over |-|$)/.test(row[i] ?? '')),
  )
  const line = (row: string[]) =>
    row
      .map((cell, i) => (isFigures[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return [...(title === '' ? [] : [title]), ...clean.map(line)].join('\n')
}
