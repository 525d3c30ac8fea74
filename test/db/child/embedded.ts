/**
 * A Baton as far as its database goes: starts the embedded server with the options in argv[2] (JSON), says in one
 * JSON line what came of it, and lives on until SIGINT (its terminal's Ctrl-C), SIGTERM or the end of its input (its test was ended); then it asks its database
 * something, says so, and stops it.
 */
import postgres from 'postgres'
import { UserError } from '../../../src/app/errors.ts'
import { type EmbeddedOptions, startEmbedded } from '../../../src/db/embedded/start.ts'

const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`)
const log = { info: () => {}, warn: () => {}, error: () => {} }
const options: Omit<EmbeddedOptions, 'log'> = JSON.parse(process.argv[2] ?? '{}')

try {
  const server = await startEmbedded({ ...options, log })
  const sql = postgres(server.url, { max: 1, onnotice: () => {} })
  await sql`select 1`
  const end = async (): Promise<void> => {
    const answered = await sql`select 1`.then(
      () => true,
      () => false,
    )
    await sql.end()
    await server.stop()
    say({ answered })
    process.exit()
  }
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  process.stdin.once('end', end).resume()
  say({ url: server.url, port: server.port, adopted: server.adopted, notes: server.notes })
} catch (error) {
  say({ error: error instanceof UserError ? error.message : `not a UserError: ${error}` })
  process.exitCode = 1
}
