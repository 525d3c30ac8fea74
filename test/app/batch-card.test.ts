import { describe, expect, it } from 'vitest'
import { batchCard } from '../../src/app/batch-card.ts'
import { cardText } from '../../src/app/card-text.ts'
import { buttonsOf } from '../support/batch-world.ts'
import { batchOffered, batchStarted, member } from '../support/batches.ts'

const NOW = new Date('2026-11-23T06:12:00Z')
const many = (n: number, over = {}) => Array.from({ length: n }, (_, i) => member(i + 1, over))

describe('the card of an offer', () => {
  it('says for how many, and shows the first ones of a long list', () => {
    const card = batchCard(batchOffered(many(14)), NOW)
    expect(cardText(card)).toContain('Book the receipt for all 14.')
    expect(card.blocks.find(({ kind }) => kind === 'table')).toMatchObject({
      title: 'These would be done (the first 10 of 14)',
    })
    expect(cardText(card)).toMatch(/receipt R1\b.*1 h.*€10\.00/)
  })

  it('has the suggested action first, and each other one with its own number', () => {
    const release = { action: 'erp.release', label: 'Release it', system: 'erp' }
    const members = [
      member(1),
      member(2),
      member(3, { actions: ['erp.release'], words: 'period 11 is closed' }),
    ]
    const offer = batchOffered(members)
    const card = batchCard({ ...offer, offers: [...offer.offers, release] }, NOW)
    expect(buttonsOf(card).map(({ label, style }) => [label, style])).toEqual([
      ['Book the receipt for 2', 'primary'],
      ['Release it for 1', 'default'],
    ])
    expect(cardText(card)).toContain('Period 11 is closed: receipt R3')
  })

  it('names a few behind each reason, and counts the rest', () => {
    const held = many(9, { state: 'left_out', actions: [], words: 'Bo Example is on it' })
    const text = cardText(batchCard(batchOffered([...held, member(10)]), NOW))
    expect(text).toContain(
      'Bo Example is on it: receipt R1, receipt R2, receipt R3, receipt R4, receipt R5 and 4 more',
    )
  })
})

describe('the card of a batch that runs', () => {
  it('says how far it has come, and can be stopped while something is left to start', () => {
    const members = [
      ...many(7, { state: 'done' }),
      member(8, { state: 'failed', words: 'erp: period 11 is closed.' }),
      member(9, { state: 'running' }),
      ...many(3, { state: 'waiting' }),
    ]
    const card = batchCard(batchStarted(members), NOW)
    expect(card.title).toBe('Book the receipt: 7 of 12 done, 1 failed, 4 to go')
    expect(buttonsOf(card)).toMatchObject([
      { label: 'Stop', action: 'stop', exception: 'batch:7', version: 2 },
    ])
    expect(cardText(card)).toContain('erp: period 11 is closed.')
  })

  it('offers to try the failed again only when all is over, and never those that are unclear', () => {
    const members = [
      member(1, { state: 'failed', words: 'no' }),
      member(2, { state: 'unknown', words: 'lost' }),
    ]
    expect(buttonsOf(batchCard(batchStarted([...members, member(3, { state: 'running' })]), NOW))).toEqual([])
    const over = batchCard(batchStarted(members, { state: 'finished' }), NOW)
    expect(buttonsOf(over).map(({ label }) => label)).toEqual(['Try the one again'])
    expect(cardText(over)).toContain('look there first')
  })
})
