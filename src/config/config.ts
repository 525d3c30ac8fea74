import { existsSync } from 'node:fs'
import type { ConfiguredChannel } from '../app/ask.ts'
import type { ConfiguredPerson, People } from '../app/same-person.ts'
import type { Grouping } from '../domain/group.ts'
import type { ChannelRule } from '../domain/route.ts'
import type { TrustPolicy } from '../domain/trust.ts'
import { type BatonYml, batonYml } from './baton-yml.ts'
import { type Env, readEnv } from './env.ts'
import { GROUPING, groupingOf } from './group.ts'
import { tellingOf } from './rules.ts'
import { parseYaml, readYamlFile } from './yaml-file.ts'

/** Everything that is configured, except the secrets of chat platforms, which their surfaces read themselves. */
export type Config = {
  env: Env
  /** The file it came from; null where there is none and the defaults stand. */
  file: string | null
  yml: BatonYml
  channels: ConfiguredChannel[]
  routing: { rules: ChannelRule[]; defaultChannel: string; group: Grouping | null }
  people: People
  trust: Record<string, TrustPolicy>
}

const DEFAULT_FILE = 'baton.yml'

const definite = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

const trustOf = (yml: BatonYml): Record<string, TrustPolicy> =>
  Object.fromEntries(
    Object.entries(yml.trust).map(([action, { second_person: rule }]) => [
      action,
      { secondPerson: typeof rule === 'string' ? rule : { aboveUnits: rule.above_units } },
    ]),
  )

type Identity = ConfiguredPerson['identities'][number]

/** Whoever can reach the console sits at this machine or holds its token: to Baton that is one person, the admin. */
const LOCAL: Identity = { surface: 'console', externalId: 'local' }

const isSame = (a: Identity, b: Identity): boolean => a.surface === b.surface && a.externalId === b.externalId

/**
 * `BATON_ADMIN`: `slack:T1:U1`, `teams:<tenant>:<object id>` or `console:ola` names one identity, an address whoever a
 * platform vouches it for; a bare name is the console's own person.
 */
const adminOf = (text: string): ConfiguredPerson => {
  const [, surface, typed] = /^(slack|console|teams):(.+)$/.exec(text) ?? []
  if (surface && typed) {
    const externalId = surface === 'teams' ? typed.toLowerCase() : typed
    return { name: externalId, role: 'admin', identities: [{ surface, externalId }], place: 'BATON_ADMIN' }
  }
  return /^[^\s@]+@[^\s@]+$/.test(text)
    ? { name: text, role: 'admin', identities: [], email: text.toLowerCase(), place: 'BATON_ADMIN' }
    : { name: text, role: 'admin', identities: [LOCAL], place: 'machine' }
}

/** The first person who has an identity counts. `BATON_ADMIN` makes an admin of whom the file calls otherwise. */
const peopleOf = (yml: BatonYml, env: Env): People => {
  const listed = yml.people.map(
    ({ name, role, email, channels, slack, teams, console: consoleId }): ConfiguredPerson => {
      const identities = [
        ...(slack === undefined ? [] : [{ surface: 'slack', externalId: slack }]),
        ...(teams === undefined ? [] : [{ surface: 'teams', externalId: teams }]),
        ...(consoleId === undefined ? [] : [{ surface: 'console', externalId: consoleId }]),
      ]
      return { name, role, identities, ...definite({ email, channels }) }
    },
  )
  const local: ConfiguredPerson = { name: 'Console', role: 'admin', identities: [LOCAL], place: 'machine' }
  const admin = env.BATON_ADMIN === undefined ? undefined : adminOf(env.BATON_ADMIN)
  const isAdmin = ({ identities, email }: ConfiguredPerson): boolean =>
    (email !== undefined && email === admin?.email) ||
    identities.some((own) => admin?.identities.some((theirs) => isSame(own, theirs)))
  const configured = listed.map(
    (person): ConfiguredPerson => (isAdmin(person) ? { ...person, role: 'admin' } : person),
  )
  return {
    configured: [...configured, ...(admin ? [admin] : []), local],
    groups: yml.groups.map(({ on: surface, id, role }) => ({ surface, id, role })),
    defaultRole: yml.default_role === 'none' ? null : yml.default_role,
  }
}

/** Gives a parsed `baton.yml` its place beside the environment; the sandbox's own one comes the same way. */
export const configFrom = (yml: BatonYml, env: Env, file: string | null): Config => {
  const people = peopleOf(yml, env)
  const group = groupingOf(yml.group, GROUPING)
  const defaultChannel = yml.default_channel ?? yml.channels[0]?.id ?? 'exceptions'
  return {
    env,
    file,
    yml,
    channels: yml.channels.map(({ id, title, slack, teams }) => ({
      id,
      title,
      on: definite({ console: id, slack, teams }),
    })),
    routing: {
      rules: yml.rules.map(({ tell, escalate, group: own, ...rule }) => ({
        ...rule,
        if: definite(rule.if),
        ...(own === undefined ? {} : { group: groupingOf(own, group) }),
        ...tellingOf({ tell, escalate }, people.configured),
      })),
      defaultChannel,
      group,
    },
    people,
    trust: trustOf(yml),
  }
}

/**
 * Reads the environment and `baton.yml` (or what `BATON_CONFIG` names). Throws UserError naming file, line, key and
 * fix; a file that was asked for by name must exist, the default one need not.
 */
export const loadConfig = async (environment: Record<string, string | undefined>): Promise<Config> => {
  const env = readEnv(environment)
  const file = env.BATON_CONFIG ?? DEFAULT_FILE
  const schema = batonYml(environment)
  const present = env.BATON_CONFIG !== undefined || existsSync(file)
  const yml = present ? await readYamlFile(file, schema) : parseYaml('{}', DEFAULT_FILE, schema)
  return configFrom(yml, env, present ? file : null)
}
