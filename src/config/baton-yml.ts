import { z } from 'zod'
import { contractConfig, duration } from '../app/contract-config.ts'
import { type SystemSettings, systemSettings } from '../connectors/index.ts'
import { PERSON_ROLES, ROLES, SEVERITIES, SUBJECT_KINDS } from '../domain/model.ts'
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
      Object.entries(byName).map(
        ([system, { kind, ...settings }]): SystemSettings => ({ name: system, kind, settings }),
      ),
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
  grace: duration.optional(),
  severity: z.enum(SEVERITIES).optional(),
  tolerance: z.number().nonnegative().optional(),
  off: z.boolean().optional(),
})

const zone = z.string().refine(
  (text) => {
    try {
      return Boolean(new Intl.DateTimeFormat('en', { timeZone: text }))
    } catch {
      return false
    }
  },
  { error: 'is no time zone; write one like Europe/Berlin' },
)

/** A read is cheap, and a system that is read less than hourly is not watched. */
const pollEvery = duration.refine(
  (ms) => ms >= 1_000 && ms <= 3_600_000,
  'read each system at least hourly, and at most each second: 1s to 1h',
)

const person = z.strictObject({
  name: z.string().min(1),
  role: z.enum(PERSON_ROLES),
  slack: z.string().optional(),
  console: z.string().optional(),
})

const secondPerson = z.union([z.enum(['always', 'never']), z.strictObject({ above_units: z.number() })])

/** `baton.yml`. `${NAME}` in a system's settings comes from the environment. */
export const batonYml = (env: Environment) =>
  z
    .strictObject({
      zone: zone.default('UTC'),
      poll: pollEvery.default(15_000),
      systems: systems(env).default([]),
      channels: z
        .array(z.strictObject({ id: name, title: z.string().min(1), slack: z.string().optional() }))
        .min(1)
        .default([{ id: 'exceptions', title: 'Exceptions' }]),
      default_channel: name.optional(),
      rules: z
        .array(z.strictObject({ name: z.string(), if: condition.default({}), channel: name }))
        .default([]),
      people: z.array(person).default([]),
      default_role: z.enum([...PERSON_ROLES, 'none']).default('operator'),
      contracts: z
        .strictObject({
          tune: z.record(z.string(), tuning).default({}),
          add: z.array(contractConfig).default([]),
        })
        .default({ tune: {}, add: [] }),
      trust: z.record(z.string(), z.strictObject({ second_person: secondPerson })).default({}),
    })
    // Only once every part is sound by itself.
    .transform((yml, context) => {
      for (const { path, words } of strayNames(yml)) {
        context.addIssue({ code: 'custom', path, message: words })
      }
      return yml
    })

export type BatonYml = z.output<ReturnType<typeof batonYml>>
