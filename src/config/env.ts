import { z } from 'zod'
import { UserError } from '../app/errors.ts'

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const wholePort = 'must be a port: a whole number from 0 (any free one) to 65535'
const port = z.coerce.number(wholePort).int(wholePort).min(0, wholePort).max(65_535, wholePort)
const text = z.string().min(1)

const settings = z.object({
  PORT: port.default(3000),
  HOST: text.default('127.0.0.1'),
  PUBLIC_PORT: port.optional(),
  DATABASE_URL: text.optional(),
  DATABASE_DIRECT_URL: text.optional(),
  BATON_DATA_DIR: text.default('.baton'),
  BATON_CONFIG: text.optional(),
  BATON_ADMIN: text.optional(),
  BATON_ENCRYPTION_KEY: text.optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
})

export type Env = z.output<typeof settings>

/** Baton's settings from the environment; an empty one counts as absent. Throws UserError naming the setting. */
export const readEnv = (env: Record<string, string | undefined>): Env => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()))
  const parsed = settings.safeParse(given)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`)
  throw new UserError(lines.join('\n'), 2)
}
