import { ROLES, type Role } from '../../domain/model.ts'
import { ROLE_WORDS } from '../sides.ts'
import type { Written } from './written.ts'

/** The contract on the feeds of one role's systems; the step that watches them looks for it by this id. */
export const feedContract = (role: Role): string => `${role}-feed-healthy`

/**
 * What Baton itself owes: to hear every system as it always does. A subject is one system's feed; while its exception is
 * open, what depends on that system is not judged. Switching the contract off in `baton.yml` switches the watch off.
 */
export const feeds: Written[] = ROLES.map((role) => ({
  id: feedContract(role),
  title: `${ROLE_WORDS[role]}: its feed has gone silent or strange`,
  meaning:
    'Baton does not hear this system as it always does, so that nobody knows what is true there. What depends on it is not judged until it is back: nothing opens or heals on bad data.',
  hurts: 'Everybody who relies on Baton for this system, and on the system itself if it is down.',
  fix: 'Ask whoever runs the system and its interface; npx baton doctor says whether it answers. If this is expected (a holiday, a planned stop), dismiss it: then everything is judged as usual.',
  handoff: { from: role, to: role, object: 'feed' },
  subject: 'feed' as const,
  severity: 'high' as const,
  grace: '0s',
  leave: { object: { role, type: 'feed' as const, states: ['silent', 'strange'] } },
}))
