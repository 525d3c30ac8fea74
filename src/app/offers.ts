import type { Contract } from '../domain/contract/contract.ts'
import type { PersonRole, SubjectView } from '../domain/model.ts'
import { ruleFor } from '../domain/route.ts'
import { LASTING_MS, needsSecondPerson } from '../domain/trust.ts'
import type { CardInput } from './card.ts'
import type { ActionTarget, Aim, Connector, RoutingAction } from './connector.ts'
import type { ClockText } from './ports.ts'
import type { OfferedAction } from './queries.ts'
import type { ActiveRun, ExceptionRecord, PastRun } from './records.ts'
import { snoozeChoices } from './snooze.ts'
import type { Setup } from './world.ts'

export type Offer = OfferedAction & {
  role: PersonRole
  needsSecondPerson: boolean
  /** Adds to the record and decides nothing: welcome on any version of the card. */
  additive: boolean
  routing: Routing | null
  /** The only person for whom it does anything; for others `reason` says why not. */
  onlyBy?: string
}

/** `undoes`: the run that it takes back, if it is for that. */
type Routing = { connector: Connector; action: RoutingAction; target: ActionTarget; undoes: string | null }

/** What an offer depends on besides the exception and its subject. */
export type Around = {
  now: Date
  clockText: ClockText
  /** Its runs that have ended, newest first. */
  past: PastRun[]
  /** "erp unreachable since 10:42", or null while it answers. */
  unreachable(system: string): string | null
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

const NOTE = ownAction('note', 'Note for next time', {
  inputs: [text('note', 'What should the next one know?', true)],
  additive: true,
})
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

const inMenu = (offer: Offer): Offer => ({ ...offer, place: 'overflow' })

/** Past so many a choice cannot be shown. */
const MOST_PEOPLE = 100

const assignOffers = ({ people = [] }: Setup): Offer[] => {
  const options = people.slice(0, MOST_PEOPLE).map(({ name }) => ({ value: name, label: name }))
  const input: CardInput = { kind: 'choice', id: 'person', label: 'To whom?', required: true, options }
  return options.length === 0 ? [] : [ownAction('assign', 'Assign', { inputs: [input] })]
}

const snoozeOffer = (setup: Setup, now: Date): Offer => {
  const options = snoozeChoices(now, setup.zone ?? 'UTC').map(({ value, label }) => ({ value, label }))
  const input: CardInput = { kind: 'choice', id: 'until', label: 'Until when?', required: true, options }
  return ownAction('snooze', 'Snooze', { inputs: [input] })
}

const escalateOffers = ({ escalatedAt, routeReason }: ExceptionRecord, { routing }: Setup): Offer[] => {
  const to = ruleFor(routing.rules, routeReason)?.escalate?.to
  return to === undefined || escalatedAt !== null ? [] : [ownAction('escalate', `Escalate to #${to}`)]
}

/** Whose it is, and who else might have it, or when. */
const inHandOffers = (exception: ExceptionRecord, setup: Setup, now: Date): Offer[] => {
  const { claimedBy, snoozedUntil } = exception
  const stay = (onlyBy: string): Offer => ({
    ...inMenu(ownAction('claim', 'Stay on it', { reason: 'Only for who is on it' })),
    onlyBy,
  })
  return [
    ...(snoozedUntil === null ? [] : [ownAction('wake', 'Bring it back now')]),
    ...(claimedBy === null
      ? [ownAction('claim', "I'm on it")]
      : [ownAction('release', 'Release the claim'), stay(claimedBy)]),
    ...assignOffers(setup).map(inMenu),
    ...(snoozedUntil === null ? [inMenu(snoozeOffer(setup, now))] : []),
    ...escalateOffers(exception, setup).map(inMenu),
  ]
}

type Aimed = { connector: Connector; action: RoutingAction; aim: Exclude<Aim, null> }

/** What systems could do for this subject by the contract, in its order, whether it can work now or not. */
export const aimsOf = (contract: Contract, view: SubjectView, { connectors }: Setup): Aimed[] =>
  contract.actions.flatMap((id) =>
    connectors.flatMap((connector) => {
      const action = connector.actions.find((candidate) => candidate.id === id)
      const aim = action?.target(view) ?? null
      return action && aim !== null ? [{ connector, action, aim }] : []
    }),
  )

type Wording = { id: string; label: string; inputs: CardInput[]; undoes: string | null }

/** One button that calls a system, with the reason where it cannot work, has to wait, or needs somebody else. */
const routingOffer = (
  { connector, action, aim }: Aimed,
  { id, label, inputs, undoes }: Wording,
  view: SubjectView,
  setup: Setup,
  { unreachable }: Around,
): Offer => {
  const { system } = connector
  const unavailable = 'unavailable' in aim ? aim.unavailable : null
  const target = 'unavailable' in aim ? null : aim
  const second = needsSecondPerson(action.risk, setup.trust[action.id], action.magnitude?.(view))
  const away = unreachable(system)
  const notes = [
    ...(second ? ['A lead has to approve it.'] : []),
    ...(away === null ? [] : [`${away}: it will wait.`]),
  ]
  return {
    id,
    label,
    enabled: target !== null,
    reason: unavailable ?? (notes.length > 0 ? notes.join(' ') : null),
    style: 'default',
    confirm: second
      ? {
          title: `${label}?`,
          text: `${target ? `It is about ${target.externalId}. ` : ''}This cannot simply be taken back, so a lead will be asked.`,
          yes: 'Ask for it',
        }
      : null,
    inputs,
    role: 'operator',
    needsSecondPerson: second,
    additive: false,
    routing: target && { connector, action, target, undoes },
  }
}

/** Why an action has to wait for somebody's answer; null where it need not. */
const notBefore = (
  { afterAnswersTo = [] }: RoutingAction,
  { episode, asked }: ExceptionRecord,
  { now, clockText }: Around,
): string | null => {
  const open = asked.find(
    (run) => run.episode === episode && run.outcome === 'requested' && afterAnswersTo.includes(run.action),
  )
  if (!open) return null
  const until = open.settleBy ? ` (until ${clockText(open.settleBy, now)})` : ''
  return `"${open.label}" is not answered yet${until}`
}

/** Why it is not asked for a second time: it still waits for its answer, or to be carried out. */
const askedBefore = (
  { id }: RoutingAction,
  { system }: Connector,
  { asked, episode }: ExceptionRecord,
  { now, clockText }: Around,
): string | null => {
  const open = asked.findLast((run) => run.system === system && run.action === id && run.episode === episode)
  if (!open) return null
  if (open.outcome === 'accepted') return 'Accepted, and does not show yet'
  const until = open.settleBy ? `, answer until ${clockText(open.settleBy, now)}` : ''
  return `Asked at ${clockText(open.sentAt ?? open.startedAt, now)}${until}`
}

const routingOffers = (
  exception: ExceptionRecord,
  contract: Contract,
  view: SubjectView,
  setup: Setup,
  around: Around,
): Offer[] => {
  const aims = aimsOf(contract, view, setup)
  return aims.map(({ connector, action, aim }) => {
    const { system } = connector
    const held = askedBefore(action, connector, exception, around) ?? notBefore(action, exception, around)
    // Two systems may offer the same: then each button says whose it is.
    const isAlone = aims.filter((other) => other.action.label === action.label).length === 1
    const wording = {
      id: `${system}.${action.id}`,
      label: isAlone ? action.label : `${action.label} (${system})`,
      inputs: action.inputs?.(view) ?? [],
      undoes: null,
    }
    const possible = held === null || 'unavailable' in aim ? aim : { unavailable: held }
    return routingOffer({ connector, action, aim: possible }, wording, view, setup, around)
  })
}

/** What was done last can be taken back for so long after it, in ms, where the system still allows it. */
const UNDO_MS = LASTING_MS

const connectorOf = ({ connectors }: Setup, { system }: PastRun): Connector | undefined =>
  connectors.find((connector) => connector.system === system)

/** A request that nothing takes back has not changed what was done before it. */
const hasChanged = (run: PastRun, setup: Setup): boolean => {
  if (run.outcome !== 'done' && run.outcome !== 'accepted') return false
  const action = connectorOf(setup, run)?.actions.find(({ id }) => id === run.action)
  return action?.kind !== 'request' || action.undo !== undefined
}

/** Takes back the last run that changed something, unless that was taking something back itself. */
const undoOffers = (view: SubjectView, setup: Setup, around: Around): Offer[] => {
  const last = around.past.find((run) => hasChanged(run, setup))
  if (!last?.target || last.undoes !== null) return []
  if (around.now.getTime() - last.finishedAt.getTime() > UNDO_MS) return []
  const connector = connectorOf(setup, last)
  const undo = connector?.actions.find(({ id }) => id === last.action)?.undo
  const action = connector?.actions.find(({ id }) => id === undo?.action)
  if (!connector || !undo || !action) return []
  const { target, values, before, after } = last
  const aim = undo.target ? undo.target(view, { target, values, before, after }) : action.target(view)
  if (aim === null) return []
  const id = `undo.${last.system}.${last.action}`
  const wording = { id, label: `Undo: ${last.label}`, inputs: [], undoes: last.id }
  return [routingOffer({ connector, action, aim }, wording, view, setup, around)]
}

/** The first that can work is the suggested one. */
const suggestFirst = (offers: Offer[]): Offer[] => {
  const first = offers.findIndex((offer) => offer.enabled)
  return offers.map((offer, index) => (index === first ? { ...offer, style: 'primary' as const } : offer))
}

/** A run that waits for its system has sent nothing, also while somebody is just trying. */
const canTakeBack = ({ state, waitsSince, sends }: ActiveRun): boolean =>
  waitsSince !== null && sends === 0 && (state === 'queued' || state === 'reading')

/** While something waits for its approval or is in progress, nothing else may begin. */
const duringRun = (run: ActiveRun): Offer[] => {
  if (run.state === 'awaiting_approval') return [...approval(run), NOTE]
  return canTakeBack(run) ? [ownAction('take_back', 'Take it back'), NOTE] : [NOTE]
}

const approval = ({ label }: ActiveRun): Offer[] => [
  ownAction('approve', `Approve: ${label}`, { style: 'primary', role: 'lead' }),
  ownAction('decline', 'Decline', {
    style: 'danger',
    role: 'operator',
    inputs: [text('note', 'Why?', false)],
  }),
]

/**
 * What the card of an exception offers now. Pure: the same record, objects and surroundings always offer the same.
 * Imported exceptions are history: nothing is done in any system for them.
 */
export const offersFor = (
  exception: ExceptionRecord,
  contract: Contract | undefined,
  view: SubjectView,
  setup: Setup,
  around: Around,
): Offer[] => {
  const isLive = view.timeline === 'live'
  if (isLive && exception.run) return duringRun(exception.run)
  const undo = isLive && exception.state !== 'merged' ? undoOffers(view, setup, around) : []
  if (exception.state === 'dismissed') return [ownAction('reopen', 'Open it again'), ...undo, NOTE]
  if (exception.state !== 'open') return [...undo, NOTE]
  if (!isLive) return [FIXED_BY_HAND, DISMISS, NOTE]
  const routing = contract ? suggestFirst(routingOffers(exception, contract, view, setup, around)) : []
  const inHand = inHandOffers(exception, setup, around.now)
  return [...routing, ...undo, ...inHand, ...[FIXED_BY_HAND, DISMISS, NOTE].map(inMenu)]
}
