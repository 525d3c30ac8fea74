import { CARD_TYPE, checkCard, checkMentions } from './card.ts'
import { isObject, type Json, listOf, textOf } from './json.ts'

/** The size of a message as Teams counts it: its JSON in UTF-16. */
export const sizeOf = (activity: Json): number => JSON.stringify(activity).length * 2

/** What is wrong with a message of the bot; empty when Teams shows it. */
export function checkActivity(activity: Json): string[] {
  if (activity.type !== 'message') return [`unknown activity type: ${String(activity.type)}`]
  const attachments = activity.attachments ?? []
  if (!Array.isArray(attachments)) return ['attachments: must be an array']
  const text = textOf(activity.text)
  if (text === '' && attachments.length === 0) return ['the message is empty']
  const cards = attachments.flatMap((each, index) => checkAttachment(each, `attachments/${index}`))
  const mentions = listOf(activity.entities).filter((each) => each.type === 'mention')
  return [...cards, ...checkMentions([text], mentions, 'entities')]
}

const checkAttachment = (attachment: unknown, at: string): string[] => {
  if (!isObject(attachment)) return [`${at}: must be an object`]
  if (attachment.contentType !== CARD_TYPE)
    return [`${at}: unknown contentType ${String(attachment.contentType)}`]
  return checkCard(attachment.content).map((problem) => `${at}/content${problem}`)
}

/** The card that a message shows; an empty one for a message of text alone. */
export const cardOf = (activity: Json): Json => {
  const card = listOf(activity.attachments).find((each) => each.contentType === CARD_TYPE)?.content
  return isObject(card) ? card : {}
}
