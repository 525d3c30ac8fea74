import { describe, expect, it } from 'vitest'
import { checkActivity } from './activity.ts'
import { CARD_TYPE, checkCard } from './card.ts'
import type { Json } from './json.ts'

/** What Teams would show wrongly, drop or refuse, the double refuses with the place in the card. */

const words = (text: string): Json => ({ type: 'TextBlock', text, wrap: true })
const book: Json = { type: 'Action.Execute', title: 'Book', verb: 'press' }
const card = (body: Json[], more: Json = {}): Json => ({
  type: 'AdaptiveCard',
  version: '1.5',
  body,
  ...more,
})
const ask: Json = { type: 'Input.Text', id: 'why', label: 'Why' }
const png = (width: number): string => {
  const header = Buffer.alloc(24)
  header.write('PNG', 1, 'latin1')
  header.writeUInt32BE(width, 16)
  header.writeUInt32BE(10, 20)
  return `data:image/png;base64,${header.toString('base64')}`
}
const image = (url: string, altText?: string): Json => ({
  type: 'Image',
  url,
  ...(altText === undefined ? {} : { altText }),
})
const mara = { type: 'mention', text: '<at>Mara</at>', mentioned: { id: '29:1mara', name: 'Mara' } }
const { verb: _, ...verbless } = book
const { id: __, ...idless } = ask

it('takes a card of everything that Baton uses', () => {
  const cell = { type: 'TableCell', items: [words('x')] }
  const body = [
    words('<at>Mara</at>'),
    { type: 'Table', columns: [{ width: 1 }], rows: [{ type: 'TableRow', cells: [cell] }] },
    { type: 'FactSet', facts: [{ title: 'a', value: 'b' }] },
    image(png(1_024), 'A chart'),
    ask,
    { type: 'ActionSet', actions: [book] },
  ]
  expect(checkCard(card(body, { msteams: { width: 'Full', entities: [mara] } }))).toEqual([])
})

describe('refuses', () => {
  it.each<[string, Json, string]>([
    ['a version that Teams does not know', card([], { version: '1.6' }), 'must be'],
    ['an element that it does not know', card([{ type: 'Marquee' }]), '/body/0: has an unknown type Marquee'],
    ['a field that it does not know', card([{ ...words('x'), bold: true }]), 'unknown field bold'],
    ['an Action.Execute without a verb', card([], { actions: [verbless] }), '/actions/0: lacks verb'],
    ['an input without an id', card([idless]), '/body/0: lacks id'],
    ['an id that is there twice', card([ask, ask]), 'the id why is there twice'],
    ['an image without words', card([image('https://a.example/x.png')]), '/body/0: lacks altText'],
    ['an image that is not https', card([image('http://a.example/x.png', 'x')]), 'must be an https address'],
    ['an image that is too wide', card([image(png(1_025), 'x')]), 'above 1024 pixels'],
    ['seven buttons side by side', card([], { actions: Array(7).fill(book) }), 'shows 6 buttons'],
    ['a mention without its entity', card([words('<at>Mara</at>')]), 'no entity for <at>Mara</at>'],
    ['an entity without its mention', card([words('x')], { msteams: { entities: [mara] } }), 'no text says'],
    [
      'an input that overwrites the data of the button',
      card([ask], { actions: [{ ...book, data: { why: '41' } }] }),
      'the input why overwrites its data',
    ],
    [
      'a refresh for more than sixty',
      card([], { refresh: { action: book, userIds: Array.from({ length: 61 }, (_, i) => `29:${i}`) } }),
      'at most 60 items',
    ],
    [
      'a row with too few cells',
      card([
        {
          type: 'Table',
          columns: [{}, {}],
          rows: [{ type: 'TableRow', cells: [{ type: 'TableCell', items: [] }] }],
        },
      ]),
      'must have a cell for each of 2 columns',
    ],
    [
      'a shape of msteams that it does not know',
      card([], {
        actions: [{ type: 'Action.Submit', title: 'x', data: { msteams: { type: 'task/open' } } }],
      }),
      'unknown type task/open',
    ],
  ])('%s', (_name, given, problem) => {
    expect(checkCard(given).join('\n')).toContain(problem)
  })

  it.each<[string, Json, string]>([
    ['a message of nothing', { type: 'message' }, 'the message is empty'],
    ['a kind of message that it does not know', { type: 'trace', text: 'x' }, 'unknown activity type'],
    [
      'an attachment that is no Adaptive Card',
      { type: 'message', attachments: [{ contentType: `${CARD_TYPE}.hero` }] },
      'unknown contentType',
    ],
  ])('%s', (_name, activity, problem) => {
    expect(checkActivity(activity).join('\n')).toContain(problem)
  })
})
