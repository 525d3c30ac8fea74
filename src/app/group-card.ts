import { SEVERITIES } from '../domain/model.ts'
import type { Card, CardBlock, CommandButton, Mention, Tone } from './card.ts'
import { groupRef, raisedGroupRef } from './card-ref.ts'
import { commandButton } from './command.ts'
import { money } from './exception-context.ts'
import type { GroupDetail, GroupFigures } from './group-records.ts'
import { count, elapsed, listed, timeLeft, wholeNumber } from './words.ts'

/** Rows of the table: what a phone can still be scrolled through. */
export const WORST_SHOWN = 10
/** Kinds that are named where a group has several. */
const KINDS_SHOWN = 5

const TONES: readonly Tone[] = ['neutral', 'warning', 'danger']

/** The words by which "open" and "fix" find the members. */
export const groupWords = ({ parts: { contract, handoff, system, severity } }: GroupDetail): string =>
  [contract ?? handoff, severity, ...(system === undefined || system === '' ? [] : system.split(' '))]
    .filter((word) => word !== undefined)
    .join(' ')

const worth = (values: GroupFigures['values']): string =>
  listed(Object.entries(values).map(([currency, minor]) => money({ minor, currency })))

const ENDED: Record<string, string> = {
  healed: 'kept again',
  resolved: 'resolved',
  dismissed: 'dismissed',
  merged: 'found to be the same as others',
  folded: 'explained by another exception',
}

/** How one that is not open any more ended. */
export const endedWord = (state: string): string => ENDED[state] ?? state

const endedWords = ({ ended }: GroupFigures): string =>
  listed(ended.map(({ state, count: n }) => `${wholeNumber(n)} ${endedWord(state)}`))

const ended = ({ ended: all }: GroupFigures): number => all.reduce((sum, { count: n }) => sum + n, 0)

const factsOf = ({ figures, parts }: GroupDetail, now: Date): CardBlock => {
  const { open, own, claimed, values, contracts } = figures
  const kinds = contracts
    .slice(0, KINDS_SHOWN)
    .map(({ contract, count: n }) => `${contract} ${wholeNumber(n)}`)
  const facts = [
    { label: 'Open now', value: wholeNumber(open) },
    ...(Object.keys(values).length > 0 ? [{ label: 'Worth together', value: worth(values) }] : []),
    ...(figures.soonestPromise
      ? [
          {
            label: 'First promise due',
            value: timeLeft(figures.soonestPromise, now),
            at: figures.soonestPromise,
          },
        ]
      : []),
    ...(parts.contract === undefined && contracts.length > 1
      ? [{ label: 'Kinds', value: listed(kinds) }]
      : []),
    ...(claimed > 0 ? [{ label: 'Somebody is on', value: wholeNumber(claimed) }] : []),
    ...(ended(figures) > 0 ? [{ label: 'Over by now', value: endedWords(figures) }] : []),
    ...(own > 0 ? [{ label: 'With a message of their own', value: wholeNumber(own) }] : []),
  ]
  return { kind: 'facts', facts }
}

const tableOf = ({ worst, figures: { open }, parts }: GroupDetail, now: Date): CardBlock => ({
  kind: 'table',
  title: worst.length < open ? `The worst ${worst.length} of ${wholeNumber(open)}` : 'The worst first',
  columns: ['', 'Broken for', 'Value', 'Promised', 'On it'],
  rows: worst.map(({ id, name, contract, since, valueMinor, currency, promiseAt, claimedBy }) => [
    `#${id} ${name}${parts.contract === undefined ? ` (${contract})` : ''}`,
    elapsed(since, now),
    valueMinor === null || currency === null ? '–' : money({ minor: valueMinor, currency }),
    promiseAt === null ? '–' : timeLeft(promiseAt, now),
    claimedBy ?? '–',
  ]),
})

const buttonsOf = (detail: GroupDetail): CardBlock => {
  const words = groupWords(detail)
  const buttons: CommandButton[] = [
    commandButton(`fix ${words}`, 'Act on many at once'),
    commandButton(`open ${words}`, 'Show them one by one'),
  ]
  return { kind: 'buttons', buttons }
}

