import type { Connector } from '../../app/connector.ts'
import { createHttpClient, type HttpClient } from '../http/client.ts'
import { createAction } from './actions/action.ts'
import type { ApiConfig, HttpConfig, WebhookConfig } from './config.ts'
import { createIntake } from './intake/intake.ts'

type Deps = { now(): Date; replicas?: () => number }

const clientOf = (system: string, api: ApiConfig, replicas?: () => number): HttpClient =>
  createHttpClient({
    system,
    baseUrl: api.url,
    headers: api.headers,
    timeoutMs: api.timeout,
    guard: { allowHosts: api.allow_hosts },
    rate: {
      ...(api.per_second === undefined ? {} : { perSecond: api.per_second }),
      ...(api.per_minute === undefined ? {} : { perMinute: api.per_minute }),
    },
    replicas,
  })

type Declared = Pick<WebhookConfig, 'name' | 'role' | 'api' | 'facts' | 'actions' | 'retry'>

/** What both kinds have in common: the routing actions, and where they are called. */
const declared = (kind: string, config: Declared, { now, replicas }: Deps): Connector => {
  const { name: system, role, api, facts } = config
  const http = api && clientOf(system, api, replicas)
  const mappings = new Map(
    facts.flatMap((mapping) => (mapping.name ? [[mapping.name, mapping] as const] : [])),
  )
  const all = [...config.actions, ...(config.retry ? [config.retry] : [])]
  return {
    system,
    role,
    kind,
    actions: http ? all.map((action) => createAction(action, { system, role, http, mappings, now })) : [],
    async probe(signal) {
      // Who only sends cannot be asked.
      if (http && api) await http.read({ path: api.probe, signal })
    },
  }
}

/** A system that sends webhooks, as `baton.yml` declares it. */
export const createWebhookConnector = (config: WebhookConfig, deps: Deps): Connector => ({
  ...declared('webhook', config, deps),
  webhook: createIntake(config, deps.now),
})

/** A system that is only called, as `baton.yml` declares it. */
export const createHttpConnector = (config: HttpConfig, deps: Deps): Connector =>
  declared('http', config, deps)
