import type { Fact, ObjectState } from '../domain/model.ts'
import { objectId } from '../domain/object.ts'
import { escalationRef } from './card-ref.ts'
import { checkContracts } from './check.ts'
import { correlate } from './correlate.ts'
import { type Draft, draftOf, saveDrafts } from './draft.ts'
import { explainable, foldMoved, foldOpened } from './fold.ts'
import { sayNews } from './follow-up-causes.ts'
import { arrangePosts } from './group.ts'
import { firstWordOf, reading } from './names.ts'
import type { Tx } from './ports.ts'
import { record } from './record.ts'
import type { ExceptionRecord, MovedException } from './records.ts'
import type { Play } from './world.ts'

/**
 * record > correlate > check > open for one batch of facts, in one transaction.
 *
 * Live, only the end of the batch counts: all its facts are folded and the contracts are checked once, at `now`.
 */
export const takeFacts = async (tx: Tx, play: Play, facts: Fact[], now: Date): Promise<Taken> => {
  const taken = await gather(tx, play, facts, now)
  for (const draft of taken.drafts) checkContracts(draft, play, now)
  await keep(tx, play, taken, now)
  return taken
}

/**
 * The same steps for a history: facts in the order of their own times, each subject checked after each of its facts
 * and at every due time between them, so that the past is judged as it would have been judged then.
 */
export const replayFacts = async (tx: Tx, play: Play, facts: Fact[], now: Date): Promise<Taken> => {
  const taken = await correlated(tx, play, facts, now, null)
  for (const [draft, own] of taken.steps) {
    own.forEach((step, index) => {
      const at = step.fact.occurredAt
      sweepBefore(draft, play, at)
      put(draft, step)
      // What happened in one instant is judged together.
      if (own[index + 1]?.fact.occurredAt.getTime() !== at.getTime()) checkContracts(draft, play, at)
    })
  }
  await keep(tx, play, taken, now)
  return taken
}

/**
 * Checks a subject at each of its due times before `end`: what the sweeper would have done, in order. What happens
 * at the very moment it is due is in time, so `end` itself is left to the fact that happens then.
 */
export const sweepBefore = (draft: Draft, play: Play, end: Date): void => {
  let done = Number.NEGATIVE_INFINITY
  for (;;) {
    const dues = [...draft.expectations.values()].map((e) => e.dueAt.getTime())
    const due = Math.min(...dues.filter((at) => at > done))
    if (due >= end.getTime()) return
    checkContracts(draft, play, new Date(due))
    done = due
  }
}

/** One fact, and its object as it stood once it was known. */
type Step = { fact: Fact; object: ObjectState }

export type Taken = {
  /** The subjects of the facts, under their locks. */
  drafts: Draft[]
  /** Systems that contradicted themselves, to be read again. */
  contradicting: Set<string>
  /** Places of facts that must be taken again later: they show two subjects to be one, and an action is running. */
  postponed: number[]
  /** Objects that changed, in their final version. */
  changed: ObjectState[]
  /** How many of them were not known before. */
  fresh: number
  moved: MovedException[]
  steps: Map<Draft, Step[]>
}

/** record > correlate: the subjects of the facts as they stand now, loaded and locked; nothing is checked yet. */
export const gather = async (
  tx: Tx,
  play: Play,
  facts: Fact[],
  now: Date,
  exception: string | null = null,
): Promise<Taken> => {
  const taken = await correlated(tx, play, facts, now, exception)
  for (const [draft, own] of taken.steps) for (const step of own) put(draft, step)
  return taken
}

const put = (draft: Draft, { object }: Step): void => {
  draft.objects.set(objectId(object), object)
}

const correlated = async (
  tx: Tx,
  { timeline, maps }: Play,
  heard: Fact[],
  now: Date,
  exception: string | null,
): Promise<Taken> => {
  const facts = [...heard, ...(await firstWordOf(tx, timeline, maps, heard, now))]
  const read = await reading(tx, maps, facts)
  const correlation = await correlate(tx, timeline, facts.map(read), now, exception)
  const { subjects, alone, subjectsOfFact, postponed, moved } = correlation
  const drafts = subjects.map(draftOf)
  const known = new Map([
    ...drafts.flatMap((draft) => [...draft.objects]),
    ...alone.map((object) => [objectId(object), object] as const),
  ])
  const recorded = await record(tx, timeline, known, facts, { maps, read })

  const steps = new Map<Draft, Step[]>(drafts.map((draft) => [draft, []]))
  const byId = new Map(drafts.map((draft) => [draft.record.id, draft]))
  facts.forEach((fact, index) => {
    const object = recorded.after[index]
    for (const id of subjectsOfFact[index] ?? []) {
      const draft = byId.get(id)
      if (!draft || !object) continue
      steps.get(draft)?.push({ fact, object })
      if (recorded.moved.has(objectId(object))) draft.moved.add(objectId(object))
    }
  })
  const { contradicting, changed, fresh } = recorded
  return { drafts, contradicting, postponed, changed: [...changed.values()], fresh, moved, steps }
}

