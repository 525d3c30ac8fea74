import { expect, it } from 'vitest'
import type { Card, CardButton } from '../../src/app/card.ts'
import { cardText } from '../../src/app/card-text.ts'

const button: CardButton = {
  kind: 'press',
  exception: '12',
  action: 'erp.book_receipt',
  version: 3,
  label: 'Book the receipt',
  style: 'primary',
  enabled: true,
  reason: null,
  confirm: null,
  inputs: [],
}

it('says in plain text everything that the card shows', () => {
  const card: Card = {
    title: 'Receipt R-7 is not booked',
    tone: 'danger',
    summary: 'not shown: the blocks say more',
    blocks: [
      { kind: 'text', text: 'Received in the WMS 3 h ago.' },
      { kind: 'facts', facts: [{ label: 'Value', value: '120.00 EUR' }] },
      {
        kind: 'systems',
        systems: [
          {
            system: 'wms-1',
            role: 'wms',
            state: 'received',
            raw: 'PUTAWAY',
            at: new Date('2026-11-23T02:00:40Z'),
            details: ['received 12'],
          },
          { system: 'erp-1', role: 'erp', state: 'ordered', raw: 'ordered', at: null, details: [] },
        ],
      },
      { kind: 'time', label: 'Promised for', at: new Date('2026-11-24T17:00:00Z') },
      {
        kind: 'table',
        title: 'Lines',
        columns: ['SKU', 'Units'],
        rows: [['SKU-1', '12'], ['SKU\n22', '3'], ['S']],
      },
      {
        kind: 'buttons',
        buttons: [
          { ...button, reason: 'Worked 8 of 9 times.' },
          { ...button, label: 'Resend', enabled: false, reason: 'The ERP is down.' },
          { kind: 'command', text: 'open 12', label: 'Show' },
        ],
      },
      { kind: 'context', text: 'Rule "receiving".' },
    ],
  }
  expect(cardText(card).split('\n')).toEqual([
    'Receipt R-7 is not booked',
    'Received in the WMS 3 h ago.',
    'Value: 120.00 EUR',
    'wms-1 (wms): received ("PUTAWAY") since 2026-11-23 02:00 UTC, received 12',
    'erp-1 (erp): ordered',
    'Promised for: 2026-11-24 17:00 UTC',
    'Lines',
    'SKU     Units',
    'SKU-1      12',
    'SKU 22      3',
    'S',
    '[Book the receipt] Worked 8 of 9 times.',
    '[Resend] not now. The ERP is down.',
    '[Show] open 12',
    'Rule "receiving".',
  ])
})

it('falls back to the summary of a card without blocks', () => {
  expect(cardText({ title: 'Done', tone: 'good', summary: 'Booked.', blocks: [] })).toBe('Done\nBooked.')
})
