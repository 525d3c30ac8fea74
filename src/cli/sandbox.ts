import { join } from 'node:path'
import { z } from 'zod'
import { wordsOf } from '../app/errors.ts'
import type { Log } from '../app/log.ts'
import { type BatonYml, batonYml } from '../config/baton-yml.ts'
import { type Config, configFrom } from '../config/config.ts'
import { readYamlFile } from '../config/yaml-file.ts'
import { type ConfiguredSystem, systemSettings } from '../connectors/index.ts'
import { announcedSystems, openSandboxDatabase, type SandboxDatabase } from '../db/sandbox-store.ts'
import type { Player } from '../main.ts'
import { projectRoot } from '../root.ts'
import { systemClock } from '../sandbox/clock.ts'
import { createSandbox, type Sandbox } from '../sandbox/sandbox.ts'

export type OpenSandbox = {
  config: Config
  systems: ConfiguredSystem[]
  players: Player[]
  controlUrl: string
  close(): Promise<void>
}

/**
 * The sandbox's own `baton.yml`, and over it what the user's file says of channels, rules, people and zone: whoever
 * has connected chat but no system yet sees the sandbox's exceptions in his own channels.
 */
const merged = ({ file, yml: own }: Config, sandbox: BatonYml): BatonYml =>
  file === null
    ? sandbox
    : {
        ...own,
        poll: sandbox.poll,
        reconcile: sandbox.reconcile,
        feeds: sandbox.feeds,
        people: [...own.people, ...sandbox.people],
        contracts: { tune: { ...sandbox.contracts.tune, ...own.contracts.tune }, add: own.contracts.add },
        trust: { ...sandbox.trust, ...own.trust },
      }

const sandboxYml = (): Promise<BatonYml> =>
  readYamlFile(join(projectRoot, 'src/config/sandbox.yml'), batonYml({}))

const announced = z.array(
  z.object({
    name: z.string(),
    role: z.string(),
    url: z.string(),
    token: z.string(),
    webhookSecret: z.string(),
  }),
)

const systemsOf = (systems: z.output<typeof announced>): ConfiguredSystem[] =>
  systems.map(({ name, role, url, token, webhookSecret }) => ({
    name,
    ...systemSettings.parse({ kind: 'sandbox', role, url, token, webhookSecrets: [webhookSecret] }),
  }))

/** The sandbox of a Baton that is running on this database, for another verb beside it; null where none is. */
export const joinSandbox = async (
  config: Config,
  databaseUrl: string,
): Promise<Pick<OpenSandbox, 'config' | 'systems'> | null> => {
  const found = announced.safeParse(await announcedSystems(databaseUrl))
  if (!found.success) return null
  const yml = merged(config, await sandboxYml())
  return { config: configFrom(yml, config.env, config.file), systems: systemsOf(found.data) }
}

/** Where no system is configured: four systems to watch, and people to play. */
export const openSandbox = async (
  config: Config,
  databaseUrl: string,
  batonUrl: () => string | null,
  log: Log,
): Promise<OpenSandbox> => {
  const yml = await sandboxYml()
  const database = await openSandboxDatabase(databaseUrl)
  const sandbox = await startSandbox(database, batonUrl, log).catch(async (error: unknown) => {
    await database.close()
    throw error
  })
  return {
    config: configFrom(merged(config, yml), config.env, config.file),
    systems: systemsOf(sandbox.systems),
    players: yml.people.flatMap(({ name, role, console: id }) =>
      id === undefined ? [] : [{ externalId: id, displayName: `${name} (${role})` }],
    ),
    controlUrl: sandbox.controlUrl,
    close: async () => {
      await sandbox.stop()
      await database.close()
    },
  }
}

const startSandbox = async (
  store: SandboxDatabase,
  batonUrl: () => string | null,
  log: Log,
): Promise<Sandbox> => {
  const sandbox = createSandbox({
    seed: 'baton',
    pace: 1,
    clock: systemClock,
    store,
    batonUrl,
    secret: await store.secret(),
    report: (error) => log.error({ error: wordsOf(error) }, 'The sandbox stumbled'),
  })
  await sandbox.start()
  await store.announce(sandbox.systems)
  return sandbox
}
