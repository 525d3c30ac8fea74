import type { Connector } from './connector.ts'
import { draftOf, saveDrafts, viewOf } from './draft.ts'
import { aimsOf } from './offers.ts'
import { wantPosts } from './pipeline.ts'
import type { Jobs, Tx } from './ports.ts'
import { type ProcessDeps, playNow } from './process.ts'
import { unreachableAmong } from './reach.ts'

/** Cards drawn anew in one transaction. */
const BATCH = 100

/**
 * Draws anew the cards of open exceptions that offer something of this system, because what they say of it is no longer
 * true. An outage that has ended by now was never shown.
 */
export const showReach = async (deps: ProcessDeps, { system, since }: Jobs['reach']): Promise<void> => {
  const { store, setup } = deps
  const connector = setup.connectors.find((candidate) => candidate.system === system)
  if (!connector) return
  if (since !== null) {
    const feeds = await store.transaction((tx) => tx.feeds())
    if (unreachableAmong(feeds).get(system)?.toISOString() !== since) return
  }
  const offered = new Set(connector.actions.map(({ id }) => id))
  const contracts = setup.contracts.filter(({ actions }) => actions.some((id) => offered.has(id)))
  const ids = contracts.map(({ id }) => id)
  for (let after: string | undefined = '0'; after !== undefined; ) {
    const from: string = after
    const open = await store.transaction((tx) => tx.openExceptions(ids, from, BATCH))
    if (open.length > 0) await store.transaction((tx) => redrawSome(tx, deps, connector, open))
    after = open.length < BATCH ? undefined : open.at(-1)?.id
  }
}

const redrawSome = async (
  tx: Tx,
  deps: ProcessDeps,
  { system }: Connector,
  open: { id: string; subjectId: string }[],
): Promise<void> => {
  const wanted = new Set(open.map(({ id }) => id))
  const drafts = (await tx.lockSubjects([...new Set(open.map(({ subjectId }) => subjectId))])).map(draftOf)
  for (const draft of drafts) {
    const view = viewOf(draft)
    for (const exception of draft.exceptions.values()) {
      const contract = deps.setup.contracts.find(({ id }) => id === exception.contract)
      if (!contract || exception.state !== 'open' || !wanted.has(exception.id ?? '')) continue
      if (!aimsOf(contract, view, deps.setup).some(({ connector }) => connector.system === system)) continue
      draft.exceptions.set(exception.contract, { ...exception, revision: exception.revision + 1 })
      draft.touched.exceptions.add(exception.contract)
    }
  }
  await saveDrafts(tx, 'live', drafts)
  await wantPosts(tx, await playNow(tx, deps), drafts, deps.clock())
}
