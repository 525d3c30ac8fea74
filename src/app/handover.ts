import { subjectName } from '../domain/keys.ts'
import type { Card, CardBlock, CardButton } from './card.ts'
import { handoverRef } from './card-ref.ts'
import { commandButton } from './command.ts'
import { UserError } from './errors.ts'
import type { ExceptionRow } from './queries.ts'
import { count } from './words.ts'

/*
 * What the claims of one shift left to the next: one message for each channel and end of a shift.
 */

type Note = { person: string; note: string }

/** `revision`: of all its exceptions together, so that it counts whatever a reader could see change. */
export type HandoverSource = {
  channel: string
  endedAt: Date
  revision: number
  /** Worst first, each with who had it. */
  items: { exception: string; had: string }[]
  /** Newest first. */
  notes: (Note & { exception: string })[]
}

export type HandoverDetail = Pick<HandoverSource, 'channel' | 'endedAt' | 'revision'> & {
  id: string
  items: { row: ExceptionRow; had: string; notes: Note[] }[]
}

type Item = HandoverDetail['items'][number]

/** What a phone can still be scrolled through; the rest is counted. */
const MOST_ITEMS = 10
const MOST_NOTES = 2

const TAKE = /^claim\.(\d{1,15})\.(\d{1,9})$/

/** Each button carries the version of its own exception, so that taking it over is the same press as on its card. */
const takeButton = (card: string, revision: number, { id, version }: ExceptionRow): CardButton => ({
  kind: 'press',
  exception: card,
  action: `claim.${id}.${version}`,
  version: revision,
  label: `Take over #${id}`,
  style: 'default',
  enabled: true,
  reason: null,
  confirm: null,
  inputs: [],
})

/** What a press on a handover's card is about. Throws UserError for what its card never offers. */
export const takenOver = (action: string): { exception: string; action: string; version: number } => {
  const [, exception, version] = TAKE.exec(action) ?? []
  if (!exception || !version) throw new UserError('A handover has only buttons that take something over.')
  return { exception, action: 'claim', version: Number(version) }
}

const standsAs = ({ row, had }: Item): string => {
  if (row.claimedBy) return `${had} had it; ${row.claimedBy.name} is on it now.`
  return row.snoozedUntil ? `${had} had it. ${row.status}` : `${had} had it; nobody is on it.`
}

const itemBlocks = (card: string, revision: number, item: Item): CardBlock[] => {
  const { row, notes } = item
  const words = [
    `#${row.id} · ${row.severity} · ${row.title}: ${subjectName(row.subject.keys)}`,
    standsAs(item),
    ...notes.slice(0, MOST_NOTES).map(({ person, note }) => `Note by ${person}: ${note}`),
  ]
  const take = row.claimedBy === null ? [takeButton(card, revision, row)] : []
  return [
    { kind: 'text', text: words.join('\n') },
    { kind: 'buttons', buttons: [...take, commandButton(`open ${row.id}`, `Show #${row.id}`)] },
  ]
}

const oneWords = (open: number, free: number): string =>
  `the one that was in hand is ${open === 0 ? 'over' : `still open${free > 0 ? ', with nobody on it' : ''}`}`

const allWords = (all: number, open: number, free: number): string =>
  open === 0
    ? `all ${all} that were in hand are over`
    : `${open} of ${all} that were in hand ${open === 1 ? 'is' : 'are'} still open, ${free} with nobody on ${free === 1 ? 'it' : 'them'}`

/** The message of one handover, as it stands: what was in hand and is still open, and what has come of the rest. */
export const handoverCard = ({ id, endedAt, revision, items }: HandoverDetail): Card => {
  const card = handoverRef(id)
  const open = items.filter(({ row }) => row.state === 'open')
  const free = open.filter(({ row }) => row.claimedBy === null && row.snoozedUntil === null).length
  const over = items.length - open.length
  const left = open.length - MOST_ITEMS
  const summary = `Handover: ${items.length === 1 ? oneWords(open.length, free) : allWords(items.length, open.length, free)}.`
  return {
    title: open.length === 0 ? 'Handover: nothing left' : `Handover: ${open.length} still open`,
    tone: free > 0 ? 'warning' : open.length === 0 ? 'good' : 'neutral',
    summary,
    blocks: [
      { kind: 'text', text: summary },
      { kind: 'time', label: 'Their shift ended', at: endedAt },
      ...open.slice(0, MOST_ITEMS).flatMap((item) => itemBlocks(card, revision, item)),
      ...(left > 0
        ? [{ kind: 'context' as const, text: `And ${count(left, 'more', 'more')}: "open" lists them.` }]
        : []),
      ...(over > 0 && open.length > 0
        ? [
            {
              kind: 'context' as const,
              text: `${count(over, 'other', 'others')} ${over === 1 ? 'is' : 'are'} over.`,
            },
          ]
        : []),
    ],
    exception: { id: card, version: revision, state: open.length === 0 ? 'over' : 'open' },
  }
}
