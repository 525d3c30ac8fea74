import type { Json } from './blocks.ts'
import type { SeenButton } from './see.ts'
import { APP_ID, BOT, type Channel, type Message, type OpenView, TEAM, type User } from './world.ts'

/** The bodies that Slack sends, as its reference shows them. */

const person = (user: User): Json => ({
  id: user.id,
  username: user.name.toLowerCase().replaceAll(' ', '.'),
  name: user.name,
  team_id: user.team ?? TEAM.id,
})

const common = {
  api_app_id: APP_ID,
  token: 'legacy-verification-token',
  team: { id: TEAM.id, domain: TEAM.domain },
  enterprise: null,
  is_enterprise_install: false,
}

/** The workspace of a person or a channel, as deliveries name it. */
const inTeam = ({ team }: { team?: string }): Json =>
  team === undefined ? {} : { team: { id: team, domain: team.toLowerCase() } }

/** Text comes back with `&`, `<` and `>` escaped. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

export function blockActions(
  press: { user: User; channel: Channel; message: Message; button: SeenButton },
  issued: { trigger: string; responseUrl: string; actionTs: string },
): Json {
  const { user, channel, message, button } = press
  const text = { type: 'plain_text', text: escaped(button.label), emoji: false }
  const action = {
    action_id: button.actionId,
    block_id: button.blockId,
    action_ts: issued.actionTs,
    ...(button.inMenu
      ? { type: 'overflow', selected_option: { text, value: button.value } }
      : { type: 'button', text, value: button.value, ...(button.style ? { style: button.style } : {}) }),
  }
  const ephemeral = message.visibleTo !== null
  const inThread = message.thread === null ? {} : { thread_ts: message.thread }
  return {
    ...common,
    ...inTeam(channel),
    type: 'block_actions',
    user: person(user),
    container: {
      ...{ type: 'message', message_ts: message.ts, channel_id: channel.id, is_ephemeral: ephemeral },
      ...inThread,
    },
    trigger_id: issued.trigger,
    channel: { id: channel.id, name: channel.name },
    // An ephemeral message is not sent back.
    ...(ephemeral
      ? {}
      : {
          message: {
            type: 'message',
            bot_id: BOT.id,
            ts: message.ts,
            text: message.text,
            blocks: message.blocks,
            ...inThread,
          },
        }),
    state: { values: {} },
    response_url: issued.responseUrl,
    actions: [action],
  }
}

/** A press in the App Home: there is no message, no channel and no response URL. */
export function homeActions(
  press: { user: User; home: OpenView; button: SeenButton },
  issued: { trigger: string; actionTs: string },
): Json {
  const { user, home, button } = press
  const text = { type: 'plain_text', text: escaped(button.label), emoji: false }
  const { actionId, blockId, value, inMenu } = button
  const action = { action_id: actionId, block_id: blockId, action_ts: issued.actionTs }
  return {
    ...common,
    ...inTeam(user),
    type: 'block_actions',
    user: person(user),
    container: { type: 'view', view_id: home.id },
    trigger_id: issued.trigger,
    view: { ...home.view, id: home.id, hash: home.hash, team_id: user.team ?? TEAM.id, app_id: APP_ID },
    actions: [
      inMenu
        ? { ...action, type: 'overflow', selected_option: { text, value } }
        : { ...action, type: 'button', text, value },
    ],
  }
}

/** An event of a workspace, in its envelope. */
export function event(of: Json & { type: string }, eventId: string, at: number, team = TEAM.id): Json {
  return {
    type: 'event_callback',
    token: common.token,
    api_app_id: APP_ID,
    team_id: team,
    event_id: eventId,
    event_time: Math.floor(at / 1000),
    is_ext_shared_channel: false,
    authorizations: [
      { enterprise_id: null, team_id: team, user_id: BOT.user, is_bot: true, is_enterprise_install: false },
    ],
    event: { event_ts: `${Math.floor(at / 1000)}.000001`, ...of },
  }
}

export function viewSubmission(user: User, opened: OpenView, values: Json, trigger: string): Json {
  return {
    ...common,
    ...inTeam(user),
    type: 'view_submission',
    user: person(user),
    trigger_id: trigger,
    response_urls: [],
    view: {
      ...opened.view,
      id: opened.id,
      hash: opened.hash,
      team_id: user.team ?? TEAM.id,
      app_id: APP_ID,
      app_installed_team_id: user.team ?? TEAM.id,
      bot_id: BOT.id,
      root_view_id: opened.id,
      previous_view_id: null,
      external_id: '',
      state: { values },
    },
  }
}

export function slashCommand(
  asked: { user: User; channel: Channel; command: string; text: string },
  issued: { trigger: string; responseUrl: string },
): Json {
  return {
    token: common.token,
    api_app_id: APP_ID,
    team_id: asked.channel.team ?? TEAM.id,
    team_domain: TEAM.domain,
    channel_id: asked.channel.id,
    channel_name: asked.channel.id.startsWith('D') ? 'directmessage' : asked.channel.name,
    user_id: asked.user.id,
    user_name: asked.user.name.toLowerCase().replaceAll(' ', '.'),
    command: asked.command,
    text: escaped(asked.text),
    is_enterprise_install: 'false',
    response_url: issued.responseUrl,
    trigger_id: issued.trigger,
  }
}

export function appMention(message: Message, eventId: string, more: Json): Json {
  return {
    type: 'event_callback',
    token: common.token,
    api_app_id: APP_ID,
    team_id: TEAM.id,
    event_id: eventId,
    event_time: Math.floor(Number(message.ts)),
    is_ext_shared_channel: false,
    authorizations: [
      {
        enterprise_id: null,
        team_id: TEAM.id,
        user_id: BOT.user,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    event: {
      type: 'app_mention',
      user: message.from,
      team: TEAM.id,
      text: message.text,
      ts: message.ts,
      event_ts: message.ts,
      channel: message.channel,
      ...(message.thread ? { thread_ts: message.thread } : {}),
      ...more,
    },
  }
}
