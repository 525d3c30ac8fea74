import type { webApi } from '@slack/bolt'
import type { Installation, InstallationStore } from '@slack/oauth'
import { z } from 'zod'
import { wordsOf } from '../../app/errors.ts'
import type { Keep } from '../../app/keep.ts'
import type { Log } from '../../app/log.ts'
import { outcomeOf } from '../kit/outcome.ts'
import type { InstallConfig } from './config.ts'
import { refusalOf } from './errors.ts'
import { type Bot, NotInstalled, type Tokens, type Where } from './tokens.ts'

/** In Keep.secret: by the id of the workspace, or of the organisation that installed Baton as a whole. */
const INSTALLATION = 'installation'
/** In Keep.plain: the organisation whose installation serves a workspace, by the workspace's id. */
const WORKSPACE = 'workspace'
/** Every delivery asks for a token, and another replica may have renewed or removed it. */
const CACHED_MS = 60_000
/** A token is renewed so long before its end: longer than any replica remembers it. */
const RENEW_MS = 600_000

const kept = z.object({
  name: z.string().nullable(),
  team: z.string().nullable(),
  enterprise: z.string().nullable(),
  token: z.string(),
  botId: z.string().nullable(),
  botUserId: z.string().nullable(),
  refreshToken: z.string().nullable(),
  /** Ms since the epoch; null for a token that does not end. */
  expiresAt: z.number().nullable(),
})
type Kept = z.infer<typeof kept>

const workspace = z.object({ enterprise: z.string() })

export type Installations = Tokens & {
  store: InstallationStore
  /** Removes what is left of an installation that ended. */
  forget(where: Where): Promise<void>
  /** The workspace is served by the installation of its organisation. */
  serves(enterprise: string, team: string): Promise<void>
  /** What each installation is called, by its id. */
  names(): Promise<{ id: string; name: string }[]>
}

export type InstallationDeps = {
  config: InstallConfig
  keep: Keep
  /** Without a token: renewing needs none. */
  web: webApi.WebClient
  log: Log
  now: () => number
}