const frame = (
  { id, showing, revision, title }: GroupDetail,
  { words, tone, state, text }: { words: string; tone: Tone; state: string; text: string },
): Omit<Card, 'blocks'> => ({
  title: `${title}: ${words}`,
  tone,
  summary: `${title}: ${text}`,
  exception: { id: groupRef(id, showing), version: revision, state },
})

/** It goes on in a newer message: this one would only be out of date. */
const movedCard = (detail: GroupDetail, showing: number): Card => {
  const text = 'This goes on in a newer message further down.'
  const { exception: _, ...card } = frame(detail, { words: 'goes on', tone: 'neutral', state: 'open', text })
  const exception = { id: groupRef(detail.id, showing), version: detail.revision, state: 'open' }
  return { ...card, exception, blocks: [{ kind: 'text', text }] }
}

const overCard = (detail: GroupDetail, closedAt: Date): Card => {
  const { figures, openedAt } = detail
  const text = `None of them is open any more: ${endedWords(figures)}. It lasted ${elapsed(openedAt, closedAt)}.`
  return {
    ...frame(detail, {
      words: `all ${wholeNumber(figures.total)} are over`,
      tone: 'good',
      state: 'closed',
      text,
    }),
    blocks: [
      { kind: 'text', text, tone: 'good' },
      { kind: 'time', label: 'Over since', at: closedAt },
      { kind: 'context', text: 'If more of them break, a new message says so.' },
    ],
  }
}

const tellWords = (list: Mention[]): Pick<Card, 'tell'> => (list.length > 0 ? { tell: list } : {})

/** A storm in the channel to which it was raised: what its summary says, where it is from, and whom that calls. */
export const raisedGroupCard = (detail: GroupDetail, now: Date): Card => {
  const { exception: _, tell: __, ...card } = groupCard(detail, detail.showing, now)
  const exception = {
    id: raisedGroupRef(detail.id),
    version: detail.revision,
    state: detail.closedAt ? 'closed' : 'open',
  }
  if (detail.closedAt) return { ...card, exception }
  const { open, claimed } = detail.figures
  const free = open - claimed
  const text = `Escalated from #${detail.channel}: ${wholeNumber(free)} of these ${wholeNumber(open)} ${free === 1 ? 'has' : 'have'} nobody on ${free === 1 ? 'it' : 'them'}.`
  return {
    ...card,
    title: `Escalated: ${card.title}`,
    summary: `${text} ${card.summary}`,
    blocks: [{ kind: 'text', text, tone: 'warning' }, ...card.blocks],
    exception,
    ...tellWords(detail.tell.raised),
  }
}

/** The one message of a storm; `showing`: which of its posts is drawn. */
export const groupCard = (detail: GroupDetail, showing: number, now: Date): Card => {
  const { figures, openedAt, closedAt, escalatedTo, tell } = detail
  if (showing < detail.showing) return movedCard(detail, showing)
  if (closedAt) return overCard(detail, closedAt)
  const many = `${wholeNumber(figures.open)} open`
  const text = `${count(figures.open, 'exception')} of this kind ${figures.open === 1 ? 'is' : 'are'} open. They share this one message; each has its own card, with its own buttons, behind "Show them one by one".`
  return {
    ...frame(detail, {
      words: many,
      tone: TONES[figures.worstRank] ?? 'warning',
      state: 'open',
      text: `${many}, the first one for ${elapsed(openedAt, now)}.`,
    }),
    ...tellWords(tell.own),
    blocks: [
      { kind: 'text', text },
      ...(escalatedTo === null
        ? []
        : [{ kind: 'text' as const, text: `Nobody took them in time: escalated to #${escalatedTo}.` }]),
      factsOf(detail, now),
      { kind: 'time', label: 'First one opened', at: openedAt },
      tableOf(detail, now),
      buttonsOf(detail),
      {
        kind: 'context',
        text: `${severityWords(figures)}Each one is checked again right before anything is done, and only what can be taken back is done for many at once.`,
      },
      { kind: 'time', label: 'As of', at: now },
    ],
  }
}

const severityWords = ({ worstRank }: GroupFigures): string =>
  worstRank < 0 ? '' : `${SEVERITIES[worstRank] ?? 'medium'} severity · `
