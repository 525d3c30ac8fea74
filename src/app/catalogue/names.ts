import type { Written } from './written.ts'

/** What Baton cannot compare because it does not know the name. It is on where `baton.yml` maps names. */
export const names: Written[] = [
  {
    id: 'names-mapped',
    title: 'A name that no map knows',
    meaning:
      'A system uses a name for an article or a place that Baton cannot match with the other systems: whatever is said under it is compared with nothing.',
    hurts: 'Everybody who relies on Baton for these articles: differences there go unseen.',
    fix: 'Say what it is called everywhere else. Baton then moves what was recorded under the name.',
    handoff: { from: 'integration', to: 'integration', object: 'name' },
    subject: 'mapping',
    severity: 'medium',
    grace: '0s',
    leave: { object: { role: 'integration', type: 'mapping', states: ['unmapped'] } },
    actions: ['map_name'],
  },
]