/** Writes what was gathered and what the checks made of it. */
export const keep = async (tx: Tx, play: Play, taken: Taken, now: Date): Promise<void> => {
  const { timeline } = play
  const { drafts, changed, fresh, moved, steps } = taken
  const links = drafts.flatMap((draft) => {
    const before = new Set(draft.record.objects.map(objectId))
    const objects = [...draft.objects].flatMap(([id, object]) => (before.has(id) ? [] : [object]))
    return objects.map((object) => ({ subjectId: draft.record.id, object }))
  })
  const references = [...steps].flatMap(([draft, own]) => referencesOf(draft, own))
  await Promise.all([
    changed.length > 0 ? tx.saveObjects(timeline, changed, fresh) : null,
    links.length > 0 ? tx.linkObjects(timeline, links) : null,
    references.length > 0 ? tx.linkReferences(timeline, references) : null,
    saveDrafts(tx, timeline, drafts),
  ])
  const referring = new Set(references.map(({ subjectId }) => subjectId))
  const related = drafts.flatMap((draft) => (referring.has(draft.record.id) ? explainable(draft, play) : []))
  await foldMoved(tx, play, [...related, ...moved.map(({ id }) => id)])
  await wantPosts(tx, play, drafts, now, moved)
}

/** Reference keys that the subject does not have yet, each once. */
const referencesOf = (draft: Draft, steps: Step[]): { subjectId: string; name: string; value: string }[] => {
  const known = new Set(draft.record.keys.map((key) => JSON.stringify([key.name, key.value])))
  const fresh: { subjectId: string; name: string; value: string }[] = []
  for (const { name, value, kind } of steps.flatMap(({ object }) => object.keys)) {
    const text = JSON.stringify([name, value])
    if (kind !== 'reference' || known.has(text)) continue
    known.add(text)
    fresh.push({ subjectId: draft.record.id, name, value })
  }
  return fresh
}

/** Every exception that changed wants its card shown as it is now, or that of its root if another one explains it. */
export const wantPosts = async (
  tx: Tx,
  play: Play,
  drafts: Draft[],
  now: Date,
  moved: MovedException[] = [],
  press: PressedFor | null = null,
): Promise<void> => {
  await foldOpened(tx, play, drafts, now)
  const touched = drafts.flatMap((draft) =>
    [...draft.touched.exceptions].flatMap((contract) => {
      const exception = draft.exceptions.get(contract)
      const before = draft.record.exceptions.find((each) => each.contract === contract)
      if (!exception?.id) return []
      return [{ ...exception, id: exception.id, show: showOf(before, exception, now) }]
    }),
  )
  const merged = moved.map((each) => ({ ...each, show: showOf(undefined, each, now) }))
  // A merged exception that was touched as well is wanted at its newest revision.
  const newest = new Map([...merged, ...touched].map((exception) => [exception.id, exception]))
  const before = new Map(
    drafts.flatMap(({ record }) => record.exceptions.map((each) => [each.id, each] as const)),
  )
  const { apart, summaries } = await arrangePosts(tx, play, openedAmong(drafts, newest), now)
  const cards = [...newest.values()].flatMap((exception) => {
    const { id, channel, revision } = exception
    if (channel === null) return []
    const show = apart.has(id) ? ('where_shown' as const) : exception.show
    const severe = 'severity' in exception && exception.severity === 'high'
    return [{ card: id, channel, revision, show }, ...raisedPost(before.get(id), exception)].map((card) => ({
      ...card,
      severe,
    }))
  })
  const wanted = play.postingSurfaces.flatMap((surface) => [
    ...summaries.map((card) => ({ ...card, surface, urgency: 'severe' as const })),
    ...cards.map(({ severe, ...card }) => ({
      ...card,
      surface,
      ...urgencyOf(card.card, surface, severe, press),
    })),
  ])
  if (wanted.length === 0) return
  await tx.wantPosts(wanted, now)
  for (const surface of play.postingSurfaces) {
    await tx.addJob('deliver', { surface }, { key: `deliver:${surface}` })
  }
  // A new post is news enough, and so is the summary of a storm.
  const edited = [...newest.values()].filter(({ id, show }) => show === 'in_place' && !apart.has(id))
  await sayNews(tx, play, drafts, new Set(edited.map(({ id }) => id)), now)
}

