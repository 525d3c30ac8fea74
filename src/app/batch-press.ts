import type { Handoff, Person } from '../domain/model.ts'
import { decidePress, type PressDecision } from '../domain/press.ts'
import type { BatchMember, BatchOffer, BatchRecord } from './batch-records.ts'
import { batchRef } from './card-ref.ts'
import { UserError } from './errors.ts'
import { createMeet, personBehind } from './people.ts'
import type { Tx } from './ports.ts'
import { answered, noteMessage, type PressDeps, type Pressed } from './press.ts'
import type { PressInput } from './surface.ts'
import { count } from './words.ts'
import type { Setup } from './world.ts'

/** The buttons of a batch that are no routing action. */
export const STOP = 'stop'
export const RETRY = 'retry'

type Members = { batch: BatchRecord; members: BatchMember[] }

/** What the card of a batch offers now: ids and labels, the suggested one first. */
export const batchButtons = ({
  batch,
  members,
}: {
  batch: Pick<BatchRecord, 'state' | 'offers'>
  members: Pick<BatchMember, 'state' | 'actions'>[]
}): { action: string; label: string; offer: BatchOffer | null }[] => {
  const inState = (state: BatchMember['state']) => members.filter((member) => member.state === state)
  switch (batch.state) {
    case 'offered':
      return batch.offers.map((offer) => {
        const able = inState('offered').filter(({ actions }) => actions.includes(offer.action)).length
        return { action: offer.action, label: `${offer.label} for ${able}`, offer }
      })
    case 'running':
      return inState('waiting').length > 0 ? [{ action: STOP, label: 'Stop', offer: null }] : []
    case 'finished': {
      const failed = inState('failed').length
      const label = failed === 1 ? 'Try the one again' : `Try the ${failed} again`
      return failed > 0 ? [{ action: RETRY, label, offer: null }] : []
    }
  }
}

/**
 * A press on the card of a batch, in one transaction: first press wins, an old card does nothing, and whatever becomes
 * of it is logged as ONE touch that was about all the exceptions it decided on. Nothing is started here: that is the
 * work of the job, one exception after the other. Whoever is new was made known before.
 */
export const createBatchPress = (deps: PressDeps) => {
  const meet = createMeet(deps)
  const press = pressOnce(deps)
  return async (id: string, input: PressInput): Promise<Pressed> => {
    await meet(input.identity)
    return press(id, input)
  }
}

const pressOnce =
  (deps: PressDeps) =>
  (id: string, input: PressInput): Promise<Pressed> =>
    deps.store.transaction(async (tx) => {
      const now = deps.clock()
      const person = await personBehind(tx, deps.people, input.identity, now)
      const found = await tx.lockBatch(id)
      if (!found) throw new UserError('This offer is too old. Ask for it again with "fix".')
      // Asked under the lock, so that the same press delivered twice at once is still one.
      const before = await answered(tx, input)
      if (before) return before

      const button = batchButtons(found).find(({ action }) => action === input.action) ?? null
      const decision = await decideOn(tx, found, button, person, input, deps)
      const redrawnOn = await noteMessage(tx, input, now)
      const done =
        decision.result === 'acted' && button
          ? await carryOut(tx, deps, found, button, { person, now, redrawnOn })
          : { message: decision.message, about: [] }
      await log(tx, deps.setup, found.batch, { ...done, result: decision.result }, { input, person, now })
      return { result: decision.result, message: done.message }
    })

const decideOn = async (
  tx: Tx,
  { batch }: Members,
  button: { label: string } | null,
  person: Person,
  { version }: PressInput,
  { clock, clockText }: PressDeps,
): Promise<PressDecision> => {
  const { decidedBy, decidedAt, decidedWhat, decidedOnVersion } = batch
  const standing = await tx.standing(decidedBy === null ? [person.id] : [decidedBy, person.id])
  const stands = (id: string): string => standing.get(id)?.id ?? id
  const pressed = {
    state: 'open' as const,
    version: batch.version,
    decidedBy:
      decidedBy !== null && decidedAt !== null && decidedOnVersion !== null
        ? {
            personId: stands(decidedBy),
            name: standing.get(decidedBy)?.name ?? 'someone',
            at: decidedAt,
            what: decidedWhat ?? 'decided',
            onVersion: decidedOnVersion,
          }
        : null,
    closedWords: '',
    awaiting: null,
    running: null,
  }
  const action = button && {
    label: button.label,
    enabled: true,
    reason: null,
    role: 'operator' as const,
    needsSecondPerson: false,
    approves: false,
  }
  const now = clock()
  const clockOf = (at: Date): string => clockText(at, now)
  return decidePress(pressed, action, { ...person, id: stands(person.id) }, version, clockOf)
}

