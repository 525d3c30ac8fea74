import { z } from 'zod'
import type { Connector } from '../app/connector.ts'
import { byStore } from '../app/stores.ts'
import type { KeyRules } from '../domain/keys.ts'
import { easypostConfig } from './easypost/config.ts'
import { createEasypostConnector } from './easypost/index.ts'
import { mailConfig } from './mail/config.ts'
import { createMailConnector } from './mail/index.ts'
import { medusaConfig } from './medusa/config.ts'
import { createMedusaConnector } from './medusa/index.ts'
import { sandboxConfig } from './sandbox/config.ts'
import { createSandboxConnector } from './sandbox/index.ts'
import { shopifyConfig } from './shopify/config.ts'
import { createShopifyConnector } from './shopify/index.ts'
import { trytonConfig } from './tryton/config.ts'
import { createTrytonConnector } from './tryton/index.ts'
import { httpConfig, webhookConfig } from './webhook/config.ts'
import { createHttpConnector, createWebhookConnector } from './webhook/index.ts'
import { x12Config } from './x12/config.ts'
import { createX12Connector } from './x12/index.ts'

/** `replicas`: how many processes call the systems just now; their rate budgets are for all of them together. */
export type ConnectorDeps = { now(): Date; replicas?: () => number }

/** One system as configured: how its numbers are compared, and how its connector is made. */
export type ConfiguredSystem = {
  name: string
  kind: string
  create(name: string, deps: ConnectorDeps): Connector
  keys?: KeyRules
}

/**
 * How one kind of system is configured and made: its folder's schema reads what stands in `baton.yml` besides the name
 * and the kind, its folder's factory builds the connector.
 */
const kind = <K extends string, C extends object>(
  name: K,
  settings: z.ZodType<C, Record<string, unknown>>,
  create: (config: C & { name: string }, deps: ConnectorDeps) => Connector,
) =>
  z
    .looseObject({ kind: z.literal(name) })
    .transform(({ kind: _, ...rest }) => rest)
    .pipe(settings)
    .transform((config) => ({
      kind: name,
      create: (system: string, deps: ConnectorDeps) => create({ ...config, name: system }, deps),
    }))

/** Every kind of system that Baton can connect: one folder, one line. */
export const systemSettings = z.discriminatedUnion('kind', [
  kind('easypost', easypostConfig, createEasypostConnector),
  kind('mail', mailConfig, createMailConnector),
  kind('medusa', medusaConfig, createMedusaConnector),
  kind('sandbox', sandboxConfig, createSandboxConnector),
  kind('shopify', shopifyConfig, createShopifyConnector),
  kind('tryton', trytonConfig, createTrytonConnector),
  kind('x12', x12Config, createX12Connector),
  kind('webhook', webhookConfig, createWebhookConnector),
  kind('http', httpConfig, createHttpConnector),
])

/** Makes the connector of each configured system. Throws UserError where two shops cannot be told apart. */
export const connectAll = (systems: readonly ConfiguredSystem[], deps: ConnectorDeps): Connector[] =>
  byStore(
    systems.map(({ name, create, keys }) => {
      const connector = create(name, deps)
      return keys ? { ...connector, keys } : connector
    }),
  )
