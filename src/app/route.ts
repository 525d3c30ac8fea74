import type { Contract } from '../domain/contract/contract.ts'
import type { SubjectView } from '../domain/model.ts'
import { route } from '../domain/route.ts'
import type { Play } from './world.ts'

/** Where an exception goes, and why: the reason is kept on it. An import reaches no channel. */
export const routeTo = (
  contract: Contract,
  view: SubjectView,
  valueMinor: number | null,
  play: Play,
): { channel: string | null; routeReason: string | null } => {
  if (!play.routing) return { channel: null, routeReason: null }
  const systems = [...new Set(view.objects.map((object) => object.system))]
  const { handoff, severity, id, subject: kind } = contract
  const it = { contract: id, handoff, severity, kind, systems, valueMinor }
  const { channel, reason } = route(play.routing.rules, play.routing.defaultChannel, it)
  return { channel, routeReason: reason }
}
