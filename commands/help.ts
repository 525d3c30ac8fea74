import type { Card } from '../src/app/card.ts'
import { type CommandSummary, commandButton, defineCommand } from '../src/app/command.ts'
import { commandFor, commandNear, usageBlocks } from '../src/app/run-command.ts'
import { listed, quoted } from '../src/app/words.ts'

/** What the asker may run; nothing of what they may not. */
export const help = defineCommand<{ word: string }>({
  name: 'help',
  aliases: ['commands', 'hello', 'hi'],
  summary: 'What you can ask, or how one command is used',
  usage: 'help [command]',
  examples: ['help', 'help open'],
  role: 'operator',
  parse: (text) => ({ ok: true, args: { word: text.split(/\s+/)[0] ?? '' } }),
  run: async ({ word }, { available }) => {
    if (word === '') return { card: allCard(available, null) }
    const command = commandFor(available, word) ?? commandNear(available, word)
    return { card: command ? oneCard(command) : allCard(available, word) }
  },
})

const allCard = (available: readonly CommandSummary[], unknown: string | null): Card => ({
  title: 'What you can ask',
  tone: 'neutral',
  summary: `You can ask: ${listed(available.map(({ usage }) => usage))}.`,
  blocks: [
    ...(unknown === null
      ? []
      : [
          {
            kind: 'text' as const,
            text: `There is no command ${quoted(unknown)} that you may run. There are:`,
          },
        ]),
    { kind: 'facts', facts: available.map(({ usage, summary }) => ({ label: usage, value: summary })) },
    {
      kind: 'buttons',
      buttons: available
        .filter(({ name, usage }) => !usage.includes('<') && name !== 'help')
        .map(({ name }) => commandButton(name)),
    },
    {
      kind: 'context',
      text: 'Type "help" and a command for examples. The first letters of a command are enough.',
    },
  ],
})

const oneCard = (command: CommandSummary): Card => ({
  title: command.name,
  tone: 'neutral',
  summary: `${command.usage}: ${command.summary}.`,
  blocks: [
    { kind: 'text', text: `${command.summary}.` },
    ...usageBlocks(command),
    ...(command.aliases.length > 0
      ? [{ kind: 'context' as const, text: `Also understood: ${listed(command.aliases)}.` }]
      : []),
  ],
})
