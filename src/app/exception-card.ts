import { subjectName } from '../domain/keys.ts'
import { handoffName } from '../domain/model.ts'
import type { Card, CardBlock, CardButton, Tone } from './card.ts'
import type { ActionRunRow, ExceptionDetail, ExceptionRow } from './queries.ts'

const TONE: Record<ExceptionRow['severity'], Tone> = { low: 'neutral', medium: 'warning', high: 'danger' }

const money = (minor: number, currency: string): string => {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency }).format(minor / 100)
  } catch {
    return `${(minor / 100).toFixed(2)} ${currency}`
  }
}

const factsOf = (row: ExceptionDetail): { label: string; value: string }[] => [
  ...(row.valueMinor === null || row.currency === null
    ? []
    : [{ label: 'Value', value: money(row.valueMinor, row.currency) }]),
  ...(row.episode > 1 ? [{ label: 'Came back', value: `${row.episode - 1} times` }] : []),
  ...(row.claimedBy === null || row.state !== 'open' ? [] : [{ label: 'On it', value: row.claimedBy.name }]),
]

/** What the last run came to, and whether the systems agree now: only that is called verified. */
const runWords = (run: ActionRunRow): string => {
  const by = run.approvedBy === null ? run.requestedBy : `${run.requestedBy}, approved by ${run.approvedBy}`
  const came = run.outcome === null ? run.state.replace('_', ' ') : run.outcome.replace('_', ' ')
  return `${run.label} on ${run.system} by ${by}: ${came}${run.verifiedAt ? ', verified' : ''}. ${run.words}`.trim()
}

/** Nobody scrolls through more on a phone; the rest is in the history. */
const RUNS_SHOWN = 2
const NOTES_SHOWN = 3

const buttonsOf = (row: ExceptionDetail): CardButton[] =>
  row.actions.map((action) => ({
    kind: 'press',
    exception: row.id,
    action: action.id,
    version: row.version,
    ...without(action),
  }))

const without = ({ id: _id, ...rest }: ExceptionDetail['actions'][number]) => rest

const upperFirst = (text: string): string => (text[0] ?? '').toUpperCase() + text.slice(1)

/** The card's small print: its number, what it is about, and why it is in this channel. */
const whereFrom = (row: ExceptionDetail): string => {
  const why = row.timeline === 'live' ? row.routeReason : 'from an import'
  return [
    `#${row.id}`,
    `${row.severity} severity`,
    handoffName(row.handoff),
    ...(why === null ? [] : [why]),
  ].join(' · ')
}

/** The card of one exception: everything a person needs to decide, and nothing that would be wrong in a minute. */
export const exceptionCard = (row: ExceptionDetail): Card => {
  const name = subjectName(row.subject.keys)
  const open = row.state === 'open'
  const facts = factsOf(row)
  const notes = row.interventions.filter((i) => i.note !== null && i.action !== 'dismiss').slice(-NOTES_SHOWN)
  const blocks: CardBlock[] = [
    { kind: 'text', text: `${upperFirst(name)}: ${open ? '' : 'when it opened, '}${row.evidence}` },
    { kind: 'systems', systems: row.columns },
    ...(facts.length > 0 ? [{ kind: 'facts' as const, facts }] : []),
    { kind: 'time', label: open ? 'Broken since' : 'Was broken since', at: row.since },
    ...(row.promiseAt && open
      ? [{ kind: 'time' as const, label: 'Promised to the customer', at: row.promiseAt }]
      : []),
    // "Open." alone says nothing that the card does not say anyway.
    ...(row.status === 'Open.'
      ? []
      : [
          {
            kind: 'text' as const,
            text: row.status,
            tone: open || row.state === 'dismissed' ? ('neutral' as const) : ('good' as const),
          },
        ]),
    ...row.actionRuns.slice(0, RUNS_SHOWN).map((run) => ({ kind: 'context' as const, text: runWords(run) })),
    ...notes.map((i) => ({ kind: 'context' as const, text: `Note by ${i.person}: ${i.note}` })),
    { kind: 'buttons', buttons: buttonsOf(row) },
    { kind: 'context', text: whereFrom(row) },
  ]
  return {
    title: row.title,
    tone: open ? TONE[row.severity] : row.state === 'dismissed' ? 'neutral' : 'good',
    summary: `${row.title}: ${name}. ${open ? row.evidence : row.status}`,
    blocks,
    exception: { id: row.id, version: row.version, state: row.state },
  }
}
