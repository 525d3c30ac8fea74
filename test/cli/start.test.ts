import { existsSync } from 'node:fs'
import { chown } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readPidFile } from '../../src/db/embedded/postmaster.ts'
import {
  launchBaton,
  type RunningBaton,
  runCli,
  startBaton,
  startCli,
  tellOnFailure,
  testFolder,
  until,
} from '../support/baton.ts'
import { testDatabase } from '../support/database.ts'

const isRoot = process.geteuid?.() === 0

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe('baton start', () => {
  const database = testDatabase()
  let taken: Server
  let port: number
  let baton: RunningBaton | undefined
  tellOnFailure(() => baton)

  beforeAll(async () => {
    taken = createServer()
    port = await listening(taken)
  })
  afterAll(() => taken.close())

  it.each([
    ['PORT', {}],
    ['PUBLIC_PORT', { PORT: '0' }],
  ])('says in one line that the port in %s is in use, and leaves nothing running', async (name, more) => {
    const dataDir = await testFolder()
    const { code, err } = await runCli(['start'], {
      env: { ...more, BATON_DATA_DIR: dataDir, [name]: String(port) },
    })
    expect(code).toBe(1)
    expect(err).toBe(
      `Port ${port} on 127.0.0.1 is in use (another Baton?). Stop what uses it, or set ${name} to another port.\n`,
    )
    expect(await readPidFile(join(dataDir, 'postgres', 'data'))).toBeUndefined()
  })

  it('says in one line that HOST is no address of this machine', async () => {
    const { code, err } = await runCli(['start'], {
      env: { DATABASE_URL: database.url, HOST: '192.0.2.7', PORT: '0' },
    })
    expect({ code, err }).toEqual({
      code: 1,
      err: '192.0.2.7 is no address of this machine. Set HOST to one that is, e.g. 127.0.0.1.\n',
    })
  })

  it('keeps the sandbox’s world in one process: a second one on the same database is told so', async () => {
    baton = await startBaton({ env: { DATABASE_URL: database.url } })
    const { code, err } = await runCli(['start'], { env: { DATABASE_URL: database.url, PORT: '0' } })
    expect({ code, err }).toEqual({
      code: 1,
      err: 'Another Baton runs the sandbox on this database already. Stop that one, or configure the real systems in baton.yml: then any number of Batons may share the database.\n',
    })
    await baton.kill()
    // The world of a killed one is free at once.
    baton = await startBaton({ env: { DATABASE_URL: database.url } })
    expect(await baton.stop()).toBe(0)
  }, 40_000)

  it.runIf(isRoot)('says in one line that the data folder is another user’s', async () => {
    const dataDir = await testFolder()
    const nobody = { uid: 65534, gid: 65534 }
    await chown(dataDir, nobody.uid, nobody.gid)
    // Made by one ordinary user, found by another.
    expect(await runCli(['migrate'], { env: { BATON_DATA_DIR: dataDir }, user: nobody })).toMatchObject({
      code: 0,
    })
    const { code, err } = await runCli(['start'], {
      env: { BATON_DATA_DIR: dataDir, PORT: '0' },
      user: { uid: 1, gid: 1 },
    })
    expect(code).toBe(1)
    expect(err).toMatch(
      /^\S+\/postgres belongs to nobody, and Baton runs as \w+\. Start Baton as nobody, or set BATON_DATA_DIR to a folder of your own\.\n$/,
    )
  })

  it('ends by itself, with one line, when what it needs is refused after it had begun', async () => {
    const slack = createHttpServer((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end('{"ok":false,"error":"invalid_auth"}')
    })
    const SLACK_API_URL = `http://127.0.0.1:${await listening(slack)}/api/`
    const settings = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'signing', SLACK_API_URL }
    const { code, out, err } = await runCli(['start'], {
      env: { DATABASE_URL: database.url, PORT: '0', ...settings },
    })
    slack.close()
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err.trimEnd()).toMatch(/^Slack refuses SLACK_BOT_TOKEN: [^\n]+$/)
  })

  it('stops cleanly although one Ctrl-C arrives twice, as npm passes on what the terminal has sent already', async () => {
    baton = await startBaton({ env: { DATABASE_URL: database.url } })
    baton.signal('SIGINT')
    baton.signal('SIGINT')
    expect(await baton.stop('SIGINT')).toBe(0)
    expect(baton.said.out).toMatch(/Stopping: work in hand is finished first\.\nStopped\.\n$/)
  })

  it('stops cleanly at Ctrl-C in the middle of its start, and when its terminal is closed', async () => {
    const dataDir = await testFolder()
    baton = launchBaton({ env: { BATON_DATA_DIR: dataDir } })
    await until('it has begun', () => existsSync(join(dataDir, 'postgres')))
    expect(await baton.stop('SIGINT')).toBe(0)
    expect(baton.said.out).toMatch(/Stopped\.\n$/)
    baton = await startBaton({ env: { DATABASE_URL: database.url } })
    expect(await baton.stop('SIGHUP')).toBe(0)
  })

  it('tells a program with --json where it is, and when it has stopped', async () => {
    const started = startCli(['start', '--json'], {
      env: { DATABASE_URL: database.url, PORT: '0', PUBLIC_PORT: '0' },
    })
    const line = await until('it is ready', () => /^.*\n/.exec(started.said.out)?.[0])
    const told = z
      .object({
        running: z.literal(true),
        url: z.url(),
        publicPort: z.number(),
        ledger: z.url(),
        seconds: z.number(),
      })
      .parse(JSON.parse(line))
    expect((await fetch(`${told.url}/healthz`)).status).toBe(200)
    expect((await fetch(`http://127.0.0.1:${told.publicPort}/healthz`)).status).toBe(200)
    expect((await fetch(told.ledger)).status).toBe(200)
    started.signal('SIGTERM')
    expect(await started.end()).toMatchObject({ code: 0, out: `${line}{"stopped":true}\n` })
  })

  it('is ready within 10 s on an empty folder, and much sooner the next time', async () => {
    const env = { BATON_DATA_DIR: await testFolder() }
    baton = await startBaton({ env })
    const first = baton.startSeconds()
    await baton.stop()
    baton = await startBaton({ env })
    const second = baton.startSeconds()
    await baton.stop()
    process.stderr.write(`start-up: ${first} s on an empty folder, ${second} s on a full one\n`)
    expect(first).toBeLessThan(10)
    expect(second).toBeLessThan(5)
  }, 60_000)

  it('keeps secrets and names out of its log, and says everything on standard error in JSON lines', async () => {
    const secrets = { BATON_CONSOLE_TOKEN: 'tell-nobody-the-console-token', BATON_ADMIN: 'Ola Nordmann' }
    baton = await startBaton({ env: { DATABASE_URL: database.url, LOG_LEVEL: 'trace', ...secrets } })
    const bearer = { authorization: `Bearer ${secrets.BATON_CONSOLE_TOKEN}` }
    expect((await fetch(`${baton.url}/metrics`, { headers: bearer })).status).toBe(200)
    await fetch(`${baton.url}/hooks/wms`, { method: 'POST', body: 'not signed' })
    await fetch(`${baton.url}/console/api/command`, {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'find 1001' }),
    })
    expect(await baton.stop()).toBe(0)
    const { out, err } = baton.said
    const { password } = new URL(database.url)
    for (const secret of [...Object.values(secrets), password, 'whsec_'])
      expect(out + err).not.toContain(secret)
    for (const line of err.split('\n').filter((text) => text !== ''))
      expect(() => JSON.parse(line)).not.toThrow()
  }, 40_000)
})
