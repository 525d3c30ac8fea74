import { checkActivity, sizeOf } from './activity.ts'
import { type Json, listOf, textOf, within } from './json.ts'
import {
  type Channel,
  type Chat,
  conversationId,
  type Message,
  readConversation,
  type World,
} from './world.ts'

/** What a bot may ask of the connector, as far as Baton does. */
export type Call = 'create' | 'send' | 'reply' | 'update' | 'delete' | 'members' | 'member'

/** One call, read from its address: `target` is an activity's or a member's id. */
export type Asked = { call: Call; conversation: string; target: string; body: Json }

export type Reply = { status: number; body: Json | null; headers?: Record<string, string> }

/** Teams refuses messages above this: 100 KB, counted as UTF-16 (reference/teams.md). */
const MAX_MESSAGE_BYTES = 100 * 1024

export const refuse = (status: number, code: string, message: string): Reply => ({
  status,
  body: { error: { code, message } },
})

export const ACTIVITY_NOT_FOUND = refuse(
  404,
  'ActivityNotFoundInConversation',
  'The specified activity was not found.',
)
export const WRITES_BLOCKED = refuse(
  403,
  'MessageWritesBlocked',
  'Thread is not available for message writes.',
)
export const TOO_BIG = refuse(413, 'MessageSizeTooBig', 'Message size too large.')

const isReply = (value: object): value is Reply => 'status' in value

/** Answers a call, and does what it asks for. */
export function answer(world: World, asked: Asked): Reply {
  switch (asked.call) {
    case 'create':
      return create(world, asked.body)
    case 'send':
    case 'reply':
      return write(world, asked)
    case 'update':
      return update(world, asked)
    case 'delete': {
      const found = own(world, asked)
      if (isReply(found)) return found
      world.remove(found)
      return { status: 200, body: null }
    }
    case 'members': {
      const place = writable(world, asked.conversation)
      if (isReply(place)) return place
      return { status: 200, body: { members: membersOf(place).map((each) => account(world, each.id)) } }
    }
    case 'member': {
      const place = writable(world, asked.conversation)
      if (isReply(place)) return place
      const member = membersOf(place).find((each) => [each.id, each.aadObjectId].includes(asked.target))
      return member
        ? { status: 200, body: account(world, member.id) }
        : refuse(404, 'MemberNotFoundInConversation', 'The user is not part of the conversation roster.')
    }
  }
}

/** The conversation that a call counts against. */
export const countedOn = ({ call, conversation, body }: Asked): string =>
  call === 'create'
    ? textOf(within(body, 'channelData', 'channel').id) || textOf(listOf(body.members)[0]?.id)
    : readConversation(conversation).place

const membersOf = (place: Channel | Chat) => (place.kind === 'channel' ? place.team.members : [place.person])

function account(world: World, id: string): Json {
  const person = world.person(id)
  if (!person) return {}
  const [givenName = '', ...rest] = person.name.split(' ')
  return {
    id: person.id,
    name: person.name,
    givenName,
    surname: rest.join(' '),
    aadObjectId: person.aadObjectId,
    objectId: person.aadObjectId,
    email: person.email,
    userPrincipalName: person.email,
    tenantId: world.tenantId,
    userRole: person.isGuest ? 'guest' : 'user',
  }
}

/** The place to write to or to read, or why the bot cannot. */
function writable(world: World, conversation: string): Channel | Chat | Reply {
  const place = world.place(readConversation(conversation).place)
  if (!place) return refuse(404, 'ConversationNotFound', 'Conversation not found.')
  const home = place.kind === 'channel' ? place.team.id : place.person.id
  if (world.blocked.has(place.id)) return WRITES_BLOCKED
  return world.installed.has(home)
    ? place
    : refuse(403, 'BotNotInConversationRoster', 'The bot is not part of the conversation roster.')
}

