import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Health } from './db/health.ts'

const GAUGES: { [K in keyof Health]: { name: string; help: string } } = {
  openExceptions: { name: 'baton_open_exceptions', help: 'Exceptions that are open now' },
  waitingExpectations: {
    name: 'baton_waiting_expectations',
    help: 'Breaks that are due and not yet known, because a system is silent',
  },
  postsBehind: { name: 'baton_posts_behind', help: 'Posts that do not show yet what they should' },
  oldestPostSeconds: {
    name: 'baton_oldest_post_seconds',
    help: 'How long the post waits that has been due for longest',
  },
  rateLimitedCalls: {
    name: 'baton_rate_limited_calls',
    help: 'How often a chat platform said that calls came too fast (since this database was made)',
  },
  budgetWaits: {
    name: 'baton_budget_waits',
    help: 'How often a call waited for its rate budget (since this database was made)',
  },
  deliveryTroubles: {
    name: 'baton_delivery_troubles',
    help: 'Channels and surfaces that cannot be used until an admin mends them',
  },
  unfinishedRuns: { name: 'baton_unfinished_runs', help: 'Action runs in progress or waiting' },
  queuedJobs: { name: 'baton_queued_jobs', help: 'Jobs in the queue' },
  unparsedSignals: {
    name: 'baton_unparsed_signals',
    help: 'Signals that could not be read, wholly or in part',
  },
  quarantinedFacts: { name: 'baton_quarantined_facts', help: 'Facts that the pipeline could not take' },
}

const isMetric = (name: string): name is keyof Health => name in GAUGES

/** What Prometheus reads: the process's own figures, and Baton's as the database has them at that moment. */
export const createMetrics = (read: () => Promise<Health>) => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauges = Object.entries(GAUGES).map(([key, options]) => ({
    key,
    gauge: new Gauge({ ...options, registers: [registry] }),
  }))
  return async (): Promise<{ contentType: string; text: string }> => {
    const health = await read()
    for (const { key, gauge } of gauges) if (isMetric(key)) gauge.set(health[key])
    return { contentType: registry.contentType, text: await registry.metrics() }
  }
}
