import { subjectName } from '../domain/keys.ts'
import type { Card, CardBlock, CommandButton } from './card.ts'
import { commandButton } from './command.ts'
import { consequenceBlocks, historyLines, noteLines, orderBlocks, provenWords } from './exception-context.ts'
import type { ExceptionDetail } from './queries.ts'

/** Longer than a card, and still read on a phone. */
const MOST = 20

const contexts = (lines: string[]): CardBlock[] => lines.map((text) => ({ kind: 'context', text }))

/** What one press can do for all of its kind, or why it can do nothing, is a question of its own. */
const manyButton = ({ contract, state, timeline }: ExceptionDetail): CommandButton[] =>
  state === 'open' && timeline === 'live' ? [commandButton(`fix ${contract}`, 'All of this kind')] : []

/** The answer to "Why?": what the break means, whom it hurts, what helps, and everything that hangs on it. */
export const whyCard = (row: ExceptionDetail): Card => {
  const { meaning, hurts, fix } = row
  const proven = provenWords(row)
  const facts = [
    ...(hurts === '' ? [] : [{ label: 'Whom it hurts', value: hurts }]),
    ...(fix === '' ? [] : [{ label: 'Usual fix', value: fix }]),
  ]
  const blocks: CardBlock[] = [
    ...(meaning === '' ? [] : [{ kind: 'text' as const, text: meaning }]),
    ...(facts.length > 0 ? [{ kind: 'facts' as const, facts }] : []),
    ...consequenceBlocks(row, MOST),
    ...orderBlocks(row, MOST),
    ...contexts([...historyLines(row), ...(proven === null ? [] : [proven]), ...noteLines(row)]),
    { kind: 'buttons', buttons: [commandButton(`open ${row.id}`, `Show #${row.id}`), ...manyButton(row)] },
  ]
  const title = `Why #${row.id}: ${row.title}`
  return {
    title,
    tone: 'neutral',
    summary: `${title} (${subjectName(row.subject.keys)}). ${meaning}`,
    blocks,
  }
}
