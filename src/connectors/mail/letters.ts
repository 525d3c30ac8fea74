import type { Aim } from '../../app/connector.ts'
import type { SubjectView } from '../../domain/model.ts'
import { objectsOf } from '../kit/action.ts'
import { newest, orderOf, type Parcel, parcelOf, shortageOf, statedTime, valuesOf } from './about.ts'
import type { RequestId } from './config.ts'

/** What one request is about, whom it goes to, and the words it starts with: the person edits them. */
export type LetterKind = {
  desk: 'carrier' | 'supplier' | 'customer'
  label: string
  /** Nobody is asked anything: it is over as soon as it is sent. */
  tells?: true
  aim(subject: SubjectView): Aim
  /** Called only where it can be aimed, or would be if the state allowed it. */
  write(subject: SubjectView): { subject: string; text: string }
}

/** Facts as lines; those that nobody knows are left out. */
const lines = (facts: Record<string, string | number | null | undefined>): string =>
  Object.entries(facts)
    .flatMap(([label, value]) =>
      value === null || value === undefined || value === '' ? [] : [`${label}: ${value}`],
    )
    .join('\n')

const paragraphs = (...parts: (string | null)[]): string =>
  parts.filter((part) => part !== null && part !== '').join('\n\n')

const aimAt = (externalId: string): Aim => ({ externalId, params: {} })

const parcelLines = (subject: SubjectView, parcel: Parcel | null): string =>
  lines({
    'Tracking number': parcel?.number,
    Carrier: parcel?.carrier,
    'Our order': orderOf(subject),
    'Left our warehouse': parcel?.leftAt,
    'Last scan': parcel && (parcel.scanned ?? 'none'),
    Status: parcel?.rawState,
    'Expected delivery': parcel?.promise,
  })

/** Where a search can help: nobody has it, or nobody says where it is. */
const TRACEABLE = ['label', 'in_transit', 'out', 'attempted', 'exception', 'lost']

const trace: LetterKind = {
  desk: 'carrier',
  label: 'Write to the carrier: trace it',
  aim(subject) {
    const parcel = parcelOf(subject)
    if (!parcel) return null
    return parcel.state === null || TRACEABLE.includes(parcel.state)
      ? aimAt(parcel.number)
      : { unavailable: `The carrier has it: ${parcel.rawState}` }
  },
  write(subject) {
    const parcel = parcelOf(subject)
    return {
      subject: `Please trace parcel ${parcel?.number ?? ''}`.trim(),
      text: paragraphs(
        'Hello,',
        'please trace this parcel for us.',
        parcelLines(subject, parcel),
        'Where is it now, and when will it be delivered?',
      ),
    }
  },
}

/** The customer has said that something is wrong. */
const isDisputed = (subject: SubjectView): boolean =>
  objectsOf(subject, { role: 'storefront', type: 'claim' }).some(({ state }) => state === 'open')

const claim: LetterKind = {
  desk: 'carrier',
  label: 'Write to the carrier: file a claim',
  aim(subject) {
    const parcel = parcelOf(subject)
    const disputed = isDisputed(subject)
    if (!parcel) return disputed ? { unavailable: 'No tracking number is known' } : null
    return disputed || parcel.state === 'lost' || parcel.state === 'exception'
      ? aimAt(parcel.number)
      : {
          unavailable: `The carrier calls it neither lost nor damaged: ${parcel.rawState || 'no word of it'}`,
        }
  },
  write(subject) {
    const parcel = parcelOf(subject)
    const happened = isDisputed(subject)
      ? 'our customer says that this parcel did not arrive as it should have. We claim for it.'
      : `we claim for this parcel${parcel?.state === 'lost' ? ', which is lost' : ', to which something has happened'}.`
    return {
      subject: `Claim for parcel ${parcel?.number ?? ''}`.trim(),
      text: paragraphs(
        'Hello,',
        happened,
        parcelLines(subject, parcel),
        'Please confirm the claim, and tell us what you need from us and by when.',
      ),
    }
  },
}

const shortage: LetterKind = {
  desk: 'supplier',
  label: 'Write to the supplier: claim the shortage',
  aim(subject) {
    const short = shortageOf(subject)
    if (!short) return null
    return short.received < short.announced
      ? aimAt(short.receipt)
      : { unavailable: `Nothing is missing: ${short.received} of ${short.announced} came in` }
  },
  write(subject) {
    const short = shortageOf(subject)
    const [order] = valuesOf(subject, 'purchase_order')
    return {
      subject: `Short delivery ${order ? `on purchase order ${order}` : (short?.receipt ?? '')}`.trim(),
      text: paragraphs(
        'Hello,',
        'less came in than you announced.',
        lines({
          'Our purchase order': order,
          Delivery: short?.receipt,
          Article: valuesOf(subject, 'sku').join(', '),
          Announced: short?.announced,
          Received: short?.received,
          Missing: short && short.announced - short.received,
        }),
        'Will you send the rest, and when, or credit it? Please confirm.',
      ),
    }
  },
}

