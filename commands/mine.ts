import { commandButton, defineCommand } from '../src/app/command.ts'
import { listTone, moreBlocks, PAGE, rowBlocks, takeAfter } from '../src/app/exception-list.ts'
import { count } from '../src/app/words.ts'

/** What the asker has claimed or acted on that is still open. */
export const mine = defineCommand<{ after: string | null }>({
  name: 'mine',
  aliases: ['my', 'me'],
  summary: 'What you have claimed or acted on that is still open',
  usage: 'mine',
  examples: ['mine'],
  role: 'operator',
  parse: (text) => ({ ok: true, args: { after: takeAfter(text).after } }),
  run: async ({ after }, { asker, now, queries }) => {
    const page = await queries.listExceptions({
      state: 'open',
      timeline: 'any',
      handledBy: asker.id,
      after,
      limit: PAGE,
    })
    const summary =
      page.total === 0
        ? 'Nothing that you have claimed or acted on is open.'
        : `${count(page.total, 'exception')} that you have claimed or acted on ${page.total === 1 ? 'is' : 'are'} open.`
    return {
      card: {
        title: `Yours: ${count(page.total, 'exception')}`,
        tone: listTone(page.items),
        summary,
        blocks: [
          { kind: 'text', text: summary },
          ...page.items.flatMap((row) => rowBlocks(row, now)),
          ...moreBlocks('mine', page.next),
          ...(page.total === 0
            ? [{ kind: 'buttons' as const, buttons: [commandButton('open', 'All that is open')] }]
            : []),
        ],
      },
    }
  },
})
