import type { Card, CardButton } from '../../../src/app/card.ts'

/** Cards as the pipeline draws them, for tests of the Slack surface. */

export const button = (action: string, label: string, more: Partial<CardButton> = {}): CardButton => ({
  kind: 'press',
  exception: '41',
  action,
  version: 3,
  label,
  style: 'default',
  enabled: true,
  reason: null,
  confirm: null,
  inputs: [],
  ...more,
})

const REASONS = [
  { value: 'expected', label: 'Expected' },
  { value: 'known', label: 'Known, in hand' },
]

export const BOOK = button('erp.book_receipt', 'Book the receipt', {
  style: 'primary',
  reason: 'done 12 times here',
})
export const CANCEL = button('shop.cancel', 'Cancel the order', {
  style: 'danger',
  confirm: { title: 'Cancel the order?', text: 'This cannot be taken back.', yes: 'Cancel it' },
})
export const DISMISS = button('dismiss', 'Dismiss', {
  inputs: [
    { kind: 'choice', id: 'reason', label: 'Why?', required: true, options: REASONS },
    { kind: 'text', id: 'note', label: 'Anything to add', required: false, maxLength: 1000 },
  ],
})
export const BY_HAND = button('fixed_by_hand', 'Fixed by hand', {
  inputs: [
    { kind: 'number', id: 'minutes', label: 'How long?', required: true, min: 0, max: 1440, unit: 'min' },
  ],
})

/** The card of exception 41, at version 3 unless said otherwise. */
export function exceptionCard(more: Partial<Card> = {}, version = 3): Card {
  const buttons = [BOOK, CANCEL, DISMISS, BY_HAND].map((each) => ({ ...each, version }))
  return {
    title: 'Receipt 1001 is not in the ERP',
    tone: 'danger',
    summary: 'Receipt 1001: received by wms, not booked by erp for 3 h',
    blocks: [
      { kind: 'text', text: 'The WMS received it; the ERP has not booked it.' },
      {
        kind: 'systems',
        systems: [
          {
            system: 'wms-eu',
            role: 'wms',
            state: 'received',
            raw: 'RCVD',
            at: new Date('2026-11-23T06:10:00Z'),
            details: ['received 12'],
          },
          { system: 'erp', role: 'erp', state: 'ordered', raw: 'draft', at: null, details: [] },
        ],
      },
      { kind: 'buttons', buttons },
    ],
    exception: { id: '41', version, state: 'open' },
    ...more,
  }
}

/** What a command answers: a list, of no exception in particular. */
export const listCard: Card = {
  title: '2 open',
  tone: 'warning',
  summary: '2 open exceptions',
  blocks: [
    { kind: 'text', text: '#41 Receipt 1001 is not in the ERP' },
    { kind: 'buttons', buttons: [{ kind: 'command', text: 'open 41', label: 'Show #41' }, BOOK] },
  ],
}

/** A person's App Home, as the pipeline draws it. */
export const homeCard: Card = {
  title: 'Your Baton',
  tone: 'neutral',
  summary: 'One is yours',
  blocks: [
    { kind: 'text', text: 'Mine: #41 Receipt 1001 is not in the ERP' },
    { kind: 'table', title: 'Open', columns: ['#', 'What'], rows: [['41', 'Receipt 1001']] },
    { kind: 'buttons', buttons: [BOOK, DISMISS, { kind: 'command', text: 'open 41', label: 'Show #41' }] },
  ],
}
