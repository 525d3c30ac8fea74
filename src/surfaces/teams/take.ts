import { wordsOf } from '../../app/errors.ts'
import { readCommand } from '../adaptive-text.ts'
import { outcomeOf } from '../kit/outcome.ts'
import { Recent } from '../kit/recent.ts'
import type { Activity } from './activity.ts'
import { type Actor, asWords, type Handling, type InvokeAnswer, keyOf } from './answer.ts'
import { answerButton, answerMessage, welcome } from './ask.ts'
import { type DialogAnswer, readSubmission, sayInDialog } from './dialog.ts'
import type { Directory } from './directory.ts'
import { createPressKeys, openDialog, press, refresh, submit } from './press.ts'
import { readButton, readRefresh } from './press-data.ts'
import { createWho } from './who.ts'

const REMEMBERED = 2_000
const OLD = 'This button is of an older Baton. Type open.'

export type Taking = Handling & { directory: Directory }

/** What Teams gets back. */
export type Answer = { status: number; body?: InvokeAnswer | DialogAnswer }

/** What becomes of an activity that Teams itself sent. */
export function createTaker(taking: Taking): (activity: Activity) => Promise<Answer> {
  const { directory, calls, clock, log, track } = taking
  const who = createWho(directory, calls, clock, log)
  const answerInvoke = createInvokes(taking, who)
  // A message may be delivered twice; it is answered once.
  const answered = new Recent<true>(REMEMBERED)

  /** Goes on after Teams has its 200: commands may take longer than it waits. */
  const once = (activity: Activity, answer: (actor: Actor, key: string) => Promise<void>): void => {
    const key = keyOf(activity.type, activity.conversation, activity.id)
    if (answered.get(key)) return
    answered.set(key, true)
    const work = who(activity).then((actor) => (actor ? answer(actor, key) : undefined))
    track(
      work.catch((error: unknown) => {
        log.error({ surface: 'teams', problem: wordsOf(error) }, 'Something that Teams sent was not handled')
      }),
    )
  }

  return async (activity) => {
    const { type, action, from, place } = activity
    const isRemoval = type === 'installationUpdate' && action.startsWith('remove')
    const learnt = await outcomeOf(isRemoval ? directory.forget(activity) : directory.learn(activity))
    if (!learnt.ok)
      log.error({ surface: 'teams', problem: wordsOf(learnt.error) }, 'A place was not remembered')
    if (type === 'invoke') return answerInvoke(activity)
    if (from.isBot) return { status: 200 }
    if (type === 'message') once(activity, (actor, key) => answerMessage(actor, key, taking))
    if (type === 'installationUpdate' && action === 'add' && place === 'personal')
      once(activity, (actor) => welcome(actor, taking))
    return { status: 200 }
  }
}

/** What somebody waits for in front of a card or a dialog. */
function createInvokes(
  handling: Handling,
  who: (activity: Activity) => Promise<Actor | null>,
): (activity: Activity) => Promise<Answer> {
  const keyOfPress = createPressKeys(handling.clock)

  const onAction = async (actor: Actor): Promise<InvokeAnswer> => {
    const { data } = readAction(actor.activity.value)
    const again = readRefresh(data)
    if (again) return refresh(again.card, again.on === 'post' ? 'post' : 'reply', actor, handling)
    const button = readButton(data)
    if (button) return press(actor, button, keyOfPress(actor, button), handling)
    const command = readCommand(data)
    if (command === null) return asWords(OLD)
    const { id, conversation } = actor.activity
    return answerButton(actor, command, keyOf('command', conversation, id), handling)
  }

  const onDialog = async (actor: Actor): Promise<DialogAnswer> => {
    const { data } = readTask(actor.activity.value)
    if (actor.activity.name === 'task/submit') {
      const submitted = readSubmission(data)
      return submitted ? submit(actor, submitted, handling) : sayInDialog(OLD)
    }
    const button = readButton(data)
    return button ? openDialog(actor, button, keyOfPress(actor, button), handling) : sayInDialog(OLD)
  }

  return async (activity) => {
    const isAction = activity.name === 'adaptiveCard/action'
    if (!isAction && !['task/fetch', 'task/submit'].includes(activity.name)) return { status: 501 }
    const actor = await who(activity)
    if (!actor) return { status: 403 }
    if (isAction) return { status: 200, body: await onAction(actor) }
    const dialog = await onDialog(actor)
    return dialog === null ? { status: 200 } : { status: 200, body: dialog }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const readAction = (value: unknown): { data: unknown } => {
  const action = isObject(value) && isObject(value.action) ? value.action : {}
  return { data: action.data }
}
const readTask = (value: unknown): { data: unknown } => ({ data: isObject(value) ? value.data : undefined })
