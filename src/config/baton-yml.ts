import { z } from 'zod'
import { calendarConfig, landsConfig, zone } from '../app/calendar-config.ts'
import { contractConfig, duration, graceConfig } from '../app/contract-config.ts'
import { WAIT_MS } from '../app/wait.ts'
import { type ConfiguredSystem, systemSettings } from '../connectors/index.ts'
import type { FeedLimits } from '../domain/feed.ts'
import { PERSON_ROLES, ROLES, SEVERITIES, SUBJECT_KINDS } from '../domain/model.ts'
import { groupConfig } from './group.ts'
import { keysConfig, mapsAsCompared, mapsConfig, NO_MAPS } from './names.ts'
import { escalate, told } from './rules.ts'
import { strayNames } from './stray-names.ts'

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'use lower-case letters, digits and hyphens, at most 40, like shop-eu')

type Environment = Record<string, string | undefined>
type Path = (string | number)[]

/**
 * `${NAME}` anywhere in a text is taken from the environment: secrets never stand in the file itself. `missing` is
 * told of each name that the environment does not set, and where it stands.
 */
const expanded = (
  value: unknown,
  env: Environment,
  missing: (name: string, path: Path) => void,
  path: Path = [],
): unknown => {
  if (typeof value === 'string') {
    return value.replace(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_whole, name: string) => {
      const found = env[name] ?? ''
      if (found === '') missing(name, path)
      return found
    })
  }
  if (Array.isArray(value)) return value.map((each, index) => expanded(each, env, missing, [...path, index]))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, expanded(each, env, missing, [...path, key])]),
  )
}

/** The systems by name; the kind of each decides what else it needs. */
const systems = (env: Environment) =>
  z
    .preprocess(
      (value, context) =>
        expanded(value, env, (variable, path) =>
          context.addIssue({
            code: 'custom',
            path,
            message: `the environment does not set ${variable}; set it, or write the name of a variable that is set`,
          }),
        ),
      z.record(name, systemSettings),
    )
    .transform((byName) =>
      Object.entries(byName).map(([system, settings]): ConfiguredSystem => ({ name: system, ...settings })),
    )

const condition = z.strictObject({
  contract: z.array(z.string()).optional(),
  from: z.array(z.enum(ROLES)).optional(),
  to: z.array(z.enum(ROLES)).optional(),
  severity: z.array(z.enum(SEVERITIES)).optional(),
  subject: z.array(z.enum(SUBJECT_KINDS)).optional(),
  system: z.array(z.string()).optional(),
  valueAtLeastMinor: z.number().optional(),
})

const tuning = z.strictObject({
  grace: graceConfig.optional(),
  severity: z.enum(SEVERITIES).optional(),
  tolerance: z.number().nonnegative().optional(),
  off: z.boolean().optional(),
})

/** A read is cheap, and a system that is read less than hourly is not watched. */
const pollEvery = duration.refine(
  (ms) => ms >= 1_000 && ms <= 3_600_000,
  'read each system at least hourly, and at most each second: 1s to 1h',
)

/** Everything is read anew: not so often that the systems feel it, and often enough that nothing is lost for long. */
const reconcileEvery = duration.refine(
  (ms) => ms >= 60_000 && ms <= 86_400_000,
  'compare everything at least daily, and at most each minute: 1m to 24h',
)

/** What was pressed while a system is away: longer than a restart takes, and no longer than somebody counts on it. */
const waitForSystem = duration.refine(
  (ms) => ms >= 60_000 && ms <= 86_400_000,
  'let what was pressed wait for a system that is away for 1m to 24h',
)

const share = z.number().refine((n) => n > 0 && n < 1, 'write a share between 0 and 1, like 0.25')

/** Where the alarms about a system's feed begin. */
const feedLimits = z
  .strictObject({
    silent_after: duration
      .refine((ms) => ms >= 10_000 && ms <= 86_400_000, 'write 10s to 24h')
      .default(600_000),
    too_few: share.default(0.25),
    too_many: z
      .number()
      .refine((n) => n > 1, 'write a number above 1, like 10')
      .default(10),
    unreadable: share.default(0.2),
  })
  .transform(
    ({ silent_after, too_few, too_many, unreadable }): FeedLimits => ({
      silentAfterMs: silent_after,
      tooFew: too_few,
      tooMany: too_many,
      unreadable,
    }),
  )

