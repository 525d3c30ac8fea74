import { type NameMaps, parseSystemName, type SystemName, systemNameText } from '../domain/names.ts'
import { BATON, moveWhatIsNamed, stateName } from './names.ts'
import type { Jobs, Tx } from './ports.ts'
import { type ProcessDeps, playNow } from './process.ts'
import type { ObjectName } from './records.ts'
import { ActionRunning, resettle } from './resettle.ts'

/** Subjects that are gone through in one job. */
const MOVE_BATCH = 50
/** Names looked at in one go. */
const NAMES_PAGE = 100
/** After an action that kept something from being moved. */
const AGAIN_MS = 10_000

/**
 * Brings what was recorded under a name to what the name means now, some subjects at a time; the job that goes on is
 * added in the same transaction, so that a stopped one goes on where it was. Without a name: looks at every name that
 * Baton has spoken of, because `baton.yml` may say something else by now, and counts anew how often it was seen.
 */
export const remap = async (deps: ProcessDeps, { name, after }: Jobs['remap']): Promise<void> => {
  const { maps } = deps.setup
  if (!maps) return
  if (name === null) await lookAtNames(deps, maps, after)
  else await moveSome(deps, name, after)
}

const moveSome = async (deps: ProcessDeps, name: string, after: string): Promise<void> => {
  const { store, clock } = deps
  const ids = await store.transaction((tx) => tx.subjectsNaming(name, after, MOVE_BATCH))
  const last = ids.at(-1)
  if (last === undefined) return
  const busy: string[] = []
  for (const id of ids) if (!(await moveOne(deps, name, id))) busy.push(id)
  await store.transaction(async (tx) => {
    await tx.addJob('remap', { name, after: last }, { key: `remap:${name}` })
    const [first] = busy
    if (first === undefined) return
    const again = { name, after: String(Number(first) - 1) }
    const runAt = new Date(clock().getTime() + AGAIN_MS)
    await tx.addJob('remap', again, { key: `remap:${name}:again`, runAt })
  })
}

/** Moves the objects of one subject that use the name; false while an action runs on it. */
const moveOne = async (deps: ProcessDeps, name: string, id: string): Promise<boolean> => {
  const { store, clock } = deps
  const objects = await store.transaction((tx) => objectsNaming(tx, name, id))
  if (objects.length === 0) return true
  const words = `Closed: ${name} means something else now, and this was about what it meant before.`
  try {
    await store.transaction(async (tx) => resettle(tx, await playNow(tx, deps), objects, clock(), words))
    return true
  } catch (error) {
    if (error instanceof ActionRunning) return false
    throw error
  }
}

const objectsNaming = async (tx: Tx, name: string, id: string): Promise<ObjectName[]> => {
  const [subject] = await tx.lockSubjects([id])
  return (subject?.objects ?? []).filter(({ keys }) =>
    keys.some((key) => key.name === 'mapping' && key.value === name),
  )
}

const lookAtNames = async ({ store, clock }: ProcessDeps, maps: NameMaps, after: string): Promise<void> => {
  if (after === '') await store.transaction((tx) => adoptFile(tx, maps, clock()))
  const names = await store.transaction((tx) => tx.namesStated(after, NAMES_PAGE))
  for (const text of names) {
    const name = parseSystemName(text)
    if (name) await store.transaction((tx) => lookAt(tx, maps, name, clock()))
  }
  const last = names.at(-1)
  if (last === undefined || names.length < NAMES_PAGE) return
  await store.transaction((tx) => tx.addJob('remap', { name: null, after: last }, { key: 'remap' }))
}

/** Takes what the file says now; what was recorded under names that it changed moves. */
const adoptFile = async (tx: Tx, maps: NameMaps, now: Date): Promise<void> => {
  const meanings = [...maps.meanings].flatMap(([text, { canonical }]) => {
    const name = parseSystemName(text)
    return name ? [{ ...name, canonical }] : []
  })
  for (const name of await tx.adoptMeanings(meanings, now))
    await moveWhatIsNamed(tx, systemNameText(name), now)
}

/** States a name anew if it means something else by now, or was seen twice as often. */
const lookAt = async (tx: Tx, maps: NameMaps, name: SystemName, now: Date): Promise<void> => {
  const text = systemNameText(name)
  const fact = await stateName(tx, maps, name, now)
  const [known] = await tx.loadObjects('live', [{ system: BATON, type: 'mapping', externalId: text }])
  const means = fact.attributes.canonical ?? null
  const isOther = (known?.attributes.canonical ?? null) !== means
  const [seen, said] = [fact.quantities.seen ?? 0, known?.quantities.seen ?? 0]
  const isMore = means === null && seen > said && seen >= 2 * said
  if (!isOther && !isMore) return
  await tx.addJob('process', { facts: await tx.insertFacts('live', [fact]) })
  if (isOther) await moveWhatIsNamed(tx, text, now)
}
