import { randomBytes } from 'node:crypto'
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

/**
 * The sandbox's world, in a database of its own beside Baton's: `<baton's>_sandbox`. Made on first use, without
 * migrations, because nothing in it outlives a change of its shape.
 */
export const openSandboxDatabase = async (url: string): Promise<SandboxDatabase> => {
  const address = new URL(url)
  const name = `${address.pathname.slice(1) || 'baton'}_sandbox`
  const admin = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await createDatabase(admin, name)
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(describeDatabaseError(error, url))
  } finally {
    await admin.end()
  }
  address.pathname = `/${name}`
  const sql = postgres(address.href, { max: 2, onnotice: () => {} })
  await sql`create table if not exists documents (
    collection text not null, id text not null, body jsonb not null, primary key (collection, id))`
  await sql`create table if not exists secrets (name text primary key, value text not null)`
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
    close: () => sql.end({ timeout: 5 }),
  }
}
