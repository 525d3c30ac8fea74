import type { CardBlock } from '../src/app/card.ts'
import { commandButton, defineCommand } from '../src/app/command.ts'
import { UserError } from '../src/app/errors.ts'
import type { SplitPlan } from '../src/app/split.ts'
import { count } from '../src/app/words.ts'

type Args = { from: string; out: string; sure: boolean }

/** Objects named on each side; more would hide the buttons. */
const MOST_NAMED = 8

/** Takes apart what a wrong number made one. */
export const split = defineCommand<Args>({
  name: 'split',
  aliases: ['unmerge', 'separate'],
  summary: 'Takes a number out of an order (or parcel, receipt) that it does not belong to; stays so',
  usage: 'split <order or number> <number to take out>',
  examples: ['split 1001 S900', 'split order:1001 sale:S900'],
  role: 'admin',
  parse: (text) => {
    const [from = '', out = '', sure = '', ...more] = text.split(/\s+/)
    const isSure = sure.toLowerCase() === 'yes'
    return from === '' || out === '' || more.length > 0 || (sure !== '' && !isSure)
      ? { ok: false, error: 'Say what to split, and which of its numbers to take out.' }
      : { ok: true, args: { from, out, sure: isSure } }
  },
  run: async ({ from, out, sure }, { asker, subjects }) => {
    try {
      return sure
        ? { card: doneCard({ from, out }, await subjects.split(from, out, asker)) }
        : { card: planCard({ from, out }, await subjects.planSplit(from, out)) }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return { card: refusedCard('Not split', error.message) }
    }
  },
})

/** Why nothing was done. */
export const refusedCard = (title: string, words: string) => ({
  title,
  tone: 'warning' as const,
  summary: words,
  blocks: [{ kind: 'text' as const, text: words }],
})

const named = (objects: string[]): string => {
  const shown = objects.slice(0, MOST_NAMED)
  const more = objects.length - shown.length
  return `${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}

const sides = ({ from, out, moves, stays }: SplitPlan): CardBlock => ({
  kind: 'facts',
  facts: [
    { label: `Stays with ${from}`, value: named(stays) },
    { label: `Becomes ${out}`, value: named(moves) },
  ],
})

const planCard = (typed: Pick<Args, 'from' | 'out'>, plan: SplitPlan) => {
  const open =
    plan.open === 0
      ? ''
      : ` What is open on it (${count(plan.open, 'exception')}) stays with ${plan.from} and is checked again at once.`
  const summary = `${plan.out} would be taken out of ${plan.from}, for good: no system can join them again.${open}`
  return {
    title: `Split ${plan.from}?`,
    tone: 'warning' as const,
    summary,
    blocks: [
      { kind: 'text' as const, text: summary },
      sides(plan),
      {
        kind: 'buttons' as const,
        buttons: [commandButton(`split ${typed.from} ${typed.out} yes`, 'Split them')],
      },
    ],
  }
}

const doneCard = (typed: Pick<Args, 'from' | 'out'>, plan: SplitPlan) => {
  const summary = `${plan.out} is no part of ${plan.from} any more. Both were checked again.`
  return {
    title: `Split: ${plan.from}`,
    tone: 'good' as const,
    summary,
    blocks: [
      { kind: 'text' as const, text: summary },
      sides(plan),
      {
        kind: 'buttons' as const,
        buttons: [commandButton(`join ${typed.from} ${typed.out}`, 'Take it back')],
      },
    ],
  }
}
