import { mayActAs, type Person } from '../domain/model.ts'
import type { Card, CardBlock } from './card.ts'
import { commandButton } from './command.ts'
import type { Desk } from './desk.ts'
import { stakeLine, TONES } from './exception-line.ts'
import { listTone } from './exception-list.ts'
import type { ExceptionRow, Queries } from './queries.ts'
import { count, wholeNumber } from './words.ts'

/** Rows of each part: two blocks a row, so that all of them together stay well within Slack's 100 for a home. */
const SHOWN = { mine: 8, approvals: 5, channels: 8 }

/** Whose desk it is. `channels`: those that are this person's by configuration; null = every channel. */
export type DeskOwner = { person: Person; channels: readonly string[] | null }

/** One person's own page: what is theirs, what waits for their yes, what is open in their channels, worst first. */
export const homeCard = async (
  { person, channels }: DeskOwner,
  queries: Pick<Queries, 'desk'>,
  now: Date,
): Promise<Card> => {
  const mayApprove = mayActAs(person.role, 'lead')
  const desk = await queries.desk({ personId: person.id, mayApprove, channels, limits: SHOWN })
  const { mine, approvals, channels: open } = desk
  const all = [...mine.items, ...approvals.items, ...open.items]
  const counts = [
    `${wholeNumber(mine.total)} yours`,
    ...(mayApprove ? [`${wholeNumber(approvals.total)} for your approval`] : []),
    `${wholeNumber(open.total)} ${channels === null ? 'open' : 'open in your channels'}`,
  ]
  const summary = `${counts.join(', ')}.`
  return {
    title: all.length === 0 ? 'Nothing waits for you' : 'What waits for you',
    tone: listTone(all),
    summary,
    blocks: [
      { kind: 'text', text: summary },
      ...partBlocks('For your approval', approvals, null, now),
      ...partBlocks('Yours', mine, 'mine', now),
      ...partBlocks(channels === null ? 'Open' : 'Open in your channels', open, 'open', now),
      {
        kind: 'buttons',
        buttons: [
          commandButton('today', 'What can be saved today'),
          commandButton('open', 'All that is open'),
        ],
      },
    ],
  }
}

/** `command`: what lists all of them, where there is such a command. */
const partBlocks = (
  title: string,
  { items, total }: Desk[keyof Desk],
  command: string | null,
  now: Date,
): CardBlock[] => {
  if (total === 0) return []
  const left = total - items.length
  const more =
    command === null
      ? `and ${wholeNumber(left)} more, which follow once these are decided`
      : `and ${wholeNumber(left)} more: ${command}`
  return [
    { kind: 'text', text: `${title}: ${count(total, 'exception')}` },
    ...items.flatMap((row) => homeRow(row, now)),
    ...(left > 0 ? [{ kind: 'context' as const, text: more }] : []),
  ]
}

const homeRow = (row: ExceptionRow, now: Date): CardBlock[] => [
  { kind: 'text', text: stakeLine(row, now), tone: TONES[row.severity] },
  { kind: 'buttons', buttons: [commandButton(`open ${row.id}`, `Show #${row.id}`)] },
]
