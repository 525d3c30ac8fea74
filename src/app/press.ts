import type { Contract } from '../domain/contract/contract.ts'
import type { Person } from '../domain/model.ts'
import {
  decidePress,
  PRESS_RESULTS,
  type PressDecision,
  type PressedException,
  type PressResult,
} from '../domain/press.ts'
import { escalationOf } from './card-ref.ts'
import { checkContracts } from './check.ts'
import { type Draft, draftOf, saveDrafts, viewOf } from './draft.ts'
import { UserError } from './errors.ts'
import { type Around, type Offer, offersFor } from './offers.ts'
import { createMeet, type People, personBehind } from './people.ts'
import { wantPosts } from './pipeline.ts'
import type { Tx } from './ports.ts'
import { type Assignee, carryOut } from './press-actions.ts'
import { type PlayNow, type ProcessDeps, playNow } from './process.ts'
import { unreachableAmong, unreachableWords } from './reach.ts'
import type { ExceptionRecord, SubjectRecord } from './records.ts'
import { isSameId, listedAs } from './same-person.ts'
import type { PressInput } from './surface.ts'
import type { Play } from './world.ts'

export type PressDeps = ProcessDeps & { people: People }
export type Pressed = { result: PressResult; message: string }

/**
 * One press, in one transaction: the subject is locked, the contract is checked again, the press is decided, and
 * press, claim and job are stored together; the caller acknowledges after the commit and the work comes later. Every
 * press is logged with what the person saw, whatever becomes of it. `shownOn`: the card that was pressed, where that is
 * not the exception's own. Whoever is new was made known before, in a transaction that waits for nothing else.
 */
export const createPress = (deps: PressDeps) => {
  const meet = createMeet(deps)
  const press = pressOnce(deps)
  return async (input: PressInput, shownOn: string = input.exception): Promise<Pressed> => {
    await meet(input.identity)
    if (input.action === 'assign') {
      await deps.store.transaction((tx) => assigneeOf(tx, deps, input, deps.clock()))
    }
    return press(input, shownOn)
  }
}

const pressOnce =
  (deps: PressDeps) =>
  (input: PressInput, shownOn: string): Promise<Pressed> =>
    deps.store.transaction(async (tx) => {
      const now = deps.clock()
      const person = await personBehind(tx, deps.people, input.identity, now)
      // Before the subject's lock, as everybody who may have to make somebody known.
      const assignee = await assigneeOf(tx, deps, input, now)
      const subjectId = await tx.subjectOf(input.exception)
      const [record] = subjectId === null ? [] : await tx.lockSubjects([subjectId])
      if (!record) throw new UserError(`There is no exception ${input.exception}.`)
      // Asked under the lock, so that the same press delivered twice at once is still one.
      const before = await answered(tx, input)
      if (before) return before

      const draft = draftOf(record)
      const play = await playNow(tx, deps)
      if (record.timeline === 'live') checkContracts(draft, play, now)
      const exception = [...draft.exceptions.values()].find((e) => e.id === input.exception)
      if (!exception) return pressMerged(tx, input, person, record, now)

      const contract = deps.setup.contracts.find((c) => c.id === exception.contract)
      const around = await aroundNow(tx, deps, input.exception, play, now)
      const offers = offersFor(exception, contract, viewOf(draft), deps.setup, around)
      const offer = offers.find((candidate) => candidate.id === input.action) ?? null
      const decision = await decideOn(tx, exception, offer, person, input, deps)

      const stands = decision.result === 'acted' || decision.result === 'awaiting_approval'
      const { values } = input
      const done =
        stands && offer
          ? await carryOut(tx, {
              ...{ draft, exception, contract, offer, person, values, now, decision, assignee },
              ...{ setup: deps.setup, clockText: deps.clockText },
              pressedOn: escalationOf(shownOn) === exception.id ? shownOn : null,
            })
          : { message: decision.message, note: null, minutes: null }
      await saveDrafts(tx, record.timeline, [draft])
      await logPress(
        tx,
        { ...done, result: decision.result },
        { input, person, draft, exception, offers, contract, now },
      )
      const redrawnOn = await noteMessage(tx, { ...input, exception: shownOn }, now)
      const press = { card: shownOn, redrawnOn }
      await wantPosts(tx, record.timeline === 'live' ? play : withoutPosts(play), [draft], now, [], press)
      return { result: decision.result, message: done.message }
    })

/** The person to whom the press gives it; null where it gives it to nobody who is known. */
const assigneeOf = async (
  tx: Tx,
  { setup, people }: PressDeps,
  { action, values }: PressInput,
  now: Date,
): Promise<Assignee | null> => {
  const to = action === 'assign' ? setup.people?.find(({ name }) => name === values.person) : undefined
  if (!to) return null
  const emails = to.email === undefined ? [] : [to.email]
  const seen = await tx.knownPeople({ identities: to.identities, emails })
  const listed = { configured: setup.people ? [...setup.people] : [], defaultRole: null }
  const identity = to.identities[0] ?? seen.find((each) => listedAs(listed, each) === to)
  if (!identity) return null
  const { surface, externalId } = identity
  const { id, name } = await personBehind(tx, people, { surface, externalId, displayName: to.name }, now)
  const others = seen.filter(
    (each) => each.person === id && !to.identities.some((own) => isSameId(own, each)),
  )
  return { id, name, identities: [...to.identities, ...others] }
}