type Shown = Pick<MovedException, 'id'> & { show: ReturnType<typeof showOf> }

/** Which of these have just opened, or are on their own again, and which only changed. */
const openedAmong = (drafts: Draft[], shown: ReadonlyMap<string, Shown>) => {
  const opened = drafts.flatMap((draft) =>
    [...draft.touched.exceptions].flatMap((contract) => {
      const exception = draft.exceptions.get(contract)
      const before = draft.record.exceptions.find((each) => each.contract === contract)
      if (!exception?.id || exception.channel === null) return []
      const { id, channel, state, rootId } = exception
      const isNews = before?.state !== 'open' || shown.get(id)?.show === 'fresh'
      return state === 'open' && rootId === null && isNews
        ? [{ draft, exception: { ...exception, id, channel }, isAgain: before !== undefined }]
        : []
    }),
  )
  const ids = new Set(opened.map(({ exception }) => exception.id))
  return { opened, changed: [...shown.keys()].filter((id) => !ids.has(id)) }
}

/** What somebody pressed: its card, and the surface that shows it at once by itself. */
export type PressedFor = { card: string; redrawnOn: string | null }

/** A person's click first, then what is new and severe. */
const urgencyOf = (
  card: string,
  surface: string,
  severe: boolean,
  press: PressedFor | null,
): { urgency?: 'click' | 'severe'; redrawn?: boolean } => {
  if (press) return { urgency: 'click', redrawn: press.card === card && press.redrawnOn === surface }
  return severe ? { urgency: 'severe' } : {}
}

/**
 * What was raised has a post of its own in that channel, which goes on saying how it stands; so has one that was merged,
 * if it was ever raised.
 */
const raisedPost = (
  before: ExceptionRecord | undefined,
  after: MovedException & Partial<Pick<ExceptionRecord, 'escalatedAt' | 'escalatedTo'>>,
): { card: string; channel: string; revision: number; show: 'fresh' | 'where_shown' }[] => {
  const { id, revision, escalatedAt = null, escalatedTo = after.channel } = after
  if (escalatedTo === null) return []
  const isRaised = escalatedAt !== null && escalatedAt.getTime() !== before?.escalatedAt?.getTime()
  return [
    { card: escalationRef(id), channel: escalatedTo, revision, show: isRaised ? 'fresh' : 'where_shown' },
  ]
}

/** What was over for so long is news when it comes back: nobody sees a message change that is so far up. */
const NEWS_AGAIN_MS = 12 * 3_600_000

const isSetAside = ({ snoozedUntil = null }: Partial<Pick<ExceptionRecord, 'snoozedUntil'>>): boolean =>
  snoozedUntil !== null

/** Where a card belongs: what comes and goes stays in its place, and what others explain is on their card. */
const showOf = (
  before: ExceptionRecord | undefined,
  after: Pick<ExceptionRecord, 'rootId'> &
    Partial<Pick<ExceptionRecord, 'state' | 'snoozedUntil' | 'decidedOnVersion'>>,
  now: Date,
): 'in_place' | 'fresh' | 'where_shown' => {
  if (after.rootId !== null || isSetAside(after)) return 'where_shown'
  if (before === undefined || after.state !== 'open') return 'in_place'
  const wasFolded = before.state === 'open' && before.rootId !== null
  const isBackAgain = before.closedAt !== null && now.getTime() - before.closedAt.getTime() >= NEWS_AGAIN_MS
  // Who brings it back by hand looks at its card already.
  const isWoken =
    before.state === 'open' &&
    before.snoozedUntil !== null &&
    after.snoozedUntil === null &&
    before.decidedOnVersion === after.decidedOnVersion
  return wasFolded || isBackAgain || isWoken ? 'fresh' : 'in_place'
}
