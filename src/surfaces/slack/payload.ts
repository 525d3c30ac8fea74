import { z } from 'zod'
import type { Identity } from '../../app/surface.ts'
import { type ButtonValue, decodeButton } from './button-value.ts'
import { decodeContext, type FormContext, type FormValues, readForm } from './form.ts'
import { typed } from './text.ts'

/** What Slack delivers, parsed once into what Baton needs of it. Fields that Baton does not use are not looked at. */

/** A button that was pressed, or a menu entry that was picked. */
export type Pressed = {
  identity: Identity
  key: string
  /** The channel in which the pressed card stands, a direct message too; null in the App Home. */
  channel: string | null
  /** The message that was pressed; null in the App Home. */
  ts: string | null
  /** The thread in which the pressed message stands; null where it stands in the channel itself. */
  thread: string | null
  /** Null where Slack gives none: in the App Home. */
  responseUrl: string | null
  /** The version of the App Home that was pressed; null for a message. */
  homeHash: string | null
  triggerId: string
  /** Null: not a button of this version of Baton. */
  value: ButtonValue | null
}

export type Submitted = {
  identity: Identity
  key: string
  viewId: string
  context: FormContext
  values: FormValues
  /** Where an error is shown in the form; null when it asked for nothing. */
  firstField: string | null
}

export type Asked = {
  identity: Identity
  key: string
  channel: string
  text: string
  responseUrl: string
}
export const identify = (team: string, user: string, displayName: string): Identity => ({
  surface: 'slack',
  externalId: `${team}:${user}`,
  displayName,
})

/** The user in `T0123:U0123`. */
export const userOf = (externalId: string): string => externalId.slice(externalId.indexOf(':') + 1)

/** The workspace in `T0123:U0123`. */
export const teamOf = (externalId: string): string => externalId.slice(0, externalId.indexOf(':'))

/** A direct message is no channel to Baton. */
export const channelOf = (id: string | null): string | null => (id === null || id.startsWith('D') ? null : id)

const team = z.object({ id: z.string() }).nullish()
const person = z.object({
  id: z.string(),
  name: z.string().optional(),
  username: z.string().optional(),
  team_id: z.string().optional(),
})

/** The person's own workspace: in a channel shared between workspaces it is not the one that was delivered to. */
const personOf = (user: z.infer<typeof person>, where: z.infer<typeof team>): Identity =>
  identify(user.team_id ?? where?.id ?? '', user.id, user.name ?? user.username ?? user.id)

const action = z.object({
  action_id: z.string(),
  action_ts: z.string(),
  value: z.string().optional(),
  selected_option: z.object({ value: z.string() }).nullish(),
})
const blockActions = z.object({
  team,
  user: person,
  channel: z.object({ id: z.string() }).optional(),
  container: z.object({
    message_ts: z.string().optional(),
    thread_ts: z.string().optional(),
    view_id: z.string().optional(),
  }),
  /** Not given for an ephemeral message. */
  message: z.object({ thread_ts: z.string().optional() }).nullish(),
  /** The App Home, or a modal: a message is no view. */
  view: z.object({ type: z.string(), hash: z.string() }).optional(),
  response_url: z.string().optional(),
  trigger_id: z.string(),
  actions: z.array(action).min(1),
})

/** Throws ZodError on a payload of another shape. */
export function readPress(body: unknown): Pressed {
  const { user, channel, container, message, actions, view, ...rest } = blockActions.parse(body)
  const thread = container.thread_ts ?? message?.thread_ts ?? null
  const [pressed] = actions
  const identity = personOf(user, rest.team)
  const parts = [
    identity.externalId,
    channel?.id,
    container.message_ts ?? container.view_id,
    pressed?.action_id,
    pressed?.action_ts,
  ]
  return {
    identity,
    key: `press:${parts.join(':')}`,
    channel: channel?.id ?? null,
    ts: container.message_ts ?? null,
    // The message that a thread hangs from names itself, and stands in the channel.
    thread: thread === container.message_ts ? null : thread,
    responseUrl: rest.response_url ?? null,
    homeHash: view?.type === 'home' ? view.hash : null,
    triggerId: rest.trigger_id,
    value: decodeButton(pressed?.selected_option?.value ?? pressed?.value ?? ''),
  }
}

const viewSubmission = z.object({
  team,
  user: person,
  view: z.object({
    id: z.string(),
    hash: z.string(),
    private_metadata: z.string(),
    state: z.object({ values: z.unknown() }),
  }),
})

/** Throws ZodError on a payload of another shape; null when the form is not one of this version of Baton. */
export function readSubmission(body: unknown): Submitted | null {
  const { user, view, ...rest } = viewSubmission.parse(body)
  const context = decodeContext(view.private_metadata)
  const form = readForm(view.state.values)
  if (!context || !form) return null
  const identity = personOf(user, rest.team)
  const key = `form:${identity.externalId}:${view.id}:${view.hash}`
  return { identity, key, viewId: view.id, context, ...form }
}

const slashCommand = z.object({
  team_id: z.string(),
  user_id: z.string(),
  user_name: z.string().optional(),
  channel_id: z.string(),
  text: z.string().default(''),
  response_url: z.string(),
  trigger_id: z.string(),
})

/** Throws ZodError on a payload of another shape. */
export function readCommand(body: unknown): Asked {
  const asked = slashCommand.parse(body)
  return {
    identity: identify(asked.team_id, asked.user_id, asked.user_name ?? asked.user_id),
    key: `command:${asked.trigger_id}`,
    channel: asked.channel_id,
    text: typed(asked.text),
    responseUrl: asked.response_url,
  }
}
