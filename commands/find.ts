import type { Card, CardBlock, SystemColumn } from '../src/app/card.ts'
import { commandButton, defineCommand } from '../src/app/command.ts'
import { listTone, rowBlocks } from '../src/app/exception-list.ts'
import type { FoundExceptions, SystemSide } from '../src/app/queries.ts'
import { ROLE_WORDS } from '../src/app/sides.ts'
import { count, listed, quoted } from '../src/app/words.ts'
import { subjectName } from '../src/domain/keys.ts'

/** Exceptions and subjects shown on one card. */
const MOST_EXCEPTIONS = 10
const MOST_SUBJECTS = 3

/** Everything that the systems say about one number, and what is or was wrong with it. */
export const find = defineCommand<{ wanted: string }>({
  name: 'find',
  aliases: ['search', 'lookup', 'where', 'track'],
  summary: 'One order, SKU, parcel or receipt by its number: where each system stands, and what is wrong',
  usage: 'find <order|sku|tracking>',
  examples: ['find 1001'],
  role: 'operator',
  parse: (text) => {
    const wanted = text
      .replace(/["'`]/g, '')
      .replace(/^(?:order|sku|tracking|parcel|receipt|po|number|no\.?)[\s:]+/i, '')
      .trim()
    return wanted === ''
      ? { ok: false, error: 'Say what to look for: an order number, a SKU, a tracking or a receipt number.' }
      : { ok: true, args: { wanted } }
  },
  run: async ({ wanted }, { now, queries }) => {
    // Some shops write their numbers with a #, people with or without it.
    for (const written of [wanted, wanted.startsWith('#') ? wanted.slice(1) : `#${wanted}`]) {
      // One more than is shown tells whether there are more.
      const found = await queries.findExceptions(written, MOST_EXCEPTIONS + 1)
      if (found.subjects.length + found.exceptions.length > 0) return { card: foundCard(wanted, found, now) }
    }
    return { card: unknownCard(wanted) }
  },
})

const unknownCard = (wanted: string): Card => {
  const text =
    `${quoted(wanted)} is in none of the systems, as far as Baton has heard. ` +
    'Check the number, or try another one of the same thing (order, tracking, receipt, SKU).'
  return {
    title: `${quoted(wanted)}: not found`,
    tone: 'neutral',
    summary: text,
    blocks: [
      { kind: 'text', text },
      { kind: 'buttons', buttons: [commandButton('open', 'All that is open')] },
    ],
  }
}

const foundCard = (wanted: string, { subjects, exceptions }: FoundExceptions, now: Date): Card => {
  const open = exceptions.filter(({ state }) => state === 'open')
  const closed = exceptions.filter(({ state }) => state !== 'open')
  const systems = [
    ...new Set(subjects.flatMap((subject) => subject.systems.map(({ system }) => system))),
  ].sort()
  const where = systems.length > 0 ? `found in ${listed(systems)}; ` : ''
  const isCut = exceptions.length > MOST_EXCEPTIONS
  const past = closed.length > 0 && !isCut ? `, ${closed.length} closed` : ''
  const summary = `${wanted}: ${where}${open.length === 0 && !isCut ? 'nothing' : open.length} open${past}.`
  return {
    title: `Found: ${wanted.slice(0, 60)}`,
    tone: open.length > 0 ? listTone(open) : 'good',
    summary,
    blocks: [
      { kind: 'text', text: summary },
      ...[...open, ...closed].slice(0, MOST_EXCEPTIONS).flatMap((row) => rowBlocks(row, now)),
      ...subjects.slice(0, MOST_SUBJECTS).flatMap(subjectBlocks),
      ...restBlocks(wanted, isCut, subjects.length - MOST_SUBJECTS),
    ],
  }
}

const subjectBlocks = ({
  kind,
  keys,
  systems,
  timeline,
}: FoundExceptions['subjects'][number]): CardBlock[] => [
  { kind: 'context', text: `${kind}: ${subjectName(keys)}${timeline === 'live' ? '' : ` (${timeline})`}` },
  { kind: 'systems', systems: systems.map(columnOf) },
]

const columnOf = ({
  system,
  role,
  type,
  externalId,
  state,
  raw,
  at,
  quantities,
}: SystemSide): SystemColumn => ({
  system: `${system}, ${type.replaceAll('_', ' ')} ${externalId}`,
  role: ROLE_WORDS[role],
  state,
  raw,
  at,
  details: Object.entries(quantities).map(([name, units]) => `${name.replaceAll('_', ' ')} ${units}`),
})

const restBlocks = (wanted: string, isCut: boolean, moreSubjects: number): CardBlock[] => [
  ...(isCut
    ? [
        { kind: 'text' as const, text: `There are more: these are the newest ${MOST_EXCEPTIONS}.` },
        { kind: 'buttons' as const, buttons: [commandButton(`open ${wanted}`, 'All that is open for it')] },
      ]
    : []),
  ...(moreSubjects > 0
    ? [
        {
          kind: 'context' as const,
          text: `It also occurs in ${count(moreSubjects, 'other place')}, not shown here.`,
        },
      ]
    : []),
]
