import type { App } from '@slack/bolt'
import { wordsOf } from '../../app/errors.ts'
import type { Identity } from '../../app/surface.ts'
import { type Handling, tell } from './answer.ts'
import { answerInThread, answerPrivately } from './ask.ts'
import { COMMAND } from './config.ts'
import { FORM } from './form.ts'
import { identify, readCommand, readMention, readPress, readSubmission } from './payload.ts'
import { type FormResponse, openForm, press, say, submit } from './press.ts'
import { Recent } from './recent.ts'

const REMEMBERED = 1000

/** Listens to everything that people do in Slack. Answers how to wait for what is under way. */
export function listen(app: App, handling: Handling): { idle(): Promise<void> } {
  const { log } = handling
  const underWay = new Set<Promise<void>>()
  // An event may be delivered twice; it is answered once.
  const mentions = new Recent<true>(REMEMBERED)
  // A mention does not say what the person is called; a press or a command does.
  const names = new Recent<string>(REMEMBERED)

  const met = ({ externalId, displayName }: Identity): void => names.set(externalId, displayName)

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

  const onPress = async (body: unknown, ack: () => Promise<void>): Promise<void> => {
    const pressed = readPress(body)
    const { identity, key, channel, responseUrl, value } = pressed
    met(identity)
    if (value?.kind === 'press') return press(pressed, value, ack, handling)
    if (value?.kind === 'form') return openForm(pressed, value, ack, handling)
    await ack()
    if (!value) return tell(`This button is of an older Baton. Type ${COMMAND} open.`, responseUrl, log)
    const input = { identity, channel, text: value.text, interactionKey: key }
    await answerPrivately(input, responseUrl, handling)
  }

  const onSubmit = async (body: unknown, ack: (response?: FormResponse) => Promise<void>): Promise<void> => {
    const submitted = readSubmission(body)
    if (submitted) await submit(submitted, ack, handling)
    else await ack(say(`This form is of an older Baton. Type ${COMMAND} open.`))
  }

  const onCommand = async (body: unknown, ack: () => Promise<void>): Promise<void> => {
    const { identity, key, channel, text, responseUrl } = readCommand(body)
    met(identity)
    // Commands only read, and may take longer than Slack waits.
    await ack()
    await answerPrivately({ identity, channel, text, interactionKey: key }, responseUrl, handling)
  }

  const onMention = async (body: unknown): Promise<void> => {
    const mentioned = readMention(body)
    if (!mentioned || mentions.get(mentioned.key)) return
    mentions.set(mentioned.key, true)
    const { user, key, channel, text } = mentioned
    const identity = identify(user.team, user.id, user.id)
    const displayName = names.get(identity.externalId) ?? user.id
    const input = { identity: { ...identity, displayName }, channel, text, interactionKey: key }
    await answerInThread(input, mentioned, handling)
  }

  app.action(/.*/, ({ ack, body }) => track(() => onPress(body, () => take(ack()))))
  app.view({ callback_id: FORM, type: 'view_submission' }, ({ ack, body }) =>
    track(() => onSubmit(body, (response) => take(ack(response)))),
  )
  app.command(COMMAND, ({ ack, body }) => track(() => onCommand(body, () => take(ack()))))
  app.event('app_mention', ({ body }) => track(() => onMention(body)))
  app.error(async (error) => {
    log.error({ surface: 'slack', problem: wordsOf(error) }, 'Something that Slack sent was not handled')
  })

  return {
    idle: async () => {
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}
