import { draftOf, viewOf } from '../../src/app/draft.ts'
import { applies, check } from '../../src/domain/contract/check.ts'
import type { Contract, Verdict } from '../../src/domain/contract/contract.ts'
import { identityKeys } from '../../src/domain/keys.ts'
import type { Fact, Key, ObjectState, SubjectKind } from '../../src/domain/model.ts'
import { foldAll, objectId } from '../../src/domain/object.ts'

/*
 * What a set of facts means, worked out at one go: no order, no batches, no database. The pipeline, which gets the same
 * facts bit by bit, must end there.
 */

export type ExpectedSubject = {
  kind: SubjectKind
  /** Its identity keys, sorted: they name it, because ids differ from run to run. */
  keys: string[]
  objects: string[]
  /** What it only refers to; not what names it itself. */
  references: string[]
  verdicts: Map<string, Verdict>
}

const text = ({ name, value }: Pick<Key, 'name' | 'value'>): string => `${name} ${value}`

/** Parts the identity keys of one kind: those that some fact names together, however long the chain, are one part. */
const parted = (named: string[][]): string[][] => {
  let parts: Set<string>[] = []
  for (const keys of named) {
    const touched = parts.filter((part) => keys.some((key) => part.has(key)))
    const joined = new Set([...keys, ...touched.flatMap((part) => [...part])])
    parts = [...parts.filter((part) => !touched.includes(part)), joined]
  }
  return parts.map((part) => [...part].sort())
}

export const expectedObjects = (facts: Fact[]): Map<string, ObjectState> => {
  const names = [...new Set(facts.map(objectId))].sort()
  return new Map(
    names.flatMap((name) => {
      const object = foldAll(facts.filter((fact) => objectId(fact) === name))
      return object ? [[name, object] as const] : []
    }),
  )
}

export const expectedSubjects = (facts: Fact[], contracts: Contract[]): ExpectedSubject[] => {
  const objects = expectedObjects(facts)
  const said = facts.map((fact) => ({ fact, identity: identityKeys(fact.keys) }))
  const kinds = new Set(said.flatMap(({ identity }) => identity.map(({ kind }) => kind)))
  return [...kinds].flatMap((kind) => {
    const own = said.flatMap(({ fact, identity }) => {
      const keys = identity.filter((key) => key.kind === kind).map(text)
      return keys.length > 0 ? [{ id: objectId(fact), keys }] : []
    })
    return parted(own.map(({ keys }) => keys)).map((keys): ExpectedSubject => {
      const ids = [
        ...new Set(own.filter((o) => o.keys.some((key) => keys.includes(key))).map(({ id }) => id)),
      ]
      const members = ids.flatMap((id) => objects.get(id) ?? [])
      const view = viewOf(
        draftOf({
          id: '0',
          timeline: 'live',
          kind,
          keys: [],
          objects: members,
          expectations: [],
          exceptions: [],
        }),
      )
      const links = members.flatMap((object) =>
        object.keys.filter((key) => key.kind === 'reference').map(text),
      )
      return {
        kind,
        keys,
        objects: ids.sort(),
        references: [...new Set(links)].filter((link) => !keys.includes(link)).sort(),
        verdicts: new Map(
          contracts
            .filter((contract) => applies(contract, view))
            .map((contract) => [contract.id, check(contract, view)]),
        ),
      }
    })
  })
}
