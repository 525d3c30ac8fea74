import { handoffName } from '../domain/model.ts'
import type { CardBlock, Tone } from './card.ts'
import { commandButton } from './command.ts'
import { TONES } from './exception-line.ts'
import type { ExceptionRow } from './queries.ts'
import { count, elapsed } from './words.ts'

/** Rows of a list on one card: what a phone can still be scrolled through, and well within every surface's limits. */
export const PAGE = 10

/** One exception in a list: what it is, where and since when, what is happening, and a button that shows its card. */
export const rowBlocks = (row: ExceptionRow, now: Date): CardBlock[] => {
  const place =
    row.timeline === 'live' ? handoffName(row.handoff) : `${handoffName(row.handoff)} (${row.timeline})`
  const age =
    row.state === 'open'
      ? `broken for ${elapsed(row.since, now)}`
      : `${row.state} ${elapsed(row.closedAt ?? row.since, now)} ago`
  const root = row.root === null ? '' : `follows from #${row.root.id}`
  const detail = [place, age, root, row.status.replace(/\.$/, '')].filter((part) => part !== '').join(' · ')
  const more = row.consequenceCount > 0 ? ` · +${count(row.consequenceCount, 'consequence')}` : ''
  return [
    {
      kind: 'text',
      text: `#${row.id} · ${row.severity} · ${row.title}${more}\n${detail}`,
      tone: TONES[row.severity],
    },
    { kind: 'buttons', buttons: [commandButton(`open ${row.id}`, `Show #${row.id}`)] },
  ]
}

/** The tone of a list: as grave as its gravest row. */
export const listTone = (rows: readonly ExceptionRow[]): Tone =>
  rows.some(({ severity }) => severity === 'high') ? 'danger' : rows.length > 0 ? 'warning' : 'good'

/** `command` again from where this page ended; nothing on the last page. */
export const moreBlocks = (command: string, next: string | null): CardBlock[] =>
  next === null ? [] : [{ kind: 'buttons', buttons: [commandButton(`${command} after:${next}`, 'More')] }]

/** Takes the `after:` of a "more" button out of what was typed. The cursor keeps its case. */
export const takeAfter = (text: string): { text: string; after: string | null } => {
  const [token, after] = /(?:^|\s)after:(\S+)/i.exec(text) ?? []
  return { text: token === undefined ? text : text.replace(token, ' ').trim(), after: after ?? null }
}
