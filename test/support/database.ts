import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { afterAll, beforeAll, inject } from 'vitest'

interface TestDatabase {
  /** Of a superuser; readable from the first hook or test on. */
  readonly url: string
}

/**
 * A database of the calling test file's own, or of the calling `describe`'s: the migrated template's clone (or, with
 * `empty`, one without any table), made before its tests and dropped after them.
 */
export function testDatabase({ empty = false }: { empty?: boolean } = {}): TestDatabase {
  const name = `test_${randomBytes(6).toString('hex')}`
  let made: string | undefined
  beforeAll(async () => {
    await onServer((sql) =>
      sql.unsafe(`create database ${name} template ${empty ? 'template0' : inject('template')}`),
    )
    const url = new URL(inject('serverUrl'))
    url.pathname = `/${name}`
    made = url.href
  })
  afterAll(async () => {
    await onServer((sql) => sql.unsafe(`drop database if exists ${name} with (force)`))
  })
  return {
    get url() {
      if (made === undefined) throw new Error('testDatabase().url: the database is made when the tests begin')
      return made
    },
  }
}

async function onServer(use: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(inject('serverUrl'), { max: 1, onnotice: () => {} })
  try {
    await use(sql)
  } finally {
    await sql.end()
  }
}
