import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ButtonValue, decodeButton, encodeButton } from '../../../src/surfaces/slack/button-value.ts'
import { decodeContext, encodeContext, renderForm } from '../../../src/surfaces/slack/form.ts'
import { decodeRef, encodeRef } from '../../../src/surfaces/slack/ref.ts'
import { shorten, typed } from '../../../src/surfaces/slack/text.ts'
import { checkView } from '../../support/slack/blocks.ts'
import { pressButton, text } from './arbitrary-card.ts'
import { exceptionCard } from './cards.ts'

const wellFormed = fc.string({ unit: 'grapheme' })
const decision = {
  exception: wellFormed,
  action: wellFormed,
  version: fc.nat(),
  own: fc.boolean(),
}
const value: fc.Arbitrary<ButtonValue> = fc.oneof(
  fc.record({ kind: fc.constant('press' as const), ...decision }),
  fc.record({ kind: fc.constant('form' as const), ...decision }),
  fc.record({ kind: fc.constant('command' as const), text: wellFormed }),
)

describe('what travels through Slack comes back as it was sent', () => {
  it('the name of a message', () => {
    const post = fc.record({
      channel: fc.stringMatching(/^[CDG][A-Z0-9]{1,12}$/),
      ts: fc.stringMatching(/^[0-9]{10}\.[0-9]{6}$/),
    })
    fc.assert(
      fc.property(post, (each) => {
        expect(decodeRef(encodeRef(each))).toEqual(each)
      }),
    )
  })

  it('the value of a button, also when Slack escapes it on the way', () => {
    fc.assert(
      fc.property(value, (each) => {
        const sent = encodeButton(each)
        const escaped = sent.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
        expect(escaped).toBe(sent)
        expect(decodeButton(sent)).toEqual(each)
      }),
    )
  })

  it('what a form is about', () => {
    const context = fc.record({
      exception: wellFormed,
      action: wellFormed,
      version: fc.nat(),
      own: fc.boolean(),
      openedAt: fc.date({ noInvalidDate: true }),
      channel: fc.option(fc.constantFrom('C1', 'D1')),
      ts: fc.option(fc.stringMatching(/^[0-9]{10}\.[0-9]{6}$/)),
      thread: fc.option(fc.stringMatching(/^[0-9]{10}\.[0-9]{6}$/)),
      responseUrl: fc.option(fc.webUrl()),
    })
    fc.assert(
      fc.property(context, (each) => {
        expect(decodeContext(encodeContext(each))).toEqual(each)
      }),
    )
  })

  it('of an address too long to carry, everything else', () => {
    const about = { exception: '41', action: 'note', version: 3, own: true }
    const at = { channel: 'C1', ts: '1700000000.000100', thread: '1700000000.000050' }
    const context = { ...about, openedAt: new Date(0), ...at }
    const sent = encodeContext({ ...context, responseUrl: `https://example.test/${'x'.repeat(3000)}` })
    expect(decodeContext(sent)).toEqual({ ...context, responseUrl: null })
  })
})

describe('anything else', () => {
  it('is no message, no button and no form', () => {
    const known = (each: string): boolean => /^[A-Z0-9]+:\d+\.\d+$/.test(each)
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (each) => {
        fc.pre(!known(each))
        expect(decodeRef(each)).toBeNull()
        expect(decodeButton(each)).toBeNull()
        expect(decodeContext(each)).toBeNull()
      }),
    )
    for (const each of [
      '["p","41","note","3",1]',
      '["p","41","note",3]',
      '["x","open"]',
      '["c",4]',
      'C1:1.2:3',
    ]) {
      expect(decodeButton(each)).toBeNull()
      expect(decodeRef(each)).toBeNull()
    }
  })
})

it("an ordinary press fits into a menu entry's 75 characters", () => {
  const ordinary: ButtonValue = {
    kind: 'form',
    exception: '1234567',
    action: 'erp-main.resend_shipment_confirmation',
    version: 123,
    own: true,
  }
  expect(encodeButton(ordinary).length).toBeLessThanOrEqual(75)
})

it('any form is accepted by Slack, whatever the button asks for', () => {
  const context = {
    exception: '41',
    action: 'note',
    version: 3,
    own: true,
    openedAt: new Date(),
    channel: null,
    ts: null,
    thread: null,
    responseUrl: null,
  }
  fc.assert(
    fc.property(pressButton, text, (button, summary) => {
      expect(checkView(renderForm(exceptionCard({ summary }), button, context))).toEqual([])
    }),
    { numRuns: 200 },
  )
})

describe('text', () => {
  it('is never longer than it may be, escapes included', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 3000 }), (each, max) => {
        const short = shorten(each, max)
        expect(short.length).toBeLessThanOrEqual(max)
        expect(short.trim()).not.toBe('')
        expect(short).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/)
      }),
    )
  })

  it.each([
    ['find 1001', 'find 1001'],
    ['find &lt;A&amp;B&gt;', 'find <A&B>'],
    ['find <tel:4155550123|4155550123>', 'find 4155550123'],
    ['find <http://example.test|example.test>', 'find example.test'],
    ['find <https://example.test/a>', 'find https://example.test/a'],
    ['find <mailto:a@example.test|a@example.test>', 'find a@example.test'],
    ['  open  ', 'open'],
  ])('typed as %s means %s', (sent, meant) => {
    expect(typed(sent)).toBe(meant)
  })
})
