import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Json } from './blocks.ts'
import { BOT, TEAM, type World } from './world.ts'

/** What a bot token belongs to. */
export type Grant = {
  token: string
  team: string
  refresh: string | null
  expiresAt: number | null
  revoked: boolean
}

export const CLIENT = { id: '1111.2222', secret: 'double-client-secret' }

const CODE_MS = 10 * 60_000
const TOKEN_SECONDS = 43_200

/** Installations as Slack's side of OAuth keeps them: codes work once, a refresh token dies when it is used. */
export class Grants {
  readonly all: Grant[] = []
  /** Switched on in the app's settings: new tokens end after twelve hours. */
  rotation = false
  /** How many tokens were renewed. */
  renewals = 0
  readonly #codes = new Map<string, { team: string; expiresAt: number }>()
  readonly #clock: Clock
  readonly #world: World

  constructor(clock: Clock, world: World) {
    this.#clock = clock
    this.#world = world
  }

  /** A person admits the app to a workspace: the code that Slack sends back with them. */
  code(team: string): string {
    const code = randomBytes(8).toString('hex')
    this.#codes.set(code, { team, expiresAt: this.#clock.now() + CODE_MS })
    return code
  }

  grant(team: string, token = `xoxb-${randomBytes(6).toString('hex')}`): Grant {
    const ends = this.rotation
    const grant = {
      token,
      team,
      refresh: ends ? `xoxe-1-${randomBytes(6).toString('hex')}` : null,
      expiresAt: ends ? this.#clock.now() + TOKEN_SECONDS * 1000 : null,
      revoked: false,
    }
    this.all.push(grant)
    return grant
  }

  /** What a token is good for now, or Slack's error. */
  of(token: unknown): Grant | string {
    const grant = this.all.find((each) => each.token === token)
    if (!grant) return 'invalid_auth'
    if (grant.revoked) return 'token_revoked'
    if (grant.expiresAt !== null && grant.expiresAt <= this.#clock.now()) return 'token_expired'
    return grant
  }

  /** `oauth.v2.access`: an authorization code, or a refresh token, for a new token. */
  access(args: Json, scopes: string[]): Json & { ok: boolean } {
    if (args.client_id !== CLIENT.id) return { ok: false, error: 'invalid_client_id' }
    if (args.client_secret !== CLIENT.secret) return { ok: false, error: 'bad_client_secret' }
    if (args.grant_type === 'refresh_token') return this.#renew(args.refresh_token, scopes)
    const code = this.#codes.get(String(args.code))
    this.#codes.delete(String(args.code))
    if (!code) return { ok: false, error: 'invalid_code' }
    if (code.expiresAt < this.#clock.now()) return { ok: false, error: 'code_expired' }
    return this.#answer(this.grant(code.team), scopes)
  }

  #renew(token: unknown, scopes: string[]): Json & { ok: boolean } {
    const old = this.all.find((each) => each.refresh !== null && each.refresh === token)
    if (!old || old.revoked) return { ok: false, error: 'invalid_refresh_token' }
    old.refresh = null
    this.renewals += 1
    return this.#answer(this.grant(old.team), scopes)
  }

  #answer({ token, team, refresh }: Grant, scopes: string[]): Json & { ok: boolean } {
    const { id, name } = this.#world.teams.find((each) => each.id === team) ?? TEAM
    return {
      ok: true,
      access_token: token,
      token_type: 'bot',
      scope: scopes.join(','),
      bot_user_id: BOT.user,
      app_id: 'A0BATON',
      team: { id, name },
      enterprise: null,
      is_enterprise_install: false,
      authed_user: { id: 'U0INSTALLER' },
      ...(refresh === null ? {} : { refresh_token: refresh, expires_in: TOKEN_SECONDS }),
    }
  }
}
