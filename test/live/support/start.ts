import postgres from 'postgres'
import type { Log } from '../../../src/app/log.ts'
import { batonYml } from '../../../src/config/baton-yml.ts'
import { configFrom } from '../../../src/config/config.ts'
import { readEnv } from '../../../src/config/env.ts'
import { parseYaml } from '../../../src/config/yaml-file.ts'
import { connect } from '../../../src/db/connect.ts'
import { startBaton } from '../../../src/main.ts'
import type { Rig } from './rig.ts'

export type Settings = {
  /** `baton.yml`'s `contracts: tune:`, as JSON. */
  tune: Record<string, object>
  poll?: string
  /** Baton listens where the shop sends its notifications. */
  notified?: boolean
  /** Where Baton finds a system, if not where the rig says. */
  urls?: { erp?: () => string }
}

const PEOPLE = [
  { id: 'olga', name: 'Olga Operator', role: 'operator' },
  { id: 'lea', name: 'Lea Lead', role: 'lead' },
] as const

/** `baton.yml` as an admin would write it for the rig. */
const ymlFor = ({ erpUrl, wmsUrl, shopUrl }: Rig, { tune, poll = '1s', urls }: Settings): string => `
poll: ${poll}
systems:
  erp:
    kind: tryton
    role: erp
    url: ${urls?.erp?.() ?? erpUrl}
    user: bot
    password: "\${TRYTON_PASSWORD}"
    customer: Web Customer
  wms:
    kind: tryton
    role: wms
    url: ${wmsUrl}
    user: bot
    password: "\${TRYTON_PASSWORD}"
    customer: Web Customer
    tracking: "TRK-{number}"
  shop:
    kind: medusa
    url: ${shopUrl}
    secretKey: "\${SHOP_KEY}"
    webhook: { header: x-rig-signature, secrets: ["\${SHOP_HOOK_SECRET}"] }
maps:
  locations:
    MAIN: { shop: [Main], erp: [WH], wms: [WH] }
people:
${PEOPLE.map(({ id, name, role }) => `  - { name: ${name}, role: ${role}, console: ${id} }`).join('\n')}
contracts:
  tune:
${Object.entries(tune)
  .map(([contract, tuning]) => `    ${contract}: ${JSON.stringify(tuning)}`)
  .join('\n')}
`

/** A whole Baton in this process, connected to the rig's systems. */
export const startOnRig = async (rig: Rig, settings: Settings, databaseUrl: string, log: Log) => {
  const environment = {
    TRYTON_PASSWORD: rig.trytonPassword,
    SHOP_KEY: rig.shopKeys.secret,
    SHOP_HOOK_SECRET: rig.shopHook.secret,
  }
  const port = settings.notified === true ? rig.shopHook.port : 0
  const yml = parseYaml(ymlFor(rig, settings), 'baton.yml', batonYml(environment))
  const connection = connect(databaseUrl)
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} })
  const close = async (): Promise<void> => {
    await connection.close()
    await sql.end()
  }
  try {
    const baton = await startBaton({
      config: configFrom(yml, readEnv({ PORT: String(port) }), null),
      environment,
      connection,
      systems: yml.systems,
      log,
      players: PEOPLE.map(({ id, name }) => ({ externalId: id, displayName: name })),
    })
    const stop = async (): Promise<void> => {
      await baton.stop()
      await close()
    }
    return { url: `http://127.0.0.1:${baton.port}`, sql, stop }
  } catch (error) {
    await close()
    throw error
  }
}
