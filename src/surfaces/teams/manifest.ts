import type { CommandSummary } from '../../app/command.ts'

/** What the manifest of a Teams app may hold. Source: the schema of manifest v1.25. */
export const MANIFEST_LIMITS = {
  nameShort: 30,
  nameFull: 100,
  descriptionShort: 80,
  descriptionFull: 4_000,
  commands: 10,
  commandTitle: 32,
  commandDescription: 128,
} as const

const VERSION = '1.25'
const cut = (text: string, max: number): string => (text.length <= max ? text : `${text.slice(0, max - 1)}…`)

/**
 * The manifest of the Teams app: a bot for teams and personal chats, with the commands that people use most. It asks for
 * nothing else: no channel messages, no files.
 * @param appId the bot's Microsoft app id, which is the Teams app's id too
 * @param commands in the order of the registry; `home` and the first nine stand in Teams' menu, every one works
 */
export function teamsManifest(appId: string, version: string, commands: readonly CommandSummary[]): object {
  const offered = [
    { title: 'home', description: 'What is yours, what waits for you, worst first' },
    ...commands.slice(0, MANIFEST_LIMITS.commands - 2),
    ...commands.filter(({ name }) => name === 'help').slice(0, 1),
  ].map((each) => {
    const [title, description] = 'title' in each ? [each.title, each.description] : [each.name, each.summary]
    return {
      title: cut(title, MANIFEST_LIMITS.commandTitle),
      description: cut(description, MANIFEST_LIMITS.commandDescription),
    }
  })
  const unique = offered.filter(
    ({ title }, index) => offered.findIndex((each) => each.title === title) === index,
  )
  return {
    $schema: `https://developer.microsoft.com/json-schemas/teams/v${VERSION}/MicrosoftTeams.schema.json`,
    manifestVersion: VERSION,
    version,
    id: appId,
    developer: {
      name: 'Baton',
      websiteUrl: 'https://baton.example',
      privacyUrl: 'https://baton.example/privacy',
      termsOfUseUrl: 'https://baton.example/terms',
    },
    name: { short: 'Baton', full: 'Baton: orders that fall between systems' },
    description: {
      short: 'Finds orders that fall between systems, and fixes them at a press.',
      full: 'Baton compares what your storefront, ERP, warehouse and carriers say about each order. What does not agree becomes one card in the channel that your rules name, with what can be done about it. A press does it through the systems themselves, and Baton proves that it worked.',
    },
    icons: { color: 'color.png', outline: 'outline.png' },
    accentColor: '#1F4E79',
    bots: [
      {
        botId: appId,
        scopes: ['personal', 'team', 'groupChat'],
        supportsFiles: false,
        isNotificationOnly: false,
        commandLists: [{ scopes: ['personal', 'team', 'groupChat'], commands: unique }],
      },
    ],
    permissions: ['identity', 'messageTeamMembers'],
    validDomains: [],
  }
}
