import { subjectName } from '../domain/keys.ts'
import { handoffName } from '../domain/model.ts'
import type { ButtonPlace, Card, CardBlock, CardButton, CommandButton, Tone } from './card.ts'
import { commandButton } from './command.ts'
import {
  cameBack,
  consequenceBlocks,
  historyLines,
  money,
  noteLines,
  orderBlocks,
  usualWords,
} from './exception-context.ts'
import { TONES } from './exception-line.ts'
import { usualFacts } from './grace-words.ts'
import type { ActionRunRow, ExceptionDetail, ExceptionRow } from './queries.ts'
import { upperFirst } from './words.ts'

type Fact = Extract<CardBlock, { kind: 'facts' }>['facts'][number]

const factsOf = (row: ExceptionDetail): Fact[] => {
  const { valueMinor: minor, currency } = row
  const back = cameBack(row)
  return [
    ...(minor === null || currency === null ? [] : [{ label: 'Value', value: money({ minor, currency }) }]),
    ...usualFacts(row),
    ...(back === null ? [] : [{ label: 'Came back', value: back }]),
    ...(row.claimedBy === null || row.state !== 'open' ? [] : [onIt(row.claimedBy)]),
  ]
}

/** Who has it, and until when. */
const onIt = ({ name, until }: NonNullable<ExceptionRow['claimedBy']>): Fact =>
  until === null ? { label: 'On it', value: name } : { label: 'On it', value: `${name}, until`, at: until }

/** What the last run came to, and whether the systems agree now: only that is called verified. */
const runWords = (run: ActionRunRow): string => {
  const by = run.approvedBy === null ? run.requestedBy : `${run.requestedBy}, approved by ${run.approvedBy}`
  const came = run.outcome === null ? run.state.replace('_', ' ') : run.outcome.replace('_', ' ')
  return `${run.label} on ${run.system} by ${by}: ${came}${run.verifiedAt ? ', verified' : ''}. ${run.words}`.trim()
}

/** Nobody scrolls through more on a phone; the rest is in the history, or a "Why?" away. */
const RUNS_SHOWN = 2
const NOTES_SHOWN = 3
const MOST_CONSEQUENCES = 3
const MOST_ORDERS = 3
const OTHERS_NOTES_SHOWN = 3

/** The suggested one first with why, the others behind it, what belongs into a menu last. */
const buttonsOf = (row: ExceptionDetail): (CardButton | CommandButton)[] => {
  const buttons = row.actions.map(({ id, reason, ...look }): CardButton => {
    const said = [look.style === 'primary' ? usualWords(row, id) : null, reason].filter(
      (words) => words !== null,
    )
    return {
      kind: 'press',
      exception: row.id,
      action: id,
      version: row.version,
      ...look,
      reason: said.length > 0 ? said.join('. ') : null,
    }
  })
  const inMenu = ({ place }: { place?: ButtonPlace }): boolean => place === 'overflow'
  return [
    ...buttons.filter((each) => !inMenu(each)),
    ...whyButton(row),
    ...buttons.filter(inMenu),
    historyButton(row),
  ]
}

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

/** A consequence is handled where its cause is; whoever looks at it all the same must know that first. */
const rootBlocks = ({ root }: ExceptionDetail): CardBlock[] =>
  root === null
    ? []
    : [
        {
          kind: 'text',
          text: `Follows from #${root.id}: ${root.title} (${root.name}). Handle it there; it comes back by itself if it outlasts that.`,
        },
        { kind: 'buttons', buttons: [commandButton(`open ${root.id}`, `Show #${root.id}`)] },
      ]

/** Where something is broken already, that is named; the orders that might be next are only counted. */
const waitingBlocks = (row: ExceptionDetail): CardBlock[] => [
  ...consequenceBlocks(row, MOST_CONSEQUENCES),
  ...orderBlocks(row, row.consequenceCount > 0 ? 0 : MOST_ORDERS),
]

