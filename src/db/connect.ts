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

/** Connects lazily: the first statement tells whether the database answers. */
export const connect = (url: string, { directUrl, max = 10 }: ConnectOptions = {}): Connection => {
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
