import type { Contract } from '../domain/contract/contract.ts'
import { subjectName } from '../domain/keys.ts'
import type { Person } from '../domain/model.ts'
import type { PressDecision } from '../domain/press.ts'
import { ruleFor } from '../domain/route.ts'
import type { Draft } from './draft.ts'
import { UserError } from './errors.ts'
import { sayApprovalAsked, sayDenied } from './follow-up-causes.ts'
import { claimEnd } from './lease.ts'
import type { Offer } from './offers.ts'
import type { ClockText, Tx } from './ports.ts'
import type { ExceptionRecord, RunRecord } from './records.ts'
import type { ConfiguredPerson } from './same-person.ts'
import { snoozeChoices } from './snooze.ts'
import { decideAs, startRun } from './start-run.ts'
import { storable } from './storable.ts'
import type { Setup } from './world.ts'

export type Carrying = {
  draft: Draft
  exception: ExceptionRecord
  contract: Contract | undefined
  offer: Offer
  person: Person
  values: Record<string, string | number | boolean>
  now: Date
  decision: PressDecision
  setup: Setup
  clockText: ClockText
  /** To whom it is to be given, where the press says so. */
  assignee: Assignee | null
  /** The card whose post was pressed, where that is not the exception's own. */
  pressedOn: string | null
}

export type Assignee = Pick<Person, 'id' | 'name'> & { identities: ConfiguredPerson['identities'] }

export type CarriedOut = { message: string; note: string | null; minutes: number | null }

/** What the person typed, checked against what the card asked for. */
const typed = ({
  offer,
  values,
}: Carrying): { note: string | null; minutes: number | null; reason: string | null } => {
  for (const input of offer.inputs) {
    const value = values[input.id]
    const empty = value === undefined || (typeof value === 'string' && value.trim() === '')
    if (input.required && empty) throw new UserError(`"${offer.label}" needs: ${input.label}`)
    if (empty) continue
    if (input.kind === 'number') {
      const number = Number(value)
      if (!(number >= input.min && number <= input.max)) {
        throw new UserError(`${input.label} must be a number from ${input.min} to ${input.max}.`)
      }
    }
    if (input.kind === 'text' && String(value).length > input.maxLength) {
      throw new UserError(`${input.label}: ${input.maxLength} characters at most.`)
    }
    if (input.kind === 'choice' && !input.options.some((option) => option.value === value)) {
      throw new UserError(`${input.label} must be one of: ${input.options.map((o) => o.label).join('; ')}.`)
    }
  }
  const said = (id: string): string | null => {
    const value = values[id]
    return typeof value === 'string' && value.trim() !== '' ? storable(value.trim()) : null
  }
  const minutes = values.minutes === undefined || values.minutes === '' ? null : Number(values.minutes)
  const reason = offer.inputs.flatMap((input) =>
    input.kind === 'choice'
      ? input.options.filter((o) => o.value === values[input.id]).map((o) => o.label)
      : [],
  )[0]
  return { note: said('note'), minutes, reason: reason ?? null }
}

