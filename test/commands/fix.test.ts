import { describe, expect, it } from 'vitest'
import { batchCard } from '../../src/app/batch-card.ts'
import { batchOffered, member } from '../support/batches.ts'
import { NOW, operator, pressed, say } from '../support/command-world.ts'

const RECEIPTS = {
  contract: 'receipt-booked',
  title: 'Received, never booked',
  open: 14,
  together: ['Book the receipt'],
}
const HOLDS = {
  contract: 'hold-passed-on',
  title: 'Held, and shipped all the same',
  open: 3,
  together: ['Place a hold'],
}
const REFUNDS = { contract: 'refund-owed', title: 'Returned, not refunded', open: 9, together: [] }
const groups = [RECEIPTS, REFUNDS, HOLDS]
const batch = batchCard(batchOffered([member(1), member(2)]), NOW)
const offered = { is: 'offered', batch: '7', total: 2, shown: 2 } as const

describe('fix', () => {
  it('lists what can be handled many at once, largest first, and names what cannot', async () => {
    const answer = await say('fix', { groups }, operator)
    expect(answer.text).toContain(
      '2 kinds of exceptions can be handled many at once, largest first. For which of them now, the next card says.',
    )
    expect(answer.text).toContain('Received, never booked: 14 open\nBook the receipt')
    expect(answer.text).toContain('Looked at one by one: Returned, not refunded (9).')
    expect(answer.buttons.map(({ text, label }) => [label, text])).toEqual([
      ['Look at all 14', 'fix receipt-booked'],
      ['Look at all 3', 'fix hold-passed-on'],
    ])
  })

  it('speaks of one as of one', async () => {
    const { buttons } = await say('fix', { groups: [{ ...HOLDS, open: 1 }] }, operator)
    expect(buttons.map(({ label }) => label)).toEqual(['Look at it'])
  })

  it('lays the offer for one group before the asker, from the list or by its name', async () => {
    const asked: { contract: string; words: string[] }[] = []
    const world = { groups, offered, asked, batchCard: batch }
    const answer = await pressed('Look at all 14', await say('fix', world, operator), world, operator)
    expect(answer.card).toEqual(batch)
    expect((await say('all receipt-booked', world, operator)).card).toEqual(batch)
    expect(asked).toEqual([
      { contract: 'receipt-booked', words: [] },
      { contract: 'receipt-booked', words: [] },
    ])
  })

  it.each([
    ['fix received', ['received']],
    ['fix all the never booked', ['never', 'booked']],
  ])('understands %j, and narrows the group down by the words', async (text, words) => {
    const asked: { contract: string; words: string[] }[] = []
    await say(text, { groups, offered, asked, batchCard: batch }, operator)
    expect(asked).toEqual([{ contract: 'receipt-booked', words }])
  })

  it('keeps the words when they leave several groups to choose from', async () => {
    const world = { groups: [RECEIPTS, { ...HOLDS, title: 'Held, never booked' }] }
    const answer = await say('fix booked', world, operator)
    expect(answer.buttons.map(({ text }) => text)).toEqual([
      'fix receipt-booked booked',
      'fix hold-passed-on booked',
    ])
  })

  it('says so where there are more than one press may handle', async () => {
    const many = { is: 'offered', batch: '7', total: 340, shown: 200 } as const
    const answer = await say('fix receipt-booked', { groups, offered: many, batchCard: batch }, operator)
    expect(answer.text).toContain(
      '340 exceptions are open; these are the newest 200. Ask again for the rest.',
    )
  })

  it('says why nothing can be done at once, for all of them and for each', async () => {
    const answer = await say('fix refund-owed', {
      groups,
      offered: {
        is: 'nothing',
        open: 9,
        alone: ['"Refund" is looked at one by one: it cannot simply be taken back.'],
        leftOut: [
          { name: 'return A', words: 'Bo Example is on it' },
          { name: 'return B', words: 'Bo Example is on it' },
        ],
      },
    })
    expect(answer.text).toContain('Nothing can be done for these 9 at once.')
    expect(answer.text).toContain('"Refund" is looked at one by one')
    expect(answer.text).toContain('Bo Example is on it: return A and return B')
    expect(answer.buttons.map(({ text }) => text)).toEqual(['open refund-owed'])
  })

  it('says that nothing matches, or that nothing is open', async () => {
    expect((await say('fix unicorns', { groups })).text).toContain('Nothing open matches "unicorns".')
    expect((await say('fix')).text).toContain('Nothing is open')
  })
})
