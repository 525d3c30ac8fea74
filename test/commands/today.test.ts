import { describe, expect, it } from 'vitest'
import type { Today } from '../../src/app/today.ts'
import { action } from '../support/cards.ts'
import { exception, NOW, operator, say } from '../support/command-world.ts'

const at = (hours: number, minutes = 0) => new Date(NOW.getTime() + (hours * 60 + minutes) * 60_000)
const NOTHING: Today = {
  slots: [],
  later: { total: 0, from: null },
  missed: 0,
  unpromised: 0,
  snoozed: 0,
  isCut: false,
}
const saving = (id: string, over: Parameters<typeof exception>[1] = {}, saves = 1) => ({
  exception: exception(id, { title: 'Short pick', ...over }),
  saves,
  amounts: [{ minor: 12_000, currency: 'EUR' }],
})

describe('today', () => {
  it('groups by the next cut-off, says how long that is, and opens the card of each', async () => {
    const actions = [action('wms.substitute', 'Send another', { style: 'primary' })]
    const today: Today = {
      ...NOTHING,
      slots: [
        { saveBy: at(2, 10), total: 9, first: [saving('12', { actions }), saving('13', {}, 4)] },
        { saveBy: at(8), total: 1, first: [saving('14')] },
      ],
    }
    const { text, buttons, card } = await say('today', { today }, operator)
    expect(card.title).toBe('Today: 10 can still be saved')
    expect(text).toContain('Before 08:10, in 2 h 10 min: 9')
    expect(text).toContain('Receipt R-12 · Short pick · €120.00')
    expect(text).toContain('Receipt R-13 · Short pick · saves 4 · €120.00')
    expect(text).toContain('and 7 more before then: open')
    expect(text).toContain('Before 14:00, in 8 h: 1')
    expect(buttons.slice(0, 2)).toEqual([
      { kind: 'command', text: 'open 12', label: '#12: Send another' },
      { kind: 'command', text: 'open 13', label: 'Show #13' },
    ])
  })

  it('says what is not in the list: later, too late, without a promise, snoozed', async () => {
    const today: Today = {
      ...NOTHING,
      later: { total: 20, from: at(32) },
      missed: 3,
      unpromised: 1,
      snoozed: 2,
    }
    const { text } = await say('today', { today }, operator)
    expect(text).toContain('Nothing has to be saved today.')
    expect(text).toContain('After today: 20, the first before Tue 24 Nov 14:00.')
    expect(text).toContain('Past the last cut-off: 3, too late to be on time.')
    expect(text).toContain('1 exception with no promise known.')
    expect(text).toContain('Snoozed: 2, left out here.')
  })

  it('stays a list for a phone where every promise has a time of its own', async () => {
    const slots = Array.from({ length: 12 }, (_, n) => ({
      saveBy: at(1, n),
      total: 1,
      first: [saving(`${n}`)],
    }))
    const { text, buttons } = await say('today', { today: { ...NOTHING, slots, isCut: true } }, operator)
    expect(text).toContain('At least 12 can still be saved today')
    expect(text).toContain('Later today: 9 more, by 9 later times.')
    expect(buttons).toHaveLength(4)
  })
})
