import { mayActAs, type Person } from '../domain/model.ts'
import type { Card } from './card.ts'
import { closest } from './closest.ts'
import {
  type Command,
  type CommandContext,
  type CommandSummary,
  commandButton,
  type Reply,
} from './command.ts'
import { listed, quoted } from './words.ts'

/** `command` names what ran, for the log of touches; null when nothing did. */
export type CommandRun = Reply & { command: string | null }

/** `/baton`, `@Baton`, `Baton`, or a mention as Slack (`<@U1>`) and Teams (`<at>Baton</at>`) write it. */
const ADDRESS = /^\s*(?:[/@]?baton\b|<@[^>\s]+>|<at\b[^>]*>[^<]*<\/at>)[\s,:]*/i

/** Longer than any number that a system gives: not worth offering to look for. */
const LONGEST_NUMBER = 60

/**
 * Answers what somebody typed. Wrong words never fail: the card then says what was meant to be typed, with buttons
 * that do it. Throws only what a query throws.
 */
export const runCommand = async (
  registry: readonly Command[],
  text: string,
  context: Omit<CommandContext, 'available'>,
): Promise<CommandRun> => {
  const typed = text.replace(ADDRESS, '').trim()
  const [, word = '', rest = ''] = /^\/?(\S+)\s*([\s\S]*)$/.exec(typed) ?? []
  const available = registry.filter((command) => mayActAs(context.asker.role, command.role))

  const command = commandFor(registry, word === '' || /^\?+$/.test(word) ? 'help' : word)
  if (!command) return { card: unknownCard(available, word, rest.trim()), command: null }
  if (!available.includes(command)) return { card: notAllowedCard(command, context.asker), command: null }

  const parsed = command.parse(rest.trim(), { now: context.now, zone: context.zone })
  if (!parsed.ok) return { card: wrongArgumentsCard(command, parsed.error), command: null }
  const reply = await command.run(parsed.args, { ...context, available })
  return { ...reply, command: command.name }
}

/** The command of that name or alias, in any case; or the only one whose name begins so. */
export const commandFor = <C extends CommandSummary>(commands: readonly C[], word: string): C | undefined => {
  const wanted = word.toLowerCase()
  const exact = commands.find(({ name, aliases }) => name === wanted || aliases.includes(wanted))
  const beginning = commands.filter(({ name }) => wanted !== '' && name.startsWith(wanted))
  return exact ?? (beginning.length === 1 ? beginning[0] : undefined)
}

/** The command that a slip of the keys would explain. */
export const commandNear = <C extends CommandSummary>(
  commands: readonly C[],
  word: string,
): C | undefined => {
  const near = closest(
    word,
    commands.flatMap((command) => [command.name, ...command.aliases]),
  )
  return near === undefined ? undefined : commandFor(commands, near)
}

/** What a command wants to be told, with examples that run at a press. */
export const usageBlocks = (command: CommandSummary): Card['blocks'] => [
  { kind: 'facts', facts: [{ label: 'Usage', value: command.usage }] },
  { kind: 'buttons', buttons: command.examples.map((example) => commandButton(example)) },
]

const wrongArgumentsCard = (command: CommandSummary, error: string): Card => ({
  title: `${command.name}: not understood`,
  tone: 'warning',
  summary: `${error} Usage: ${command.usage}`,
  blocks: [{ kind: 'text', text: error }, ...usageBlocks(command)],
})

const notAllowedCard = (command: CommandSummary, asker: Person): Card => {
  const text = `"${command.name}" needs the role ${command.role}; you are ${asker.role}. An admin can change that.`
  return {
    title: `${command.name}: not allowed`,
    tone: 'warning',
    summary: text,
    blocks: [
      { kind: 'text', text },
      { kind: 'buttons', buttons: [commandButton('help', 'What I may run')] },
    ],
  }
}

const unknownCard = (available: readonly CommandSummary[], word: string, rest: string): Card => {
  const near = commandNear(available, word)
  const typed = `${word} ${rest}`.trim()
  // People type an order number before they learn that there is a command for it.
  const isNumber =
    /\d/.test(typed) && typed.length <= LONGEST_NUMBER && commandFor(available, 'find') !== undefined
  const buttons = [
    ...(near ? [commandButton(`${near.name} ${rest}`.trim(), near.name)] : []),
    ...(isNumber ? [commandButton(`find ${typed}`, `Find ${typed}`)] : []),
    commandButton('help'),
  ]
  const known = `I know ${listed(available.map(({ name }) => name))}.`
  const text = `I do not know ${quoted(word)}. ${near ? `Did you mean "${near.name}"?` : known}`
  return {
    title: 'Not understood',
    tone: 'warning',
    summary: text,
    blocks: [
      { kind: 'text', text },
      { kind: 'buttons', buttons },
    ],
  }
}
