import { chmod, chown, cp, mkdir, readdir, readlink, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { expect, it } from 'vitest'
import { type Binaries, installedBinaries } from '../../src/db/embedded/binaries.ts'
import { folder, isRoot, ordinary, postmasterPid, query, start, startProcess } from './embedded-support.ts'

/** A private copy of the installed binaries as npm 12 leaves them: its install script blocked, so without links. */
async function unlinkedBinaries(path: string): Promise<Binaries> {
  const { folder: from, version } = await installedBinaries()
  const copy = join(path, 'native')
  await cp(from, copy, {
    recursive: true,
    filter: async (source) =>
      !source.endsWith('.a') && !/\.so(\.\d+)?$/.test(source.replace(/\/lib\/postgresql\/.*/, '')),
  })
  return { folder: copy, version }
}

it('makes the links that a blocked install script left out', async () => {
  const binaries = await unlinkedBinaries(await folder())
  const before = await readdir(join(binaries.folder, 'lib'))
  expect(before).not.toContain('libpq.so.5')
  const dataDir = await folder()
  const { url } = await start({ dataDir, binaries })
  expect(await query(url, 'select 1 as alive')).toEqual([{ alive: 1 }])
  expect(await readdir(join(binaries.folder, 'lib'))).toContain('libpq.so.5')
  expect(await readdir(join(dataDir, 'postgres'))).not.toContain(`pgsql-${binaries.version}`)
})

it('runs as an ordinary user in a folder of his own, with nothing to remark', async () => {
  const dataDir = await folder()
  if (isRoot) await chown(dataDir, 65534, 65534)
  const baton = startProcess({ dataDir }, ordinary)
  const said = await baton.said()
  expect(said).toMatchObject({ adopted: false, notes: [] })
  expect(await query(said.url, 'select 1 as alive')).toEqual([{ alive: 1 }])
})

it('tells an ordinary user in one line that he may not write there', async () => {
  const dataDir = join(await folder(isRoot ? 0o755 : 0o555), 'baton')
  expect(await startProcess({ dataDir }, ordinary).said()).toEqual({
    error: `Baton may not write to ${dataDir}. Give yourself that right, or set BATON_DATA_DIR to another folder.`,
  })
})

it.runIf(isRoot)('tells an ordinary user in one line that the folder is somebody else’s', async () => {
  const dataDir = await folder()
  await mkdir(join(dataDir, 'postgres'))
  expect(await startProcess({ dataDir }, ordinary).said()).toEqual({
    error: `${join(dataDir, 'postgres')} belongs to root, and Baton runs as nobody. Start Baton as root, or set BATON_DATA_DIR to a folder of your own.`,
  })
})

it.runIf(isRoot)('runs a copy where links are missing and the package may not be written to', async () => {
  const binaries = await unlinkedBinaries(await folder())
  const dataDir = await folder()
  await chown(dataDir, 65534, 65534)
  const baton = startProcess({ dataDir, binaries }, ordinary)
  const copy = join(dataDir, 'postgres', `pgsql-${binaries.version}`)
  expect(await baton.said()).toMatchObject({
    notes: [`The installed PostgreSQL cannot be run where it is, so a copy is kept in ${copy}.`],
  })
})

it.runIf(isRoot)('as root runs the server without rights, and says as whom', async () => {
  const dataDir = await folder()
  const { notes } = await start({ dataDir })
  const { uid } = await stat(`/proc/${await postmasterPid(join(dataDir, 'postgres'))}`)
  expect(uid).not.toBe(0)
  expect(notes).toEqual([expect.stringMatching(/^PostgreSQL refuses to run as root, so it runs as \w+\.$/)])
})

it.runIf(isRoot)(
  'as root runs the server as the owner of the folder, who can start it himself later',
  async () => {
    const dataDir = await folder()
    await chown(dataDir, 65534, 65534)
    const first = await start({ dataDir })
    expect(first.notes).toEqual(['PostgreSQL refuses to run as root, so it runs as nobody.'])
    await query(first.url, 'create table kept as select 42 as answer')
    await first.stop()
    const { url } = await startProcess({ dataDir }, ordinary).said()
    expect(await query(url, 'select answer from kept')).toEqual([{ answer: 42 }])
  },
)

it.runIf(isRoot)(
  'as root moves a database that the server’s user could not reach, says where, and finds it there again',
  async () => {
    const closed = await folder(0o700)
    const dataDir = join(closed, 'data')
    const sharedDir = join(await folder(), 'shared')
    const first = await start({ dataDir, sharedDir })
    const [moved = ''] = await readdir(sharedDir)
    expect(first.notes[1]).toMatch(/^\w+ cannot enter .*, so the database is kept in /)
    expect(first.notes[1]).toContain(join(sharedDir, moved))
    await query(first.url, 'create table kept as select 42 as answer')
    await first.stop()

    await chmod(closed, 0o755) // The way is open now, but the data is where it was.
    const second = await start({ dataDir, sharedDir })
    expect(second.notes[1]).toContain(join(sharedDir, moved))
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }])
  },
)

it.runIf(isRoot)('as root runs a copy of binaries that the server’s user could not reach', async () => {
  const binaries = await unlinkedBinaries(await folder(0o700))
  const dataDir = await folder()
  const first = await start({ dataDir, binaries })
  const copy = join(dataDir, 'postgres', `pgsql-${binaries.version}`)
  expect(first.notes).toContain(
    `The installed PostgreSQL cannot be run where it is, so a copy is kept in ${copy}.`,
  )
  await first.stop()
  const { mtimeMs } = await stat(copy)
  await start({ dataDir, binaries })
  expect((await stat(copy)).mtimeMs).toBe(mtimeMs) // Copied once.
})

it.runIf(isRoot)('as root runs a copy of binaries whose install script had made its links', async () => {
  const { folder: from, version } = await installedBinaries()
  const closed = join(await folder(0o700), 'native')
  const filter = (source: string): boolean => !source.endsWith('.a')
  await cp(from, closed, { recursive: true, verbatimSymlinks: true, filter })
  const dataDir = await folder()
  const { url } = await start({ dataDir, binaries: { folder: closed, version } })
  expect(await query(url, 'select 1 as alive')).toEqual([{ alive: 1 }])
  const lib = join(dataDir, 'postgres', `pgsql-${version}`, 'lib')
  const links = (await readdir(lib, { withFileTypes: true })).filter((entry) => entry.isSymbolicLink())
  expect(links.length).toBeGreaterThan(0)
  for (const { name } of links) expect(isAbsolute(await readlink(join(lib, name))), name).toBe(false)
})
