import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Card, CardBlock, CardButton } from '../../src/app/card.ts'
import { exceptionCard } from '../../src/app/exception-card.ts'
import { renderAdaptiveCard, sizeInBytes } from '../../src/surfaces/adaptive-card.ts'
import { type AdaptiveCardJson, LIMITS } from '../../src/surfaces/adaptive-shape.ts'
import {
  cleanText,
  cutText,
  escapeMarkdown,
  inputId,
  markTimes,
  readCommand,
  readPress,
  textParts,
  timeText,
} from '../../src/surfaces/adaptive-text.ts'
import { morning } from '../support/cards.ts'

/** The library that draws cards in the console: what it refuses, no host shows. */
const library: typeof import('adaptivecards') = createRequire(import.meta.url)(
  'adaptivecards/dist/adaptivecards.js',
)

const complaintsOf = (card: AdaptiveCardJson): string[] => {
  const context = new library.SerializationContext()
  const parsed = new library.AdaptiveCard()
  parsed.hostConfig = new library.HostConfig({ actions: { maxActions: 50 } })
  parsed.parse(JSON.parse(JSON.stringify(card)), context)
  const events = Array.from({ length: context.eventCount }, (_, index) => context.getEventAt(index).message)
  return [...events, ...parsed.validateProperties().validationEvents.map((event) => event.message)]
}

/** Every string of the rendered card under one of these names, wherever it stands. */
const stringsOf = (value: unknown, names: string[]): string[] => {
  if (Array.isArray(value)) return value.flatMap((item) => stringsOf(item, names))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'string' ? (names.includes(name) ? [inner] : []) : stringsOf(inner, names),
  )
}

const elementsOf = (value: unknown): Record<string, unknown>[] => {
  if (Array.isArray(value)) return value.flatMap(elementsOf)
  if (typeof value !== 'object' || value === null) return []
  const entries = Object.entries(value)
  return [Object.fromEntries(entries), ...entries.flatMap(([, inner]) => elementsOf(inner))]
}

/** What a reader sees of one Markdown text. */
const seen = (markdown: string): string =>
  textParts(markdown)
    .map((part) => (part.kind === 'text' ? part.text : part.kind === 'break' ? '\n' : `<${part.iso}>`))
    .join('')

const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim()

const NASTY = [
  '[pay here](https://evil.example)',
  '<at>Everyone</at>',
  '**Approve**',
  '_x_',
  '# Title',
  '- item',
  '1. item',
  '> quote',
  '`code`',
  '| a | b |',
  '&lt;b&gt;',
  'https://evil.example/login',
  'www.evil.example',
  'boss@evil.example',
  '{{DATE(2026-01-01T00:00:00Z, SHORT)}} {{TIME(2026-01-01T00:00:00Z)}}',
  '<2026-01-01T00:00:00Z>',
  '![x](y)',
  '\u202eevil',
  '\ud800',
  '\\',
  '\r\n',
  '~~no~~',
]

const words = (maxLength: number) =>
  fc
    .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ maxLength: 12 })), { maxLength: 3 })
    .map((pieces) => pieces.join(' ').slice(0, maxLength))

