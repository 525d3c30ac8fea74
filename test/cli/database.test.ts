import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import postgres from 'postgres'
import { describe, expect, inject, it } from 'vitest'
import { freePort } from '../../src/db/embedded/launch.ts'
import { readPidFile } from '../../src/db/embedded/postmaster.ts'
import { isRunning } from '../../src/db/embedded/process.ts'
import { projectRoot } from '../../src/root.ts'
import { NO_FAULTS } from '../../src/sandbox/faults.ts'
import {
  type RunningBaton,
  runCli,
  startBaton,
  startCli,
  tellOnFailure,
  testFolder,
  until,
} from '../support/baton.ts'
import { testDatabase } from '../support/database.ts'
import { startLiveSandbox } from '../support/live-sandbox.ts'

const VERBS = ['start', 'migrate', 'doctor'] as const

describe('a database that cannot be used', () => {
  /** The test server's address, changed in one part. */
  const wrong = (change: (url: URL) => void): string => {
    const url = new URL(inject('serverUrl'))
    change(url)
    return url.href
  }

  it.each([
    [
      'where nobody listens',
      () => wrong((url) => Object.assign(url, { port: '1' })),
      /^No PostgreSQL answers at 127\.0\.0\.1:1 \(connection refused\)\. Start it, or correct DATABASE_URL; without DATABASE_URL Baton brings its own\.$/,
    ],
    [
      'with the wrong password',
      () => wrong((url) => Object.assign(url, { password: 'hunter2-hunter2' })),
      /does not accept the password of user "baton"\. Correct user and password in DATABASE_URL\.$/,
    ],
    [
      'that does not exist',
      () => wrong((url) => Object.assign(url, { pathname: '/nowhere' })),
      /^The server 127\.0\.0\.1:\d+ has no database "nowhere"\. Create it/,
    ],
    [
      'whose address is none',
      () => 'localhost:5432/baton',
      /^DATABASE_URL is not a PostgreSQL address\. It looks like postgres:/,
    ],
  ])('%s gets one line that says what to do, from every verb', async (_what, address, words) => {
    const DATABASE_URL = address()
    for (const verb of VERBS) {
      const { code, out, err } = await runCli([verb], { env: { DATABASE_URL } })
      expect(code).toBe(1)
      const line = verb === 'doctor' ? /^BAD {2}database: (.*)$/m.exec(out)?.[1] : err.trimEnd()
      expect(line).toMatch(words)
      expect(line).not.toContain('\n')
      expect(out + err).not.toContain('hunter2')
    }
  })

  it('that is another program’s port is said to be none', async () => {
    const web = createServer((_request, response) => response.end('hello'))
    const port = await freePort()
    await new Promise<void>((resolve) => web.listen(port, '127.0.0.1', resolve))
    const { code, err } = await runCli(['migrate'], {
      env: { DATABASE_URL: `postgres://baton@127.0.0.1:${port}/baton` },
    })
    web.close()
    expect(code).toBe(1)
    expect(err).toBe(
      `What answers at 127.0.0.1:${port} is not a PostgreSQL. Correct the host and port in DATABASE_URL.\n`,
    )
  })
})

describe('baton migrate', () => {
  const database = testDatabase({ empty: true })

  it('brings an empty database up to date, and one that is up to date as it is', async () => {
    const env = { DATABASE_URL: database.url }
    expect(await runCli(['migrate'], { env })).toEqual({
      code: 0,
      out: 'The database is up to date.\n',
      err: '',
    })
    const again = await runCli(['migrate', '--json'], { env })
    expect(again).toEqual({ code: 0, out: '{"migrated":true}\n', err: '' })
    const sql = postgres(database.url, { max: 1 })
    expect(await sql`select count(*)::int as n from exceptions`).toMatchObject([{ n: 0 }])
    await sql.end()
  })
})

