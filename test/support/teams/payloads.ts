import { randomUUID } from 'node:crypto'
import type { Json } from './json.ts'
import {
  type Channel,
  type Chat,
  conversationId,
  type Message,
  type Person,
  type Team,
  type World,
} from './world.ts'

/** The activities that Teams sends to a bot. */

export type Where = { place: Channel | Chat; root: string | null }

export type Envelope = { world: World; serviceUrl: string; nowMs: number }

const LOCALE = { locale: 'en-GB', country: 'GB', timezone: 'Europe/London' }

const fromPerson = ({ id, name, aadObjectId }: Person): Json => ({ id, name, aadObjectId })

function common({ world, serviceUrl, nowMs }: Envelope, person: Person): Json {
  return {
    id: `f:${randomUUID()}`,
    timestamp: new Date(nowMs).toISOString(),
    localTimestamp: new Date(nowMs).toISOString(),
    localTimezone: LOCALE.timezone,
    channelId: 'msteams',
    serviceUrl,
    from: fromPerson(person),
    recipient: { id: world.botId, name: world.bot.name },
    locale: LOCALE.locale,
    entities: [{ type: 'clientInfo', platform: person.client === 'phone' ? 'iOS' : 'Windows', ...LOCALE }],
  }
}

const tenantOf = (world: World): Json => ({ tenant: { id: world.tenantId } })

const conversation = (world: World, { place, root }: Where): Json =>
  place.kind === 'channel'
    ? {
        isGroup: true,
        conversationType: 'channel',
        tenantId: world.tenantId,
        id: conversationId(place.id, root),
      }
    : { conversationType: 'personal', tenantId: world.tenantId, id: place.id }

const channelData = (world: World, { place }: Where): Json =>
  place.kind === 'channel'
    ? {
        ...tenantOf(world),
        channel: { id: place.id, name: place.name },
        teamsChannelId: place.id,
        team: { id: place.team.id, name: place.team.name, aadGroupId: place.team.aadGroupId },
        teamsTeamId: place.team.id,
      }
    : tenantOf(world)

/** Something a person typed. In channels a bot only hears what mentions it. */
export function message(to: Envelope, person: Person, where: Where, said: Message): Json {
  const { world } = to
  const base = common(to, person)
  const mention = {
    type: 'mention',
    mentioned: { id: world.botId, name: world.bot.name },
    text: `<at>${world.bot.name}</at>`,
  }
  return {
    ...base,
    type: 'message',
    id: said.id,
    text: said.activity.text,
    textFormat: 'plain',
    attachments: [{ contentType: 'text/html', content: `<div>${String(said.activity.text)}</div>` }],
    conversation: conversation(world, where),
    channelData: channelData(world, where),
    ...(where.place.kind === 'channel'
      ? { entities: [mention, ...(Array.isArray(base.entities) ? base.entities : [])] }
      : {}),
  }
}

/** A pressed button that sends its data as a message, with nothing typed. */
export function submitted(to: Envelope, person: Person, where: Where, pressed: Message, value: Json): Json {
  return {
    ...common(to, person),
    type: 'message',
    conversation: conversation(to.world, where),
    channelData: channelData(to.world, where),
    replyToId: pressed.id,
    value,
  }
}

/** An invoke: a pressed Action.Execute, a dialog that opens, a dialog that is sent. */
export function invoke(
  to: Envelope,
  person: Person,
  where: Where,
  asked: { name: string; value: Json; replyToId: string | null },
): Json {
  return {
    ...common(to, person),
    type: 'invoke',
    name: asked.name,
    conversation: conversation(to.world, where),
    channelData: { ...channelData(to.world, where), source: { name: 'message' } },
    ...(asked.replyToId === null ? {} : { replyToId: asked.replyToId }),
    value: asked.value,
  }
}

/** The two activities that tell of an installation or its end. In a chat, only the first one tells of the end. */
export function installation(to: Envelope, by: Person, home: Team | Chat, action: 'add' | 'remove'): Json[] {
  const { world } = to
  const isTeam = home.kind === 'team'
  const where = isTeam
    ? {
        conversation: {
          isGroup: true,
          conversationType: 'channel',
          tenantId: world.tenantId,
          id: home.id,
        },
        channelData: {
          ...tenantOf(world),
          team: { id: home.id, name: home.name, aadGroupId: home.aadGroupId },
        },
      }
    : {
        conversation: { conversationType: 'personal', tenantId: world.tenantId, id: home.id },
        channelData: tenantOf(world),
      }
  const eventType = action === 'add' ? 'teamMemberAdded' : 'teamMemberRemoved'
  const bot = [{ id: world.botId }]
  const update = {
    ...common(to, by),
    type: 'conversationUpdate',
    ...where,
    channelData: { ...where.channelData, ...(isTeam ? { eventType } : {}) },
    ...(action === 'add' ? { membersAdded: bot } : { membersRemoved: bot }),
  }
  const installed = { ...common(to, by), type: 'installationUpdate', action, ...where }
  return isTeam || action === 'add' ? [installed, update] : [installed]
}

/** A change to a team's channel. */
export function channelEvent(to: Envelope, by: Person, channel: Channel, eventType: string): Json {
  const { team } = channel
  return {
    ...common(to, by),
    type: 'conversationUpdate',
    conversation: { isGroup: true, conversationType: 'channel', tenantId: to.world.tenantId, id: team.id },
    channelData: {
      ...tenantOf(to.world),
      eventType,
      channel: { id: channel.id, name: channel.name },
      team: { id: team.id, name: team.name, aadGroupId: team.aadGroupId },
    },
  }
}
