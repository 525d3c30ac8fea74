import { and, asc, eq, sql } from 'drizzle-orm'
import { UserError } from '../app/errors.ts'
import type { Keep, Kept } from '../app/keep.ts'
import type { Cipher } from './cipher.ts'
import type { Database, Executor } from './connect.ts'
import { surfaceKeep } from './schema.ts'

/** How a value stands in its row. */
type Form = {
  isSealed: boolean
  write(value: object, about: string): string
  read(text: string, about: string): unknown
}

const PLAIN: Form = {
  isSealed: false,
  write: (value) => JSON.stringify(value),
  read: (text) => JSON.parse(text),
}

const sealedWith = (cipher: Cipher | null): Form => {
  const given = (): Cipher => {
    if (cipher) return cipher
    throw new UserError(
      'BATON_ENCRYPTION_KEY is missing: tokens are only ever kept encrypted. Make one: openssl rand -base64 32',
      2,
    )
  }
  return {
    isSealed: true,
    write: (value, about) => given().seal(JSON.stringify(value), about),
    read: (text, about) => JSON.parse(given().open(text, about)),
  }
}

const keptBy = (db: Database, surface: string, { isSealed, write, read }: Form): Kept => {
  const { kind: ofKind, key: ofKey, value: ofValue } = surfaceKeep
  const allOf = (kind: string) =>
    and(eq(surfaceKeep.surface, surface), eq(surfaceKeep.isSealed, isSealed), eq(ofKind, kind))
  const oneOf = (kind: string, key: string) => and(allOf(kind), eq(ofKey, key))
  const aboutOf = (kind: string, key: string): string => `${surface}/${kind}/${key}`

  const get = async (from: Executor, kind: string, key: string): Promise<unknown> => {
    const [row] = await from.select({ value: ofValue }).from(surfaceKeep).where(oneOf(kind, key))
    return row ? read(row.value, aboutOf(kind, key)) : null
  }
  const put = async (into: Executor, kind: string, key: string, value: object): Promise<void> => {
    const text = write(value, aboutOf(kind, key))
    await into
      .insert(surfaceKeep)
      .values({ surface, kind, key, isSealed, value: text })
      .onConflictDoUpdate({
        target: [surfaceKeep.surface, surfaceKeep.isSealed, ofKind, ofKey],
        set: { value: text },
      })
  }
  return {
    get: (kind, key) => get(db, kind, key),
    put: (kind, key, value) => put(db, kind, key, value),
    async list(kind) {
      const rows = await db
        .select({ key: ofKey, value: ofValue })
        .from(surfaceKeep)
        .where(allOf(kind))
        .orderBy(asc(ofKey))
      return rows.map(({ key, value }) => ({ key, value: read(value, aboutOf(kind, key)) }))
    },
    async remove(kind, key) {
      await db.delete(surfaceKeep).where(oneOf(kind, key))
    },
    locked: (kind, key, work) =>
      db.transaction(async (tx) => {
        // A row that does not exist yet cannot be locked: its name can.
        await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${aboutOf(kind, key)}, 0))`)
        return work(await get(tx, kind, key), (value) => put(tx, kind, key, value))
      }),
  }
}

/** What one surface keeps. Without a cipher nothing secret is kept, or read. */
export const createKeep = (db: Database, surface: string, cipher: Cipher | null): Keep => ({
  plain: keptBy(db, surface, PLAIN),
  secret: keptBy(db, surface, sealedWith(cipher)),
})
