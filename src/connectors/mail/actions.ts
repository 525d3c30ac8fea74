import { PRIVATE } from '../../app/card.ts'
import type { ActionInput, Ready, RoutingAction } from '../../app/connector.ts'
import { SystemError } from '../../app/errors.ts'
import type { SubjectView } from '../../domain/model.ts'
import { isAddress, MAX_ADDRESS, withoutAddress } from './address.ts'
import type { MailConfig, RequestId } from './config.ts'
import { LETTERS, type LetterKind } from './letters.ts'
import { compose, messageIdOf } from './message.ts'
import type { MailServer } from './smtp.ts'

/** One line on a phone, and no text area in the form. */
const MAX_SUBJECT = 120
/** What a form of Slack takes. */
const MAX_TEXT = 3_000
/** The customer's address: personal data, kept only until the message was sent. */
const TO = `${PRIVATE}to`

/** Nothing of a mail ever shows. */
const SETTLE_MS = 1_000

/** Who gets it and how long the answer may take; null where nobody is configured for it. */
const deskOf = (config: MailConfig, id: RequestId, kind: LetterKind): Desk | null => {
  const desk = config.desks[kind.desk]
  if (!desk) return null
  const own = config.actions[id]
  return {
    to: kind.desk === 'customer' ? null : (own?.to ?? ('to' in desk ? desk.to : null)),
    answerWithinMs: own?.answerWithin ?? desk.answerWithin,
  }
}
/** `to`: null where the person types it. */
type Desk = { to: string | null; answerWithinMs: number }

/** What carriers, suppliers and others are asked for: until they answer, a customer cannot be told what will be. */
const ASKED_OF_OTHERS = LETTERS.flatMap(({ id, desk }) => (desk === 'customer' ? [] : [id]))

type Letter = { to: string; subject: string; text: string }

/** What will be sent, or why it cannot be. */
const letterOf = (desk: Desk, { values }: Pick<ActionInput, 'values'>): Letter | { wrong: string } => {
  const typed = (id: string): string => String(values[id] ?? '').trim()
  const to = desk.to ?? typed(TO)
  const subject = typed('subject')
  const text = typed('text').replace(/\r\n?/g, '\n')
  if (!isAddress(to)) return { wrong: 'Give one e-mail address, without a name: jo@example.com.' }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these would begin another header
  if (subject === '' || /[\u0000-\u001f\u007f\u2028\u2029]/.test(subject)) {
    return { wrong: 'Give the subject as one line.' }
  }
  return text === '' ? { wrong: 'Write a message.' } : { to, subject, text }
}

/** Whether this desk is responsible for the parcel's carrier; one that nobody names is anybody's. */
const isOurs = ({ desks: { carrier } }: MailConfig, kind: LetterKind, subject: SubjectView): boolean => {
  if (kind.desk !== 'carrier' || !carrier?.carriers) return true
  const ours = carrier.carriers.map((name) => name.toLowerCase())
  const theirs = subject.objects.flatMap(({ type, attributes }) =>
    type === 'shipment' && typeof attributes.carrier === 'string' ? [attributes.carrier.toLowerCase()] : [],
  )
  return theirs.length === 0 || theirs.some((name) => ours.includes(name))
}

const requestAction = (
  server: MailServer,
  config: MailConfig,
  now: () => Date,
  id: RequestId,
  kind: LetterKind,
  desk: Desk,
): RoutingAction => {
  const { name, from, fromName } = config
  return {
    id,
    label: kind.label,
    kind: 'request',
    risk: 'safe',
    settleMs: SETTLE_MS,
    // No mail server knows a key: the id of the message only lets people see that it came twice.
    idempotent: false,
    ...(kind.tells ? { afterAnswersTo: ASKED_OF_OTHERS } : {}),
    target: (subject) => (isOurs(config, kind, subject) ? kind.aim(subject) : null),
    inputs(subject) {
      const draft = kind.write(subject)
      const signed = [draft.text, ['Kind regards', ...(fromName ? [fromName] : [])].join('\n')].join('\n\n')
      const text = (input: string, label: string, maxLength: number, initial?: string) => ({
        kind: 'text' as const,
        id: input,
        label,
        required: true,
        maxLength,
        ...(initial === undefined ? {} : { initial: initial.slice(0, maxLength) }),
      })
      return [
        ...(desk.to === null ? [text(TO, 'The customer’s e-mail address', MAX_ADDRESS)] : []),
        text('subject', 'Subject', MAX_SUBJECT, draft.subject),
        text('text', desk.to === null ? 'Message' : `Message to ${desk.to}`, MAX_TEXT, signed),
      ]
    },
    read: () => Promise.resolve({ facts: [], snapshot: null, words: 'A mail leaves nothing to read back.' }),
    precondition(input): Ready {
      const letter = letterOf(desk, input)
      return 'wrong' in letter ? { is: 'impossible', words: letter.wrong } : { is: 'ready' }
    },
    async act(input, key) {
      const letter = letterOf(desk, input)
      if ('wrong' in letter) throw new SystemError(name, 'refused', letter.wrong)
      const at = now()
      const messageId = messageIdOf(key, from)
      const message = await compose({ ...letter, from, fromName, id: messageId, at })
      try {
        await server.send({ from, to: letter.to }, message, input.signal)
      } catch (error) {
        if (!(error instanceof SystemError)) throw error
        const words = desk.to === null ? withoutAddress(error.message, letter.to) : error.message
        const look = error.failure === 'ambiguous' ? ` Its id is ${messageId}.` : ''
        throw new SystemError(name, error.failure, `${words}${look}`)
      }
      if (kind.tells) return { is: 'handed_over', to: 'the mail server' }
      const until = new Date(at.getTime() + desk.answerWithinMs)
      return { is: 'requested', words: `Mailed to ${desk.to ?? 'the customer'}.`, until }
    },
    // After a lost answer that ends in "unknown"; after an answer only the handoff itself can show more.
    compare: () => ({ is: 'unchanged', words: 'Whether a mail has gone out cannot be read back.' }),
  }
}

/** What can be asked with the desks that are configured. */
export const createActions = (server: MailServer, config: MailConfig, now: () => Date): RoutingAction[] =>
  LETTERS.flatMap(({ id, ...kind }) => {
    const desk = deskOf(config, id, kind)
    return desk ? [requestAction(server, config, now, id, kind, desk)] : []
  })
