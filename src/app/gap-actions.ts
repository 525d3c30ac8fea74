import { RUNS_TO_EARN, tierOf } from '../domain/trust.ts'
import type { RoutingAction } from './connector.ts'
import type { GapHistory } from './context.ts'
import type { GapView } from './queries.ts'
import type { Setup } from './world.ts'

const actionOf = ({ connectors }: Setup, system: string | null, id: string): RoutingAction | undefined =>
  connectors.find((candidate) => candidate.system === system)?.actions.find((action) => action.id === id)

/** What people call an action; `system`: of an action in a system, null for what they did themselves. */
const actionLabel = (setup: Setup, system: string | null, id: string): string =>
  system === null ? (OWN_LABELS[id] ?? id) : (actionOf(setup, system, id)?.label ?? id.replaceAll('_', ' '))

/** After how many proven runs automation may do it; null where it may not, or need not earn it. */
const runsNeeded = (setup: Setup, system: string | null, id: string): number | null => {
  const action = actionOf(setup, system, id)
  return action && tierOf(id, action.risk, setup.trust[id]) === 'earned' ? RUNS_TO_EARN : null
}

const OWN_LABELS: Record<string, string> = { fixed_by_hand: 'Fixed by hand', dismiss: 'Dismissed' }

/** What people did about a gap, as they call it, and how far that has come towards automation. */
export const actionView = (
  setup: Setup,
  { system, action, ...counts }: GapHistory['actions'][number],
): GapView['actions'][number] => ({
  ...counts,
  id: system === null ? action : `${system}.${action}`,
  label: actionLabel(setup, system, action),
  needed: runsNeeded(setup, system, action),
})
