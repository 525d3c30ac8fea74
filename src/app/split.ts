import { type KeyRules, readings, subjectName } from '../domain/keys.ts'
import type { Key, ObjectState, Person } from '../domain/model.ts'
import { NAME_KINDS } from '../domain/names.ts'
import { type Draft, draftOf, saveDrafts } from './draft.ts'
import { UserError } from './errors.ts'
import { wantPosts } from './pipeline.ts'
import type { Tx } from './ports.ts'
import { type ProcessDeps, playNow } from './process.ts'
import type { CannotLink, IdentityKey, MovedException, SubjectRecord } from './records.ts'
import { checkMoved, staleReferences } from './resettle.ts'
import { textOf } from './unify.ts'
import { listed, quoted } from './words.ts'

/** What a split does, or has done: in words that a person decides by. */
export type SplitPlan = {
  /** The subject as it is called now, and the one that is taken out of it. */
  from: string
  out: string
  /** Objects, as `system type id`. */
  moves: string[]
  stays: string[]
  /** Exceptions that are open on it. */
  open: number
}

export type Joined = { into: string; other: string }

/** What an admin may do to subjects; the name of a key goes before its value where a number alone is not clear. */
export type SubjectDesk = {
  /** Says what a split would do, and does nothing. Throws UserError. */
  planSplit(from: string, out: string): Promise<SplitPlan>
  split(from: string, out: string, by: Person): Promise<SplitPlan>
  /** Takes a split back. Throws UserError where there was none. */
  join(one: string, other: string): Promise<Joined>
  /** Forgets what a name was said to mean; answers what that was. Throws UserError where nobody said anything. */
  unmap(system: string, kind: string, value: string): Promise<string>
}

const keyWords = ({ name, value }: IdentityKey): string => `${name.replaceAll('_', ' ')} ${value}`
const objectWords = ({ system, type, externalId }: ObjectState): string =>
  `${system} ${type.replaceAll('_', ' ')} ${externalId}`
const identityOf = (keys: Key[]): IdentityKey[] =>
  keys.filter(({ kind }) => kind === 'identity').map(({ name, value }) => ({ name, value }))

type Typed = { name: string | null; values: string[] }

