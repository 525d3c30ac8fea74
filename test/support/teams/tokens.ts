import { randomBytes } from 'node:crypto'
import { ConfigurationServiceClientCredentialFactory } from 'botbuilder'
import type { Clock } from '../clock.ts'
import { isObject, textOf } from './json.ts'

/** What the bot asks for: the one scope that Teams' connector takes. */
const SCOPE = 'https://api.botframework.com/.default'
const LIFE_SECONDS = 3_600

/** The token endpoint: gives the bot its bearers against id and secret, and knows which ones are good. */
export class Tokens {
  /** The secret was replaced, or the app removed: no token is given, and none given so far is good any more. */
  revoked = false
  readonly #clock: Clock
  readonly #issued = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Answers a client credentials request, in the words of the directory. */
  grant(form: URLSearchParams, appId: string, password: string): { status: number; body: object } {
    const refuse = (status: number, error: string): { status: number; body: object } => ({
      status,
      body: { error, error_description: `the double refuses: ${error}` },
    })
    if (form.get('grant_type') !== 'client_credentials') return refuse(400, 'unsupported_grant_type')
    if (form.get('client_id') !== appId) return refuse(400, 'unauthorized_client')
    if (form.get('client_secret') !== password || this.revoked) return refuse(401, 'invalid_client')
    if (form.get('scope') !== SCOPE) return refuse(400, 'invalid_scope')
    const token = `bot.${randomBytes(24).toString('base64url')}`
    this.#issued.set(token, this.#clock.now() + LIFE_SECONDS * 1000)
    const body = { token_type: 'Bearer', access_token: token, expires_in: LIFE_SECONDS }
    return { status: 200, body }
  }

  accepts(header: string | undefined): boolean {
    const token = /^Bearer (.+)$/.exec(header ?? '')?.[1] ?? ''
    return !this.revoked && (this.#issued.get(token) ?? 0) > this.#clock.now()
  }

  /** Every token given so far is worth nothing from now on. */
  expire(): void {
    this.#issued.clear()
  }
}

type Credentials = Awaited<ReturnType<ConfigurationServiceClientCredentialFactory['createCredentials']>>

/**
 * The bot's own credentials, with the double in the directory's place: the real ones only speak HTTPS to the real
 * directory. A token is fetched for each client that the SDK makes.
 */
export class DoubleCredentials extends ConfigurationServiceClientCredentialFactory {
  readonly #bot: { appId: string; password: string; tokenUrl: string }

  constructor(bot: { appId: string; password: string; tenantId: string; tokenUrl: string }) {
    super({
      MicrosoftAppId: bot.appId,
      MicrosoftAppPassword: bot.password,
      MicrosoftAppTenantId: bot.tenantId,
      MicrosoftAppType: 'SingleTenant',
    })
    this.#bot = bot
  }

  override async createCredentials(
    appId: string,
    audience: string | undefined,
    _loginEndpoint: string,
    _validateAuthority: boolean,
  ): Promise<Credentials> {
    const { password, tokenUrl } = this.#bot
    return {
      signRequest: async (resource) => {
        const form = new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: appId,
          client_secret: password,
          scope: `${audience ?? 'https://api.botframework.com'}/.default`,
        })
        const answer = await fetch(tokenUrl, { method: 'POST', body: form })
        const body: unknown = await answer.json()
        if (!answer.ok || !isObject(body))
          throw new Error(`no token: ${isObject(body) ? textOf(body.error) : answer.status}`)
        resource.headers.set('authorization', `Bearer ${textOf(body.access_token)}`)
        return resource
      },
    }
  }
}