const inputs = fc.uniqueArray(
  fc.oneof(
    fc.record(
      {
        kind: fc.constant('text' as const),
        id: fc.constantFrom('note', 'action'),
        label: words(40).map((label) => `Label ${label}`),
        required: fc.boolean(),
        maxLength: fc.integer({ min: 1, max: 500 }),
        initial: words(600),
      },
      { requiredKeys: ['kind', 'id', 'label', 'required', 'maxLength'] },
    ),
    fc.record({
      kind: fc.constant('number' as const),
      id: fc.constant('quantity'),
      label: fc.constant('Units'),
      required: fc.boolean(),
      min: fc.integer({ min: 0, max: 3 }),
      max: fc.integer({ min: 4, max: 900 }),
      unit: words(10),
    }),
    fc.record({
      kind: fc.constant('choice' as const),
      id: fc.constant('reason'),
      label: fc.constant('Why'),
      required: fc.boolean(),
      options: fc.array(fc.record({ value: fc.string({ minLength: 1, maxLength: 6 }), label: words(30) }), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  ),
  { maxLength: 3, selector: (input) => input.id },
)

const place = fc.constantFrom('main' as const, 'overflow' as const)

const pressButton: fc.Arbitrary<CardButton> = fc.record({
  place,
  kind: fc.constant('press' as const),
  exception: fc.uuid(),
  action: fc.constantFrom('book_receipt', 'recheck', 'dismiss', 'note'),
  version: fc.nat(),
  label: words(50).map((label) => `Do ${label}`),
  style: fc.constantFrom('primary' as const, 'danger' as const, 'default' as const),
  enabled: fc.boolean(),
  reason: fc.option(words(80)),
  confirm: fc.option(
    fc.record({ title: words(40), text: words(80), yes: words(20).map((yes) => `Yes ${yes}`) }),
  ),
  inputs,
})

const anyTime = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })

const block: fc.Arbitrary<CardBlock> = fc.oneof(
  fc.record({
    kind: fc.constant('text' as const),
    text: words(300),
    tone: fc.constantFrom('neutral' as const, 'good' as const, 'warning' as const, 'danger' as const),
  }),
  fc.record({
    kind: fc.constant('facts' as const),
    facts: fc.array(
      fc.record({ label: words(60), value: words(200), at: anyTime }, { requiredKeys: ['label', 'value'] }),
      { maxLength: 5 },
    ),
  }),
  fc.record({
    kind: fc.constant('systems' as const),
    systems: fc.array(
      fc.record({
        system: words(40),
        role: words(40),
        state: words(40),
        raw: words(80),
        at: fc.option(anyTime),
        details: fc.array(words(40), { maxLength: 3 }),
      }),
      { maxLength: 4 },
    ),
  }),
  fc.record({
    kind: fc.constant('table' as const),
    title: words(60),
    columns: fc.array(words(20), { maxLength: 5 }),
    rows: fc.array(fc.array(words(60), { minLength: 5, maxLength: 5 }), { maxLength: 6 }),
  }),
  fc.record(
    { kind: fc.constant('time' as const), label: words(40), at: anyTime, countdownFrom: anyTime },
    { requiredKeys: ['kind', 'label', 'at'] },
  ),
  fc.record({
    kind: fc.constant('buttons' as const),
    buttons: fc.array(
      fc.oneof(
        pressButton,
        fc.record({
          kind: fc.constant('command' as const),
          place,
          text: words(40),
          label: words(40).map((l) => `Run ${l}`),
        }),
      ),
      { maxLength: 7 },
    ),
  }),
  fc.record({ kind: fc.constant('context' as const), text: words(200) }),
)

const anyCard: fc.Arbitrary<Card> = fc.record({
  title: words(100).map((title) => `Title ${title}`),
  tone: fc.constantFrom('neutral' as const, 'good' as const, 'warning' as const, 'danger' as const),
  summary: words(100),
  tell: fc.array(
    fc.record({
      surface: fc.constantFrom('slack', 'teams'),
      id: words(30),
      kind: fc.constantFrom('person' as const, 'group' as const),
      name: words(30),
    }),
    { maxLength: 4 },
  ),
  // No card offers the same action of one exception twice.
  blocks: fc.array(block, { maxLength: 8 }).map((blocks) => {
    let count = 0
    return blocks.map((b): CardBlock => {
      if (b.kind !== 'buttons') return b
      return { ...b, buttons: b.buttons.map((button) => ({ ...button, exception: `ex-${count++}` })) }
    })
  }),
})

/** The texts of a block that a reader must find again, in Markdown places. */
const textsOf = (b: CardBlock): string[] => {
  switch (b.kind) {
    case 'text':
    case 'context':
      return [b.text]
    case 'facts':
      return b.facts.flatMap((fact) => [fact.label, fact.value])
    case 'systems':
      return b.systems.flatMap((s) => [s.system, s.role, s.state, s.raw, ...s.details])
    case 'table':
      return b.columns.length === 0 || b.rows.length === 0
        ? [b.title]
        : [b.title, ...b.columns, ...b.rows.flatMap((cells) => cells.slice(0, b.columns.length))]
    case 'time':
      return [b.label]
    case 'buttons':
      return b.buttons.flatMap((button) =>
        button.kind === 'press'
          ? [button.reason ?? '', ...(button.enabled && button.confirm ? [button.confirm.text] : [])]
          : [],
      )
  }
}

const markdownOf = (card: AdaptiveCardJson): string[] => [
  ...stringsOf(card, ['text', 'errorMessage']),
  ...elementsOf(card)
    .filter((element) => element.type === 'FactSet')
    .flatMap((set) => stringsOf(set, ['title', 'value'])),
]

describe('text', () => {
  test('a reader sees exactly what a system wrote, whatever it looks like', () => {
    fc.assert(
      fc.property(fc.oneof(words(400), fc.string({ unit: 'binary', maxLength: 60 })), (text) => {
        expect(squeeze(seen(markTimes(escapeMarkdown(text))))).toBe(squeeze(cleanText(text)))
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['a link', '[a](https://b.example)', /(?<!\\)[[\]]/],
    ['a bare address', 'see https://b.example', /(?<!\\):\/\//],
    ['a host name', 'see shop.example now', /[a-z]\.[a-z]/],
    ['a mention', '<at>Ada</at>', /(?<!\\)[<>]/],
    ['an e-mail address', 'ada@b.example', /(?<!\\)@/],
    ['an HTML entity', '&#60;b&#62;', /(?<!\\)&/],
    ['a heading', '# Paid', /^#/],
    ['a list', '- Paid', /^-/],
    ['a numbered list', '12) Paid', /^12\)/],
    ['an underline', 'Paid\n===', /\n=/],
    ['indented code', '    Paid', /^ {4}/],
    ['a date of the library', '{{DATE(2026-01-01T00:00:00Z)}}', /\{\{/],
  ])('%s stays text', (_, text, live) => {
    expect(text).toMatch(new RegExp(live.source.replace('(?<!\\\\)', '')))
    expect(escapeMarkdown(text)).not.toMatch(live)
    expect(squeeze(seen(escapeMarkdown(text)))).toBe(squeeze(text))
  })

  test('only Baton’s own times are times', () => {
    const at = new Date('2026-11-23T06:10:42.123Z')
    const forged = escapeMarkdown(timeText(at)) + escapeMarkdown('<2026-11-23T06:10:42Z>')
    expect(textParts(markTimes(forged)).map((part) => part.kind)).toEqual(['text'])
    expect(textParts(markTimes(`Due: ${timeText(at)}`))).toEqual([
      { kind: 'text', text: 'Due: ' },
      { kind: 'time', iso: '2026-11-23T06:10:42Z' },
    ])
  })

  test('a time that no host could show is said to be unknown', () => {
    expect(timeText(new Date(Number.NaN))).toBe('unknown time')
    expect(timeText(new Date(8.64e15))).toBe('unknown time')
  })

  test('cutting never halves a character', () => {
    expect(cutText('ab😀cd', 4)).toBe('ab…')
    expect(cutText('ab😀cd', 5)).toBe('ab😀…')
    expect(cutText('abc', 3)).toBe('abc')
  })
})

describe('cards', () => {
  test('every card is one that the library takes without a complaint, within the size', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const rendered = renderAdaptiveCard(card)
        expect(complaintsOf(rendered)).toEqual([])
        expect(sizeInBytes(rendered)).toBeLessThanOrEqual(LIMITS.bytes)
      }),
    )
  })

  test('nothing of a card is lost', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const shown = markdownOf(renderAdaptiveCard(card))
          .map((text) => squeeze(seen(text)))
          .join('\n')
        for (const text of [card.title, ...card.blocks.flatMap(textsOf)])
          expect(shown).toContain(squeeze(cleanText(text)))
      }),
    )
  })

  test('nothing is added: no text of a card holds live Markdown or a date but Baton’s own', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        for (const text of markdownOf(renderAdaptiveCard(card))) {
          const rest = markTimes(text)
            .replace(/<\d{4}-\d\d-\d\dT[\d:]+Z>/g, '')
            .replace(/\\[!-/:-@[-`{-~]/g, '')
          expect(rest).not.toMatch(/[\\`*_[\]<>&~|{}@]|:\/\//)
        }
        for (const text of stringsOf(renderAdaptiveCard(card), ['label', 'tooltip', 'fallbackText'])) {
          expect(text).not.toContain('{{')
        }
      }),
    )
  })

  test('of 500 orders of blast radius it is said how many were left out, and where they are', () => {
    fc.assert(
      fc.property(words(60), words(200), fc.integer({ min: 31, max: 500 }), (label, value, total) => {
        const facts = Array.from({ length: total }, (_, n) => ({ label: `${n} ${label}`, value }))
        const rendered = renderAdaptiveCard({
          title: 'T',
          tone: 'danger',
          summary: 'T',
          blocks: [{ kind: 'facts', facts }],
        })
        const shown = elementsOf(rendered).flatMap((each) =>
          each.type === 'FactSet' && Array.isArray(each.facts) ? each.facts : [],
        ).length
        expect(shown).toBeGreaterThan(0)
        expect(stringsOf(rendered, ['text'])).toContain(`${total - shown} more`)
        expect(stringsOf(rendered, ['text'])).toContain('Shortened to fit. The rest is in the console.')
        expect(complaintsOf(rendered)).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  test('whoever a card tells is mentioned by nothing that the card itself holds', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const { tell: _told, ...rest } = card
        const drawn = (each: Card) => markdownOf(renderAdaptiveCard(each))
        expect(drawn(card)).toEqual(drawn(rest))
        for (const text of drawn(card)) expect(text).not.toMatch(/(?<!\\)<\/?at\b/i)
      }),
    )
  })

  test('every press carries exactly its exception, action and version; a disabled one cannot be pressed', () => {
    fc.assert(
      fc.property(fc.array(pressButton, { minLength: 1, maxLength: 6 }), (buttons) => {
        const card = renderAdaptiveCard({
          title: 'T',
          tone: 'neutral',
          summary: 'T',
          blocks: [{ kind: 'buttons', buttons }],
        })
        const executes = elementsOf(card).filter((element) => element.type === 'Action.Execute')
        expect(executes.map((element) => readPress(element.data))).toEqual(
          buttons.map(({ exception, action, version }) => ({ exception, action, version, values: {} })),
        )
        expect(executes.map((element) => element.isEnabled !== false)).toEqual(buttons.map((b) => b.enabled))
      }),
    )
  })

  test('a form’s values come back under their own names, and cannot overwrite the press', () => {
    const press = { exception: 'ex-1', action: 'note', version: 3 }
    const data = {
      ...press,
      [inputId(press, 'note')]: 'called them',
      [inputId(press, 'action')]: 'refund',
      [inputId({ ...press, exception: 'ex-2' }, 'note')]: 'of another form',
    }
    expect(readPress(data)).toEqual({
      ...press,
      values: { note: 'called them', action: 'refund' },
    })
    expect(readPress({ ...data, version: '3' })).toBeNull()
    expect(readPress(null)).toBeNull()
    expect(readCommand({ command: 'open' })).toBe('open')
    expect(readCommand(data)).toBeNull()
  })

  test('a text field opens with the words that are to be edited, as the library reads them', () => {
    const initial = 'Hello,\n\nplease trace **1Z** & tell us. {{DATE(2026-01-01T00:00:00Z, SHORT)}}'
    const input = {
      kind: 'text' as const,
      id: 'text',
      label: 'Message',
      required: true,
      maxLength: 3_000,
      initial,
    }
    const write: CardButton = {
      kind: 'press',
      exception: '1',
      action: 'letters.open_trace',
      version: 1,
      label: 'Write',
      style: 'default',
      enabled: true,
      reason: null,
      confirm: null,
      inputs: [input],
    }
    const json = renderAdaptiveCard({
      title: 'T',
      tone: 'neutral',
      summary: 'S',
      blocks: [{ kind: 'buttons', buttons: [write] }],
    })
    const [field] = elementsOf(json).filter(({ type }) => type === 'Input.Text')
    expect(field).toMatchObject({ value: initial, isMultiline: true })
    const read = new library.TextInput()
    read.parse(JSON.parse(JSON.stringify(field)), new library.SerializationContext())
    expect(read.defaultValue).toBe(initial)
  })

  test('a risky press asks first, with its own question and answer', () => {
    const [card] = morning(new Date('2026-11-23T06:12:00Z'))
      .filter((row) => row.id === 'ex-never-imported')
      .map((row) => renderAdaptiveCard(exceptionCard(row)))
    const form = elementsOf(card).find((element) => element.title === 'Create the order')
    expect(form?.type).toBe('Action.ShowCard')
    expect(stringsOf(form, ['text']).map(seen)).toContain('Create order 10431 in erp-main?')
    expect(stringsOf(form, ['title'])).toContain('Ask for approval')
  })

  test('why a button is off is written out, not only a tooltip', () => {
    const card = renderAdaptiveCard({
      title: 'T',
      tone: 'neutral',
      summary: 'T',
      blocks: [
        {
          kind: 'buttons',
          buttons: [
            {
              kind: 'press',
              exception: 'e',
              action: 'retry',
              version: 1,
              label: 'Send again',
              style: 'default',
              enabled: false,
              reason: 'nothing has failed',
              confirm: null,
              inputs: [],
            },
          ],
        },
      ],
    })
    expect(stringsOf(card, ['text']).map(seen)).toContain('Send again (off): nothing has failed')
  })

  test('a huge card is shortened to fit, says so, and keeps its buttons', () => {
    const huge = 'An order that never ends. '.repeat(4000)
    const rows = Array.from({ length: 500 }, (_, index) => [String(index), huge])
    const [row] = morning(new Date('2026-11-23T06:12:00Z'))
    if (row === undefined) throw new Error('no row')
    const card = exceptionCard(row)
    const rendered = renderAdaptiveCard({
      ...card,
      blocks: [
        ...Array.from({ length: 80 }, (): CardBlock => ({ kind: 'text', text: huge })),
        { kind: 'table', title: huge, columns: ['No.', 'Text'], rows },
        ...card.blocks,
      ],
    })
    expect(sizeInBytes(rendered)).toBeLessThanOrEqual(LIMITS.bytes)
    expect(stringsOf(rendered, ['text'])).toContain('Shortened to fit. The rest is in the console.')
    expect(stringsOf(rendered, ['title'])).toContain('Book the shipment')
    expect(complaintsOf(rendered)).toEqual([])
  })

  test('numbers of a report stand to the right', () => {
    const rendered = renderAdaptiveCard({
      title: 'Drag',
      tone: 'neutral',
      summary: 'Drag',
      blocks: [
        {
          kind: 'table',
          title: '',
          columns: ['Handoff', 'Hours'],
          rows: [
            ['wms>erp receipt', '3.5'],
            ['wms>erp shipment', '12 h'],
          ],
        },
      ],
    })
    const table = elementsOf(rendered).find((element) => element.type === 'Table')
    expect(table?.columns).toEqual([{ width: 18 }, { width: 8, horizontalCellContentAlignment: 'right' }])
  })
})
