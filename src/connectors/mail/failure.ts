import { SystemError } from '../../app/errors.ts'

/** `handedOver`: the last byte of the message was given to the connection. */
export type Progress = { handedOver: boolean }

const MAX_WORDS = 300

/** What nodemailer says of a failure, as far as it is there. */
const seenIn = (error: unknown): { code: string; responseCode: number | undefined; words: string } => {
  if (!(error instanceof Error)) return { code: '', responseCode: undefined, words: String(error) }
  const response = 'response' in error && typeof error.response === 'string' ? error.response : ''
  const said = response === '' ? error.message : response
  return {
    code: 'code' in error && typeof error.code === 'string' ? error.code : '',
    responseCode:
      'responseCode' in error && typeof error.responseCode === 'number' ? error.responseCode : undefined,
    words: said.replace(/\s+/g, ' ').trim().slice(0, MAX_WORDS),
  }
}

const isLate = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')

/**
 * What a failure of SMTP means. A server that answers has decided: 4xx not now, 5xx not at all; before the message was
 * handed over it has nothing; after that, without an answer, nobody knows.
 */
export const failureOf = (system: string, error: unknown, { handedOver }: Progress): SystemError => {
  const { code, responseCode, words } = seenIn(error)
  const answered = responseCode !== undefined && responseCode >= 400
  if (code === 'EAUTH' && !(answered && responseCode < 500)) {
    const login = `${system}: the mail server does not accept the login (${words}): check user and password.`
    return new SystemError(system, 'misconfigured', login)
  }
  if (!handedOver && (code === 'ETLS' || /certificate|\bTLS\b|\bSSL\b/i.test(answered ? '' : words))) {
    const tls = `${system}: no safe connection to the mail server (${words}): check url, ca and requireTls.`
    return new SystemError(system, 'misconfigured', tls)
  }
  if (answered) {
    return responseCode >= 500
      ? new SystemError(system, 'refused', `${system}: the mail server refused: ${words}`)
      : new SystemError(system, 'unreachable', `${system}: the mail server cannot take it now: ${words}`)
  }
  if (handedOver) {
    const what = isLate(error) || code === 'ETIMEDOUT' ? 'No answer in time' : `Broken off (${words})`
    const unknown = `${what} after the message was handed to ${system}, and nobody knows whether it goes out`
    return new SystemError(
      system,
      'ambiguous',
      `${unknown}: look into the sent mail before sending it again.`,
    )
  }
  if (isLate(error) || code === 'ETIMEDOUT') {
    return new SystemError(system, 'unreachable', `${system}: the mail server does not answer in time.`)
  }
  if (code === 'EPROTOCOL') {
    const speaks = `${system}: what answers at its url is no mail server (${words}): check it.`
    return new SystemError(system, 'misconfigured', speaks)
  }
  if (code === 'EENVELOPE' || code === 'EMESSAGE') {
    return new SystemError(system, 'refused', `${system}: the mail server cannot take this: ${words}`)
  }
  return new SystemError(system, 'unreachable', `${system}: the mail server cannot be reached (${words}).`)
}
