import { CloudAdapter, ConfigurationBotFrameworkAuthentication } from 'botbuilder'
import type { TeamsConfig } from './config.ts'
import { connectorHttp } from './http.ts'

type Credentials = NonNullable<ConstructorParameters<typeof ConfigurationBotFrameworkAuthentication>[1]>

/** Who gives out tokens and keys; tests put a double in Microsoft's place. */
export type Cloud = { openIdMetadataUrl: string; credentials: Credentials }

type Authentication = CloudAdapter['botFrameworkAuthentication']
type Incoming = Parameters<Authentication['authenticateRequest']>[0]
export type Conversations = Awaited<
  ReturnType<ReturnType<Authentication['createConnectorFactory']>['create']>
>['conversations']

/** Who gives out the tokens that come with what Teams sends; and what Baton's own tokens are for. */
const TEAMS = 'https://api.botframework.com'

/** A call that had its token, and went no further. */
class HasToken extends Error {}

const onlyToken: ReturnType<typeof connectorHttp> = {
  sendRequest: () => Promise.reject(new HasToken('a token was given')),
}

const authenticationOf = (
  { app, tenantId }: TeamsConfig,
  httpClient: ReturnType<typeof connectorHttp>,
  cloud?: Cloud,
): ConfigurationBotFrameworkAuthentication => {
  const who = app
    ? {
        MicrosoftAppId: app.id,
        MicrosoftAppPassword: app.password,
        MicrosoftAppTenantId: tenantId,
        MicrosoftAppType: app.type,
      }
    : {}
  const keys = cloud
    ? {
        ToBotFromChannelOpenIdMetadataUrl: cloud.openIdMetadataUrl,
        ToBotFromEmulatorOpenIdMetadataUrl: cloud.openIdMetadataUrl,
        ToBotFromChannelTokenIssuer: TEAMS,
        ToChannelFromBotOAuthScope: TEAMS,
        ToChannelFromBotLoginUrl: 'https://login.microsoftonline.com/botframework.com',
        OAuthUrl: 'https://api.botframework.com',
        CallerId: 'urn:botframework:azure',
      }
    : {}
  return new ConfigurationBotFrameworkAuthentication(
    { ...who, ...keys },
    cloud?.credentials,
    undefined,
    undefined,
    { httpClient },
  )
}

/**
 * The SDK as far as Baton needs it: who is calling, and a client for calling back. What an activity means, and how it
 * is answered, is this folder's own.
 */
export class TeamsAdapter extends CloudAdapter {
  readonly #appId: string
  readonly #asking: ConfigurationBotFrameworkAuthentication

  constructor(config: TeamsConfig, timeoutMs: number, cloud?: Cloud) {
    super(authenticationOf(config, connectorHttp(timeoutMs), cloud))
    this.#asking = authenticationOf(config, onlyToken, cloud)
    this.#appId = config.app?.id ?? ''
  }

  /** Rejects unless Teams itself signed the request for this app and for the service it claims to come from. */
  async authenticate(
    claimed: Pick<Incoming, 'type' | 'channelId' | 'serviceUrl'>,
    authorization: string,
  ): Promise<void> {
    // Nothing else of an activity is looked at to tell who is calling.
    const { claimsIdentity } = await this.botFrameworkAuthentication.authenticateRequest(
      claimed as Incoming,
      authorization,
    )
    // The SDK takes tokens of its Emulator too, and so the very tokens that Baton sends with its calls, for any service.
    if (claimsIdentity.getClaimValue('iss') !== TEAMS)
      throw new Error('Teams itself did not give out this token')
  }

  /** The calls that a service of Teams takes. */
  async conversationsAt(serviceUrl: string): Promise<Conversations> {
    return this.#callsOf(this.botFrameworkAuthentication, serviceUrl)
  }

  /** Gets a token as every call does, and calls nobody; rejects with what Microsoft says. */
  async token(): Promise<void> {
    const conversations = await this.#callsOf(this.#asking, 'https://smba.trafficmanager.net/teams/')
    try {
      await conversations.getConversations()
    } catch (error) {
      if (!(error instanceof HasToken)) throw error
    }
  }

  async #callsOf(authentication: Authentication, serviceUrl: string): Promise<Conversations> {
    const identity = this.createClaimsIdentity(this.#appId)
    const client = await authentication.createConnectorFactory(identity).create(serviceUrl)
    return client.conversations
  }
}
