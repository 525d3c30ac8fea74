import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CloudAdapter,
  ConfigurationBotFrameworkAuthentication,
  type ConversationParameters,
  type ConversationReference,
  type TurnContext,
} from 'botbuilder'
import express from 'express'
import type { TeamsDouble } from './double.ts'
import type { Json } from './json.ts'

/** The smallest bot of the raw SDK: what it hears is the test's business. */
export type TinyBot = {
  heard: TurnContext['activity'][]
  onActivity: (context: TurnContext) => Promise<unknown>
  /** Posts to a channel, and answers the new conversation's id. */
  post(channel: string, activity: Json): Promise<string>
  /** Does something in a conversation without having been asked. */
  inConversation(id: string, act: (context: TurnContext) => Promise<unknown>): Promise<void>
  stop(): Promise<void>
}

export async function startTinyBot(teams: TeamsDouble): Promise<TinyBot> {
  const adapter = new CloudAdapter(
    new ConfigurationBotFrameworkAuthentication(
      {
        MicrosoftAppId: teams.appId,
        MicrosoftAppPassword: teams.appPassword,
        MicrosoftAppTenantId: teams.tenantId,
        MicrosoftAppType: 'SingleTenant',
        ToBotFromChannelOpenIdMetadataUrl: teams.openIdMetadataUrl,
        ToBotFromEmulatorOpenIdMetadataUrl: teams.openIdMetadataUrl,
        ToBotFromChannelTokenIssuer: 'https://api.botframework.com',
        ToChannelFromBotOAuthScope: 'https://api.botframework.com',
        ToChannelFromBotLoginUrl: 'https://login.microsoftonline.com/botframework.com',
        OAuthUrl: 'https://api.botframework.com',
        CallerId: 'urn:botframework:azure',
      },
      teams.credentials,
    ),
  )
  const app = express()
  app.use(express.json())
  app.post('/api/messages', (request, response) => {
    void adapter.process(request, response, async (context) => {
      bot.heard.push(context.activity)
      await bot.onActivity(context)
    })
  })
  const server = createServer(app)
  const bot: TinyBot = {
    heard: [],
    onActivity: async () => {},
    post: async (channel, activity) => {
      let id = ''
      const first = { type: 'message', ...activity }
      // The SDK's type wants everything that a received activity has; Teams wants this much.
      const parameters = { isGroup: true, channelData: { channel: { id: channel } }, activity: first }
      await adapter.createConversationAsync(
        teams.appId,
        'msteams',
        teams.serviceUrl,
        'https://api.botframework.com',
        parameters as unknown as ConversationParameters,
        async (context) => {
          id = context.activity.conversation.id
        },
      )
      return id
    },
    inConversation: async (id, act) => {
      const reference: Partial<ConversationReference> = {
        serviceUrl: teams.serviceUrl,
        channelId: 'msteams',
        conversation: { id, isGroup: true, conversationType: '', name: '' },
      }
      await adapter.continueConversationAsync(teams.appId, reference, async (context) => {
        await act(context)
      })
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  teams.deliverTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/messages`)
  return bot
}
