import { describe, expect, it } from 'vitest'
import { operator, pressed, say } from '../support/command-world.ts'
import { at, bookReceipt, passHold, press } from '../support/touches.ts'

/** Last week, as seen on Monday the 23rd: 16 to 22 November. */
const touches = [
  // A form seen open for 12 minutes.
  press('10:12', { day: 17, startedAt: at('10:00', 17) }),
  // Three lone touches of two assumed minutes.
  press('12:00', { day: 17, exceptions: ['2'], gap: passHold }),
  press('12:00', { day: 18, exceptions: ['3'], gap: passHold, personId: 'bo' }),
  press('15:00', { day: 18, kind: 'command', result: null, gap: null, exceptions: [] }),
]

describe('drag', () => {
  it('answers with hours, orders and what they are made of', async () => {
    const answer = await say('drag last week', { touches, orders: 1500 })
    expect(answer.text.split('\n')).toEqual([
      'Drag: last week (Mon 16 Nov to Sun 22 Nov 2026)',
      '18 min of hands-on work, on 3 exceptions. Drag Index: 0.20 h for each 1,000 orders (1,500 orders).',
      'Measured: 67% (12 min: forms seen open, minutes stated)',
      'Assumed: 33% (6 min)',
      'Switching, on top: 4 min for 4 sessions started (under 1 min to 52 min; 0.05 h for each 1,000 orders)',
      'Delay and downstream cost: not configured',
      'Made of: 4 touches by 2 persons',
      'How: touches less than 5 min apart are one session, 2 min after its last one; no minute is counted twice',
      'By handoff',
      'Handoff                                            Hands-on  Share  h/1,000  Exceptions  Sessions',
      'wms>erp receipt: receipt-booked                      12 min    67%     0.13           1         1',
      'storefront>wms fulfillment: hold-passed-on            4 min    22%     0.04           2         2',
      'Baton itself (questions, approvals, false alarms)     2 min    11%     0.02           0         1',
      'Too few to tell which handoff is worst: 2 persons and 4 sessions; it takes 5 and 30.',
      expect.stringContaining('Not measured: work that neither Baton nor a system shows'),
      '[This week] drag this week',
      '[Last week] drag last week',
      '[30 days] drag 30d',
    ])
  })

  it('measures the week of the zone, not of UTC', async () => {
    // Half past midnight on Monday in Berlin is still Sunday in UTC.
    const early = { touches: [press('23:30', { day: 15 })], orders: 10 }
    expect((await say('drag last week', early)).text).toContain('2 min of hands-on work')
    expect((await say('drag 2026-11-15', early)).text).toContain('nothing to measure')
  })

  it('is the last seven days when no period is given', async () => {
    const answer = await say('drag', { touches, orders: 1500 })
    expect(answer.card.title).toBe('Drag: the last 7 days')
    expect(answer.card.summary).toContain('18 min of hands-on work')
  })

  it('says in plain words that no orders were seen, and gives no index', async () => {
    const answer = await say('drag 30d', { touches, orders: 0 })
    expect(answer.card.summary).toBe(
      '18 min of hands-on work, on 3 exceptions. No orders were seen in this period, so there is no figure for each 1,000 orders.',
    )
    expect(answer.text).not.toMatch(/NaN|Infinity|Index/)
  })

  it('says in plain words that nothing was touched', async () => {
    const answer = await say('drag today', { touches, orders: 80 })
    expect(answer.text).toContain('Nobody has touched an exception through Baton in this period')
    expect(answer.text).toContain('80 orders came in.')
    expect(answer.card.blocks.some(({ kind }) => kind === 'table')).toBe(false)
    expect((await pressed('Last week', answer, { touches, orders: 80 })).text).toContain('18 min')
  })

  it('shows fixes made in the systems themselves as a part of what is assumed', async () => {
    const fix = press('10:00', { day: 17, kind: 'off_chat', result: null, personId: null })
    const answer = await say('drag last week', { touches: [fix], orders: 100 })
    expect(answer.text).toContain(
      'Assumed: 100% (10 min, of it 10 min for fixes made in the systems themselves)',
    )
    expect(answer.text).toContain('1 touch by people whom Baton does not know')
  })

  it('sums up the smallest of very many gaps, so that the table still adds up', async () => {
    const many = Array.from({ length: 20 }, (_, i) =>
      press('10:00', {
        day: 17,
        personId: `p${i}`,
        gap: { ...bookReceipt, contract: `c${i}` },
        exceptions: [`${i}`],
      }),
    )
    const answer = await say('drag last week', { touches: many, orders: 100 })
    const [table] = answer.card.blocks.filter((block) => block.kind === 'table')
    expect(table?.rows).toHaveLength(12)
    expect(table?.rows.at(-1)).toEqual(['9 smaller ones', '18 min', '45%', '3.00', '9', '9'])
  })

  it('says what it could not read, how it is used, and offers examples', async () => {
    const answer = await say('drag soonish', { touches })
    expect(answer.text).toContain('I cannot read "soonish" as a period.')
    expect(answer.text).toContain('Usage: drag [period]')
    expect((await pressed('drag last week', answer, { touches })).command).toBe('drag')
  })

  it('is not for operators', async () => {
    const answer = await say('drag', { touches }, operator)
    expect(answer).toMatchObject({ command: null })
    expect(answer.text).toContain('"drag" needs the role lead; you are operator.')
  })
})
