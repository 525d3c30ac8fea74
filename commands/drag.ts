import type { Card, CardBlock } from '../src/app/card.ts'
import { commandButton, defineCommand } from '../src/app/command.ts'
import { type Period, parsePeriod } from '../src/app/period.ts'
import { count, figure, share, wholeNumber, workHours } from '../src/app/words.ts'
import { type Drag, type DragFigures, type DragLine, per1000 } from '../src/domain/drag.ts'
import { handoffName } from '../src/domain/model.ts'

/** What manual follow-up cost in a period, and what it is made of. */
export const drag = defineCommand<Period>({
  name: 'drag',
  aliases: ['cost', 'index', 'report'],
  summary: 'The hours that manual follow-up took, for each 1,000 orders, by handoff',
  usage: 'drag [period]',
  examples: ['drag', 'drag last week', 'drag 30d', 'drag november', 'drag 2026-11-01..2026-11-15'],
  role: 'lead',
  parse: parsePeriod,
  run: async (period, { queries }) => ({
    card: dragCard(period, await queries.drag({ from: period.from, to: period.to })),
  }),
})

/** Gaps in the table; the rest is one row, so that the column still adds up to the total. */
const MOST_ROWS = 12

const dragCard = (period: Period, measured: Drag): Card => {
  const headline = headlineOf(measured)
  const isEmpty = measured.total.touches === 0
  return {
    title: `Drag: ${period.label}`,
    tone: 'neutral',
    summary: headline,
    blocks: [
      { kind: 'text', text: headline },
      ...(isEmpty ? [] : [factsBlock(measured), tableBlock(measured), ...rankingBlocks(measured)]),
      { kind: 'context', text: notMeasured(measured) },
      {
        kind: 'buttons',
        buttons: [
          commandButton('drag this week', 'This week'),
          commandButton('drag last week', 'Last week'),
          commandButton('drag 30d', '30 days'),
        ],
      },
    ],
  }
}

const headlineOf = ({ total, orders, indexPer1000 }: Drag): string => {
  const noOrders = 'No orders were seen in this period, so there is no figure for each 1,000 orders.'
  if (total.touches === 0) {
    const nobody =
      'Nobody has touched an exception through Baton in this period: there is nothing to measure.'
    return orders === 0 ? `${nobody} ${noOrders}` : `${nobody} ${count(orders, 'order')} came in.`
  }
  const on =
    total.exceptions === 0 ? 'all of it on Baton itself' : `on ${count(total.exceptions, 'exception')}`
  const work = `${workHours(total.handsOnHours)} of hands-on work, ${on}.`
  return indexPer1000 === null
    ? `${work} ${noOrders}`
    : `${work} Drag Index: ${figure(indexPer1000)} h for each 1,000 orders (${count(orders, 'order')}).`
}

const factsBlock = ({ total, orders, persons, assumptions }: Drag): CardBlock => ({
  kind: 'facts',
  facts: [
    {
      label: 'Measured',
      value: `${share(total.measuredHours, total.handsOnHours)} (${workHours(total.measuredHours)}: forms seen open, minutes stated)`,
    },
    {
      label: 'Assumed',
      value: `${share(total.assumedHours, total.handsOnHours)} (${workHours(total.assumedHours)}${offChat(total)})`,
    },
    { label: 'Switching, on top', value: switching(total, orders) },
    { label: 'Delay and downstream cost', value: 'not configured' },
    { label: 'Made of', value: `${count(total.touches, 'touch', 'touches')} by ${people(persons)}` },
    {
      label: 'How',
      value:
        `touches less than ${assumptions.joinMinutes} min apart are one session, ` +
        `${assumptions.tailMinutes} min after its last one; no minute is counted twice`,
    },
  ],
})

const people = (persons: number): string =>
  persons === 0 ? 'people whom Baton does not know' : count(persons, 'person', 'persons')

const offChat = ({ offChatHours }: DragFigures): string =>
  offChatHours > 0 ? `, of it ${workHours(offChatHours)} for fixes made in the systems themselves` : ''

/** Always with its band, never inside the headline. */
const switching = ({ sessions, switchingHours }: DragFigures, orders: number): string => {
  const { low, typical, high } = switchingHours
  const index = per1000(typical, orders)
  const perOrders = index === null ? '' : `; ${figure(index)} h for each 1,000 orders`
  return `${workHours(typical)} for ${count(sessions, 'session')} started (${workHours(low)} to ${workHours(high)}${perOrders})`
}

const tableBlock = ({ lines, total, orders }: Drag): CardBlock => {
  const gaps = lines.filter(({ gap }) => gap !== null)
  const tool = lines.filter(({ gap }) => gap === null)
  const shown = gaps.length > MOST_ROWS ? gaps.slice(0, MOST_ROWS - 1) : gaps
  const rest = gaps.slice(shown.length)
  const row = (name: string, own: readonly DragLine[]): string[] => {
    const hours = own.reduce((sum, line) => sum + line.handsOnHours, 0)
    const index = per1000(hours, orders)
    return [
      name,
      workHours(hours),
      share(hours, total.handsOnHours),
      index === null ? '-' : figure(index),
      wholeNumber(own.reduce((sum, line) => sum + line.exceptions, 0)),
      wholeNumber(own.reduce((sum, line) => sum + line.sessions, 0)),
    ]
  }
  return {
    kind: 'table',
    title: 'By handoff',
    columns: ['Handoff', 'Hands-on', 'Share', 'h/1,000', 'Exceptions', 'Sessions'],
    rows: [
      ...shown.map((line) => row(nameOf(line), [line])),
      ...(rest.length > 0 ? [row(`${rest.length} smaller ones`, rest)] : []),
      ...(tool.length > 0 ? [row('Baton itself (questions, approvals, false alarms)', tool)] : []),
    ],
  }
}

const nameOf = ({ gap }: DragLine): string => (gap ? `${handoffName(gap.handoff)}: ${gap.contract}` : '')

const rankingBlocks = ({ ranking, persons, total, assumptions: { minimum } }: Drag): CardBlock[] => {
  switch (ranking) {
    case null:
      return []
    case 'stable':
      return [
        {
          kind: 'context',
          text: 'The order of the handoffs holds from the low to the high cost of switching.',
        },
      ]
    case 'unstable':
      return [
        {
          kind: 'context',
          text: 'The order of the handoffs depends on what a switch costs: do not rank by it.',
        },
      ]
    case 'too_few':
      return [
        {
          kind: 'context',
          text:
            `Too few to tell which handoff is worst: ${people(persons)} and ` +
            `${count(total.sessions, 'session')}; it takes ${minimum.persons} and ${minimum.sessions}.`,
        },
      ]
  }
}

const notMeasured = ({ assumptions: { switchSeconds } }: Drag): string =>
  'Not measured: work that neither Baton nor a system shows, and errors in the work that was interrupted. ' +
  `A switch is taken as ${switchSeconds.low} s to ${Math.round(switchSeconds.high / 60)} min ` +
  `(typically ${switchSeconds.typical} s) from published studies; in one, interrupted work was finished faster, ` +
  'under more stress.'
