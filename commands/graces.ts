import type { Card, CardBlock } from '../src/app/card.ts'
import { type CommandContext, commandButton, defineCommand } from '../src/app/command.ts'
import type { GraceLine, GraceProposal } from '../src/app/queries.ts'
import { count, lasting, listed, quoted, wholeNumber } from '../src/app/words.ts'
import { handoffName, mayActAs } from '../src/domain/model.ts'

type Asked =
  | { do: 'show'; word: string }
  | { do: 'accept' | 'keep'; contract: string; scope: string | null; shown: string | null }

/** How long each handoff may take, what that rests on, and an admin's word where it should take longer. */
export const graces = defineCommand<Asked>({
  name: 'graces',
  aliases: ['grace'],
  summary: 'How long each handoff may take, what that rests on, and what is proposed',
  usage: 'graces [contract] | graces accept|keep <contract>',
  examples: ['graces', 'graces wms', 'graces accept wms-receipt-booked'],
  role: 'lead',
  parse: (text) => parse(text.trim()),
  run: async (asked, context) => {
    if (asked.do !== 'show') return { card: await decide(asked, context) }
    const lines = await context.queries.graces()
    return { card: listCard(asked.word, lines, context) }
  },
})

const parse = (text: string): { ok: true; args: Asked } | { ok: false; error: string } => {
  const [, verb = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? []
  const decision = verb.toLowerCase()
  if (decision !== 'accept' && decision !== 'keep') return { ok: true, args: { do: 'show', word: text } }
  // A proposal's button names what its reader saw: graces accept wms-receipt-booked wms>erp DHL (41 min)
  const [, named = '', shown] = /^(.*?)(?:\s*\(([^()]+)\))?$/s.exec(rest.replace(/&gt;/g, '>').trim()) ?? []
  const [, contract = '', scope = ''] = /^(\S*)\s*([\s\S]*)$/.exec(named) ?? []
  if (contract === '') {
    const error = `Say of which contract the proposal is meant: graces ${decision} <contract>.`
    return { ok: false, error }
  }
  return {
    ok: true,
    args: { do: decision, contract, scope: scope === '' ? null : scope, shown: shown ?? null },
  }
}

/** Contracts on one card; the rest is found by a word. */
const MOST_LINES = 30

const listCard = (word: string, lines: GraceLine[], context: CommandContext): Card => {
  const wanted = word.toLowerCase().replace(/&gt;/g, '>')
  const found = lines.filter(({ contract, title, handoff }) =>
    `${contract} ${title} ${handoffName(handoff)}`.toLowerCase().includes(wanted),
  )
  const proposed = found.reduce((sum, { proposals }) => sum + proposals.length, 0)
  const summary =
    found.length === 0
      ? `No contract matches ${quoted(word)}.`
      : `${count(found.length, 'contract')}; ${proposed === 0 ? 'no longer grace is' : `${count(proposed, 'longer grace')} ${proposed === 1 ? 'is' : 'are'}`} proposed.`
  const shown = found.slice(0, MOST_LINES)
  const cut = found.length - shown.length
  return {
    title: 'Graces',
    tone: proposed > 0 ? 'warning' : 'neutral',
    summary,
    blocks: [
      { kind: 'text', text: summary },
      ...found.flatMap((line) =>
        line.proposals.flatMap((proposal) => proposalBlocks(line, proposal, context)),
      ),
      ...(shown.length > 0
        ? [
            {
              kind: 'facts' as const,
              facts: shown.map((line) => ({ label: line.contract, value: graceText(line) })),
            },
          ]
        : [{ kind: 'buttons' as const, buttons: [commandButton('graces', 'All graces')] }]),
      ...(cut > 0
        ? [{ kind: 'context' as const, text: `${cut} more are not shown: name one, or a word of it.` }]
        : []),
    ],
  }
}

/** "22 min (wms>erp: usually 4 min, 99.5% within 22 min; 1,234 seen, learned 2026-11-23)". */
const graceText = ({ grace, learned, progress }: GraceLine): string =>
  learned.length === 0
    ? [grace, ...(progress === null ? [] : [progress])].join('; ')
    : learned
        .map(({ scope, ms, usual, sample, learnedAt, agreedBy }) => {
          const by = agreedBy === null ? '' : `, agreed by ${agreedBy}`
          const on = learnedAt.toISOString().slice(0, 10)
          return `${scope}: ${lasting(ms)} (${usual}; ${wholeNumber(sample)} seen, learned ${on}${by})`
        })
        .join('; ')

const proposalBlocks = (
  { contract, title }: GraceLine,
  { scope, presentMs, proposedMs, usual, sample, slower, within }: GraceProposal,
  { asker }: CommandContext,
): CardBlock[] => {
  const [present, proposed] = [lasting(presentMs), lasting(proposedMs)]
  const named = `${contract} ${scope} (${proposed})`
  const effect =
    slower === 0
      ? 'No handoff of the last 28 days took that long.'
      : `Of the ${count(slower, 'handoff')} that took longer than ${present} in the last 28 days, ${wholeNumber(within)} would not have counted as late.`
  return [
    {
      kind: 'text',
      text: `${title} (${scope}): it would be ${proposed} instead of ${present}. By now it takes ${usual} (${wholeNumber(sample)} seen). ${effect}`,
      tone: 'warning',
    },
    mayActAs(asker.role, 'admin')
      ? {
          kind: 'buttons',
          buttons: [
            commandButton(`graces accept ${named}`, `Accept ${proposed}`),
            commandButton(`graces keep ${named}`, `Keep ${present}`),
          ],
        }
      : { kind: 'context', text: 'An admin can accept it, or keep the present one.' },
  ]
}

const decide = async (asked: Exclude<Asked, { do: 'show' }>, context: CommandContext): Promise<Card> => {
  const { asker, decideGrace } = context
  const { do: decision, contract, scope, shown } = asked
  const again = (title: string, text: string): Card => ({
    title,
    tone: 'warning',
    summary: text,
    blocks: [
      { kind: 'text', text },
      { kind: 'buttons', buttons: [commandButton(`graces ${contract}`, 'Look again')] },
    ],
  })
  if (!mayActAs(asker.role, 'admin')) {
    return again(
      'Not allowed',
      `To ${decision} a proposed grace needs the role admin; you are ${asker.role}.`,
    )
  }
  const decided = await decideGrace({ decision, contract, scope, shown })
  switch (decided.is) {
    case 'nothing':
      return again(
        'Nothing to decide',
        `Nothing is proposed for ${quoted(`${contract} ${scope ?? ''}`.trim())}: it was decided already, or it is over.`,
      )
    case 'changed':
      return again(
        'It has changed',
        `It has been learned anew: ${decided.now} is proposed by now, not ${shown ?? ''}. Nothing was changed.`,
      )
    case 'decided': {
      const words = decided.changes.map(({ scope: name, before, after }) =>
        decision === 'accept'
          ? `${name} may take ${after} from now on (it was ${before})`
          : `${name} stays at ${before}; you are asked again when it takes still longer`,
      )
      const text = `${listed(words)}.`
      return {
        title: `${contract}: ${decision === 'accept' ? 'accepted' : 'kept'}`,
        tone: 'good',
        summary: text,
        blocks: [
          { kind: 'text', text },
          { kind: 'context', text: `Decided by ${asker.name}, and logged.` },
        ],
      }
    }
  }
}