describe('baton doctor', () => {
  const fresh = testDatabase({ empty: true })
  const migrated = testDatabase()

  it('finds nothing wrong where nothing is configured, and names what is not there', async () => {
    const { code, out } = await runCli(['doctor'], { env: { DATABASE_URL: migrated.url } })
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      'ok   configuration: no baton.yml: the defaults stand',
      'ok   database: reachable and up to date; no Baton is running on it; 0 open exceptions, 0 jobs waiting',
      'ok   systems: none is configured: the sandbox is used',
      expect.stringMatching(/^ok {3}console: open to this computer only/),
      'ok   slack: not configured; set SLACK_BOT_TOKEN to use it',
      'Everything is well.',
      '',
    ])
  })

  it('only looks: a database that lacks migrations stays as it is', async () => {
    const { code, out } = await runCli(['doctor'], { env: { DATABASE_URL: fresh.url } })
    expect(code).toBe(0)
    expect(out).toMatch(
      /database: reachable; \d+ migrations wait for the next start, or for: npx baton migrate/,
    )
    const sql = postgres(fresh.url, { max: 1 })
    expect(await sql`select to_regclass('exceptions') as made`).toMatchObject([{ made: null }])
    await sql.end()
  })

  it('looks at everything, says of each part what to mend, and ends with 1; --json says the same as data', async () => {
    const live = await startLiveSandbox({ seed: 'doctor', batonUrl: 'http://127.0.0.1:9', faults: NO_FAULTS })
    const cwd = await testFolder()
    await writeFile(join(cwd, 'baton.yml'), live.yml)
    const env = { ...live.secrets, DATABASE_URL: migrated.url }
    const well = await runCli(['doctor'], { cwd, env })
    expect(well).toMatchObject({ code: 0, err: '' })
    for (const system of ['shop', 'erp', 'wms', 'carrier']) {
      expect(well.out).toContain(`ok   system ${system}: answers, and the credentials work\n`)
    }

    const wrong = {
      ...env,
      ERP_TOKEN: 'not-the-token',
      SLACK_BOT_TOKEN: 'xoxp-123',
      BATON_CONSOLE_TOKEN: 'x'.repeat(24),
    }
    const bad = await runCli(['doctor'], { cwd, env: wrong })
    expect(bad.code).toBe(1)
    expect(bad.out).toMatch(/^BAD {2}system erp: .*credentials/m)
    expect(bad.out).toMatch(/^BAD {2}chat: SLACK_BOT_TOKEN is not a bot token: it begins with xoxb-$/m)
    expect(bad.out).toContain('ok   system wms: answers')
    expect(bad.out).toMatch(/Something needs mending \(above\)\.\n$/)
    expect(bad.out + bad.err).not.toContain('not-the-token')

    const told = JSON.parse((await runCli(['doctor', '--json'], { cwd, env: wrong })).out)
    expect(told.ok).toBe(false)
    expect(
      told.findings.filter(({ ok }: { ok: boolean }) => !ok).map(({ what }: { what: string }) => what),
    ).toEqual(['system erp', 'chat'])
    await live.stop()
  }, 40_000)
})

describe('beside a running Baton, on its embedded database', () => {
  let baton: RunningBaton | undefined
  tellOnFailure(() => baton)

  it('every verb but start works, and the running one stays as it is', async () => {
    const dataDir = await testFolder()
    const env = { BATON_DATA_DIR: dataDir }
    baton = await startBaton({ env })
    const server = await readPidFile(join(dataDir, 'postgres', 'data'))
    const files = ['orders.csv', 'items.csv'].map((name) => join(projectRoot, 'test/fixtures/import', name))
    const [doctor, migrate, imported, second] = await Promise.all([
      runCli(['doctor'], { env }),
      runCli(['migrate'], { env }),
      runCli(['import', '--map', join(projectRoot, 'examples/olist.yml'), ...files], { env }),
      runCli(['start'], { env: { ...env, PORT: '0' } }),
    ])
    expect(doctor).toMatchObject({ code: 0, err: '' })
    expect(doctor.out).toContain('Batons running on it: 1;')
    expect(migrate).toMatchObject({ code: 0, err: '' })
    // The import migrates as well: the one that comes second says that it waits.
    expect(migrate.out).toMatch(
      /^(Another Baton is migrating the database; waiting for it\.\n)?The database is up to date\.\n$/,
    )
    expect(imported).toMatchObject({ code: 0, err: '' })
    expect(imported.out).toContain('1 of 6 completed were late; 1 were due and never completed.')
    expect(second).toMatchObject({ code: 1, out: '' })
    expect(second.err).toMatch(
      /^Another Baton \(process \d+\) is using \S+\/postgres\. Stop that one first, or give this one a folder of its own with BATON_DATA_DIR\.\n$/,
    )
    expect(await readPidFile(join(dataDir, 'postgres', 'data'))).toEqual(server)
    expect((await fetch(`${baton.url}/readyz`)).status).toBe(200)
    expect(await baton.stop()).toBe(0)
  }, 60_000)

  it('a verb that runs alone starts the database for itself, and takes it along, also when it is interrupted', async () => {
    const dataDir = await testFolder()
    const env = { BATON_DATA_DIR: dataDir }
    const data = join(dataDir, 'postgres', 'data')
    expect(await runCli(['migrate'], { env })).toMatchObject({ code: 0 })
    expect(await readPidFile(data)).toBeUndefined()

    const interrupted = startCli(['doctor'], { env })
    const server = await until('its database runs', async () => {
      const found = await readPidFile(data)
      return found?.status === 'ready' ? found : undefined
    })
    interrupted.signal('SIGINT')
    const { code, err } = await interrupted.end()
    expect(await isRunning(server.pid)).toBe(false)
    // Unless it had finished just before.
    expect([0, 130]).toContain(code)
    expect(err).toBe('')
  }, 60_000)
})