/** As Teams names a channel; its link has it with `%3A` and `%40`. */
const teamsChannel = z
  .string()
  .regex(
    /^19:[^\s;|]+@thread\.(tacv2|skype|v2)$/,
    'write the id of the channel, like 19:0123abcd@thread.tacv2; its link has it, with %3A for ":" and %40 for "@"',
  )

const teamsPerson = z
  .string()
  .regex(
    /^[^\s:]+:[^\s:]+$/,
    'write the tenant and the Entra object id of the person, like <tenant id>:<object id>',
  )
  // Microsoft writes ids in either way; Baton knows people by small letters.
  .toLowerCase()

const person = z.strictObject({
  name: z.string().min(1),
  role: z.enum(PERSON_ROLES),
  slack: z.string().optional(),
  teams: teamsPerson.optional(),
  console: z.string().optional(),
  /** Whoever Slack or Teams vouches this address for. */
  email: z.email('write an address, like ola@example.com').toLowerCase().optional(),
  /** What their home shows; every channel where it is left out. */
  channels: z.array(name).min(1, 'write at least one channel, or leave it out for all').optional(),
})

/** A group of a platform gives its members a role. */
const roleGroup = z.strictObject({
  on: z.enum(['slack', 'teams']),
  id: z.string().min(1),
  role: z.enum(PERSON_ROLES),
})

const secondPerson = z.union([z.enum(['always', 'never']), z.strictObject({ above_units: z.number() })])

/** `baton.yml`. `${NAME}` in a system's settings comes from the environment. */
export const batonYml = (env: Environment) =>
  z
    .strictObject({
      zone: zone.default('UTC'),
      poll: pollEvery.default(15_000),
      reconcile: reconcileEvery.default(3_600_000),
      wait_for_system: waitForSystem.default(WAIT_MS),
      feeds: feedLimits.default({ silentAfterMs: 600_000, tooFew: 0.25, tooMany: 10, unreadable: 0.2 }),
      systems: systems(env).default([]),
      channels: z
        .array(
          z.strictObject({
            id: name,
            title: z.string().min(1),
            shifts: name.optional(),
            slack: z.string().optional(),
            teams: teamsChannel.optional(),
          }),
        )
        .min(1)
        .default([{ id: 'exceptions', title: 'Exceptions' }]),
      default_channel: name.optional(),
      shifts: name.optional(),
      rules: z
        .array(
          z.strictObject({
            name: z.string(),
            if: condition.default({}),
            channel: name,
            tell: z.array(told).optional(),
            escalate: escalate.optional(),
            group: groupConfig.optional(),
          }),
        )
        .default([]),
      group: groupConfig.optional(),
      people: z.array(person).default([]),
      groups: z.array(roleGroup).default([]),
      default_role: z.enum([...PERSON_ROLES, 'none']).default('operator'),
      calendars: z.record(name, calendarConfig).default({}),
      batches: z.record(name, landsConfig).default({}),
      contracts: z
        .strictObject({
          tune: z.record(z.string(), tuning).default({}),
          add: z.array(contractConfig).default([]),
        })
        .default({ tune: {}, add: [] }),
      keys: keysConfig.default({}),
      maps: mapsConfig.default(NO_MAPS),
      trust: z.record(z.string(), z.strictObject({ second_person: secondPerson })).default({}),
    })
    // Only once every part is sound by itself.
    .transform((yml, context) => {
      for (const { path, words } of strayNames(yml)) {
        context.addIssue({ code: 'custom', path, message: words })
      }
      const systems = yml.systems.map((system) => {
        const keys = yml.keys[system.name]
        return keys ? { ...system, keys } : system
      })
      return { ...yml, systems, maps: mapsAsCompared(yml.maps, yml.keys) }
    })

export type BatonYml = z.output<ReturnType<typeof batonYml>>
