import { createHash } from 'node:crypto'
import MailComposer from 'nodemailer/lib/mail-composer'

export type Message = {
  from: string
  fromName?: string | undefined
  to: string
  subject: string
  text: string
  id: string
  at: Date
}

/**
 * The id of the message of one run: the same key makes the same id, so that a mailbox, and whoever reads it, knows a
 * message that was sent twice.
 */
export const messageIdOf = (key: string, from: string): string => {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 32)
  return `<baton.${hash}@${from.split('@')[1] ?? 'baton'}>`
}

/** The message as it goes over the wire: plain text, nothing read from files or the net. */
export const compose = ({ from, fromName, to, subject, text, id, at }: Message): Promise<Buffer> =>
  new MailComposer({
    from: fromName === undefined ? from : { name: fromName, address: from },
    to: { name: '', address: to },
    subject,
    text,
    messageId: id,
    date: at,
    xMailer: false,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build()
