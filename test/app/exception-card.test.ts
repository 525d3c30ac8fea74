import { describe, expect, it } from 'vitest'
import type { CardButton, CommandButton } from '../../src/app/card.ts'
import { cardText } from '../../src/app/card-text.ts'
import { exceptionCard } from '../../src/app/exception-card.ts'
import type { GapView } from '../../src/app/queries.ts'
import { action, exceptionOf } from '../support/cards.ts'

const NOW = new Date('2026-11-23T06:00:00Z')
const at = (hours: number) => new Date(NOW.getTime() + hours * 3_600_000)
const did = (id: string, times: number, over: Partial<GapView['actions'][number]> = {}) => ({
  id,
  label: id,
  times,
  verified: times,
  proven: 0,
  needed: null,
  ms: null,
  ...over,
})
const gap = (handled: number, actions: GapView['actions']): GapView => ({
  week: 1,
  quarter: 14,
  isCut: false,
  closed: 14,
  medianOpenMs: null,
  healedAlone: 0,
  medianAloneMs: null,
  handled,
  actions,
  people: [],
  notes: [],
})
const ACTIONS = [
  action('erp.book', 'Book the receipt', { style: 'primary' }),
  action('note', 'Note for next time', { place: 'overflow' }),
  action('claim', "I'm on it"),
]
const buttons = (more: Parameters<typeof exceptionOf>[1]): (CardButton | CommandButton)[] =>
  exceptionCard(exceptionOf(NOW, { actions: ACTIONS, ...more })).blocks.flatMap((block) =>
    block.kind === 'buttons' ? block.buttons : [],
  )
const reasonOf = (more: Parameters<typeof exceptionOf>[1]): string | null | undefined =>
  buttons(more)
    .filter((each) => each.kind === 'press')
    .find(({ label }) => label === 'Book the receipt')?.reason

describe('the suggested action', () => {
  it('stands first, with how often people did the same and how long it took', () => {
    const history = gap(14, [did('erp.book', 12, { ms: 180_000 })])
    expect(reasonOf({ id: '1', gap: history })).toBe('12 of the last 14 times, 3 min')
    expect(buttons({ id: '1', gap: history })[0]?.label).toBe('Book the receipt')
  })

  it('never claims more than came of it', () => {
    expect(reasonOf({ id: '1', gap: gap(14, [did('erp.book', 12, { verified: 5 })]) })).toBe(
      '12 of the last 14 times, 5 worked',
    )
    expect(reasonOf({ id: '1', gap: gap(9, [did('fixed_by_hand', 9)]) })).toBeNull()
    expect(reasonOf({ id: '1', gap: null })).toBeNull()
  })

  it('keeps the reason that it has besides', () => {
    const waits = [action('erp.book', 'Book the receipt', { style: 'primary', reason: 'erp is away.' })]
    expect(reasonOf({ id: '1', actions: waits, gap: gap(1, [did('erp.book', 1)]) })).toBe(
      'The last time. erp is away.',
    )
  })
})

describe('a card', () => {
  it('has its other actions behind the suggested one, and what belongs into a menu last', () => {
    expect(buttons({ id: '1', meaning: 'It is gone.' }).map(({ label }) => label)).toEqual([
      'Book the receipt',
      "I'm on it",
      'Why?',
      'Note for next time',
      'History',
    ])
  })

  it('says first what is wrong, until when it can be saved, and what it is worth; then what each system says', () => {
    const row = exceptionOf(NOW, { id: '1', saveBy: at(2), promiseAt: at(5) })
    const lines = cardText(exceptionCard(row)).split('\n')
    expect(lines.slice(0, 5)).toEqual([
      'Shipped in the warehouse, still open in the ERP',
      'Order 10428: The WMS shipped it 95 min ago; the ERP still says open.',
      'Last cut-off to save it: 2026-11-23 08:00 UTC (2 h left)',
      'Promised to the customer: 2026-11-23 11:00 UTC (5 h left)',
      'Value: €184.90',
    ])
    expect(lines[5]).toContain('wms-north (wms): shipped ("SHIP_CONF")')
  })

  it('says one time once where the promise itself is the last moment', () => {
    const text = cardText(exceptionCard(exceptionOf(NOW, { id: '1', saveBy: at(5), promiseAt: at(5) })))
    expect(text).not.toContain('cut-off')
  })
})
