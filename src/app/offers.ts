import type { Contract } from '../domain/contract/contract.ts'
import type { PersonRole, SubjectView } from '../domain/model.ts'
import { needsSecondPerson } from '../domain/trust.ts'
import type { CardInput } from './card.ts'
import type { ActionTarget, Connector, RoutingAction } from './connector.ts'
import type { OfferedAction } from './queries.ts'
import type { ExceptionRecord } from './records.ts'
import type { Setup } from './world.ts'

export type Offer = OfferedAction & {
  role: PersonRole
  needsSecondPerson: boolean
  /** Adds to the record and decides nothing: welcome on any version of the card. */
  additive: boolean
  routing: { connector: Connector; action: RoutingAction; target: ActionTarget } | null
}

const REASONS = [
  { value: 'expected', label: 'Expected: this is how we work' },
  { value: 'known', label: 'Known, being handled elsewhere' },
  { value: 'false_alarm', label: 'False alarm: the systems do agree' },
  { value: 'accepted', label: 'Accepted: not worth fixing' },
]

const text = (id: string, label: string, required: boolean): CardInput => ({
  kind: 'text',
  id,
  label,
  required,
  maxLength: 1000,
})

const ownAction = (
  id: string,
  label: string,
  more: Partial<Pick<Offer, 'inputs' | 'style' | 'role' | 'additive' | 'reason'>> = {},
): Offer => ({
  id,
  label,
  enabled: true,
  reason: more.reason ?? null,
  style: more.style ?? 'default',
  confirm: null,
  inputs: more.inputs ?? [],
  role: more.role ?? 'operator',
  needsSecondPerson: false,
  additive: more.additive ?? false,
  routing: null,
})

const NOTE = ownAction('note', 'Add a note', { inputs: [text('note', 'Note', true)], additive: true })
const DISMISS = ownAction('dismiss', 'Dismiss', {
  inputs: [
    { kind: 'choice', id: 'reason', label: 'Why?', required: true, options: REASONS },
    text('note', 'Anything to add', false),
  ],
})
const FIXED_BY_HAND = ownAction('fixed_by_hand', 'Fixed by hand', {
  inputs: [
    {
      kind: 'number',
      id: 'minutes',
      label: 'How long did it take?',
      required: true,
      min: 0,
      max: 1440,
      unit: 'min',
    },
    text('note', 'What did you do?', true),
  ],
})

/** The routing actions of one connector that can be aimed at this subject, in the contract's order. */
const routingOffers = (contract: Contract, view: SubjectView, setup: Setup): Offer[] =>
  contract.actions.flatMap((id) =>
    setup.connectors.flatMap((connector) => {
      const action = connector.actions.find((candidate) => candidate.id === id)
      const target = action?.target(view) ?? null
      if (!action || target === null) return []
      const unavailable = 'unavailable' in target ? target.unavailable : null
      const second = needsSecondPerson(action.risk, setup.trust[id], action.magnitude?.(view))
      return [
        {
          id: `${connector.system}.${id}`,
          label: action.label,
          enabled: unavailable === null,
          reason: unavailable ?? (second ? 'A lead has to approve it.' : null),
          style: 'default' as const,
          confirm: second
            ? {
                title: `${action.label}?`,
                text: `${target !== null && 'externalId' in target ? `It is about ${target.externalId}. ` : ''}This cannot simply be taken back, so a lead will be asked.`,
                yes: 'Ask for it',
              }
            : null,
          inputs: action.inputs?.(view) ?? [],
          role: 'operator' as const,
          needsSecondPerson: second,
          additive: false,
          routing: 'unavailable' in target ? null : { connector, action, target },
        },
      ]
    }),
  )

/** The first that can work is the suggested one. */
const suggestFirst = (offers: Offer[]): Offer[] => {
  const first = offers.findIndex((offer) => offer.enabled)
  return offers.map((offer, index) => (index === first ? { ...offer, style: 'primary' as const } : offer))
}

/**
 * What the card of an exception offers now. Pure: the same record and objects always offer the same. Imported
 * exceptions are history: nothing is done in any system for them.
 */
export const offersFor = (
  exception: ExceptionRecord,
  contract: Contract | undefined,
  view: SubjectView,
  setup: Setup,
): Offer[] => {
  if (exception.state === 'dismissed') return [ownAction('reopen', 'Open it again'), NOTE]
  if (exception.state !== 'open') return [NOTE]
  if (view.timeline !== 'live') return [FIXED_BY_HAND, DISMISS, NOTE]
  if (exception.run?.state === 'awaiting_approval') {
    return [
      ownAction('approve', `Approve: ${exception.run.label}`, { style: 'primary', role: 'lead' }),
      ownAction('decline', 'Decline', {
        style: 'danger',
        role: 'operator',
        inputs: [text('note', 'Why?', false)],
      }),
      NOTE,
    ]
  }
  if (exception.run) return [NOTE]
  const claim =
    exception.claimedBy === null ? ownAction('claim', "I'm on it") : ownAction('release', 'Release the claim')
  const routing = contract ? suggestFirst(routingOffers(contract, view, setup)) : []
  return [...routing, claim, FIXED_BY_HAND, DISMISS, NOTE]
}