/**
 * Where the pressed message is no post that Baton remembers, it becomes one, or goes. Answers the surface that redraws
 * the card's post by itself now; null where that is left to the dispatcher.
 */
export const noteMessage = async (
  tx: Tx,
  { exception, identity, post }: PressInput,
  now: Date,
): Promise<string | null> => {
  if (!post) return null
  const { surface } = identity
  const isPost = await tx.pressedPost({ card: exception, surface, ref: post.ref }, now)
  await tx.addJob('deliver', { surface }, { key: `deliver:${surface}` })
  return isPost && post.redraws ? surface : null
}

export const aroundNow = async (
  tx: Tx,
  { clockText }: Pick<ProcessDeps, 'clockText'>,
  exception: string,
  { feeds }: Pick<PlayNow, 'feeds'>,
  now: Date,
): Promise<Around> => {
  const past = await tx.pastRuns(exception)
  const unreachable = unreachableWords(unreachableAmong(feeds), clockText, now)
  return { now, clockText, past, unreachable }
}

/** What the same press was answered when it was delivered before. */
export const answered = async (tx: Tx, { identity, interactionKey }: PressInput): Promise<Pressed | null> => {
  if (interactionKey === null) return null
  const before = await tx.answeredBefore(identity.surface, interactionKey)
  const result = PRESS_RESULTS.find((known) => known === before?.result)
  return before && result ? { result, message: before.message } : null
}

/** A press on a card whose exception turned out to be another one: nothing to do here, but it was a touch. */
const pressMerged = async (
  tx: Tx,
  input: PressInput,
  person: Person,
  { id: subjectId, timeline }: SubjectRecord,
  now: Date,
): Promise<Pressed> => {
  const message = 'This exception turned out to be the same as another one, which goes on. Nothing was done.'
  const result = 'nothing_to_do'
  await tx.logInterventions([
    {
      ...pressOf(input, person, now),
      timeline,
      result,
      subjectId,
      contract: null,
      handoff: null,
      reportedMinutes: null,
      note: null,
      snapshot: { pressedVersion: input.version, state: 'merged' },
      message,
    },
  ])
  return { result, message }
}

const pressOf = (input: PressInput, person: Person, now: Date) => ({
  at: now,
  person: { id: person.id, role: person.role },
  kind: 'press' as const,
  action: input.action,
  exceptionId: input.exception,
  startedAt: input.formOpenedAt,
  surface: input.identity.surface,
  interactionKey: input.interactionKey,
})

const withoutPosts = (play: Play): Play => ({ ...play, postingSurfaces: [] })

/** What becomes of a press on an exception, by everything that is known under its subject's lock. */
export const decideOn = async (
  tx: Tx,
  exception: ExceptionRecord,
  offer: Offer | null,
  by: Person,
  input: Pick<PressInput, 'version'>,
  { clock, clockText }: Pick<ProcessDeps, 'clock' | 'clockText'>,
): Promise<PressDecision> => {
  const { decidedBy, decidedAt, decidedWhat, decidedOnVersion, run } = exception
  const ids = [decidedBy, run?.requestedBy].filter((id) => id !== null && id !== undefined)
  // Asked at once, under the lock: an admin may have joined two of them since the press began.
  const standing = await tx.standing([...ids, by.id])
  const nameOf = (id: string): string => standing.get(id)?.name ?? 'someone'
  const stands = (id: string): string => standing.get(id)?.id ?? id
  const person = { ...by, id: stands(by.id) }
  const asked = run && { personId: stands(run.requestedBy), name: nameOf(run.requestedBy), label: run.label }
  const pressed: PressedException = {
    state: exception.state,
    version: exception.version,
    decidedBy:
      decidedBy !== null && decidedAt !== null && decidedOnVersion !== null
        ? {
            personId: stands(decidedBy),
            name: nameOf(decidedBy),
            at: decidedAt,
            what: decidedWhat ?? 'decided',
            onVersion: decidedOnVersion,
          }
        : null,
    closedWords: exception.status,
    awaiting: run?.state === 'awaiting_approval' ? asked : null,
    running: run && run.state !== 'awaiting_approval' ? asked : null,
  }
  const action = offer && { ...offer, approves: offer.id === 'approve' }
  const version = offer?.additive ? exception.version : input.version
  const now = clock()
  return decidePress(pressed, action, person, version, (at) => clockText(at, now))
}

type Logged = {
  input: PressInput
  person: Person
  draft: Draft
  exception: ExceptionRecord
  offers: Offer[]
  contract: Contract | undefined
  now: Date
}

/** The intervention: who, on what, with which right, and what the card showed when it was pressed. */
const logPress = async (
  tx: Tx,
  done: { result: PressResult; message: string; note: string | null; minutes: number | null },
  { input, person, draft, exception, offers, contract, now }: Logged,
): Promise<void> => {
  await tx.logInterventions([
    {
      ...pressOf(input, person, now),
      timeline: draft.record.timeline,
      result: done.result,
      subjectId: draft.record.id,
      contract: exception.contract,
      handoff: contract?.handoff ?? null,
      reportedMinutes: done.minutes,
      note: done.note,
      snapshot: {
        pressedVersion: input.version,
        version: exception.version,
        state: exception.state,
        status: exception.status,
        evidence: exception.evidence,
        offered: offers.map(({ id, enabled }) => ({ id, enabled })),
        suggested: offers.find((offer) => offer.style === 'primary')?.id ?? null,
      },
      message: done.message,
    },
  ])
}
