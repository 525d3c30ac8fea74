import { connect } from 'node:net'
import { UserError } from '../app/errors.ts'
import { describeDatabaseError, NO_ANSWER, NO_TLS, NOT_POSTGRES } from './errors.ts'

const PATIENCE_MS = 10_000
/** The protocol's SSLRequest: length 8, code 80877103. A PostgreSQL answers it with one letter. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/**
 * Makes sure that a PostgreSQL answers at `url`, and that it speaks TLS if the address asks for that; throws
 * UserError. The driver does not tell: it calls again and again, without end and without a pause, where something
 * takes its connection and closes it (a load balancer without a server behind it, another program's port).
 */
export async function probe(url: string): Promise<void> {
  const fail = (cause: unknown): never => {
    throw new UserError(describeDatabaseError(cause, url))
  }
  const address = URL.canParse(url) ? new URL(url) : fail(undefined)
  const { protocol, hostname, port, searchParams } = address
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') fail(undefined)
  // A socket file, a host from the environment, and TLS from the first byte on are left to the driver.
  if (hostname === '' || /%2f/i.test(hostname) || searchParams.get('sslnegotiation') === 'direct') return
  const mode = searchParams.get('sslmode') ?? 'disable'
  if (mode === 'prefer' || mode === 'allow') {
    throw new UserError(
      `sslmode=${mode} in DATABASE_URL leaves open whether to encrypt, and Baton asks you to choose: write require, or disable.`,
    )
  }
  const host = hostname.replace(/^\[|\]$/g, '')
  const answer = await firstByte(host, port === '' ? 5432 : Number(port)).catch(fail)
  if (answer !== 'S' && answer !== 'N') fail({ code: NOT_POSTGRES })
  if (answer === 'N' && mode !== 'disable') fail({ code: NO_TLS })
}

/** The first byte of the answer to an SSLRequest; undefined if there is none before the connection is closed. */
function firstByte(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: PATIENCE_MS }, () => socket.write(SSL_REQUEST))
    socket.once('data', (data) => {
      resolve(data.toString('latin1', 0, 1))
      socket.destroy()
    })
    socket.once('timeout', () => {
      reject(Object.assign(new Error('no answer'), { code: NO_ANSWER }))
      socket.destroy()
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(undefined))
  })
}
