import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import postgres from 'postgres'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { UserError } from '../../src/app/errors.ts'
import { migrate } from '../../src/db/migrate.ts'
import { projectRoot } from '../../src/root.ts'
import { testDatabase } from '../support/database.ts'

async function query(url: string, text: string): Promise<postgres.RowList<postgres.Row[]>> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return await sql.unsafe(text)
  } finally {
    await sql.end()
  }
}

describe('the real migrations', () => {
  const database = testDatabase({ empty: true })

  it('are applied once when twenty processes start at once, and all twenty go on', {
    timeout: 90_000,
  }, async () => {
    const processes = Array.from({ length: 20 }, () => startMigrating(database.url))
    await Promise.all(processes.map(({ said }) => said('ready')))
    for (const { child } of processes) child.stdin?.write('go\n')
    await Promise.all(processes.map(({ said }) => said('migrated')))

    const journal = JSON.parse(await readFile(join(projectRoot, 'migrations/meta/_journal.json'), 'utf8'))
    const [applied] = await query(
      database.url,
      'select count(*)::int as rows, count(distinct created_at)::int as migrations from drizzle.__drizzle_migrations',
    )
    expect(applied).toEqual({ rows: journal.entries.length, migrations: journal.entries.length })
    // The queue is there and usable.
    await query(database.url, "select graphile_worker.add_job('greet')")
    expect(await query(database.url, 'select task_identifier as task from graphile_worker.jobs')).toEqual([
      { task: 'greet' },
    ])
  })
})

describe('a fixture', () => {
  const database = testDatabase({ empty: true })
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(inject('scratch'), 'migrations-'))
    await mkdir(join(folder, 'meta'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true })
    await query(database.url, 'drop schema if exists drizzle cascade; drop table if exists one, two')
  })

  /** Lays down migrations as drizzle-kit does: one file each, and the journal with their times. */
  async function write(migrations: { when: string; sql: string }[]): Promise<void> {
    const entries = migrations.map(({ when }, idx) => ({
      ...{ idx, version: '7', when: Date.parse(when), tag: `${idx}_fixture`, breakpoints: true },
    }))
    await writeFile(
      join(folder, 'meta', '_journal.json'),
      JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
    )
    for (const [idx, { sql }] of migrations.entries()) {
      await writeFile(join(folder, `${idx}_fixture.sql`), sql)
    }
  }
  const ONE = { when: '2026-03-01', sql: 'create table one (id int)' }
  const TWO = { when: '2026-04-01', sql: 'create table two (id int)' }

  it('is applied where it is missing, and only there', async () => {
    await write([ONE])
    await migrate(database.url, { folder })
    await query(database.url, 'insert into one values (1)')
    await write([ONE, TWO])
    await migrate(database.url, { folder })
    await migrate(database.url, { folder })
    expect(
      await query(database.url, 'select one.id as one, two.id as two from one left join two using (id)'),
    ).toEqual([{ one: 1, two: null }])
  })

  it('leaves the queue alone unless asked', async () => {
    await write([ONE])
    await migrate(database.url, { folder })
    expect(await query(database.url, "select to_regnamespace('graphile_worker') as queue")).toEqual([
      { queue: null },
    ])
  })

  it('leaves nothing behind when one of its statements fails, and works once that is mended', async () => {
    await write([ONE, { ...TWO, sql: 'create table two (id int);--> statement-breakpoint\nselect nonsense' }])
    const failing = migrate(database.url, { folder })
    await expect(failing).rejects.toThrow(UserError)
    await expect(failing).rejects.toThrow(
      /^The database was not migrated and is as it was\. The database at 127\.0\.0\.1:\d+ failed: column "nonsense" does not exist$/,
    )
    expect(await query(database.url, "select to_regclass('one') as one, to_regclass('two') as two")).toEqual([
      { one: null, two: null },
    ])
    await write([ONE, TWO])
    await migrate(database.url, { folder })
    expect(await query(database.url, 'select * from two')).toEqual([])
  })

  it('refuses a database that a newer Baton has migrated', async () => {
    await write([ONE, TWO])
    await migrate(database.url, { folder })
    await write([ONE])
    await expect(migrate(database.url, { folder })).rejects.toThrow(
      new UserError(
        'The database is newer than this Baton: it has 1 migration(s) that this version does not know, the last of 2026-04-01. Start the newer Baton, or restore a backup from before it.',
      ),
    )
  })

  it('refuses to skip a migration that was slipped in before an applied one', async () => {
    await write([TWO])
    await migrate(database.url, { folder })
    await write([ONE, TWO])
    await expect(migrate(database.url, { folder })).rejects.toThrow(
      'The database lacks 1 migration(s) that come before one it has, the first of 2026-03-01T00:00:00.000Z.',
    )
  })

  it('waits, and says so, while another process migrates', async () => {
    await write([ONE])
    const other = postgres(database.url, { max: 1 })
    const told: string[] = []
    // The lock is the other's until it has seen that we wait for it.
    const waiting = await other.begin(async (sql) => {
      await sql`select pg_advisory_xact_lock(${0x6261746f6e})`
      const migrating = migrate(database.url, { folder, log: { info: (words) => told.push(words) } })
      for (let blocked = 0; blocked === 0; ) {
        const [row] = await sql`
          select count(*)::int as waiting from pg_locks
          where locktype = 'advisory' and not granted and database = (
            select oid from pg_database where datname = current_database())`
        blocked = Number(row?.waiting)
      }
      expect(await query(database.url, "select to_regclass('one') as one")).toEqual([{ one: null }])
      return { migrating }
    })
    await waiting.migrating
    await other.end()
    expect(told).toEqual(['Another Baton is migrating the database; waiting for it.'])
    expect(await query(database.url, 'select * from one')).toEqual([])
  })
})

describe('testDatabase', () => {
  const [first, second] = [testDatabase(), testDatabase()]

  it('gives each its own clone of the migrated template', async () => {
    const job = "select graphile_worker.add_job('only-in-the-first')"
    await query(first.url, job)
    const count = 'select count(*)::int as jobs from graphile_worker._private_jobs'
    expect(await query(first.url, count)).toEqual([{ jobs: 1 }])
    expect(await query(second.url, count)).toEqual([{ jobs: 0 }])
  })
})

/** A process that has everything loaded and waits for the word. */
function startMigrating(url: string): { child: ChildProcess; said: (wanted: string) => Promise<void> } {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(projectRoot, 'test/db/child/migrate.ts'), url],
    { cwd: projectRoot, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    child,
    said: async (wanted) => expect((await lines.next()).value).toBe(wanted),
  }
}
