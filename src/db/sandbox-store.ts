import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { UserError } from '../app/errors.ts'
import { codeOf, describeDatabaseError } from './errors.ts'

/** One thing the sandbox remembers; a `body` of null deletes it. */
type StoredDocument = { collection: string; id: string; body: unknown }

export type SandboxDatabase = {
  load(): Promise<StoredDocument[]>
  write(changes: StoredDocument[]): Promise<void>
  /** From which the sandbox derives its tokens: random, made once, kept beside its world. */
  secret(): Promise<string>
  /** Lets other programs find the systems for as long as this world lives. */
  announce(systems: unknown): Promise<void>
  close(): Promise<void>
}

const createDatabase = async (admin: postgres.Sql, name: string): Promise<void> => {
  const [there] = await admin`select 1 from pg_database where datname = ${name}`
  if (there) return
  try {
    await admin`create database ${admin(name)}`
  } catch (error) {
    if (codeOf(error) === '42P04') return
    if (codeOf(error) !== '42501') throw error
    throw new UserError(
      `The sandbox needs a database of its own beside Baton's, and this user may not create one. Create "${name}", or ` +
        'configure real systems in baton.yml.',
    )
  }
}

/** Held by the one process in which the world lives ("sandbox" in ASCII, but for its first letter). */
const LOCK = 0x616e64626f78
/** A process that was killed may take a moment to let go. */
const LOCK_PATIENCE_MS = 5_000

/**
 * A world that lived in two processes at once would be two worlds, each writing over the other. Holds a connection
 * for as long as the world lives; answers how to let go. Throws UserError.
 */
const takeWorld = async (url: string): Promise<() => Promise<void>> => {
  const guard = postgres(url, { max: 1, max_lifetime: null, onnotice: () => {} })
  const deadline = performance.now() + LOCK_PATIENCE_MS
  for (;;) {
    const [tried] = await guard<{ taken: boolean }[]>`select pg_try_advisory_lock(${LOCK}) as taken`
    if (tried?.taken) return () => guard.end({ timeout: 5 })
    if (performance.now() > deadline) break
    await pause(LOCK_PATIENCE_MS / 50)
  }
  await guard.end({ timeout: 5 })
  throw new UserError(
    'Another Baton runs the sandbox on this database already. Stop that one, or configure the real systems in baton.yml: ' +
      'then any number of Batons may share the database.',
  )
}

const makeTables = async (sql: postgres.Sql): Promise<void> => {
  await sql`create table if not exists documents (
    collection text not null, id text not null, body jsonb not null, primary key (collection, id))`
  await sql`create table if not exists secrets (name text primary key, value text not null)`
}

/** The sandbox's own database beside Baton's. */
const besideOf = (url: string): { address: URL; name: string } => {
  const address = new URL(url)
  const name = `${address.pathname.slice(1) || 'baton'}_sandbox`
  address.pathname = `/${name}`
  return { address, name }
}

/** There is no such database, or no such table in it. */
const MISSING = ['3D000', '42P01']

/** What the world that lives beside this database has announced; null where none lives. */
export const announcedSystems = async (url: string): Promise<unknown> => {
  const sql = postgres(besideOf(url).address.href, { max: 1, onnotice: () => {} })
  try {
    // Whoever can take the lock, which the end of the connection gives back, is alone.
    const [row] = await sql<{ free: boolean; value: string | null }[]>`
      select pg_try_advisory_lock(${LOCK}) as free, (select value from secrets where name = 'systems') as value`
    return row && !row.free && row.value !== null ? JSON.parse(row.value) : null
  } catch (error) {
    if (MISSING.includes(codeOf(error) ?? '')) return null
    throw error
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/**
 * The sandbox's world, in a database of its own beside Baton's: `<baton's>_sandbox`. Made on first use, without
 * migrations, because nothing in it outlives a change of its shape.
 */
export const openSandboxDatabase = async (url: string): Promise<SandboxDatabase> => {
  const { address, name } = besideOf(url)
  const admin = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await createDatabase(admin, name)
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(describeDatabaseError(error, url))
  } finally {
    await admin.end()
  }
  const letGo = await takeWorld(address.href)
  const sql = postgres(address.href, { max: 2, onnotice: () => {} })
  const close = async (): Promise<void> => {
    await sql.end({ timeout: 5 })
    await letGo()
  }
  await makeTables(sql).catch(async (error: unknown) => {
    await close()
    throw error
  })
  return {
    async load() {
      const rows = await sql<StoredDocument[]>`select collection, id, body from documents`
      return [...rows]
    },
    async write(changes) {
      // The last change of a document counts; one statement each way, in one transaction.
      const last = new Map(changes.map((change) => [`${change.collection}\n${change.id}`, change]))
      const set = [...last.values()].filter(({ body }) => body !== null)
      const gone = [...last.values()].filter(({ body }) => body === null)
      await sql.begin(async (tx) => {
        if (set.length > 0) {
          await tx`insert into documents (collection, id, body)
            select r.collection, r.id, r.body
            from jsonb_to_recordset(${JSON.stringify(set)}::text::jsonb) as r(collection text, id text, body jsonb)
            on conflict (collection, id) do update set body = excluded.body`
        }
        if (gone.length > 0) {
          await tx`delete from documents d
            using jsonb_to_recordset(${JSON.stringify(gone)}::text::jsonb) as r(collection text, id text)
            where d.collection = r.collection and d.id = r.id`
        }
      })
    },
    async secret() {
      await sql`insert into secrets values ('sandbox', ${randomBytes(32).toString('hex')}) on conflict do nothing`
      const [row] = await sql<{ value: string }[]>`select value from secrets where name = 'sandbox'`
      if (!row) throw new Error('The sandbox has no secret')
      return row.value
    },
    async announce(systems) {
      const value = JSON.stringify(systems)
      await sql`insert into secrets values ('systems', ${value})
        on conflict (name) do update set value = excluded.value`
    },
    close,
  }
}
