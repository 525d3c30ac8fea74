import type { Card, CardBlock } from '../src/app/card.ts'
import { type CommandContext, commandButton, defineCommand } from '../src/app/command.ts'
import { money } from '../src/app/exception-context.ts'
import { TONES } from '../src/app/exception-line.ts'
import { listTone } from '../src/app/exception-list.ts'
import { clockIn, endOfDay } from '../src/app/period.ts'
import type { ExceptionRow } from '../src/app/queries.ts'
import type { Saving, Slot, Today } from '../src/app/today.ts'
import { count, countdown, listed, upperFirst, wholeNumber } from '../src/app/words.ts'
import { subjectName } from '../src/domain/keys.ts'

/** Cards of each cut-off: one list for a phone. */
const SHOWN = 7
/** Cut-offs of one list; a day has one or two, promises by the minute may have many. */
const SLOTS = 3

/** What can still be saved before each of today's cut-offs. */
export const today = defineCommand<null>({
  name: 'today',
  aliases: ['save', 'due'],
  summary: 'What can still be saved today, by its last cut-off, worst first',
  usage: 'today',
  examples: ['today'],
  role: 'operator',
  parse: () => ({ ok: true, args: null }),
  run: async (_args, { now, zone, queries }: CommandContext) => ({
    card: todayCard(await queries.today(endOfDay(now, zone), SHOWN), now, zone),
  }),
})

const todayCard = (plan: Today, now: Date, zone: string): Card => {
  const slots = plan.slots.slice(0, SLOTS)
  const total = plan.slots.reduce((sum, slot) => sum + slot.total, 0)
  const [next] = slots
  const atLeast = plan.isCut ? 'At least ' : ''
  const summary =
    next === undefined
      ? 'Nothing has to be saved today.'
      : `${atLeast}${wholeNumber(total)} can still be saved today; the next cut-off is in ${countdown(now, next.saveBy)}.`
  const rows = slots.flatMap(({ first }) => first.map(({ exception }) => exception))
  const unshown = plan.slots.slice(SLOTS).reduce((sum, slot) => sum + slot.total, 0)
  return {
    title:
      next === undefined
        ? 'Nothing has to be saved today'
        : `Today: ${wholeNumber(total)} can still be saved`,
    tone: listTone(rows),
    summary,
    blocks: [
      { kind: 'text', text: summary },
      ...slots.flatMap((slot) => slotBlocks(slot, now, zone)),
      ...(unshown === 0
        ? []
        : [
            {
              kind: 'context' as const,
              text: `Later today: ${wholeNumber(unshown)} more, by ${wholeNumber(plan.slots.length - SLOTS)} later times.`,
            },
          ]),
      ...restLines(plan, now, zone).map((text): CardBlock => ({ kind: 'context', text })),
      { kind: 'buttons', buttons: [commandButton('open', 'All that is open')] },
    ],
  }
}

const slotBlocks = ({ saveBy, total, first }: Slot, now: Date, zone: string): CardBlock[] => [
  {
    kind: 'text',
    text: `Before ${clockIn(saveBy, zone)}, in ${countdown(now, saveBy)}: ${wholeNumber(total)}`,
  },
  ...first.flatMap(savingBlocks),
  ...(total > first.length
    ? [{ kind: 'context' as const, text: `and ${wholeNumber(total - first.length)} more before then: open` }]
    : []),
]

const savingBlocks = ({ exception, saves, amounts }: Saving): CardBlock[] => [
  { kind: 'text', text: savingLine(exception, saves, amounts), tone: TONES[exception.severity] },
  { kind: 'buttons', buttons: [commandButton(`open ${exception.id}`, buttonWords(exception))] },
]

/** "Order 1001 · Short pick · €120.00 · Bo Example is on it" */
const savingLine = (row: ExceptionRow, saves: number, amounts: Saving['amounts']): string =>
  [
    upperFirst(subjectName(row.subject.keys)),
    row.title,
    ...(saves > 1 ? [`saves ${wholeNumber(saves)}`] : []),
    ...(amounts.length > 0 ? [listed(amounts.map(money))] : []),
    ...(row.claimedBy === null ? [] : [`${row.claimedBy.name} is on it`]),
  ].join(' · ')

/** It opens the card: nothing is done from a list. */
const buttonWords = (row: ExceptionRow): string => {
  const suggested = row.actions.find(({ style, enabled }) => style === 'primary' && enabled)
  return suggested ? `#${row.id}: ${suggested.label}` : `Show #${row.id}`
}

/** What is not in the list, so that nobody takes it for all there is. */
const restLines = ({ later, missed, unpromised, snoozed }: Today, now: Date, zone: string): string[] => [
  ...(later.from === null
    ? []
    : [`After today: ${wholeNumber(later.total)}, the first before ${clockIn(later.from, zone, now)}.`]),
  ...(missed === 0 ? [] : [`Past the last cut-off: ${wholeNumber(missed)}, too late to be on time.`]),
  ...(unpromised === 0 ? [] : [`${count(unpromised, 'exception')} with no promise known.`]),
  ...(snoozed === 0 ? [] : [`Snoozed: ${wholeNumber(snoozed)}, left out here.`]),
]
