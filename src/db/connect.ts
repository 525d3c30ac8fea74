import type { ExtractTablesWithRelations } from 'drizzle-orm'
import type { PgTransaction } from 'drizzle-orm/pg-core'
import { drizzle, type PostgresJsDatabase, type PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import * as schema from './schema.ts'

export type Database = PostgresJsDatabase<typeof schema>
/** A transaction, or the database itself where one statement is enough. */
export type Executor =
  | Database
  | PgTransaction<PostgresJsQueryResultHKT, typeof schema, ExtractTablesWithRelations<typeof schema>>

export type Connection = {
  db: Database
  /** So many transactions may the work in the background have open at once: the rest is for people. */
  forBackground: number
  url: string
  /** Calls back on every NOTIFY of a channel, on a connection of its own that reconnects by itself. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

export type ConnectOptions = {
  /** For LISTEN where `url` is a transaction pooler. */
  directUrl?: string | undefined
  max?: number
}

/**
 * Connections that work in the background never takes, so that whoever presses a button finds one free. They are not a
 * pool of their own: that would stand idle, and its first users would pay for caches that are cold.
 */
const FOR_PEOPLE = 4

/** Connects lazily: the first statement tells whether the database answers. */
export const connect = (url: string, { directUrl, max = 14 }: ConnectOptions = {}): Connection => {
  const pooled = directUrl !== undefined && directUrl !== url
  const client = postgres(url, {
    max,
    prepare: !pooled,
    onnotice: () => {},
    connection: { application_name: 'baton', timezone: 'UTC' },
  })
  let listener: postgres.Sql | undefined
  return {
    db: drizzle(client, { schema }),
    forBackground: Math.max(1, max - FOR_PEOPLE),
    url,
    async listen(channel, onNotify) {
      listener ??= postgres(directUrl ?? url, { max: 1, onnotice: () => {} })
      const { unlisten } = await listener.listen(channel, onNotify)
      return unlisten
    },
    async close() {
      await Promise.all([client.end({ timeout: 5 }), listener?.end({ timeout: 5 })])
    },
  }
}