/** Nothing more will come of it. */
const OVER = ['received', 'closed', 'cancelled']

const supplierDate: LetterKind = {
  desk: 'supplier',
  label: 'Write to the supplier: ask for a date',
  aim(subject) {
    const purchase = newest(subject, 'erp', 'purchase_order')
    if (!purchase) return null
    return OVER.includes(purchase.state)
      ? { unavailable: `The purchase is ${purchase.rawState}` }
      : aimAt(valuesOf(subject, 'purchase_order')[0] ?? purchase.externalId)
  },
  write(subject) {
    const purchase = newest(subject, 'erp', 'purchase_order')
    const number = valuesOf(subject, 'purchase_order')[0] ?? purchase?.externalId ?? ''
    return {
      subject: `When does purchase order ${number} arrive?`,
      text: paragraphs(
        'Hello,',
        'we are waiting for this delivery.',
        lines({
          'Our purchase order': number,
          Article: valuesOf(subject, 'sku').join(', '),
          Quantity: purchase?.quantities.ordered,
          'Expected by us': statedTime(purchase, 'expectedAt'),
          'Announced by you': statedTime(newest(subject, 'supplier', 'purchase_order'), 'expectedAt'),
        }),
        'When will it arrive? Please confirm the date, and the quantity.',
      ),
    }
  },
}

/** Customers are written to about orders. */
const atOrder = (subject: SubjectView): Aim => {
  const order = orderOf(subject)
  return order === null || subject.objects.length === 0 ? null : aimAt(`order ${order}`)
}

const NEWS: Record<string, string> = {
  lost: 'the carrier tells us that your parcel was lost. We are sorry. We take care of it.',
  exception: 'something happened to your parcel on its way. We are sorry. We take care of it.',
  returning: 'your parcel could not be delivered and is on its way back to us.',
}

const notice: LetterKind = {
  desk: 'customer',
  label: 'Write to the customer: tell the news',
  tells: true,
  aim: atOrder,
  write(subject) {
    const parcel = parcelOf(subject)
    const news = parcel
      ? (NEWS[parcel.state ?? ''] ??
        'your parcel takes longer than it should. We have asked the carrier about it.')
      : 'your order takes longer than we said. We are sorry, and tell you as soon as we know more.'
    return {
      subject: `Your order ${orderOf(subject) ?? ''}`.trim(),
      text: paragraphs(
        'Hello,',
        news,
        lines({
          'Your order': orderOf(subject),
          'Tracking number': parcel?.number,
          'Expected delivery': parcel?.promise,
        }),
        'You need not do anything. If you have a question, just answer this message.',
      ),
    }
  },
}

/** What has to be asked, by what the facts say. */
const questionOf = (subject: SubjectView): string => {
  const held = objectsOf(subject, { role: 'wms', type: 'fulfillment' }).find(({ state }) => state === 'held')
  if (String(held?.attributes.holdReason ?? '').includes('address')) {
    return 'we cannot deliver to the address that you gave us: something is missing in it. Please send us the whole address: street, house number, postal code, town and country.'
  }
  const order = newest(subject, 'storefront', 'order')
  if (['expired', 'voided', 'failed'].includes(String(order?.attributes.paymentState ?? ''))) {
    return 'your payment is no longer valid, so that we cannot send your order yet. Please pay once more, or tell us if you no longer want it.'
  }
  return parcelOf(subject)
    ? 'we have not heard of your parcel for some days. Have you received it? If not, we look for it.'
    : 'we have a question about your order.'
}

const question: LetterKind = {
  desk: 'customer',
  label: 'Write to the customer: ask',
  aim: atOrder,
  write(subject) {
    return {
      subject: `A question about your order ${orderOf(subject) ?? ''}`.trim(),
      text: paragraphs(
        'Hello,',
        questionOf(subject),
        lines({ 'Your order': orderOf(subject), 'Tracking number': parcelOf(subject)?.number }),
        'Please answer this message.',
      ),
    }
  },
}

/** Every letter, by the action that sends it. */
export const LETTERS: (LetterKind & { id: RequestId })[] = [
  { id: 'open_trace', ...trace },
  { id: 'file_claim', ...claim },
  { id: 'claim_shortage', ...shortage },
  { id: 'ask_supplier', ...supplierDate },
  { id: 'notify_customer', ...notice },
  { id: 'ask_customer', ...question },
]
