import { z } from 'zod'
import type { Connector } from '../app/connector.ts'
import { UserError } from '../app/errors.ts'
import { byStore } from '../app/stores.ts'
import type { KeyRules } from '../domain/keys.ts'
import { sandboxConfig } from './sandbox/config.ts'
import { createSandboxConnector } from './sandbox/index.ts'

export type ConnectorDeps = { now(): Date }

/** One system as configured: how its numbers are compared, and the settings that are its kind's own. */
export type SystemSettings = { name: string; kind: ConnectorKind; settings: object; keys?: KeyRules }

/** How one kind of system is made: its folder's schema reads the settings, its folder's factory builds it. */
const kind = <S extends z.ZodRawShape>(
  config: z.ZodObject<S, z.core.$strict>,
  create: (config: z.output<z.ZodObject<S, z.core.$strict>>, deps: ConnectorDeps) => Connector,
) => ({
  config,
  create(name: string, settings: object, deps: ConnectorDeps): Connector {
    const parsed = config.safeParse({ ...settings, name })
    if (parsed.success) return create(parsed.data, deps)
    const wrong = parsed.error.issues.map(
      (issue) => `systems.${name}.${issue.path.join('.')}: ${issue.message}`,
    )
    throw new UserError(wrong.join('\n'), 2)
  },
})

/** Every kind of system that Baton can connect: one folder, one line. */
const CONNECTORS = {
  sandbox: kind(sandboxConfig, createSandboxConnector),
}

export type ConnectorKind = keyof typeof CONNECTORS

/** The settings of one system as they stand in `baton.yml`: its kind, and what that kind needs but for the name. */
export const systemSettings = z.discriminatedUnion('kind', [
  CONNECTORS.sandbox.config.omit({ name: true }).extend({ kind: z.literal('sandbox') }),
])

/** Makes the connector of each configured system. Throws UserError naming the system, the setting and the fix. */
export const connectAll = (systems: readonly SystemSettings[], deps: ConnectorDeps): Connector[] =>
  byStore(
    systems.map(({ name, kind, settings, keys }) => {
      const connector = CONNECTORS[kind].create(name, settings, deps)
      return keys ? { ...connector, keys } : connector
    }),
  )