/** Does what an accepted press stands for, inside the press's transaction. Nothing here calls a system. */
export const carryOut = async (tx: Tx, it: Carrying): Promise<CarriedOut> => {
  const { offer, person, exception, now, decision } = it
  const { note, minutes, reason } = typed(it)
  if (offer.routing) {
    await startRun(tx, it)
    const { run } = it.draft.exceptions.get(exception.contract) ?? {}
    if (run && offer.needsSecondPerson) {
      await sayApprovalAsked(tx, it.setup, exception, { ...run, pressedOn: it.pressedOn }, person, now)
    }
    return { message: decision.message, note, minutes }
  }
  switch (offer.id) {
    case 'claim':
      return { message: claim(it), note, minutes }
    case 'release':
      decideAs(it, 'handed it back', { claimedBy: null, claimedAt: null, status: 'Open.' })
      return { message: 'Handed back: anyone may take it.', note, minutes }
    case 'assign':
      return { message: await assign(tx, it), note, minutes }
    case 'snooze':
      return { message: snooze(it), note, minutes }
    case 'wake':
      decideAs(it, 'brought it back', { status: `Brought back by ${person.name}.` })
      return { message: 'It is back among what is open.', note, minutes }
    case 'escalate':
      return { message: escalate(it), note, minutes }
    case 'dismiss': {
      const why = [reason, note].filter(Boolean).join(': ')
      const status = `Dismissed by ${person.name}: ${why}. Stays so until the systems agree once, or it gets worse.`
      decideAs(it, 'dismissed it', {
        state: 'dismissed',
        dismissalHolds: true,
        closedAt: now,
        status,
      })
      return { message: 'Dismissed. "Open it again" takes it back.', note: why, minutes }
    }
    case 'reopen':
      decideAs(it, 'opened it again', {
        state: 'open',
        dismissalHolds: false,
        closedAt: null,
        claimedBy: null,
        claimedAt: null,
        status: `Opened again by ${person.name}.`,
      })
      return { message: 'Open again.', note, minutes }
    case 'note':
      decideNothing(it)
      return { message: 'Noted.', note, minutes }
    case 'fixed_by_hand':
      return fixedByHand(it, note, minutes)
    case 'take_back':
      await takeBack(tx, it)
      return { message: 'Taken back. Nothing was sent.', note, minutes }
    case 'approve':
      await approve(tx, it)
      return { message: decision.message, note, minutes }
    case 'decline':
      await decline(tx, it, note)
      return { message: 'Declined. Nothing was done.', note, minutes }
    default:
      throw new Error(`Exception ${exception.id}: no one knows how to carry out "${offer.id}"`)
  }
}

/** Taken, or kept for another shift by who has it already. */
const claim = (it: Carrying): string => {
  const { person, exception, now, setup, clockText } = it
  const stays = exception.claimedBy === person.id
  decideAs(it, stays ? 'stays on it' : 'took it', {
    claimedBy: person.id,
    claimedAt: now,
    status: `${person.name} is on it.`,
  })
  const until = clockText(claimEnd(setup, exception.channel, now), now)
  return stays ? `You stay on it, until ${until}.` : "You're on it."
}

const notAssigned = ({ setup, values }: Carrying): string => {
  const to = setup.people?.find(({ name }) => name === values.person)
  return to
    ? `Baton has not met ${to.name} yet. Once they have opened Baton's home or pressed a button, they can be given work.`
    : 'Nobody of that name is configured. Look at the card, then choose again.'
}

/** The one to whom it is given has it from now on, and is told in private where the surface can do that. */
const assign = async (tx: Tx, it: Carrying): Promise<string> => {
  const { person, exception, now, setup, assignee, contract, draft } = it
  if (!assignee) throw new UserError(notAssigned(it))
  const status = `${person.name} gave it to ${assignee.name}.`
  decideAs(it, `gave it to ${assignee.name}`, {
    claimedBy: assignee.id,
    claimedAt: now,
    assignedBy: person.id,
    status,
  })
  const told = assignee.identities.filter(({ surface }) => setup.postingSurfaces.includes(surface))
  if (assignee.id !== person.id && exception.id !== null) {
    for (const { surface, externalId } of told) {
      const about = `${contract?.title ?? exception.contract}: ${subjectName(draft.record.keys)}`
      const words = { by: person.name, about, exception: exception.id, at: now.toISOString() }
      await tx.addJob('notify', { surface, externalId, ...words }, {})
    }
  }
  return `${assignee.name} has it now.`
}

