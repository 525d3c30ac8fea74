import { defineCommand } from '../src/app/command.ts'
import { UserError } from '../src/app/errors.ts'
import { quoted } from '../src/app/words.ts'
import { refusedCard } from './split.ts'

type Args = { system: string; kind: string; value: string }

/** Takes back a wrong "Map it": Baton asks for the name once more. */
export const unmap = defineCommand<Args>({
  name: 'unmap',
  aliases: [],
  summary: "Forgets what a system's name for an article or a place was said to mean, and asks anew",
  usage: 'unmap <system> <sku|location> <name>',
  examples: ['unmap erp location 001'],
  role: 'admin',
  parse: (text) => {
    const [, system, kind, value] = /^(\S+)\s+(sku|location)\s+(.+)$/i.exec(text.trim()) ?? []
    return system === undefined || kind === undefined || value === undefined
      ? { ok: false, error: 'Say the system, sku or location, and the name as the system writes it.' }
      : { ok: true, args: { system, kind: kind.toLowerCase(), value: value.trim() } }
  },
  run: async ({ system, kind, value }, { subjects }) => {
    try {
      const meant = await subjects.unmap(system, kind, value)
      const summary =
        `The ${kind} ${quoted(value)} of ${system} does not mean ${quoted(meant)} any more. ` +
        'What was recorded under it moves back, and Baton asks what it is.'
      return {
        card: { title: 'Forgotten', tone: 'good', summary, blocks: [{ kind: 'text', text: summary }] },
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return { card: refusedCard('Nothing forgotten', error.message) }
    }
  },
})