/** What is wrong with a message that the bot wants to show; null when it is accepted. */
function wrongWith(body: Json): Reply | null {
  if (sizeOf(body) > MAX_MESSAGE_BYTES) return TOO_BIG
  const problems = checkActivity(body)
  return problems.length > 0 ? refuse(400, 'BadSyntax', problems.join('; ')) : null
}

/** Channels get a new post, with its first message in the same call; people get their one chat. */
function create(world: World, body: Json): Reply {
  const channelId = textOf(within(body, 'channelData', 'channel').id)
  if (channelId === '') return createChat(world, body)
  if (body.isGroup !== true) return refuse(400, 'BadSyntax', 'A channel post takes isGroup: true.')
  const place = writable(world, channelId)
  if (isReply(place)) return place
  if (body.activity === undefined) return refuse(400, 'BadSyntax', 'A channel post takes its first activity.')
  const activity = within(body, 'activity')
  const wrong = wrongWith(activity)
  if (wrong) return wrong
  const message = world.post({ place: place.id, root: null, from: 'bot', activity })
  const id = conversationId(place.id, message.id)
  return { status: 201, body: { id, activityId: message.id } }
}

function createChat(world: World, body: Json): Reply {
  const members = listOf(body.members)
  if (body.isGroup === true || members.length !== 1)
    return refuse(400, 'BadSyntax', 'A chat takes isGroup: false and exactly one member.')
  const tenant = textOf(body.tenantId) || textOf(within(body, 'channelData', 'tenant').id)
  if (tenant !== world.tenantId) return refuse(400, 'BadSyntax', 'A chat takes the tenant of its member.')
  const person = world.people.find((each) => each.id === members[0]?.id)
  if (!person) return refuse(400, 'BadSyntax', 'Invalid user identity in provided tenant.')
  if (body.activity !== undefined) return refuse(400, 'BadSyntax', 'A chat is created without an activity.')
  const chat = world.chatWith(person)
  const allowed = writable(world, chat.id)
  return isReply(allowed) ? allowed : { status: 201, body: { id: chat.id } }
}

function write(world: World, { call, conversation, target, body }: Asked): Reply {
  const place = writable(world, conversation)
  if (isReply(place)) return place
  if (body.type === 'typing') return { status: 201, body: {} }
  const wrong = wrongWith(body)
  if (wrong) return wrong
  const { root } = readConversation(conversation)
  const answered = call === 'reply' ? (root ?? target) : root
  const thread = place.kind === 'channel' ? answered : null
  if (thread !== null && !world.message(thread, place.id)) return ACTIVITY_NOT_FOUND
  const common = { place: place.id, root: thread, from: 'bot' }
  const text = textOf(body.text)
  // Text and a card together become two messages, and no id comes back.
  if (text !== '' && listOf(body.attachments).length > 0) {
    const { text: _, ...card } = body
    const { attachments: __, ...words } = body
    world.post({ ...common, activity: words })
    world.post({ ...common, activity: card })
    return { status: 201, body: {} }
  }
  return { status: 201, body: { id: world.post({ ...common, activity: body }).id } }
}

/** The bot's own message that a call names, or why it cannot be changed. */
function own(world: World, { conversation, target }: Asked): Message | Reply {
  const place = writable(world, conversation)
  if (isReply(place)) return place
  const message = world.message(target, place.id)
  const { root } = readConversation(conversation)
  const inThread = root === null || message?.id === root || message?.root === root
  if (!message || !inThread) return ACTIVITY_NOT_FOUND
  return message.from === 'bot'
    ? message
    : refuse(403, 'ForbiddenOperationException', 'The bot may only change its own messages.')
}

function update(world: World, asked: Asked): Reply {
  const message = own(world, asked)
  if (isReply(message)) return message
  const wrong = wrongWith(asked.body)
  if (wrong) return wrong
  world.edit(message, asked.body)
  return { status: 200, body: { id: message.id } }
}
