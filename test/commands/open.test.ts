import { describe, expect, it } from 'vitest'
import { exceptionOf } from '../support/cards.ts'
import { exception, NOW, pressed, say } from '../support/command-world.ts'

const hold = {
  contract: 'hold-passed-on',
  handoff: { from: 'storefront', to: 'wms', object: 'fulfillment' },
} as const

const world = {
  rows: [
    exception('12', { severity: 'high', status: 'Ada Example is on it.' }),
    exception('13', { ...hold, title: 'Order 1001 is held in the shop, live in the WMS', channel: 'holds' }),
    exception('14', { state: 'healed' }),
    exception('15', { timeline: 'import:olist', title: 'Order 77 was handed over late' }),
  ],
  channels: [
    { id: 'holds', title: '#Order holds', open: 1, surfaces: ['console'] },
    { id: 'receiving', title: '#Receiving', open: 1, surfaces: ['console'] },
  ],
}

const shown = (answer: { buttons: { text: string }[] }) =>
  answer.buttons.flatMap(({ text }) => /^open (\d+)$/.exec(text)?.[1] ?? [])

describe('open', () => {
  it('lists what is open, with where, since when and what is happening', async () => {
    const answer = await say('open', world)
    expect(answer.text).toBe(
      [
        'Open: 2 exceptions',
        '#12 · high · Receipt R-12 is in the WMS, not in the ERP',
        'wms>erp receipt · broken for 3 h · Ada Example is on it',
        '[Show #12] open 12',
        '#13 · medium · Order 1001 is held in the shop, live in the WMS',
        'storefront>wms fulfillment · broken for 3 h · Open',
        '[Show #13] open 13',
      ].join('\n'),
    )
    expect(answer.card.tone).toBe('danger')
  })

  it.each([
    'open high',
    'OPEN  High ',
    'list high',
    'open all high exceptions',
    'open wms>erp receipt',
    'open wms -> erp',
    'open wms &gt; erp',
    'open "receipt-booked"',
  ])('narrows by the words of %j', async (text) => {
    expect(shown(await say(text, world))).toEqual(['12'])
  })

  it('takes a leading # for a channel, or else for a word', async () => {
    expect(shown(await say('open #order holds', world))).toEqual(['13'])
    expect(shown(await say('open #wms>erp receipt', world))).toEqual(['12'])
  })

  it('shows one exception by its number, open or not', async () => {
    for (const text of ['open 12', 'open #12', 'show 12']) {
      expect((await say(text, world)).card.exception?.id).toBe('12')
    }
    expect((await say('open 14', world)).card.exception?.id).toBe('14')
  })

  it('says of each how much follows from it, or what it follows from', async () => {
    const root = { id: '12', title: 'Stock differs', name: 'stock MUG@HEL' }
    const rows = [exception('12', { consequenceCount: 3 }), exception('16', { root, status: 'Open.' })]
    const { text } = await say('open', { rows })
    expect(text).toContain('#12 · medium · Receipt R-12 is in the WMS, not in the ERP · +3 consequences')
    expect(text).toContain('broken for 3 h · follows from #12 · Open')
  })

  it.each(['open 12 why', 'open #12 why?', 'show 12 why'])('explains one for %j', async (text) => {
    const details = [
      exceptionOf(NOW, { id: '12', meaning: 'Nobody knows that it is gone.', fix: 'Book it.' }),
    ]
    const answer = await say(text, { ...world, details })
    expect(answer.text).toContain('Why #12: Shipped in the warehouse, still open in the ERP')
    expect(answer.text).toContain('Nobody knows that it is gone.\nUsual fix: Book it.')
    expect((await pressed('Show #12', answer, world)).card.exception?.id).toBe('12')
  })

  it('takes a number that is no exception as a word', async () => {
    expect(shown(await say('open 1001', world))).toEqual(['13'])
  })

  it('keeps imported exceptions apart, and lists them by the name of their import', async () => {
    const answer = await say('open import:olist', world)
    expect(shown(answer)).toEqual(['15'])
    expect(answer.text).toContain('wms>erp receipt (import:olist)')
  })

  it('pages a long list, each exception on exactly one page and the filter kept', async () => {
    const many = {
      rows: Array.from({ length: 25 }, (_, i) =>
        exception(`${i + 1}`, { severity: i === 0 ? 'low' : 'high' }),
      ),
    }
    const first = await say('open high', many)
    expect(first.text).toContain('24 exceptions are open for "high". 10 are shown here.')
    const second = await pressed('More', first, many)
    const third = await pressed('More', second, many)
    expect([...shown(first), ...shown(second), ...shown(third)]).toEqual(
      many.rows.slice(1).map(({ id }) => id),
    )
    expect(third.buttons.some(({ label }) => label === 'More')).toBe(false)
  })

  it('says so when the rest of a list has been closed meanwhile', async () => {
    const answer = await say('open high after:10', world)
    expect(answer.text).toContain('There is no more')
    expect(shown(await pressed('From the start', answer, world))).toEqual(['12'])
  })

  it('says that nothing is open, and good news looks like it', async () => {
    const answer = await say('open', { rows: [] })
    expect(answer.card).toMatchObject({ title: 'Nothing is open', tone: 'good' })
  })

  it('says what is due and not yet known, and whom that waits for', async () => {
    const waiting = [{ waitingFor: 'erp silent since 05:42', count: 3 }]
    const answer = await say('open', { rows: [], waiting })
    expect(answer.text).toContain('3 breaks are due but not yet known: erp silent since 05:42.')
    expect((await say('open high', { ...world, waiting })).text).not.toContain('not yet known')
  })

  it('says how much else is open when nothing matches', async () => {
    const answer = await say('open carrier', world)
    expect(answer.text).toContain('Nothing open matches "carrier". 2 exceptions are open in all.')
    expect(shown(await pressed('All that is open', answer, world))).toEqual(['12', '13'])
    expect((await pressed('Find it in the systems', answer, world)).command).toBe('find')
  })
})

describe('open exceptions that are all of one kind', () => {
  it('lead to what one press can do for all of them; a mixture or a single one does not', async () => {
    const alike = { rows: [exception('1'), exception('2')] }
    expect(
      (await pressed('Many at once', await say('open', alike), { ...alike, groups: [] })).text,
    ).toContain('Nothing open matches "receipt-booked".')
    const texts = async (rows: ReturnType<typeof exception>[]) =>
      (await say('open', { rows })).buttons.map(({ text }) => text)
    expect(await texts([exception('1'), exception('2')])).toEqual(['open 1', 'open 2', 'fix receipt-booked'])
    expect(await texts([exception('1'), exception('2', { contract: 'short-pick' })])).toEqual([
      'open 1',
      'open 2',
    ])
    expect(await texts([exception('1')])).toEqual(['open 1'])
  })
})
