import { commandButton, defineCommand } from '../src/app/command.ts'
import { UserError } from '../src/app/errors.ts'
import { refusedCard } from './split.ts'

/** Takes a split back. */
export const join = defineCommand<{ one: string; other: string }>({
  name: 'join',
  aliases: ['unsplit'],
  summary: 'Takes a split back: both numbers are one order (or parcel, receipt) again',
  usage: 'join <number> <number>',
  examples: ['join 1001 S900'],
  role: 'admin',
  parse: (text) => {
    const [one = '', other = '', ...more] = text.split(/\s+/)
    return one === '' || other === '' || more.length > 0
      ? { ok: false, error: 'Say which two numbers belong together again.' }
      : { ok: true, args: { one, other } }
  },
  run: async ({ one, other }, { subjects }) => {
    try {
      const joined = await subjects.join(one, other)
      const summary = `${joined.other} is part of ${joined.into} again. It was checked at once.`
      return {
        card: {
          title: `Joined: ${joined.into}`,
          tone: 'good',
          summary,
          blocks: [
            { kind: 'text', text: summary },
            { kind: 'buttons', buttons: [commandButton(`find ${one}`, 'Show it')] },
          ],
        },
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return { card: refusedCard('Not joined', error.message) }
    }
  },
})
