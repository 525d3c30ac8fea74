import { mayBulk } from '../domain/trust.ts'
import type { BatchMember, BatchOffer } from './batch-records.ts'
import type { Connector, RoutingAction } from './connector.ts'
import type { Offer } from './offers.ts'
import type { Setup } from './world.ts'

/** What a button of an exception's card calls, by the id of its offer; null for what calls no system, or takes back. */
export const calledBy = (
  { connectors }: Setup,
  offer: string,
): { connector: Connector; action: RoutingAction } | null => {
  for (const connector of connectors) {
    const action = connector.actions.find(({ id }) => `${connector.system}.${id}` === offer)
    if (action) return { connector, action }
  }
  return null
}

/** Why a press does this for one exception at a time, whatever a client sends; null where it may do many at once. */
export const whyAlone = (
  action: RoutingAction,
  { inputs }: Pick<Offer, 'inputs'>,
  { trust }: Setup,
): string | null => {
  if (action.kind === 'request') return 'it asks somebody else'
  if (!mayBulk(action, trust[action.id])) return 'nothing takes it back, or it needs a second person'
  return inputs.length > 0 ? 'it asks for something each time' : null
}

/** An open exception as a batch would take it. */
export type Candidate = {
  id: string
  version: number
  name: string
  channel: string | null
  since: Date
  valueMinor: number | null
  claimedBy: { id: string; name: string } | null
  /** The exception that explains it: it is handled there. */
  root: string | null
  /** What is under way for it, or waits for somebody's approval. */
  running: string | null
  /** What its card offers to do in a system, in the card's order. */
  offers: Pick<Offer, 'id' | 'label' | 'enabled' | 'reason' | 'inputs'>[]
}

export type Plan = {
  members: BatchMember[]
  /** The suggested one first; empty: nothing can be done for the group. */
  offers: BatchOffer[]
  /** What could be done, but only for one at a time, with the reason. */
  alone: string[]
}

type Known = BatchOffer & { at: number; alone: string | null; enabled: number }

/** Everything that any of them offers, in the cards' order. */
const offersAmong = (candidates: Candidate[], setup: Setup): Known[] => {
  const known = new Map<string, Known>()
  for (const { offers } of candidates) {
    for (const [at, offer] of offers.entries()) {
      const called = calledBy(setup, offer.id)
      if (!called) continue
      const before = known.get(offer.id)
      known.set(offer.id, {
        action: offer.id,
        label: offer.label,
        system: called.connector.system,
        at: Math.min(before?.at ?? at, at),
        alone: before?.alone ?? whyAlone(called.action, offer, setup),
        enabled: (before?.enabled ?? 0) + (offer.enabled ? 1 : 0),
      })
    }
  }
  return [...known.values()].sort((a, b) => a.at - b.at)
}

/** Why nothing at all is done for it in a group; null where something may be. */
const heldBack = ({ root, running, claimedBy }: Candidate, asker: string): string | null => {
  if (running !== null) return `"${running}" is under way`
  if (root !== null) return `follows from #${root}`
  return claimedBy !== null && claimedBy.id !== asker ? `${claimedBy.name} is on it` : null
}

const worstFirst = (a: Candidate, b: Candidate): number =>
  (b.valueMinor ?? -1) - (a.valueMinor ?? -1) ||
  a.since.getTime() - b.since.getTime() ||
  Number(a.id) - Number(b.id)

/**
 * What one press could do for these exceptions of one contract, and what it would leave out and why. Pure; when its turn
 * comes, everything is asked again under the lock of each one's subject.
 */
export const planBatch = (candidates: Candidate[], asker: string, setup: Setup): Plan => {
  const free = candidates.filter((candidate) => heldBack(candidate, asker) === null)
  const known = offersAmong(free, setup)
  const bulk = known.filter(({ alone, enabled }) => alone === null && enabled > 0)
  const allowed = new Set(bulk.map(({ action }) => action))
  const suggested = bulk[0]
  const members = [...candidates].sort(worstFirst).map((candidate, place): BatchMember => {
    const held = heldBack(candidate, asker)
    const own = held === null ? candidate.offers : []
    const actions = own.filter(({ id, enabled }) => enabled && allowed.has(id)).map(({ id }) => id)
    const missing = candidate.offers.find(({ id }) => id === suggested?.action)?.reason
    const words =
      held ?? (actions.includes(suggested?.action ?? '') ? '' : (missing ?? 'not possible for it now'))
    const { id: exceptionId, version, name } = candidate
    const state = actions.length > 0 ? 'offered' : 'left_out'
    return { place, exceptionId, version, name, actions, state, words, runId: null }
  })
  return {
    members,
    offers: bulk.map(({ action, label, system }) => ({ action, label, system })),
    alone: known.flatMap(({ label, alone }) =>
      alone === null ? [] : [`"${label}" is looked at one by one: ${alone}.`],
    ),
  }
}