/** Until when it can still be saved, and what was promised, where that is another time. */
const deadlineBlocks = ({ promiseAt, saveBy, asOf: countdownFrom }: ExceptionDetail): CardBlock[] => [
  ...(saveBy === null || saveBy.getTime() === promiseAt?.getTime()
    ? []
    : [{ kind: 'time' as const, label: 'Last cut-off to save it', at: saveBy, countdownFrom }]),
  ...(promiseAt === null
    ? []
    : [{ kind: 'time' as const, label: 'Promised to the customer', at: promiseAt, countdownFrom }]),
]

/** What is at stake and until when, most important first: on a phone little more is seen at once. */
const stakeBlocks = (row: ExceptionDetail): CardBlock[] => {
  const facts = factsOf(row)
  const isOpen = row.state === 'open'
  return [
    ...(isOpen ? deadlineBlocks(row) : []),
    ...(facts.length > 0 ? [{ kind: 'facts' as const, facts }] : []),
    { kind: 'systems', systems: row.columns },
    { kind: 'time', label: isOpen ? 'Broken since' : 'Was broken since', at: row.since },
    ...(isOpen ? waitingBlocks(row) : []),
  ]
}

/** Somebody else was asked: who looks at the card wants to know what, and how long that may take. */
const answerBlocks = ({ actionRuns, asOf }: ExceptionDetail): CardBlock[] =>
  actionRuns.flatMap(({ state, outcome, settleBy, label }) =>
    state === 'settling' && outcome === 'requested' && settleBy
      ? [{ kind: 'time' as const, label: `${label}: asked, answer until`, at: settleBy, countdownFrom: asOf }]
      : [],
  )

/** What came of it so far. "Open." alone says nothing that the card does not say anyway. */
const statusBlocks = (row: ExceptionDetail): CardBlock[] => {
  const notes = row.interventions.filter((i) => i.note !== null && i.action !== 'dismiss').slice(-NOTES_SHOWN)
  const tone: Tone = row.state === 'open' || row.state === 'dismissed' ? 'neutral' : 'good'
  return [
    ...(row.status === 'Open.' ? [] : [{ kind: 'text' as const, text: row.status, tone }]),
    ...answerBlocks(row),
    ...row.actionRuns.slice(0, RUNS_SHOWN).map((run) => ({ kind: 'context' as const, text: runWords(run) })),
    ...notes.map((i) => ({ kind: 'context' as const, text: `Note by ${i.person}: ${i.note}` })),
  ]
}

/** What helps to decide and is not news: what is usual, in small print below the buttons. */
const contextBlocks = (row: ExceptionDetail): CardBlock[] => {
  if (row.state !== 'open') return []
  const lines = [
    ...(row.fix === '' ? [] : [`Usual fix: ${row.fix}`]),
    ...historyLines(row),
    ...noteLines(row).slice(0, OTHERS_NOTES_SHOWN),
  ]
  return lines.map((text) => ({ kind: 'context', text }))
}

const historyButton = ({ id }: ExceptionDetail): CommandButton => ({
  ...commandButton(`history ${id}`, 'History'),
  place: 'overflow',
})

const whyButton = (row: ExceptionDetail): CommandButton[] =>
  row.state === 'open' && row.meaning !== '' ? [commandButton(`open ${row.id} why`, 'Why?')] : []

/** The card of one exception: everything a person needs to decide, and nothing that would be wrong in a minute. */
export const exceptionCard = (row: ExceptionDetail): Card => {
  const name = subjectName(row.subject.keys)
  const open = row.state === 'open'
  const blocks: CardBlock[] = [
    ...rootBlocks(row),
    { kind: 'text', text: `${upperFirst(name)}: ${open ? '' : 'when it opened, '}${row.evidence}` },
    ...stakeBlocks(row),
    ...statusBlocks(row),
    { kind: 'buttons', buttons: buttonsOf(row) },
    ...contextBlocks(row),
    { kind: 'context', text: whereFrom(row) },
  ]
  return {
    title: row.title,
    tone: !open
      ? row.state === 'dismissed'
        ? 'neutral'
        : 'good'
      : row.root
        ? 'neutral'
        : TONES[row.severity],
    summary: `${row.title}: ${name}. ${open ? row.evidence : row.status}`,
    blocks,
    exception: { id: row.id, version: row.version, state: row.state },
  }
}