/** `1001`, `#1001`, `sale:S9`: how people write a key. */
const typedKey = (text: string, rules: KeyRules[]): Typed => {
  const [, name, rest] = /^([a-z_]+):(.+)$/i.exec(text.trim()) ?? []
  const value = (rest ?? text).trim()
  const written = [...readings(value, rules), value.replace(/^#/, '')]
  const values = written.flatMap((each) => [each, each.toUpperCase(), each.toLowerCase()])
  return { name: name?.toLowerCase() ?? null, values: [...new Set(values)] }
}

type Owned = { key: IdentityKey; subjectId: string }

const ownersOf = async (tx: Tx, rules: KeyRules[], text: string): Promise<Owned[]> => {
  const { name, values } = typedKey(text, rules)
  const found = await tx.keysOfValue('live', values)
  const wanted = found.filter(({ key }) => name === null || key.name === name)
  if (wanted.length > 0) return wanted
  throw new UserError(`No live subject has the number ${quoted(text)}. "find ${text}" looks everywhere.`)
}

/** The one pair of keys that both names mean: those of one subject (`same`), or of two. */
const pairOf = async (
  tx: Tx,
  deps: ProcessDeps,
  one: string,
  other: string,
  same: boolean,
): Promise<[Owned, Owned]> => {
  const rules = deps.setup.connectors.flatMap(({ keys }) => keys ?? [])
  const [ones, others] = [await ownersOf(tx, rules, one), await ownersOf(tx, rules, other)]
  const pairs = ones.flatMap((a) =>
    others.flatMap((b): [Owned, Owned][] =>
      (a.subjectId === b.subjectId) === same && textOf(a.key) !== textOf(b.key) ? [[a, b]] : [],
    ),
  )
  const [pair] = pairs
  if (!pair) {
    const words = same
      ? `${quoted(one)} and ${quoted(other)} are not one subject: there is nothing to split.`
      : `${quoted(one)} and ${quoted(other)} are one subject already.`
    throw new UserError(words)
  }
  if (pairs.length === 1) return pair
  const names = [...new Set(pairs.flat().map(({ key }) => `${key.name}:${key.value}`))].sort()
  throw new UserError(`That is not clear: it may be ${listed(names, 'or')}. Write it so.`)
}

type Parts = {
  subject: SubjectRecord
  moves: ObjectState[]
  stays: ObjectState[]
  keysOut: IdentityKey[]
  keysStay: IdentityKey[]
}

/** What carries the key goes, with every key that nothing which stays carries. */
const partsOf = (subject: SubjectRecord, out: IdentityKey): Parts => {
  const carries = (object: ObjectState, key: IdentityKey): boolean =>
    identityOf(object.keys).some((own) => textOf(own) === textOf(key))
  const moves = subject.objects.filter((object) => carries(object, out))
  const stays = subject.objects.filter((object) => !carries(object, out))
  const keys = identityOf(subject.keys)
  const goes = (key: IdentityKey): boolean =>
    moves.some((object) => carries(object, key)) && !stays.some((object) => carries(object, key))
  const keysOut = keys.filter((key) => textOf(key) === textOf(out) || goes(key))
  const keysStay = keys.filter((key) => !keysOut.includes(key))
  if (stays.length === 0 || keysStay.length === 0) {
    throw new UserError(
      `Everything that is known of ${subjectName(subject.keys)} carries ${keyWords(out)}: nothing would be left. ` +
        'Two shops with the same number? Then say so in baton.yml, under keys.<system>.order.store.',
    )
  }
  return { subject, moves, stays, keysOut, keysStay }
}

const RUNNING = 'An action is running on it or waits for an approval; try again when that is over.'

const isBusy = ({ exceptions }: SubjectRecord): boolean => exceptions.some(({ run }) => run !== null)

const planOf = ({ subject, moves, stays, keysOut }: Parts): SplitPlan => ({
  from: subjectName(subject.keys),
  out: subjectName(keysOut.map((key) => keyOf(subject, key))),
  moves: moves.map(objectWords).sort(),
  stays: stays.map(objectWords).sort(),
  open: subject.exceptions.filter(({ state }) => state === 'open').length,
})

const keyOf = (subject: SubjectRecord, key: IdentityKey): Key => {
  const found = subject.keys.find((own) => own.kind === 'identity' && textOf(own) === textOf(key))
  if (!found) throw new Error(`Subject ${subject.id} has no ${keyWords(key)}`)
  return found
}

const findParts = async (tx: Tx, deps: ProcessDeps, from: string, out: string): Promise<Parts> => {
  const [{ subjectId }, taken] = await pairOf(tx, deps, from, out, true)
  const [subject] = await tx.lockSubjects([subjectId])
  if (!subject) throw new UserError('It has just become part of another one; look again with "find".')
  return partsOf(subject, taken.key)
}

/** Both sides as they are now, checked at once and stored; `words` say why something closed. */
const checkSides = async (
  tx: Tx,
  deps: ProcessDeps,
  { ids, before, moved = [] }: { ids: string[]; before?: SubjectRecord; moved?: MovedException[] },
  words: string,
): Promise<void> => {
  const now = deps.clock()
  const play = await playNow(tx, deps)
  const drafts: Draft[] = (await tx.lockSubjects(ids)).map(draftOf)
  const stale = drafts.flatMap(staleReferences)
  if (stale.length > 0) await tx.dropReferences(stale)
  for (const draft of drafts) {
    checkMoved(draft, before?.id === draft.record.id ? before : undefined, play, now, words)
  }
  await saveDrafts(tx, 'live', drafts)
  await wantPosts(tx, play, drafts, now, moved)
}

const referencesOf = (objects: ObjectState[], subjectId: string) =>
  objects
    .flatMap(({ keys }) => keys)
    .filter(({ kind }) => kind === 'reference')
    .map(({ name, value }) => ({ subjectId, name, value }))

const carryOut = async (tx: Tx, deps: ProcessDeps, parts: Parts, by: Person): Promise<void> => {
  const { subject, moves, keysOut, keysStay } = parts
  const { timeline, kind, id } = subject
  const now = deps.clock()
  await tx.dropKeys(timeline, keysOut)
  await tx.createSubjects(timeline, [{ kind, keys: keysOut }], now)
  const [made] = await tx.subjectsByKey(timeline, keysOut)
  if (!made) throw new Error(`The new subject of ${keysOut.map(keyWords).join(', ')} was not made`)
  await tx.unlinkObjects(id, moves)
  await tx.linkObjects(
    timeline,
    moves.map((object) => ({ subjectId: made.subjectId, object })),
  )
  const references = referencesOf(moves, made.subjectId)
  if (references.length > 0) await tx.linkReferences(timeline, references)
  const pairs = keysOut.flatMap((out) => keysStay.map((stays): CannotLink => ({ stays, out })))
  await tx.saveCannotLinks(timeline, pairs, by.id, now)
  const words = `Closed: ${by.name} split ${keysOut.map(keyWords).join(', ')} from it.`
  await checkSides(tx, deps, { ids: [id, made.subjectId], before: subject }, words)
}

const joinThem = async (tx: Tx, deps: ProcessDeps, one: string, other: string): Promise<Joined> => {
  const owners = await pairOf(tx, deps, one, other, false)
  const [home, gone] = await tx.lockSubjects(owners.map(({ subjectId }) => subjectId))
  if (!home || !gone) throw new UserError('One of them has just become part of another; look again.')
  const [a, b] = [identityOf(home.keys), identityOf(gone.keys)]
  const both = (first: IdentityKey[], second: IdentityKey[]) =>
    first.flatMap((stays) => second.map((out): CannotLink => ({ stays, out })))
  const removed = await tx.removeCannotLinks('live', [...both(a, b), ...both(b, a)])
  if (removed === 0) {
    throw new UserError(
      `${quoted(one)} and ${quoted(other)} were never split. Baton joins things by itself when a system states both numbers.`,
    )
  }
  const moved = await tx.mergeSubjects(home.id, gone.id, deps.clock())
  if (moved === null) throw new UserError(RUNNING)
  await checkSides(tx, deps, { ids: [home.id], moved }, 'Closed: both parts are one again.')
  return { into: subjectName(home.keys), other: subjectName(gone.keys) }
}

/** Splits and joins subjects under their locks; a refusal changes nothing. */
export const createSubjectDesk = (deps: ProcessDeps): SubjectDesk => ({
  planSplit: (from, out) =>
    deps.store.transaction(async (tx) => planOf(await findParts(tx, deps, from, out))),

  split: (from, out, by) =>
    deps.store.transaction(async (tx) => {
      const parts = await findParts(tx, deps, from, out)
      if (isBusy(parts.subject)) throw new UserError(RUNNING)
      await carryOut(tx, deps, parts, by)
      return planOf(parts)
    }),

  join: (one, other) => deps.store.transaction((tx) => joinThem(tx, deps, one, other)),

  unmap: (system, kind, value) =>
    deps.store.transaction(async (tx) => {
      const known = NAME_KINDS.find((each) => each === kind)
      if (!known)
        throw new UserError(`Names are of a ${listed(NAME_KINDS, 'or a')}, not of a ${quoted(kind)}.`)
      const name = { system, kind: known, value }
      const meant = await tx.forgetMapping(name)
      if (meant === null) {
        throw new UserError(
          `Nobody has mapped the ${known} ${quoted(value)} of ${system} in chat. What baton.yml maps is changed there.`,
        )
      }
      await tx.addJob('remap', { name: null, after: '' }, { key: 'remap' })
      return meant
    }),
})
