import { wordsOf } from '../app/errors.ts'

/** The `code` of a system, PostgreSQL or driver error; of what caused it, where it has none itself. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  return 'cause' in error ? codeOf(error.cause) : undefined
}

/** Another transaction was faster: this one did nothing and is tried again, as after a serialization failure. */
export class Overtaken extends Error {
  readonly code = '40001'
}

/** What the probe finds out, next to the codes of the system. */
export const NO_ANSWER = 'BATON_NO_ANSWER'
export const NOT_POSTGRES = 'BATON_NOT_POSTGRES'
export const NO_TLS = 'BATON_NO_TLS'

const SHAPE = 'postgres://user:password@host:5432/database'

/**
 * One line for a failure to reach or enter the database at `url`: what is wrong, where, and what to do. Never holds
 * the password. Other errors come back in their own words.
 */
export function describeDatabaseError(error: unknown, url: string): string {
  const target = parseTarget(url)
  if (target === undefined) {
    return `DATABASE_URL is not a PostgreSQL address. It looks like ${SHAPE}; special characters in the password are written as %40 (@), %23 (#), %2F (/).`
  }
  const words = withoutPassword(innermost(error), url)
  return (
    unreachable(codeOf(error), target) ??
    noTls(codeOf(error), words, target) ??
    refused(codeOf(error), words, target) ??
    `The database at ${target.server} failed: ${words}`
  )
}

interface Target {
  /** host:port */
  readonly server: string
  readonly host: string
  readonly database: string
  readonly user: string
}

function parseTarget(url: string): Target | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname, port, pathname, username, password } = new URL(url)
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') return undefined
  const [user, database] = [decoded(username), decoded(pathname.slice(1))]
  // A stray % in any part: the drivers refuse the whole address.
  if (user === undefined || database === undefined || decoded(password) === undefined) return undefined
  const host = hostname || 'localhost'
  const who = user || process.env.PGUSER || process.env.USER || ''
  return { server: `${host}:${port || '5432'}`, host, user: who, database: database || who }
}

/** The network's own failures. */
function unreachable(code: string | undefined, { server, host }: Target): string | undefined {
  switch (code) {
    case 'ECONNREFUSED':
      return `No PostgreSQL answers at ${server} (connection refused). Start it, or correct DATABASE_URL; without DATABASE_URL Baton brings its own.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The database host ${host} is not known here. Correct the host in DATABASE_URL, or mend the name service.`
    case 'ETIMEDOUT':
    case 'CONNECT_TIMEOUT':
    case NO_ANSWER:
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `The database at ${server} cannot be reached (no answer). Check the host and port in DATABASE_URL, and the firewall between.`
    case 'ECONNRESET':
    case 'EPIPE':
    case 'CONNECTION_CLOSED':
    case 'CONNECTION_ENDED':
    case 'CONNECTION_DESTROYED':
      return `The database at ${server} broke the connection off. Check that it runs, and try again.`
    case NOT_POSTGRES:
      return `What answers at ${server} is not a PostgreSQL. Correct the host and port in DATABASE_URL.`
    default:
      return undefined
  }
}

/** Encryption asked for by one side alone, or by a certificate that does not convince. */
function noTls(code: string | undefined, words: string, { server, host, user }: Target): string | undefined {
  if (code === '28000' && /no encryption|SSL off/.test(words)) {
    return `The database at ${server} does not let user "${user}" in unencrypted (${words}). Add ?sslmode=require to DATABASE_URL; if it still refuses, allow that user in pg_hba.conf.`
  }
  if (code === NO_TLS) {
    return `The database at ${server} does not speak TLS. Remove sslmode from DATABASE_URL, or switch TLS on in that server.`
  }
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `The certificate of ${server} is signed by nobody this machine trusts. Name its authority in NODE_EXTRA_CA_CERTS, or use sslmode=require, which does not check.`
    case 'CERT_HAS_EXPIRED':
      return `The certificate of ${server} has expired. Renew it on the database server.`
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `The certificate of ${server} is for another host than ${host}. Use the name in the certificate in DATABASE_URL.`
    default:
      return undefined
  }
}

/** What PostgreSQL itself said no to; codes as in its manual, appendix A. */
function refused(code: string | undefined, words: string, target: Target): string | undefined {
  const { server, user, database } = target
  switch (code) {
    case '28P01':
      return `The database at ${server} does not accept the password of user "${user}". Correct user and password in DATABASE_URL.`
    case '28000':
      return `The database at ${server} does not let user "${user}" in (${words}). Correct the user in DATABASE_URL, or allow it in pg_hba.conf.`
    case '3D000':
      return `The server ${server} has no database "${database}". Create it (\`CREATE DATABASE "${database}"\`), or correct DATABASE_URL.`
    case '42501':
      return `User "${user}" may not do what Baton needs in database "${database}" (${words}). Make it the owner: \`ALTER DATABASE "${database}" OWNER TO "${user}"\`.`
    case '25006':
      return `The database at ${server} is read-only, as a standby is. Point DATABASE_URL at the primary.`
    case '53300':
      return `The database at ${server} has no connection left. Raise max_connections there, or run fewer Batons.`
    case '57P01':
    case '57P02':
    case '57P03':
      return `The database at ${server} is starting or shutting down. Try again in a moment.`
    case '53100':
      return `The disk of the database at ${server} is full. Free some space there.`
    default:
      return undefined
  }
}

/** The words of the first cause: what a library wraps around it may hold the SQL and its parameters. */
function innermost(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0])
  if (error instanceof Error && error.cause instanceof Error) return innermost(error.cause)
  return wordsOf(error).split('\n')[0] ?? ''
}

function withoutPassword(text: string, url: string): string {
  const { password } = new URL(url)
  // Shorter ones are also parts of ordinary words.
  const secrets = [password, decoded(password) ?? ''].filter((secret) => secret.length >= 4)
  return secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
