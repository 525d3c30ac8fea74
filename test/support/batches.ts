import type { BatchDetail } from '../../src/app/batch-records.ts'

type Member = BatchDetail['members'][number]

/** Receipt `n` of a batch that books receipts. */
export const member = (n: number, over: Partial<Member> = {}): Member => ({
  place: n,
  exceptionId: `${n}`,
  version: 1,
  name: `receipt R${n}`,
  actions: ['erp.book_receipt'],
  state: 'offered',
  words: '',
  runId: null,
  since: new Date('2026-11-23T05:12:00Z'),
  valueMinor: n * 1_000,
  currency: 'EUR',
  status: 'Open.',
  waits: false,
  ...over,
})

const OFFER = { action: 'erp.book_receipt', label: 'Book the receipt', system: 'erp' }

/** A batch as it is offered; `over` says how far it has come. */
export const batchOffered = (members: Member[], over: Partial<BatchDetail> = {}): BatchDetail => ({
  id: '7',
  contract: 'receipt-booked',
  title: 'Received in the warehouse, never booked',
  state: 'offered',
  version: 1,
  revision: 1,
  offers: [OFFER],
  chosen: null,
  channel: 'receiving',
  startedBy: null,
  stoppedBy: null,
  startedAt: null,
  finishedAt: null,
  members,
  ...over,
})

export const batchStarted = (members: Member[], over: Partial<BatchDetail> = {}): BatchDetail =>
  batchOffered(members, {
    state: 'running',
    version: 2,
    revision: 2,
    chosen: OFFER,
    startedBy: 'Ada Example',
    startedAt: new Date('2026-11-23T06:10:00Z'),
    ...over,
  })
