import { describe, expect, it } from 'vitest'
import type { FoundExceptions, SystemSide } from '../../src/app/queries.ts'
import { exception, pressed, say } from '../support/command-world.ts'

const side = (system: string, over: Partial<SystemSide> = {}): SystemSide => ({
  system,
  role: 'erp',
  type: 'order',
  externalId: '1',
  state: 'confirmed',
  raw: 'CONFIRMED',
  at: new Date('2026-11-22T09:30:00Z'),
  quantities: {},
  ...over,
})

const subject = (value: string, systems: SystemSide[]): FoundExceptions['subjects'][number] => ({
  id: '7',
  kind: 'fulfillment',
  keys: [{ name: 'order', value, kind: 'identity' }],
  systems,
  timeline: 'live',
})

const keyed = (id: string, value: string, over = {}) =>
  exception(id, {
    subject: { id: '7', kind: 'fulfillment', keys: [{ name: 'order', value, kind: 'identity' }] },
    ...over,
  })

const known = {
  subjects: [
    subject('#1001', [
      side('erp'),
      side('shop', { role: 'storefront', quantities: { ordered: 3, on_hand: 12 } }),
      side('wms', { role: 'wms' }),
    ]),
  ],
}

describe('find', () => {
  it('says that nothing is wrong when the subject is known and nothing is open', async () => {
    const answer = await say('find #1001', known)
    expect(answer.text).toBe(
      [
        'Found: #1001',
        '#1001: found in erp, shop and wms; nothing open.',
        'fulfillment: order #1001',
        'erp, order 1 (ERP): confirmed ("CONFIRMED") since 2026-11-22 09:30 UTC',
        'shop, order 1 (Storefront): confirmed ("CONFIRMED") since 2026-11-22 09:30 UTC, ordered 3, on hand 12',
        'wms, order 1 (WMS): confirmed ("CONFIRMED") since 2026-11-22 09:30 UTC',
      ].join('\n'),
    )
    expect(answer.card.tone).toBe('good')
  })

  it.each([
    'find 1001',
    'search 1001',
    'FIND order 1001',
    'find order: #1001',
    'find "1001"',
    'lookup no. 1001',
  ])('finds it for %j', async (text) => {
    expect((await say(text, known)).text).toContain('found in erp, shop and wms; nothing open.')
  })

  it('shows what is open before what was, and counts both', async () => {
    const rows = [
      keyed('3', '#1001', {
        state: 'resolved',
        status: 'Book receipt: verified.',
        closedAt: new Date('2026-11-21T05:00:00Z'),
      }),
      keyed('4', '#1001', { severity: 'high' }),
    ]
    const answer = await say('find 1001', { ...known, rows })
    expect(answer.text).toContain('1001: found in erp, shop and wms; 1 open, 1 closed.')
    expect(answer.text.indexOf('Show #4')).toBeLessThan(answer.text.indexOf('Show #3'))
    expect(answer.text).toContain('resolved 2 days ago · Book receipt: verified')
    expect(answer.card.tone).toBe('danger')
  })

  it('shows the newest of very many, and how to list the rest', async () => {
    const rows = Array.from({ length: 30 }, (_, i) =>
      keyed(`${i + 1}`, 'SKU-9', { title: `Stock of sku-9, no. ${i + 1}` }),
    )
    const answer = await say('find SKU-9', { rows })
    expect(answer.text).toContain('There are more: these are the newest 10.')
    expect((await pressed('All that is open for it', answer, { rows })).text).toContain(
      '30 exceptions are open for "sku-9"',
    )
  })

  it('shows only the first of many places, and says how many more there are', async () => {
    const subjects = Array.from({ length: 5 }, () => subject('SKU-9', [side('wms')]))
    const answer = await say('find SKU-9', { subjects })
    expect(answer.card.blocks.filter(({ kind }) => kind === 'systems')).toHaveLength(3)
    expect(answer.text).toContain('It also occurs in 2 other places, not shown here.')
  })

  it('says what it means when no system knows the number', async () => {
    expect((await say('find 4711', known)).text).toContain(
      '"4711" is in none of the systems, as far as Baton has heard.',
    )
  })

  it('asks for a number, with its usage, when there is none', async () => {
    const answer = await say('find', known)
    expect(answer.text).toContain('Say what to look for')
    expect(answer.text).toContain('Usage: find <order|sku|tracking>')
    expect(answer.command).toBeNull()
  })
})
