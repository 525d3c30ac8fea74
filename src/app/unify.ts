import { identityKeys } from '../domain/keys.ts'
import type { Fact, SubjectKind } from '../domain/model.ts'
import type { CannotLink, IdentityKey } from './records.ts'

/** Identity keys of one kind that some fact states together: they name one subject. */
export type Group = { kind: SubjectKind; keys: IdentityKey[] }
/** One kind of subject that one fact speaks about. */
export type Member = { index: number; kind: SubjectKind; keys: IdentityKey[] }

export const textOf = (key: IdentityKey): string => JSON.stringify([key.name, key.value])

/**
 * The subjects that one fact speaks about: one for each kind that its identity keys name. A delivery with several
 * tracking numbers is several parcels; a parcel with several is one, handed from carrier to carrier.
 */
export const membershipsOf = (fact: Fact, index: number): Member[] => {
  const groups = new Map<string, Member>()
  for (const { kind, name, value } of identityKeys(fact.keys)) {
    const isOneOfMany = kind === 'parcel' && fact.type === 'fulfillment'
    const group = isOneOfMany ? `${kind} ${value}` : kind
    groups.set(group, { index, kind, keys: [...(groups.get(group)?.keys ?? []), { name, value }] })
  }
  return [...groups.values()]
}

/** Joins what shares a name, however long the chain: the members of each set, by any of their names. */
export const joined = (sets: string[][]): ((name: string) => string) => {
  const parent = new Map<string, string>()
  const root = (name: string): string => {
    let at = name
    for (let up = parent.get(at); up !== undefined && up !== at; up = parent.get(at)) at = up
    parent.set(name, at)
    return at
  }
  for (const [first, ...rest] of sets) {
    for (const other of rest) if (first !== undefined) parent.set(root(other), root(first))
  }
  return root
}

/** Joins memberships that share a key. */
export const unify = (members: Member[]): Group[] => {
  const root = joined(members.map(({ keys }) => keys.map(textOf)))
  const groups = new Map<string, Group>()
  const seen = new Set<string>()
  for (const { kind, keys } of members) {
    for (const key of keys) {
      const text = textOf(key)
      if (seen.has(text)) continue
      seen.add(text)
      const group = groups.get(root(text)) ?? { kind, keys: [] }
      group.keys.push(key)
      groups.set(root(text), group)
    }
  }
  return [...groups.values()]
}

/**
 * A fact that carries both keys of a split says nothing new: it belongs to the one that was taken out, whenever it
 * comes, as those did that were there when it was split.
 */
export const parted = (member: Member, splits: CannotLink[]): Member => {
  const own = new Set(member.keys.map(textOf))
  const left = new Set(splits.filter(({ out }) => own.has(textOf(out))).map(({ stays }) => textOf(stays)))
  return left.size === 0 ? member : { ...member, keys: member.keys.filter((key) => !left.has(textOf(key))) }
}
