import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { freePort } from '../../src/db/embedded/launch.ts'
import { LockHeld, lockFolder } from '../../src/db/embedded/lock.ts'
import { isRunning } from '../../src/db/embedded/process.ts'
import { startEmbedded } from '../../src/db/embedded/start.ts'
import {
  fast,
  folder,
  killOutright,
  postmasterPid,
  query,
  quiet,
  start,
  startProcess,
} from './embedded-support.ts'

const groupOf = (pid: number | undefined): string =>
  execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }).trim()

it('makes a UTF-8, UTC, password-guarded database on loopback alone', async () => {
  const dataDir = join(await folder(), 'not', 'there', 'yet')
  const { url, port } = await start({ dataDir })
  const [row] = await query(
    url,
    `select current_database() as name, current_setting('server_encoding') as encoding,
            current_setting('timezone') as zone, current_setting('listen_addresses') as listens,
            current_setting('unix_socket_directories') as sockets, upper('žluťoučký') as upper`,
  )
  expect(row).toEqual({
    name: 'baton',
    encoding: 'UTF8',
    zone: 'UTC',
    listens: '127.0.0.1',
    sockets: '',
    upper: 'ŽLUŤOUČKÝ',
  })
  await expect(query(`postgres://baton:wrong@127.0.0.1:${port}/baton`, 'select 1')).rejects.toMatchObject({
    code: '28P01',
  })
  const password = await stat(join(dataDir, 'postgres', 'data', 'baton.password'))
  expect((password.mode & 0o777).toString(8)).toBe('600')
})

