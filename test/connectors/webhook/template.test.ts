import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  flawIn,
  renderBody,
  renderHeader,
  renderPath,
  renderText,
  TemplateError,
} from '../../../src/connectors/webhook/actions/template.ts'

const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '../admin',
    '..',
    '.',
    '%2e%2e',
    'a/b',
    'a?x=1#y',
    '{{key}}',
    '"}',
    '</script>',
    '\r\nX-Evil: 1',
  ),
)

describe('a value in a template', () => {
  it('stays one part of a path, whatever it is, or is not sent at all', () => {
    fc.assert(
      fc.property(nasty, (id) => {
        let path: string
        try {
          path = renderPath('/orders/{{id}}/hold', { id })
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError)
          return
        }
        const url = new URL(`http://erp.example.test/api${path}`)
        const [, api, orders, part, hold, ...more] = url.pathname.split('/')
        expect([api, orders, hold, more, url.search, url.hash]).toEqual(['api', 'orders', 'hold', [], '', ''])
        expect(decodeURIComponent(part ?? '')).toBe(id)
      }),
    )
  })

  it.each(['', '.', '..', '%2e%2e'])('that would change a path is refused: "%s"', (id) => {
    const isEscaped = id.startsWith('%')
    const render = () => renderPath('/orders/{{id}}', { id })
    if (isEscaped) expect(render()).toBe('/orders/%252e%252e')
    else expect(render).toThrow(TemplateError)
  })

  it('cannot begin another header', () => {
    expect(() => renderHeader('{{note}}', { note: 'a\r\nX-Evil: 1' })).toThrow(TemplateError)
    expect(renderHeader('Case {{note}}', { note: '17' })).toBe('Case 17')
  })

  it('stays a text in JSON, and a number or a yes where it stands alone', () => {
    fc.assert(
      fc.property(nasty, (note) => {
        const body = renderBody({ a: ['x {{note}} y'], b: { c: '{{note}}' } }, { note })
        expect(JSON.parse(JSON.stringify(body))).toEqual({ a: [`x ${note} y`], b: { c: note } })
      }),
    )
    expect(renderBody({ n: '{{n}}', b: '{{ b }}', t: 'n {{n}}', k: 5, z: null }, { n: 3, b: true })).toEqual({
      n: 3,
      b: true,
      t: 'n 3',
      k: 5,
      z: null,
    })
  })

  it('is never read as a template itself, nor left out where it is missing', () => {
    expect(renderText('{{a}}', { a: '{{b}}', b: 'secret' })).toBe('{{b}}')
    expect(() => renderText('{{a}}', {})).toThrow('there is no value for {{a}}')
    expect(() => renderText('{{toString}}', {})).toThrow(TemplateError)
  })
})

describe('a template', () => {
  it.each([
    ['{{ordr}}', /did you mean \{\{order\}\}\?/],
    ['{{{order}}}', /always escapes/],
    ['{{&order}}', /always escapes/],
    ['{{#order}}x{{/order}}', /knows only/],
    ['{{> other}}', /knows only/],
    ['{{order', /no template/],
  ])('%s is refused when it is loaded', (template, words) => {
    expect(flawIn(template, ['order', 'id'])).toMatch(words)
  })

  it('that names only what there is has no flaw', () => {
    expect(flawIn('/orders/{{order}}/{{ id }}', ['order', 'id'])).toBeNull()
  })
})
