import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'
import { afterEach, expect, inject, it } from 'vitest'
import { UserError } from '../../src/app/errors.ts'
import { describeDatabaseError } from '../../src/db/errors.ts'
import { migrate } from '../../src/db/migrate.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function portOf(server: Server): Promise<number> {
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** The address of the running test server, altered. */
function address(
  changes: Partial<Pick<URL, 'hostname' | 'port' | 'username' | 'password' | 'pathname' | 'search'>>,
) {
  return Object.assign(new URL(inject('serverUrl')), changes)
}

/** The line that a person gets to read who starts Baton with this DATABASE_URL. */
async function lineFor(url: string): Promise<string> {
  const error: unknown = await migrate(url).catch((reason: unknown) => reason)
  if (!(error instanceof UserError)) throw new Error(`not a UserError: ${error}`)
  expect(error.message).not.toContain('\n')
  return error.message
}

it('tells a server that is not there', async () => {
  const server = createTcpServer()
  const port = await portOf(server)
  server.close()
  await once(server, 'close')
  expect(await lineFor(address({ port: String(port) }).href)).toBe(
    `No PostgreSQL answers at 127.0.0.1:${port} (connection refused). Start it, or correct DATABASE_URL; without DATABASE_URL Baton brings its own.`,
  )
})

it('tells a host that is not known', async () => {
  expect(await lineFor('postgres://baton:secret@db.invalid/baton')).toBe(
    'The database host db.invalid is not known here. Correct the host in DATABASE_URL, or mend the name service.',
  )
})

it('tells a wrong password, without showing it', async () => {
  const url = address({ password: 'not-the-password' })
  const line = await lineFor(url.href)
  expect(line).toBe(
    `The database at ${url.host} does not accept the password of user "baton". Correct user and password in DATABASE_URL.`,
  )
})

it('tells a database that is missing', async () => {
  const url = address({ pathname: '/nowhere' })
  expect(await lineFor(url.href)).toBe(
    `The server ${url.host} has no database "nowhere". Create it (\`CREATE DATABASE "nowhere"\`), or correct DATABASE_URL.`,
  )
})

it.each([
  'mysql://baton:secret@127.0.0.1/baton',
  '127.0.0.1:5432/baton',
  'postgres://baton:se#cret@127.0.0.1/baton',
  'postgres://baton:se%cret@127.0.0.1/baton',
  '',
])('tells what an address looks like to one that is none: %s', async (url) => {
  const line = await lineFor(url)
  expect(line).toContain('It looks like postgres://user:password@host:5432/database')
  expect(line).not.toMatch(/se.?cret/)
})

it.each<[string, RequestListener | 'hangs up']>([
  ['a web server', (_request, response) => response.end('hello')],
  ['a load balancer with nothing behind it', 'hangs up'],
])('tells that %s is not a PostgreSQL, instead of trying for ever', async (_name, answer) => {
  const server = answer === 'hangs up' ? createTcpServer((socket) => socket.destroy()) : createServer(answer)
  const port = await portOf(server)
  expect(await lineFor(address({ port: String(port) }).href)).toBe(
    `What answers at 127.0.0.1:${port} is not a PostgreSQL. Correct the host and port in DATABASE_URL.`,
  )
})

it('tells a server that does not speak the TLS that was asked for', async () => {
  const url = address({ search: '?sslmode=require' })
  expect(await lineFor(url.href)).toBe(
    `The database at ${url.host} does not speak TLS. Remove sslmode from DATABASE_URL, or switch TLS on in that server.`,
  )
})

it('asks for a choice where the address leaves TLS open', async () => {
  expect(await lineFor(address({ search: '?sslmode=prefer' }).href)).toContain('write require, or disable')
})

it('tells how to ask for the TLS that a server insists on', () => {
  const error = Object.assign(
    new Error('no pg_hba.conf entry for host "10.0.0.7", user "ana", database "baton", no encryption'),
    { code: '28000' },
  )
  expect(describeDatabaseError(error, 'postgres://ana:secret@db.example/baton')).toContain(
    'Add ?sslmode=require to DATABASE_URL',
  )
})

it('tells a user without rights what to run', () => {
  const error = Object.assign(new Error('permission denied for schema public'), { code: '42501' })
  const wrapped = new Error('Failed query: create table …', { cause: error })
  expect(describeDatabaseError(wrapped, 'postgres://ana:secret@db.example/baton')).toBe(
    'User "ana" may not do what Baton needs in database "baton" (permission denied for schema public). Make it the owner: `ALTER DATABASE "baton" OWNER TO "ana"`.',
  )
})

it('hides the password wherever the words of an unknown error hold it', () => {
  const error = new Error('could not use p@ssword, p%40ssword\nand more')
  expect(describeDatabaseError(error, 'postgres://ana:p%40ssword@db.example/baton')).toBe(
    'The database at db.example:5432 failed: could not use ***, ***',
  )
})
