import { checkBlocks, checkHome, checkView, isObject, type Json } from './blocks.ts'
import { BOT, type Channel, type Message, TEAM, type World } from './world.ts'

export type Answer = Json & { ok: boolean }

export type Method = {
  token: 'bot' | 'app'
  /** The scope that the call needs; null = any token of the right kind. */
  scope: string | null
  /** `team`: the workspace that the token belongs to. */
  run(world: World, args: Json, scopes: string[], team: string): Answer
}

const fail = (error: string, more: Json = {}): Answer => ({ ok: false, error, ...more })

/** Slack's answer to blocks or views that break a rule: the same words twice, as the real one gives them. */
export const invalid = (error: string, problems: string[]): Answer =>
  fail(error, {
    errors: problems,
    response_metadata: { messages: problems.map((each) => `[ERROR] ${each}`) },
  })

/** The longest message, all blocks together. Undocumented; seen at about this size. */
const ALL_BLOCKS = 13_200
const TEXT = 40_000

/** Reads `text` and `blocks` of any call that shows a message: the content, or Slack's refusal. */
export function readContent(args: Json): { text: string; blocks: Json[] } | { refusal: Answer } {
  const text = typeof args.text === 'string' ? args.text : ''
  if (args.blocks !== undefined && !Array.isArray(args.blocks))
    return { refusal: fail('invalid_blocks_format') }
  const blocks = args.blocks ?? []
  if (text === '' && blocks.length === 0) return { refusal: fail('no_text') }
  if (text.length > TEXT) return { refusal: fail('msg_too_long') }
  if (blocks.length > 0) {
    const problems = checkBlocks(blocks)
    if (problems.length > 0) return { refusal: invalid('invalid_blocks', problems) }
    if (JSON.stringify(blocks).length > ALL_BLOCKS) return { refusal: fail('msg_blocks_too_long') }
  }
  return { text, blocks: blocks.filter(isObject) }
}

/** The channel to write to, or why it cannot be written to. */
function writable(world: World, args: Json, scopes: string[], team: string): Channel | Answer {
  // A person's id stands for the direct messages with them.
  const user = world.user(String(args.channel ?? ''))
  const channel = user ? world.direct(user) : world.channel(String(args.channel ?? ''))
  if (channel && !isIn(channel, team)) return fail('channel_not_found')
  if (!channel || (channel.private && !channel.botIsMember)) return fail('channel_not_found')
  if (channel.archived) return fail('is_archived')
  if (!channel.botIsMember && !scopes.includes('chat:write.public')) return fail('not_in_channel')
  return channel
}

/** Whether a person, a channel or a group belongs to the workspace of the token. */
const isIn = (what: { team?: string }, team: string): boolean => (what.team ?? TEAM.id) === team

const isAnswer = (value: object): value is Answer => 'ok' in value

const shown = (message: Message): Json => ({
  type: 'message',
  user: message.from === 'app' ? BOT.user : message.from,
  ...(message.from === 'app' ? { bot_id: BOT.id } : {}),
  ts: message.ts,
  text: message.text,
  blocks: message.blocks,
  ...(message.thread ? { thread_ts: message.thread } : {}),
})

function post(world: World, args: Json, scopes: string[], team: string, visibleTo: string | null): Answer {
  const channel = writable(world, args, scopes, team)
  if (isAnswer(channel)) return channel
  const content = readContent(args)
  if ('refusal' in content) return content.refusal
  const thread = typeof args.thread_ts === 'string' ? args.thread_ts : null
  if (thread && !world.message(channel.id, thread)) return fail('thread_not_found')
  const message = world.post({ ...content, channel: channel.id, from: 'app', thread, visibleTo })
  return visibleTo
    ? { ok: true, message_ts: message.ts }
    : { ok: true, channel: channel.id, ts: message.ts, message: shown(message) }
}

/** The app's own message named by `channel` and `ts`, or why it cannot be changed. */
function own(world: World, args: Json, team: string): Message | Answer {
  const channel = world.channels.find((each) => each.id === args.channel)
  if (!channel || !isIn(channel, team)) return fail('channel_not_found')
  if (channel.archived) return fail('is_archived')
  const message = world.message(channel.id, String(args.ts ?? ''))
  // An ephemeral message is not kept: nobody can find it again.
  if (!message || message.visibleTo) return fail('message_not_found')
  return message.from === 'app' ? message : fail('cant_update_message')
}

