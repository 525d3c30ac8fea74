import { check } from '../domain/contract/check.ts'
import type { Contract } from '../domain/contract/contract.ts'
import type { Fact, Key, ObjectState } from '../domain/model.ts'
import { foldAll, objectId } from '../domain/object.ts'
import { checkContracts } from './check.ts'
import { close } from './close.ts'
import { correlate } from './correlate.ts'
import { type Draft, draftOf, viewOf } from './draft.ts'
import { reading } from './names.ts'
import { keep } from './pipeline.ts'
import type { Tx } from './ports.ts'
import type { MovedException, ObjectName, SubjectRecord } from './records.ts'
import { textOf } from './unify.ts'
import type { Play } from './world.ts'

/** Subjects are not taken apart or put together while an action runs on them. */
export class ActionRunning extends Error {
  constructor() {
    super('An action is running on it')
    this.name = 'ActionRunning'
  }
}

const isIdentity = ({ kind }: Key): boolean => kind === 'identity'
const identityTexts = (keys: Key[]): Set<string> => new Set(keys.filter(isIdentity).map(textOf))

/** Whether an object says that it is this subject. */
const isNamedBy = (subject: SubjectRecord, object: ObjectState): boolean => {
  const own = identityTexts(subject.keys)
  return [...identityTexts(object.keys)].some((text) => own.has(text))
}

/**
 * Checks a subject from which, or to which, objects were moved; `before`: as it was. What closes now was never broken:
 * nobody mended it, so nobody is credited; `words` say what happened. What can no longer be known without the objects
 * that have gone closes as well.
 */
export const checkMoved = (
  draft: Draft,
  before: SubjectRecord | undefined,
  play: Play,
  now: Date,
  words: string,
): void => {
  const isUnknown = (contract: Contract, of: Draft): boolean =>
    check(contract, viewOf(of), play.graces).is === 'unknown'
  const open = new Set(
    [...draft.exceptions.values()].filter(({ state }) => state === 'open').map(({ contract }) => contract),
  )
  checkContracts(draft, play, now)
  for (const id of open) {
    const contract = play.contracts.find((each) => each.id === id)
    const lostSight =
      contract && before && isUnknown(contract, draft) && !isUnknown(contract, draftOf(before))
    if (lostSight && draft.exceptions.get(id)?.state === 'open') {
      close(draft, contract, 'healed', { is: 'kept', reason: 'not_owed' }, now)
    }
    const after = draft.exceptions.get(id)
    if (after?.state === 'healed') draft.exceptions.set(id, { ...after, status: words })
  }
  draft.touched.episodes = draft.touched.episodes.map((episode) =>
    episode.closedAs === 'healed' && open.has(episode.contract) ? { ...episode, closedBy: words } : episode,
  )
  draft.touched.interventions = draft.touched.interventions.filter(({ kind }) => kind !== 'off_chat')
}

/** References that a subject has and none of its objects carries any more. */
export const staleReferences = (draft: Draft): { subjectId: string; name: string; value: string }[] => {
  const carried = new Set([...draft.objects.values()].flatMap(({ keys }) => keys.map(textOf)))
  return draft.record.keys
    .filter((key) => !isIdentity(key) && !carried.has(textOf(key)))
    .map(({ name, value }) => ({ subjectId: draft.record.id, name, value }))
}

/** The objects as they are understood now, folded anew from everything their systems ever said. */
const understoodNow = async (tx: Tx, play: Play, names: ObjectName[]): Promise<ObjectState[]> => {
  const history = await tx.historyOf(play.timeline, names)
  const read = await reading(tx, play.maps, history)
  const byObject = new Map<string, Fact[]>()
  for (const fact of history) {
    const own = byObject.get(objectId(fact))
    if (own) own.push(fact)
    else byObject.set(objectId(fact), [fact])
  }
  return [...byObject.values()].flatMap((facts) => foldAll(facts, read) ?? [])
}

