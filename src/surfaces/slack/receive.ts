import type { App, webApi } from '@slack/bolt'
import { wordsOf } from '../../app/errors.ts'
import type { Log } from '../../app/log.ts'
import type { SurfaceHost } from '../../app/surface.ts'
import type { Pause } from '../kit/answering.ts'
import { answering, type Handling } from './answer.ts'
import { answerPrivately, answerThere } from './ask.ts'
import { COMMAND } from './config.ts'
import type { Directory } from './directory.ts'
import { EVENTS, readDirect, readGone, readHomeOpened, readMention, readTeam, type Said } from './events.ts'
import { FORM } from './form.ts'
import { createHomes } from './home.ts'
import type { Once } from './once.ts'
import { channelOf, identify, readCommand, readPress, readSubmission } from './payload.ts'
import { answerTo, type FormResponse, openForm, press, say, submit } from './press.ts'
import type { Where } from './tokens.ts'

export type Listening = {
  host: SurfaceHost
  log: Log
  ackMs: number
  pause: Pause
  clientFor(token: string | undefined): webApi.WebClient
  directory: Directory
  /** An event may be delivered twice; it is answered once. */
  once: Once
  /** How a channel is named outside this surface. */
  channelName(channel: string, where: Context): string
  /** Baton was removed there. */
  onGone(where: Where): Promise<void>
}

/** What Bolt knows about where something came from, by way of `authorize`. */
type Context = {
  botToken?: string | undefined
  teamId?: string | undefined
  enterpriseId?: string | undefined
  isEnterpriseInstall: boolean
}

/** Listens to everything that people do in Slack. Answers how to wait for what is under way. */
export function listen(app: App, listening: Listening): { idle(): Promise<void> } {
  const { host, log, ackMs, pause, clientFor, directory, once, channelName, onGone } = listening
  const underWay = new Set<Promise<void>>()
  const homes = createHomes(host, log)

  const track = (run: () => Promise<void>): Promise<void> => {
    const work = Promise.resolve()
      .then(run)
      .finally(() => underWay.delete(work))
    underWay.add(work)
    return work
  }

  // The connection may be gone by now. What was recorded stays, and Slack delivers it again under the same key.
  const take = (ack: Promise<void>): Promise<void> =>
    ack.catch((error: unknown) => {
      log.warn({ surface: 'slack', problem: wordsOf(error) }, 'An acknowledgement was not taken')
    })

  const at = (context: Context): Handling => {
    const { botToken, teamId, enterpriseId, isEnterpriseInstall } = context
    const web = clientFor(botToken)
    const inside = { team: teamId ?? null, enterprise: isEnterpriseInstall ? (enterpriseId ?? null) : null }
    return {
      host,
      web,
      log,
      ackMs,
      pause,
      homes,
      nameOf: (channel) => channelName(channel, context),
      whoIs: (identity) => directory.whoIs(identity, web, inside),
    }
  }
  const named = (channel: string | null, context: Context): string | null => {
    const known = channelOf(channel)
    return known === null ? null : channelName(known, context)
  }

  const onPress = async (body: unknown, ack: () => Promise<void>, context: Context): Promise<void> => {
    const handling = at(context)
    const pressed = readPress(body)
    const { identity, key, value } = pressed
    if (value?.kind === 'press') return press(pressed, value, ack, handling)
    if (value?.kind === 'form') return openForm(pressed, value, ack, handling)
    await ack()
    const to = answerTo(pressed, handling)
    if (!value) return to.tell(`This button is of an older Baton. Type ${COMMAND} open.`)
    const known = await handling.whoIs(identity)
    const channel = named(pressed.channel, context)
    await answerPrivately({ identity: known, channel, text: value.text, interactionKey: key }, to, handling)
  }

  const onSubmit = async (
    body: unknown,
    ack: (response?: FormResponse) => Promise<void>,
    context: Context,
  ): Promise<void> => {
    const submitted = readSubmission(body)
    if (submitted) await submit(submitted, ack, at(context))
    else await ack(say(`This form is of an older Baton. Type ${COMMAND} open.`))
  }

  const onCommand = async (body: unknown, ack: () => Promise<void>, context: Context): Promise<void> => {
    const handling = at(context)
    const asked = readCommand(body)
    // Commands only read, and may take longer than Slack waits.
    await ack()
    const identity = await handling.whoIs(asked.identity)
    const input = {
      identity,
      channel: named(asked.channel, context),
      text: asked.text,
      interactionKey: asked.key,
    }
    await answerPrivately(input, answering({ ...asked, thread: null }, handling), handling)
  }

  const onSaid = async (said: Said | null, context: Context): Promise<void> => {
    if (!said || !(await once(said.key))) return
    const handling = at(context)
    const { user, key, text } = said
    const identity = await handling.whoIs(identify(user.team, user.id, user.id))
    const input = { identity, channel: named(said.channel, context), text, interactionKey: key }
    await answerThere(input, said, handling)
  }

  const onHome = async (body: unknown, context: Context): Promise<void> => {
    const opened = readHomeOpened(body)
    if (!opened) return
    const { web, whoIs } = at(context)
    const identity = identify(opened.team, opened.user, opened.user)
    await homes.show({ identity, whoIs, web, hash: opened.hash, notice: null })
  }

  const gone = async (body: unknown): Promise<void> => {
    const where = readGone(body)
    if (where) await onGone(where)
  }
  const regrouped = async (body: unknown): Promise<void> => directory.groupsChanged(readTeam(body))

  const events: Record<(typeof EVENTS)[number], (body: unknown, context: Context) => Promise<void>> = {
    app_home_opened: onHome,
    app_mention: (body, context) => onSaid(readMention(body), context),
    'message.im': (body, context) => onSaid(readDirect(body), context),
    app_uninstalled: gone,
    tokens_revoked: gone,
    subteam_members_changed: regrouped,
    subteam_updated: regrouped,
  }

  app.action(/.*/, ({ ack, body, context }) => track(() => onPress(body, () => take(ack()), context)))
  app.view({ callback_id: FORM, type: 'view_submission' }, ({ ack, body, context }) =>
    track(() => onSubmit(body, (response) => take(ack(response)), context)),
  )
  app.command(COMMAND, ({ ack, body, context }) => track(() => onCommand(body, () => take(ack()), context)))
  for (const event of EVENTS) {
    // A subscription to `message.im` is delivered as a `message` whose channel is of the type `im`.
    const type = event === 'message.im' ? 'message' : event
    app.event(type, ({ body, context }) => track(() => events[event](body, context)))
  }
  app.error(async (error) => {
    log.error({ surface: 'slack', problem: wordsOf(error) }, 'Something that Slack sent was not handled')
  })

  return {
    idle: async () => {
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}