export const METHODS: Record<string, Method> = {
  'auth.test': {
    token: 'bot',
    scope: null,
    run: (world, _args, _scopes, team) => {
      const { id, name, domain } = world.teams.find((each) => each.id === team) ?? TEAM
      return {
        ok: true,
        url: `https://${domain}.slack.test/`,
        team: name,
        user: BOT.name,
        team_id: id,
        user_id: BOT.user,
        bot_id: BOT.id,
        is_enterprise_install: false,
      }
    },
  },
  'auth.revoke': { token: 'bot', scope: null, run: () => ({ ok: true, revoked: true }) },
  'chat.postMessage': {
    token: 'bot',
    scope: 'chat:write',
    run: (world, args, scopes, team) => post(world, args, scopes, team, null),
  },
  'chat.postEphemeral': {
    token: 'bot',
    scope: 'chat:write',
    run: (world, args, scopes, team) =>
      world.user(String(args.user))
        ? post(world, args, scopes, team, String(args.user))
        : fail('user_not_in_channel'),
  },
  'chat.update': {
    token: 'bot',
    scope: 'chat:write',
    run: (world, args, _scopes, team) => {
      const message = own(world, args, team)
      if (isAnswer(message)) return message
      const content = readContent(args)
      if ('refusal' in content) return content.refusal
      world.edit(message, content.text, content.blocks)
      return {
        ok: true,
        channel: message.channel,
        ts: message.ts,
        text: message.text,
        message: shown(message),
      }
    },
  },
  'chat.delete': {
    token: 'bot',
    scope: 'chat:write',
    run: (world, args, _scopes, team) => {
      const message = own(world, args, team)
      if (isAnswer(message))
        return message.error === 'cant_update_message' ? fail('cant_delete_message') : message
      world.remove(message)
      return { ok: true, channel: message.channel, ts: message.ts }
    },
  },
  'views.open': {
    token: 'bot',
    scope: null,
    run: (world, args) => {
      const problems = checkView(args.view)
      if (problems.length > 0 || !isObject(args.view)) return invalid('invalid_arguments', problems)
      const trigger = world.spendTrigger(String(args.trigger_id ?? ''))
      if ('error' in trigger) return fail(trigger.error)
      const opened = world.openView(trigger.user, args.view)
      return { ok: true, view: { id: opened.id, hash: opened.hash, ...opened.view } }
    },
  },
  'views.update': {
    token: 'bot',
    scope: null,
    run: (world, args) => {
      const problems = checkView(args.view)
      if (problems.length > 0 || !isObject(args.view)) return invalid('invalid_arguments', problems)
      const opened = world.views.find((each) => each.id === args.view_id)
      if (!opened) return fail('not_found')
      if (args.hash !== undefined && args.hash !== opened.hash) return fail('hash_conflict')
      world.updateView(opened, args.view)
      return { ok: true, view: { id: opened.id, hash: opened.hash, ...opened.view } }
    },
  },
  'views.publish': {
    token: 'bot',
    scope: null,
    run: (world, args) => {
      const problems = checkHome(args.view)
      if (problems.length > 0 || !isObject(args.view)) return invalid('invalid_arguments', problems)
      const user = world.user(String(args.user_id ?? ''))
      if (!user) return fail('user_not_found')
      const shown = world.homes.get(user.id)
      if (args.hash !== undefined && args.hash !== shown?.hash) return fail('hash_conflict')
      const home = world.publishHome(user.id, args.view)
      return { ok: true, view: { id: home.id, hash: home.hash, ...home.view } }
    },
  },
  'users.info': {
    token: 'bot',
    scope: 'users:read',
    run: (world, args, scopes, team) => {
      const user = world.user(String(args.user))
      if (!user) return fail('user_not_found')
      const { id, name, email, emailConfirmed = email !== undefined, guest = false } = user
      const mail =
        email !== undefined && scopes.includes('users:read.email') && isIn(user, team) ? { email } : {}
      return {
        ok: true,
        user: {
          id,
          name,
          team_id: user.team ?? TEAM.id,
          deleted: false,
          is_bot: false,
          is_restricted: guest,
          is_ultra_restricted: false,
          // A person of another workspace, met in a shared channel.
          ...(isIn(user, team) ? { is_email_confirmed: emailConfirmed } : { is_stranger: true }),
          profile: { display_name: name, real_name: name, ...mail },
        },
      }
    },
  },
  'usergroups.list': {
    token: 'bot',
    scope: 'usergroups:read',
    run: (world, args, _scopes, team) => ({
      ok: true,
      usergroups: world.groups
        .filter((group) => isIn(group, team))
        .map(({ id, handle, users }) => ({
          id,
          handle,
          team_id: team,
          ...(args.include_users === true || args.include_users === 'true' ? { users } : {}),
        })),
    }),
  },
  'conversations.info': {
    token: 'bot',
    scope: 'channels:read',
    run: (world, args) => {
      const channel = world.channels.find((each) => each.id === args.channel)
      if (!channel) return fail('channel_not_found')
      const { id, name, archived, botIsMember } = channel
      return { ok: true, channel: { id, name, is_archived: archived, is_member: botIsMember } }
    },
  },
}