const keysText = (objects: ObjectState[]): string =>
  JSON.stringify(objects.map((object) => [objectId(object), object.version, object.keys]).sort())

/**
 * Brings objects to the subjects that their keys name as they are understood now, and away from those they do not
 * name any more. A subject from which everything goes to one other becomes part of that one, with its exceptions.
 * Throws `ActionRunning`, and the transaction with it, while an action runs on one of them.
 */
export const resettle = async (
  tx: Tx,
  play: Play,
  names: ObjectName[],
  now: Date,
  words: string,
): Promise<void> => {
  const { timeline } = play
  const before = await understoodNow(tx, play, names)
  const { subjects, postponed, moved } = await correlate(tx, timeline, before, now)
  // Once more under the locks: somebody may have said something new meanwhile.
  const objects = await understoodNow(tx, play, names)
  if (keysText(objects) !== keysText(before)) throw new Error('These objects changed while they were moved')
  if (postponed.length > 0) throw new ActionRunning()
  const left = await leave(tx, timeline, subjects, objects, now)

  const drafts = (await tx.lockSubjects(left.survivors)).map(draftOf)
  const steps = new Map(
    drafts.map((draft) => {
      const own = objects.filter((object) => isNamedBy(draft.record, object))
      for (const object of own) {
        draft.objects.set(objectId(object), object)
        draft.moved.add(objectId(object))
      }
      return [draft, own.map((object) => ({ fact: object, object }))]
    }),
  )
  const stale = drafts.flatMap(staleReferences)
  if (stale.length > 0) await tx.dropReferences(stale)
  for (const draft of drafts) {
    checkMoved(
      draft,
      subjects.find(({ id }) => id === draft.record.id),
      play,
      now,
      words,
    )
  }
  const taken = {
    drafts,
    contradicting: new Set<string>(),
    postponed: [],
    changed: objects,
    fresh: 0,
    moved: [...moved, ...left.moved],
    steps,
  }
  await keep(tx, play, taken, now)
}

type Left = { survivors: string[]; moved: MovedException[] }

/** Takes the objects out of subjects that they do not name any more. */
const leave = async (
  tx: Tx,
  timeline: Play['timeline'],
  subjects: SubjectRecord[],
  objects: ObjectState[],
  now: Date,
): Promise<Left> => {
  const left: Left = { survivors: [], moved: [] }
  const byId = new Map(objects.map((object) => [objectId(object), object]))
  for (const subject of subjects) {
    const leavers = subject.objects.flatMap((was) => {
      const object = byId.get(objectId(was))
      if (!object || isNamedBy(subject, object)) return []
      const home = subjects.find((other) => other.kind === subject.kind && isNamedBy(other, object))
      return home ? [{ was, home: home.id }] : []
    })
    const gone = new Set(leavers.map(({ was }) => objectId(was)))
    const stays = subject.objects.filter((object) => !gone.has(objectId(object)))
    const homes = [...new Set(leavers.map(({ home }) => home))]
    const kept = new Set(stays.flatMap(({ keys }) => [...identityTexts(keys)]))
    const carried = new Set(leavers.flatMap(({ was }) => [...identityTexts(was.keys)]))
    const forsaken = subject.keys.filter(
      (key) => isIdentity(key) && carried.has(textOf(key)) && !kept.has(textOf(key)),
    )
    const [home] = homes
    if (stays.length === 0 && homes.length === 1 && home !== undefined) {
      const moved = await tx.mergeSubjects(home, subject.id, now)
      if (moved === null) throw new ActionRunning()
      left.moved.push(...moved)
    } else {
      left.survivors.push(subject.id)
      if (gone.size > 0)
        await tx.unlinkObjects(
          subject.id,
          leavers.map(({ was }) => was),
        )
    }
    if (forsaken.length > 0) await tx.dropKeys(timeline, forsaken)
  }
  return left
}
