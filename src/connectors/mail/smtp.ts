import { Readable } from 'node:stream'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { SystemError } from '../../app/errors.ts'
import type { MailConfig } from './config.ts'
import { failureOf, type Progress } from './failure.ts'

export type MailServer = {
  /** Hands one message over; answers the server's last word. Throws SystemError. */
  send(envelope: { from: string; to: string }, message: Buffer, signal: AbortSignal): Promise<string>
  /** Connects and logs in. Throws SystemError. */
  probe(signal: AbortSignal): Promise<void>
}

type Failable = (error?: Error | null) => void
const done = (start: (callback: Failable) => void): Promise<void> =>
  new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())))

/** The message as a stream that tells when its last byte was taken: from then on the server may have it. */
const told = (message: Buffer, progress: Progress): Readable =>
  new Readable({
    read() {
      progress.handedOver = true
      this.push(message)
      this.push(null)
    },
  })

/** A mail server over SMTP: a connection of its own for each message, one deadline for all of it. */
export const createMailServer = (config: MailConfig): MailServer => {
  const { name, url, user, password, requireTls, ca, timeoutMs } = config
  const { protocol, hostname, port } = new URL(url)
  const secure = protocol === 'smtps:'

  const talk = async <T>(
    signal: AbortSignal,
    work: (connection: SMTPConnection, progress: Progress) => Promise<T>,
  ): Promise<T> => {
    const progress: Progress = { handedOver: false }
    const connection = new SMTPConnection({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (secure ? 465 : 587) : Number(port),
      secure,
      requireTLS: requireTls && !secure,
      tls: ca === undefined ? {} : { ca },
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
    })
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    let stop = () => {}
    const broken = new Promise<never>((_, reject) => {
      stop = () => reject(inTime.reason)
      connection.on('error', reject)
      inTime.addEventListener('abort', stop, { once: true })
    })
    // When all went well nobody listens to it any more.
    broken.catch(() => {})
    try {
      inTime.throwIfAborted()
      const login = async () => {
        await done((callback) => connection.connect(callback))
        if (user === undefined) return
        await done((callback) => connection.login({ credentials: { user, pass: password ?? '' } }, callback))
      }
      const result = await Promise.race([login().then(() => work(connection, progress)), broken])
      connection.quit()
      return result
    } catch (error) {
      connection.close()
      throw error instanceof SystemError ? error : failureOf(name, error, progress)
    } finally {
      inTime.removeEventListener('abort', stop)
    }
  }

  return {
    send: (envelope, message, signal) =>
      talk(
        signal,
        (connection, progress) =>
          new Promise<string>((resolve, reject) => {
            connection.send(envelope, told(message, progress), (error, info) =>
              error ? reject(error) : resolve(info?.response ?? ''),
            )
          }),
      ),
    probe: (signal) => talk(signal, async () => {}),
  }
}
