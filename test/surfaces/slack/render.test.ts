import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Card, CardBlock } from '../../../src/app/card.ts'
import { decodeButton } from '../../../src/surfaces/slack/button-value.ts'
import { renderCard, renderHome } from '../../../src/surfaces/slack/render.ts'
import { checkBlocks, checkHome } from '../../support/slack/blocks.ts'
import { look } from '../../support/slack/see.ts'
import { card, text } from './arbitrary-card.ts'
import { BOOK, button, exceptionCard } from './cards.ts'

const draw = (blocks: CardBlock[], more: Partial<Card> = {}) => {
  const drawn = renderCard(exceptionCard({ blocks, ...more }), 'post')
  expect(checkBlocks(drawn.blocks)).toEqual([])
  return { ...drawn, seen: look(drawn.blocks, drawn.text) }
}

describe('any card', () => {
  it('is accepted by Slack, whatever it holds', () => {
    fc.assert(
      fc.property(card, (any) => {
        const { blocks, text } = renderCard(any, 'post')
        expect(checkBlocks(blocks)).toEqual([])
        expect(JSON.stringify(blocks).length).toBeLessThanOrEqual(13_200)
        expect(text.length).toBeGreaterThan(0)
        expect(text.length).toBeLessThanOrEqual(40_000)
        expect(() => encodeURIComponent(text)).not.toThrow()
      }),
      { numRuns: 300 },
    )
  })

  it('is accepted by Slack as an App Home as well', () => {
    fc.assert(
      fc.property(card, fc.option(text), (any, notice) => {
        expect(checkHome(renderHome(any, notice))).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  it('mentions nobody, links nowhere and formats nothing, whatever systems send', () => {
    fc.assert(
      fc.property(card, (any) => {
        const { blocks, text } = renderCard(any, 'post')
        const seen = look(blocks, text)
        expect({ ...seen, text: '', buttons: [] }).toEqual({
          text: '',
          buttons: [],
          mentions: [],
          links: [],
          formatted: [],
        })
        expect(seen.text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
      }),
      { numRuns: 300 },
    )
  })

  it('has only buttons that can be read back, and all of them unless it says how many it left out', () => {
    fc.assert(
      fc.property(card, (any) => {
        const { blocks, text } = renderCard(any, 'post')
        const seen = look(blocks, text)
        expect(seen.buttons.map((each) => decodeButton(each.value))).not.toContain(null)
        const sent = any.blocks
          .flatMap((each) => (each.kind === 'buttons' ? each.buttons : []))
          .filter((each) => each.kind === 'command' || each.enabled)
        if (seen.buttons.length < sent.length)
          expect(seen.text).toMatch(/left out|Too long for a button in Slack/)
      }),
      { numRuns: 300 },
    )
  })
})

describe('whom a card tells', () => {
  it('mentions those alone, by whole ids of Slack, and only in what is newly posted', () => {
    fc.assert(
      fc.property(card, (any) => {
        const { blocks, text } = renderCard(any, 'post', true)
        expect(checkBlocks(blocks)).toEqual([])
        const { mentions, links } = look(blocks, text)
        const known = (any.tell ?? []).filter(({ surface }) => surface === 'slack').map(({ id }) => id)
        for (const each of mentions) {
          const native = /^(?:@|!subteam\^)([A-Z0-9]+)$/.exec(each)?.[1]
          expect(known.some((id) => id === native || id.endsWith(`:${native}`))).toBe(true)
        }
        expect(links).toEqual([])
        expect(look(renderCard(any, 'post').blocks, text).mentions).toEqual([])
      }),
      { numRuns: 150 },
    )
  })
})

describe('what is in a card', () => {
  /** Whatever a system may send: one line of it is found again in what is shown, or it was cut with an ellipsis. */
  const plainWords = (words: string): string =>
    words
      .replace(/\p{Surrogate}/gu, '\ufffd')
      .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
      .replace(/[\p{Cc}\s]+/gu, ' ')
      .trim()
      .slice(0, 40)
      .trim()

  it('is shown, or it is said how much is left out and where it is', () => {
    fc.assert(
      fc.property(card, (any) => {
        const { blocks, text } = renderCard(any, 'post')
        const shown = look(blocks, text).text
        const all = shown.replace(/[\p{Cc}\s]+/gu, ' ')
        const texts = any.blocks.flatMap((block) => {
          if (block.kind === 'text' || block.kind === 'context') return [block.text]
          return block.kind === 'facts' ? block.facts.flatMap(({ label, value }) => [label, value]) : []
        })
        const lost = texts.filter((each) => !all.includes(plainWords(each)))
        if (lost.length > 0) expect(shown).toMatch(/left out.*console/)
      }),
      { numRuns: 150 },
    )
  })
})

describe('a card', () => {
  it('shows what systems sent letter for letter, markup and all', () => {
    const { seen } = draw([{ kind: 'text', text: 'H&M <b>*5* pcs</b> `x_y` <!channel>' }])
    expect(seen.text).toContain('H&M <b>*5* pcs</b> `x_y` <!channel>')
    expect(seen.mentions).toEqual([])
  })

  it('shows the systems side by side, each with its own word and since when', () => {
    const { seen, blocks } = draw(exceptionCard().blocks)
    expect(seen.text).toContain('wms-eu · wms\nreceived (“RCVD”)\nreceived 12')
    expect(seen.text).toContain('since 2026-11-23 06:10 UTC')
    expect(seen.text).toContain('erp · erp\nordered (“draft”)')
    expect(seen.text).toContain('time not known')
    expect(blocks).toContainEqual(
      expect.objectContaining({ type: 'section', fields: expect.objectContaining({ length: 4 }) }),
    )
  })

  it('shows times in the zone of the reader, and in UTC where that cannot be', () => {
    const { blocks } = draw([{ kind: 'time', label: 'Due', at: new Date('2026-11-23T10:42:00Z') }])
    expect(JSON.stringify(blocks)).toContain(
      '<!date^1795430520^{date_short_pretty} {time}|2026-11-23 10:42 UTC>',
    )
  })

  it('says how much of a deadline was left, and when that was: its times stand still', () => {
    const at = new Date('2026-11-23T10:42:00Z')
    const { seen } = draw([
      { kind: 'time', label: 'Promised', at, countdownFrom: new Date('2026-11-23T07:00:00Z') },
    ])
    expect(seen.text).toContain('(3 h left at 2026-11-23 07:00 UTC)')
    const late = {
      kind: 'time' as const,
      label: 'Promised',
      at,
      countdownFrom: new Date('2026-11-23T11:00Z'),
    }
    expect(draw([late]).seen.text).toContain('(18 min too late at 2026-11-23 11:00 UTC)')
  })

  it('sets facts with times in rows: what it is at the left, when at the right', () => {
    const facts = [
      { label: 'Order *1*', value: '_promised_', at: new Date('2026-11-23T10:42:00Z') },
      { label: 'Order 2', value: 'no promise known' },
    ]
    const { blocks, seen } = draw([{ kind: 'facts', facts }])
    expect(blocks.slice(1)).toMatchObject([
      {
        type: 'section',
        fields: [
          { type: 'plain_text', text: 'Order *1*: _promised_' },
          { type: 'mrkdwn', text: expect.stringContaining('<!date^1795430520^') },
          { type: 'plain_text', text: 'Order 2: no promise known' },
          { type: 'plain_text', text: '–' },
        ],
      },
    ])
    expect(seen.formatted).toEqual([])
  })

  it('cuts what is too long with an ellipsis, and never through a character', () => {
    const { seen } = draw([{ kind: 'text', text: '🧾'.repeat(4000) }], { title: 'T'.repeat(400) })
    const [title, body] = seen.text.split('\n')
    expect(title).toMatch(/T…$/)
    expect(body).toMatch(/^(?:🧾)+…$/u)
  })

  it('shows every fact, in as many parts as it takes', () => {
    const facts = Array.from({ length: 23 }, (_, i) => ({ label: `Fact ${i}`, value: `value ${i}` }))
    const { seen } = draw([{ kind: 'facts', facts }])
    for (const { label, value } of facts) expect(seen.text).toContain(`${label}: ${value}`)
  })

  it('of more blocks than Slack takes keeps its buttons, and says how much it left out', () => {
    const texts = Array.from({ length: 80 }, (_, i): CardBlock => ({ kind: 'text', text: `part ${i}.` }))
    const { seen, blocks } = draw([...texts, { kind: 'buttons', buttons: [BOOK] }])
    expect(blocks).toHaveLength(50)
    expect(seen.buttons.map((each) => each.label)).toEqual(['Book the receipt'])
    expect(seen.text).toContain('part 0.')
    // The title, the row of buttons and this last line take three of the fifty; the button's reason goes too.
    expect(seen.text).toContain('Too long for Slack: 34 more part(s) left out.')
  })

  it('of more text than Slack takes in all says how much it left out', () => {
    const texts = Array.from({ length: 10 }, (): CardBlock => ({ kind: 'text', text: 'x'.repeat(2900) }))
    expect(draw(texts).seen.text).toContain('Too long for Slack: 6 more part(s) left out.')
  })

  it('says in words what cannot be pressed now, and why', () => {
    const ship = button('wms.ship', 'Ship it', { enabled: false, reason: 'the order is on hold' })
    const { seen } = draw([{ kind: 'buttons', buttons: [BOOK, ship] }])
    expect(seen.buttons.map((each) => each.label)).toEqual(['Book the receipt'])
    expect(seen.text).toContain('Ship it is not possible now: the order is on hold')
    expect(seen.text).toContain('Book the receipt: done 12 times here')
  })

  it('shows four buttons in a row and the rest in a menu, but those that ask first always as buttons', () => {
    const risky = button('x', 'Cancel', {
      confirm: { title: 'Cancel?', text: 'For good.', yes: 'Cancel it' },
    })
    const plain = ['A', 'B', 'C', 'D', 'E', 'F', 'G'].map((label) => button(label.toLowerCase(), label))
    const { seen } = draw([{ kind: 'buttons', buttons: [...plain, risky] }])
    expect(seen.buttons.filter((each) => !each.inMenu).map((each) => each.label)).toEqual([
      'A',
      'B',
      'C',
      'D',
      'Cancel',
    ])
    expect(seen.buttons.filter((each) => each.inMenu).map((each) => each.label)).toEqual(['E', 'F', 'G'])
  })

  it('puts what belongs there into menus of two to five, and asks about a risky entry in a form', () => {
    const risky = { confirm: { title: 'Close it?', text: 'For good.', yes: 'Close it' } }
    const seven = ['A', 'B', 'C', 'D', 'E', 'F', 'G'].map((label) =>
      button(label.toLowerCase(), label, { place: 'overflow', ...(label === 'G' ? risky : {}) }),
    )
    const { seen } = draw([{ kind: 'buttons', buttons: [...seven, BOOK] }])
    expect(seen.buttons.filter((each) => !each.inMenu).map((each) => each.label)).toEqual([
      'Book the receipt',
    ])
    const menus = new Set(seen.buttons.filter((each) => each.inMenu).map((each) => each.actionId))
    expect(menus.size).toBe(2)
    expect(seen.buttons.filter((each) => each.inMenu).map((each) => each.label)).toEqual(
      seven.map((each) => each.label),
    )
    const kinds = seen.buttons.map((each) => decodeButton(each.value)?.kind)
    expect(kinds).toEqual(['press', 'press', 'press', 'press', 'press', 'press', 'press', 'form'])
  })

  it('calls those whom it tells on Slack, once, when it is new, and nobody of another surface', () => {
    const tell: Card['tell'] = [
      { surface: 'slack', id: 'T1:U7', kind: 'person', name: 'Mara Example' },
      { surface: 'slack', id: 'S9', kind: 'group', name: 'receiving' },
      { surface: 'teams', id: 'tenant:object', kind: 'person', name: 'Jo Example' },
      { surface: 'slack', id: 'U1> <!channel', kind: 'person', name: 'Nobody' },
    ]
    const { blocks, text } = renderCard(exceptionCard({ tell }), 'post', true)
    expect(checkBlocks(blocks)).toEqual([])
    expect(look(blocks, text).mentions).toEqual(['@U7', '!subteam^S9'])
    const again = renderCard(exceptionCard({ tell }), 'post')
    expect(look(again.blocks, again.text).mentions).toEqual([])
  })

  it('has no menu of one', () => {
    const five = ['A', 'B', 'C', 'D', 'E'].map((label) => button(label.toLowerCase(), label))
    expect(draw([{ kind: 'buttons', buttons: five }]).seen.buttons.every((each) => !each.inMenu)).toBe(true)
  })

  it('carries forty buttons', () => {
    const many = Array.from({ length: 40 }, (_, i) => button(`a${i}`, `Button ${i}`))
    const { seen } = draw([{ kind: 'buttons', buttons: many }])
    expect(new Set(seen.buttons.map((each) => each.label)).size).toBe(40)
  })

  it('knows whether a button stands on the post of its own exception', () => {
    const other = button('claim', "I'm on it", { exception: '77' })
    const { seen } = draw([{ kind: 'buttons', buttons: [BOOK, other] }])
    expect(seen.buttons.map((each) => decodeButton(each.value))).toEqual([
      { kind: 'press', exception: '41', action: 'erp.book_receipt', version: 3, own: true },
      { kind: 'press', exception: '77', action: 'claim', version: 3, own: false },
    ])
    const reply = renderCard(exceptionCard(), 'reply')
    const [booking] = look(reply.blocks, reply.text).buttons
    expect(decodeButton(booking?.value ?? '')).toMatchObject({ action: 'erp.book_receipt', own: false })
  })
})

describe('a table', () => {
  const table = (rows: string[][]): CardBlock => ({
    kind: 'table',
    title: 'Drag',
    columns: ['Handoff', 'Hours'],
    rows,
  })

  it('is a native one, empty cells and all', () => {
    const { seen, blocks } = draw([table([['wms>erp receipt', '3.2'], ['shop>wms order']])])
    expect(blocks.filter((each) => each.type === 'table')).toHaveLength(1)
    expect(seen.text).toContain('Handoff | Hours\nwms>erp receipt | 3.2\nshop>wms order | –')
  })

  it('says how many rows there are when they do not all fit', () => {
    const rows = Array.from({ length: 400 }, (_, i) => [`handoff ${i}`, String(i)])
    expect(draw([table(rows)]).seen.text).toMatch(/Drag \(first \d+ of 400 rows\)/)
  })

  it('that is the second one in a message becomes lines, for Slack takes one', () => {
    const { seen, blocks } = draw([table([['a', '1']]), table([['b', '2']])])
    expect(blocks.filter((each) => each.type === 'table')).toHaveLength(1)
    expect(seen.text).toContain('Drag\nHandoff · Hours\nb · 2')
  })
})