const snooze = (it: Carrying): string => {
  const { person, exception, now, setup, clockText, values } = it
  const choice = snoozeChoices(now, setup.zone ?? 'UTC').find(({ value }) => value === values.until)
  if (!choice) throw new UserError('Choose until when to snooze it.')
  const until = clockText(choice.until, now)
  decideAs(it, `snoozed it until ${until}`, {
    snoozedUntil: choice.until,
    snoozedMagnitude: exception.magnitude,
    claimedBy: null,
    claimedAt: null,
    status: `Snoozed until ${until} by ${person.name}. It comes back then, or at once if it gets worse.`,
  })
  return `Snoozed until ${until}. "Bring it back now" takes that back.`
}

const escalate = (it: Carrying): string => {
  const { person, exception, now, setup } = it
  const to = ruleFor(setup.routing.rules, exception.routeReason)?.escalate?.to
  if (to === undefined) throw new UserError('No channel rule says where to escalate this.')
  decideAs(it, 'escalated it', {
    escalatedAt: now,
    escalatedTo: to,
    status: `Escalated to #${to} by ${person.name}.`,
  })
  return `Escalated: it is in #${to} now.`
}

/** A note changes what the card shows and nothing that it offers. */
const decideNothing = ({ draft, exception }: Carrying): void => {
  draft.exceptions.set(exception.contract, { ...exception, revision: exception.revision + 1 })
  draft.touched.exceptions.add(exception.contract)
}

/** The minutes are logged. Live, the systems have the last word; of an import nothing more will be heard. */
const fixedByHand = (it: Carrying, note: string | null, minutes: number | null): CarriedOut => {
  const { person, draft, now } = it
  const what = 'fixed it by hand'
  if (draft.record.timeline === 'live') {
    const status = `${person.name} says it is fixed by hand. It closes when the systems agree.`
    decideAs(it, what, { status, claimedBy: person.id, claimedAt: now })
    return { message: 'Logged. The card closes as soon as the systems agree.', note, minutes }
  }
  decideAs(it, what, { state: 'resolved', closedAt: now, status: `Fixed by hand by ${person.name}.` })
  return { message: 'Logged and closed.', note, minutes }
}

const approve = async (tx: Tx, it: Carrying): Promise<void> => {
  const { exception, person } = it
  const run = exception.run && (await tx.loadRun(exception.run.id))
  if (!run) return
  await tx.saveRun({ ...run, state: 'queued', approvedBy: person.id })
  await tx.addJob('run', { run: run.id }, { key: `run:${run.id}` })
  const status = `${run.label}: approved by ${person.name}, started.`
  decideAs(it, `approved "${run.label}"`, {
    status,
    run: exception.run && { ...exception.run, state: 'queued' },
  })
}

const decline = async (tx: Tx, it: Carrying, note: string | null): Promise<void> => {
  const { exception, person, now, setup } = it
  const run = exception.run && (await tx.loadRun(exception.run.id))
  if (!run) return
  const words = `Declined by ${person.name}${note ? `: ${note}` : ''}.`
  const declined: RunRecord = { ...run, state: 'finished', outcome: 'declined', words, finishedAt: now }
  await tx.saveRun(declined)
  await sayDenied(tx, setup, declined, person.id, now)
  const asker = exception.claimedBy === exception.run?.requestedBy
  const claim = asker ? { claimedBy: null, claimedAt: null } : {}
  decideAs(it, `declined "${run.label}"`, {
    status: `${run.label}: ${words} Nothing was done.`,
    run: null,
    ...claim,
  })
}

/** Whoever has the run in hand at this moment finds it finished before it would send. */
const takeBack = async (tx: Tx, it: Carrying): Promise<void> => {
  const { exception, person, now } = it
  const run = exception.run && (await tx.loadRun(exception.run.id))
  if (!run) return
  const words = `Taken back by ${person.name}.`
  await tx.saveRun({ ...run, state: 'finished', outcome: 'taken_back', words, finishedAt: now, worker: null })
  decideAs(it, `took back "${run.label}"`, {
    status: `${run.label}: ${words} Nothing was sent.`,
    run: null,
  })
}
