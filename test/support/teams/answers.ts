import { CARD_TYPE, checkCard, checkDialogCard } from './card.ts'
import type { OnAnswer } from './deliver.ts'
import { isObject, type Json, textOf, within } from './json.ts'
import type { Dialog, Message, Person, World } from './world.ts'

/** How Teams takes in what a bot answers to an invoke. */

const MESSAGE_TYPE = 'application/vnd.microsoft.activity.message'
const ERROR_TYPE = 'application/vnd.microsoft.error'
const LONGEST_MESSAGE = 2_000

/** Teams shows "Something went wrong" for an answer that it cannot read; the test is told why. */
const unreadable = (world: World, words: string): { failure: string } => {
  world.violation(`an answer that Teams cannot show: ${words}`)
  return { failure: 'bad_response' }
}

/** To a pressed button: a card in its place for the one who pressed, a line of text, or an error. */
export const cardAnswer =
  (world: World, message: Message, person: Person): OnAnswer =>
  (body) => {
    if (!isObject(body)) return unreadable(world, 'a press wants a JSON answer')
    const { statusCode, type, value } = body
    if (statusCode !== 200) {
      if (typeof statusCode !== 'number') return unreadable(world, 'statusCode must be a number')
      if (type !== ERROR_TYPE || !isObject(value) || typeof value.message !== 'string')
        return unreadable(world, `statusCode ${statusCode} wants ${ERROR_TYPE} with a code and a message`)
      return { failure: `error_${statusCode}` }
    }
    switch (type) {
      case CARD_TYPE: {
        const problems = checkCard(value)
        if (problems.length > 0 || !isObject(value)) return unreadable(world, problems.join('; '))
        // A message that was deleted meanwhile has nothing to put the card in.
        if (world.messages.includes(message)) world.replaceFor(message, person, value)
        return { told: null }
      }
      case MESSAGE_TYPE:
        return typeof value === 'string' && value !== '' && value.length <= LONGEST_MESSAGE
          ? { told: value }
          : unreadable(world, `a message is text of at most ${LONGEST_MESSAGE} characters`)
      default:
        return unreadable(world, `unknown type ${String(type)}`)
    }
  }

/** To a dialog that opens or was sent: another card, a line of text, or nothing (it closes). */
export const dialogAnswer =
  (world: World, from: Omit<Dialog, 'task'>, step: 'fetch' | 'submit'): OnAnswer =>
  (body) => {
    const close = (told: string | null): { told: string | null } => {
      world.closeDialog(from.person)
      return { told }
    }
    if (step === 'submit' && (body === undefined || (isObject(body) && body.task === undefined)))
      return close(null)
    const task = within(body, 'task')
    switch (task.type) {
      case 'message':
        return textOf(task.value) === ''
          ? unreadable(world, 'task message without text')
          : close(textOf(task.value))
      case 'continue': {
        const problems = checkTask(within(task, 'value'))
        if (problems.length > 0) return unreadable(world, problems.join('; '))
        world.openDialog({ ...from, task: within(task, 'value') })
        return { told: null }
      }
      default:
        return unreadable(world, `unknown task type ${String(task.type)}`)
    }
  }

function checkTask(task: Json): string[] {
  const isSize = (value: unknown): boolean =>
    value === undefined ||
    (typeof value === 'number' && value > 0) ||
    ['small', 'medium', 'large'].includes(String(value))
  const card = within(task, 'card')
  return [
    ...(textOf(task.title) === '' ? ['a dialog needs a title'] : []),
    ...(isSize(task.height) && isSize(task.width) ? [] : ['a dialog is small, medium, large or pixels']),
    ...(card.contentType === CARD_TYPE ? checkDialogCard(card.content) : ['a dialog shows an Adaptive Card']),
  ]
}

/** To everything that is no invoke: the answer's words do not matter. */
export const plainAnswer: OnAnswer = () => ({ told: null })
