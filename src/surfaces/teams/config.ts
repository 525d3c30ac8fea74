import { z } from 'zod'
import { UserError } from '../../app/errors.ts'

/** Where Teams delivers. */
export const MESSAGES_PATH = '/api/messages'

export type TeamsConfig = {
  /** Who Baton is to Teams; null: local development, where nobody has to prove who they are. */
  app: { id: string; password: string; type: 'SingleTenant' | 'MultiTenant' } | null
  /** The one tenant that Baton listens to. */
  tenantId: string
}

/** What people are called in local development, where no tenant is named. */
const LOCAL_TENANT = 'local'
const LOOPBACK = ['127.0.0.1', '::1', 'localhost']

const set = z.string().trim().min(1)
const guid = set.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, {
  error: 'is not an id of the form 00000000-0000-0000-0000-000000000000',
})
const settings = z.object({
  MICROSOFT_APP_ID: guid,
  MICROSOFT_APP_PASSWORD: set,
  // People are known by it: in small letters, as in baton.yml.
  MICROSOFT_APP_TENANT_ID: guid.toLowerCase(),
  MICROSOFT_APP_TYPE: z
    .enum(['SingleTenant', 'MultiTenant'], {
      error: 'must be SingleTenant (or MultiTenant, for an older bot)',
    })
    .default('SingleTenant'),
})

/**
 * Reads the settings of Teams from the environment; null when Teams is not set up. Throws UserError naming the
 * setting and the fix. An empty setting counts as absent.
 */
export function readTeamsConfig(env: Record<string, string | undefined>): TeamsConfig | null {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()))
  const named = Object.keys(settings.shape).filter((name) => given[name] !== undefined)
  const isLocal = given.TEAMS_LOCAL === '1'
  if (!isLocal && given.TEAMS_LOCAL !== undefined && given.TEAMS_LOCAL !== '0') {
    throw new UserError('TEAMS_LOCAL must be 1 (no sign-in, this machine only) or absent', 2)
  }
  if (isLocal && given.MICROSOFT_APP_ID === undefined) {
    return { app: null, tenantId: localTenant(given) }
  }
  if (named.length === 0) return null
  const parsed = settings.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const name = String(issue?.path[0])
    const wrong =
      given[name] === undefined
        ? `is missing: Teams needs it beside ${named.join(', ')}; without it anybody could claim to be Teams`
        : issue?.message
    throw new UserError(`${name} ${wrong}`, 2)
  }
  const { MICROSOFT_APP_ID, MICROSOFT_APP_PASSWORD, MICROSOFT_APP_TENANT_ID, MICROSOFT_APP_TYPE } =
    parsed.data
  return {
    app: { id: MICROSOFT_APP_ID, password: MICROSOFT_APP_PASSWORD, type: MICROSOFT_APP_TYPE },
    tenantId: MICROSOFT_APP_TENANT_ID,
  }
}

/** Without an app id anybody could be anybody: only for this machine, and for nothing that reaches it from outside. */
function localTenant({
  HOST,
  PUBLIC_PORT,
  MICROSOFT_APP_TENANT_ID,
}: Record<string, string | undefined>): string {
  if (!LOOPBACK.includes(HOST ?? '127.0.0.1')) {
    throw new UserError(
      `TEAMS_LOCAL=1 takes messages from anybody: it works on 127.0.0.1 only, not on HOST=${HOST}. Set MICROSOFT_APP_ID, MICROSOFT_APP_PASSWORD and MICROSOFT_APP_TENANT_ID instead.`,
      2,
    )
  }
  if (PUBLIC_PORT !== undefined) {
    throw new UserError(
      'TEAMS_LOCAL=1 takes messages from anybody: unset PUBLIC_PORT, which is for a tunnel or a proxy.',
      2,
    )
  }
  return MICROSOFT_APP_TENANT_ID?.trim().toLowerCase() ?? LOCAL_TENANT
}