/** The workspaces in which Baton is installed, with their tokens: encrypted at rest, shared by all replicas. */
export function createInstallations({ config, keep, web, log, now }: InstallationDeps): Installations {
  const cache = new Map<string, { found: Kept | null; readAt: number }>()
  const remember = (key: string, found: Kept | null): Kept | null => {
    cache.set(key, { found, readAt: now() })
    return found
  }

  const read = async (key: string): Promise<Kept | null> => {
    const known = cache.get(key)
    if (known && now() - known.readAt < CACHED_MS) return known.found
    return remember(key, parse(await keep.secret.get(INSTALLATION, key)))
  }

  /** Under a lock that all replicas share: a refresh token dies when it is used, and is used once. */
  const renewed = (key: string): Promise<Kept | null> =>
    keep.secret.locked(INSTALLATION, key, async (current, put) => {
      const found = parse(current)
      if (!found || !isEnding(found, now())) return remember(key, found)
      const next = await renew(found)
      await put(next)
      return remember(key, next)
    })

  const renew = async (old: Kept): Promise<Kept> => {
    const answer = await web.oauth.v2.access({
      client_id: config.clientId,
      client_secret: config.clientSecret,
      grant_type: 'refresh_token',
      refresh_token: old.refreshToken ?? '',
    })
    if (!answer.access_token || !answer.refresh_token) throw new Error('Slack renewed no token')
    const expiresAt = now() + (answer.expires_in ?? 0) * 1000
    return { ...old, token: answer.access_token, refreshToken: answer.refresh_token, expiresAt }
  }

  const current = async (key: string): Promise<Kept | null> => {
    const found = await read(key)
    if (!found || !isEnding(found, now())) return found
    const done = await outcomeOf(renewed(key))
    if (done.ok) return done.value
    if (refusalOf(done.error)?.error === 'invalid_refresh_token') {
      throw new NotInstalled(
        `Slack does not renew the token of ${key}: install Baton again, at /slack/install`,
      )
    }
    // It still works for a while; the next call tries again.
    log.warn({ surface: 'slack', problem: wordsOf(done.error) }, 'A token could not be renewed')
    if (found.expiresAt !== null && found.expiresAt > now()) return found
    throw done.error
  }

  /** Taken out of SLACK_WORKSPACES, an installation is kept and not used. */
  const isAdmitted = (key: string): boolean => config.workspaces.includes(key)
  const admitted = async () => (await keep.secret.list(INSTALLATION)).filter(({ key }) => isAdmitted(key))

  const keysOf = async ({ team, enterprise }: Where): Promise<string[]> => {
    if (team === null) {
      if (enterprise) return [enterprise]
      const all = await admitted()
      if (all.length > 1) {
        throw new NotInstalled(
          'Baton is installed in several workspaces: write the channel as T…/C… in baton.yml, the workspace before it',
        )
      }
      return all.map(({ key }) => key)
    }
    const served = workspace.safeParse(await keep.plain.get(WORKSPACE, team))
    const organisation = enterprise ?? (served.success ? served.data.enterprise : null)
    return organisation === null ? [team] : [team, organisation]
  }

  const installations: Installations = {
    async bot(where) {
      const keys = await keysOf(where)
      for (const key of keys.filter(isAdmitted)) {
        const found = await current(key)
        if (found) return asBot(found)
      }
      if (keys.length > 0 && !keys.some(isAdmitted)) {
        throw new NotInstalled(
          `SLACK_WORKSPACES does not name ${keys.join(' or ')}: add it and restart, or use another channel`,
        )
      }
      const place = where.team === null ? 'any workspace' : `the workspace ${where.team}`
      throw new NotInstalled(`Baton is not installed in ${place} (any more): install it at /slack/install`)
    },
    doubt({ team, enterprise }) {
      for (const key of [team, enterprise]) if (key) cache.delete(key)
      if (team === null && !enterprise) cache.clear()
    },
    async forget({ team, enterprise }) {
      // A workspace that leaves does not take its organisation's installation with it, nor the other way round.
      const own = team !== null && (await read(team)) ? team : enterprise
      if (!own) return
      await keep.secret.remove(INSTALLATION, own)
      cache.delete(own)
      log.warn({ surface: 'slack', workspace: own }, 'Baton was removed from a workspace')
    },
    async serves(enterprise, team) {
      if (cache.has(`${enterprise}/${team}`)) return
      await keep.plain.put(WORKSPACE, team, { enterprise })
      remember(`${enterprise}/${team}`, null)
    },
    async names() {
      const all = await admitted()
      return all.map(({ key, value }) => ({ id: key, name: parse(value)?.name ?? key }))
    },
    store: {
      async storeInstallation(installation) {
        const key = installedKey(installation)
        const value = fromInstallation(installation)
        await keep.secret.put(INSTALLATION, key, value)
        remember(key, value)
      },
      // Baton authorizes by `bot`: the SDK would renew tokens without a lock.
      fetchInstallation: async () => {
        throw new Error('Baton reads its installations itself')
      },
    },
  }
  return installations
}

const parse = (value: unknown): Kept | null => {
  const parsed = kept.safeParse(value)
  return parsed.success ? parsed.data : null
}

const isEnding = ({ expiresAt }: Kept, now: number): boolean =>
  expiresAt !== null && expiresAt - now < RENEW_MS

const asBot = ({ token, team, enterprise, botId, botUserId }: Kept): Bot => ({
  token,
  team,
  enterprise,
  ...(botId === null ? {} : { botId }),
  ...(botUserId === null ? {} : { botUserId }),
})

/** The id under which an installation is kept: the organisation's where it is installed as a whole. */
export function installedKey({ team, enterprise, isEnterpriseInstall }: Installation): string {
  const key = isEnterpriseInstall ? enterprise?.id : team?.id
  if (key === undefined) throw new Error('Slack did not say where Baton was installed')
  return key
}

function fromInstallation(installation: Installation): Kept {
  const { team, enterprise, isEnterpriseInstall, bot } = installation
  if (!bot) throw new Error('Slack gave no bot token')
  return {
    name: (isEnterpriseInstall ? enterprise?.name : team?.name) ?? null,
    team: team?.id ?? null,
    enterprise: isEnterpriseInstall ? (enterprise?.id ?? null) : null,
    token: bot.token,
    botId: bot.id ?? null,
    botUserId: bot.userId ?? null,
    refreshToken: bot.refreshToken ?? null,
    expiresAt: bot.expiresAt === undefined ? null : bot.expiresAt * 1000,
  }
}