it('writes through to the disk unless told otherwise', async () => {
  const { url } = await start({ dataDir: await folder(), settings: {} })
  const [row] = await query(
    url,
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
            current_setting('data_checksums') as checksums`,
  )
  expect(row).toEqual({ fsync: 'on', commit: 'on', checksums: 'on' })
})

it('finds its data and its password again on the second start', async () => {
  const dataDir = await folder()
  const first = await start({ dataDir })
  await query(first.url, 'create table kept as select 42 as answer')
  await first.stop()
  const second = await start({ dataDir })
  expect(second.adopted).toBe(false)
  expect(new URL(second.url).password).toBe(new URL(first.url).password)
  expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }])
})

it('is gone when stop() returns, and a second stop() does nothing', async () => {
  const dataDir = await folder()
  const server = await start({ dataDir })
  const pid = await postmasterPid(join(dataDir, 'postgres'))
  await server.stop()
  expect(await isRunning(pid)).toBe(false)
  await expect(query(server.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await server.stop()
})

it('adopts the running server of a Baton that was killed, and can stop it', async () => {
  const dataDir = await folder()
  const killed = startProcess({ dataDir })
  const left = await killed.said()
  await query(left.url, 'create table kept as select 42 as answer')
  const pid = await postmasterPid(join(dataDir, 'postgres'))
  await killOutright(killed)

  const server = await start({ dataDir })
  expect(server).toMatchObject({ adopted: true, port: left.port, url: left.url })
  expect(server.notes.join()).toContain(`process ${pid}`)
  expect(await postmasterPid(join(dataDir, 'postgres'))).toBe(pid)
  expect(await query(server.url, 'select answer from kept')).toEqual([{ answer: 42 }])
  await server.stop()
  expect(await isRunning(pid)).toBe(false)
})

it('starts afresh when both Baton and its server were killed, and when the id of that server now is another process', async () => {
  const dataDir = await folder()
  const home = join(dataDir, 'postgres')
  const killed = startProcess({ dataDir })
  const left = await killed.said()
  await query(left.url, 'create table kept as select 42 as answer')
  await killOutright(killed)
  process.kill(await postmasterPid(home), 'SIGKILL')
  const pidFile = await readFile(join(home, 'data', 'postmaster.pid'), 'utf8')
  await writeFile(join(home, 'data', 'postmaster.pid'), pidFile.replace(/^\d+/, String(process.pid)))

  const server = await start({ dataDir })
  expect(server.adopted).toBe(false)
  expect(await query(server.url, 'select answer from kept')).toEqual([{ answer: 42 }])
})

it('refuses a folder that a living Baton uses, naming its process, and leaves that one alone', async () => {
  const dataDir = await folder()
  const first = startProcess({ dataDir })
  const { url } = await first.said()
  const second = startEmbedded({ dataDir, log: quiet })
  await expect(second).rejects.toThrow(
    `Another Baton (process ${first.child.pid}) is using ${join(dataDir, 'postgres')}. Stop that one first, or give this one a folder of its own with BATON_DATA_DIR.`,
  )
  expect(await query(url, 'select 1 as alive')).toEqual([{ alive: 1 }])
})

it('gives the lock of a dead holder to exactly one of many that ask at once', async () => {
  const path = await folder()
  await writeFile(join(path, '999999999.000000000000.dead'), '')
  await writeFile(join(path, `${process.pid}.000000000000.reused`), '') // Our id, but not our start time.
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => lockFolder(path)))
  const taken = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  expect(taken).toHaveLength(1)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(LockHeld)
  }
  await taken[0]?.release()
  expect(await readdir(path)).toEqual([])
})

it('is not hit by Ctrl-C: Baton can still use the database while it stops', async () => {
  const dataDir = await folder()
  const baton = startProcess({ dataDir })
  await baton.said()
  const pid = await postmasterPid(join(dataDir, 'postgres'))
  expect(groupOf(pid)).not.toBe(groupOf(baton.child.pid))

  const closed = once(baton.child, 'close')
  process.kill(-Number(groupOf(baton.child.pid)), 'SIGINT') // To the whole group, as a terminal does.
  expect(await baton.said()).toEqual({ answered: true })
  await closed
  expect(await isRunning(pid)).toBe(false)
})

it('starts a server that died again, at the same address', async () => {
  const dataDir = await folder()
  const warned: string[] = []
  const { url } = await start({ dataDir, log: { ...quiet, warn: (words) => warned.push(words) } })
  await query(url, 'create table kept as select 42 as answer')
  const pid = await postmasterPid(join(dataDir, 'postgres'))
  process.kill(pid, 'SIGKILL')
  await vi.waitFor(
    async () => expect(await query(url, 'select answer from kept')).toEqual([{ answer: 42 }]),
    15_000,
  )
  expect(warned).toEqual([`The embedded PostgreSQL (process ${pid}) died; starting it again.`])
})

it('takes another port when somebody took the one it found free', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const address = taken.address()
  const busy = typeof address === 'object' && address !== null ? address.port : 0
  const free = await freePort()
  const ports = [busy, free]
  const server = await start({ dataDir: await folder(), pickPort: async () => ports.shift() ?? 0 })
  expect(server.port).toBe(free)
  taken.close()
})

it('recovers from a crash in the middle of making the data folder', async () => {
  const dataDir = await folder()
  const draft = join(dataDir, 'postgres', 'new-crash')
  await mkdir(join(draft, 'data', 'base'), { recursive: true })
  await writeFile(join(draft, 'data', 'PG_VERSION'), '18\n')
  const { url } = await start({ dataDir })
  expect(await query(url, 'select 1 as alive')).toEqual([{ alive: 1 }])
  await expect(stat(draft)).rejects.toMatchObject({ code: 'ENOENT' })
})

it.runIf(process.platform === 'linux')('hands none of our secrets to the server', async () => {
  vi.stubEnv('SLACK_BOT_TOKEN', 'xoxb-not-for-the-database')
  vi.stubEnv('PGOPTIONS', '-c fsync=off')
  const dataDir = await folder()
  const { url } = await start({ dataDir, settings: { ...fast, full_page_writes: 'off' } })
  vi.unstubAllEnvs()
  const environment = await readFile(
    `/proc/${await postmasterPid(join(dataDir, 'postgres'))}/environ`,
    'utf8',
  )
  expect(environment).toContain('LC_ALL=C')
  expect(environment).not.toMatch(/SLACK|PGOPTIONS/)
  expect(await query(url, 'show full_page_writes')).toEqual([{ full_page_writes: 'off' }])
})