/** `redrawnOn`: the surface that shows the batch's post at once by itself. */
type Doing = { person: Person; now: Date; redrawnOn: string | null }
type Done = { message: string; about: BatchMember[] }
type Button = { action: string; offer: BatchOffer | null }

/** Marks who is to be done or left; the job does the rest. */
const carryOut = async (
  tx: Tx,
  deps: PressDeps,
  { batch, members }: Members,
  { action, offer }: Button,
  { person, now, redrawnOn }: Doing,
): Promise<Done> => {
  const inState = (state: BatchMember['state']) => members.filter((member) => member.state === state)
  const decide = async (
    what: string,
    changed: BatchMember[],
    change: Partial<BatchRecord>,
  ): Promise<void> => {
    const after: BatchRecord = {
      ...batch,
      version: batch.version + 1,
      revision: batch.revision + 1,
      decidedBy: person.id,
      decidedAt: now,
      decidedWhat: what,
      decidedOnVersion: batch.version,
      ...change,
    }
    await tx.saveBatch(after, changed)
    await tx.addJob('batch', { batch: batch.id }, { key: `batch:${batch.id}` })
    await showBatch(tx, deps.setup, after, now, 'click', redrawnOn)
  }
  const begin = {
    state: 'running' as const,
    startedBy: person.id,
    startedAt: now,
    stoppedBy: null,
    finishedAt: null,
  }
  if (action === STOP) {
    const left = inState('waiting')
    const words = `left as it is: ${person.name} stopped`
    const stopped = left.map((member) => ({ ...member, state: 'stopped' as const, words }))
    await decide('stopped it', stopped, { stoppedBy: person.id })
    const running = inState('running').length
    const rest = running > 0 ? ` ${count(running, 'run')} under way will finish.` : ''
    return { message: `Stopped: ${left.length} left as they are.${rest}`, about: left }
  }
  if (action === RETRY) {
    const failed = inState('failed')
    const again = failed.map((member) => ({ ...member, state: 'waiting' as const, words: '', runId: null }))
    await decide('pressed "try again"', again, begin)
    return { message: `Trying ${failed.length} again.`, about: failed }
  }
  if (!offer) throw new Error(`Batch ${batch.id}: no one knows how to carry out "${action}"`)
  const chosen = inState('offered').map((member): BatchMember => {
    if (member.actions.includes(action)) return { ...member, state: 'waiting', words: '' }
    return { ...member, state: 'left_out', words: member.words || `"${offer.label}" is not possible for it` }
  })
  await decide(`pressed "${offer.label}"`, chosen, { ...begin, chosen: offer })
  const about = chosen.filter(({ state }) => state === 'waiting')
  return { message: `${offer.label}: started for ${about.length}. Follow it in #${batch.channel}.`, about }
}

/** Wants the card of a batch shown as it is now, wherever cards are posted. */
export const showBatch = async (
  tx: Tx,
  { postingSurfaces }: Setup,
  { id, channel, revision }: BatchRecord,
  now: Date,
  urgency: 'click' | 'progress',
  redrawnOn: string | null = null,
): Promise<void> => {
  if (postingSurfaces.length === 0) return
  const card = batchRef(id)
  await tx.wantPosts(
    postingSurfaces.map((surface) => ({
      card,
      surface,
      channel,
      revision,
      show: 'in_place' as const,
      urgency,
      redrawn: surface === redrawnOn,
    })),
    now,
  )
  for (const surface of postingSurfaces)
    await tx.addJob('deliver', { surface }, { key: `deliver:${surface}` })
}

/** One touch for the whole group: so drag counts one press, and shares its time among the exceptions. */
const log = async (
  tx: Tx,
  setup: Setup,
  batch: BatchRecord,
  { message, about, result }: Done & Pick<PressDecision, 'result'>,
  { input, person, now }: Omit<Doing, 'redrawnOn'> & { input: PressInput },
): Promise<void> => {
  const handoff: Handoff | null = setup.contracts.find(({ id }) => id === batch.contract)?.handoff ?? null
  await tx.logInterventions([
    {
      at: now,
      timeline: 'live',
      person: { id: person.id, role: person.role },
      kind: 'press',
      action: input.action,
      result,
      exceptionId: null,
      exceptionIds: about.map(({ exceptionId }) => exceptionId),
      subjectId: null,
      contract: batch.contract,
      handoff,
      startedAt: input.formOpenedAt,
      reportedMinutes: null,
      note: null,
      surface: input.identity.surface,
      interactionKey: input.interactionKey,
      snapshot: {
        batch: batch.id,
        pressedVersion: input.version,
        version: batch.version,
        state: batch.state,
        members: about.map(({ exceptionId, version }) => ({ exception: exceptionId, version })),
      },
      message,
    },
  ])
}
