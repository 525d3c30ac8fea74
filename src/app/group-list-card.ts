import type { Card, CardBlock } from './card.ts'
import { commandButton } from './command.ts'
import { money } from './exception-context.ts'
import { endedWord, groupWords } from './group-card.ts'
import type { GroupDetail, NamedLine } from './group-records.ts'
import { count, elapsed, timeLeft, wholeNumber } from './words.ts'

/** Members on one list card, and such cards under one summary: what a thread on a phone can be scrolled through. */
export const LINES_A_LIST = 20
export const MOST_LISTS = 5
/** Lines that stand over one row of their buttons: near enough to see which belongs to which, one row on every surface. */
const LINES_A_ROW = 5

const lineOf = (line: NamedLine, { parts, closedAt }: GroupDetail, now: Date): string => {
  const { id, name, contract, state, since, valueMinor, currency, promiseAt, claimedBy } = line
  const kind = parts.contract === undefined ? ` (${contract})` : ''
  const details =
    state === 'open' && closedAt === null
      ? [
          `broken for ${elapsed(since, now)}`,
          ...(valueMinor === null || currency === null ? [] : [money({ minor: valueMinor, currency })]),
          ...(promiseAt === null ? [] : [`promised: ${timeLeft(promiseAt, now)}`]),
          ...(claimedBy === null ? [] : [`${claimedBy} is on it`]),
        ]
      : [endedWord(state)]
  return `#${id} ${name}${kind}: ${details.join(' · ')}`
}

/** Lines, and below them a button for each that shows its card to whoever presses it. */
const rowsOf = (lines: NamedLine[], detail: GroupDetail, now: Date): CardBlock[] =>
  Array.from({ length: Math.ceil(lines.length / LINES_A_ROW) }, (_, row) =>
    lines.slice(row * LINES_A_ROW, (row + 1) * LINES_A_ROW),
  ).flatMap((row): CardBlock[] => [
    { kind: 'text', text: row.map((line) => lineOf(line, detail, now)).join('\n') },
    { kind: 'buttons', buttons: row.map(({ id }) => commandButton(`open ${id}`, `Show #${id}`)) },
  ])

/** What no list names, and how to ask for it; on the last list. */
const restWords = (detail: GroupDetail, page: number): string[] => {
  const left = detail.figures.open - detail.listed
  const isLast = page * LINES_A_LIST >= detail.listed
  return isLast && left > 0 && detail.closedAt === null
    ? [`And ${count(left, 'more', 'more')} that no list names: "open ${groupWords(detail)}" shows them all.`]
    : []
}

/** One list of a storm's members, under its summary. `page`: from 1. */
export const groupListCard = (detail: GroupDetail, page: number, now: Date): Card => {
  const { title, lines, listed, closedAt } = detail
  const first = (page - 1) * LINES_A_LIST + 1
  const last = first + lines.length - 1
  const range = first >= last ? wholeNumber(last) : `${wholeNumber(first)} to ${wholeNumber(last)}`
  const words = closedAt
    ? `${title}: ${range} of ${wholeNumber(listed)} listed, all over`
    : `${title}: ${range} of ${wholeNumber(listed)} listed, the worst first`
  const rest = restWords(detail, page)
  return {
    title: words,
    tone: closedAt ? 'good' : 'neutral',
    summary: words,
    blocks: [
      ...rowsOf(lines, detail, now),
      ...rest.map((text): CardBlock => ({ kind: 'text', text })),
      ...(closedAt
        ? []
        : [
            {
              kind: 'context' as const,
              text: 'A button shows how it stands now. This list stays as it is until all are over.',
            },
          ]),
      { kind: 'time', label: 'As of', at: now },
    ],
  }
}
