import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { poll } from '../../../src/app/poll.ts'
import { reconcile } from '../../../src/app/reconcile.ts'
import { x12Config } from '../../../src/connectors/x12/config.ts'
import { createX12Connector } from '../../../src/connectors/x12/index.ts'
import { testDatabase } from '../../support/database.ts'
import { createWorld, HOUR, MINUTE, type World } from '../../support/world.ts'
import { interchange, inventory, shipAdvice, stockReceipt } from '../../support/x12/documents.ts'

const database = testDatabase()
let root: string
let folder: string
let world: World
let bravo: ReturnType<typeof createX12Connector>

/** A process that has just started: it knows of the folder what the database knows. */
const started = (settings: object = {}) =>
  createX12Connector(
    { ...x12Config.parse({ role: 'wms', folder: { path: folder, ...settings } }), name: 'bravo' },
    { now: () => world.clock() },
  )

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'baton-x12-'))
  folder = join(root, 'in')
  await mkdir(folder)
  world = await createWorld(database.url)
  bravo = started()
})
afterEach(async () => {
  await world.close()
  await rm(root, { recursive: true, force: true })
})

/** A file that was written some time ago, by Baton's clock. */
const put = async (name: string, body: string, agoMs = MINUTE) => {
  await writeFile(join(folder, name), body)
  const at = new Date(world.clock().getTime() - agoMs)
  await utimes(join(folder, name), at, at)
}
const files = async (place = ''): Promise<string[]> =>
  (await readdir(join(folder, place), { withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort()
const pollOnce = (connector = bravo) => poll(world.base, connector, AbortSignal.timeout(20_000))
const facts = () => world.rows(sql`select external_id, state from facts where system = 'bravo' order by id`)
const signals = () =>
  world.rows(
    sql`select problem, bad_rows::int as bad, facts::int as facts from signals order by received_at, id`,
  )
const feed = async () => (await world.rows(sql`select * from system_state where system = 'bravo'`))[0]

const one = (control: number) =>
  interchange({ control }, shipAdvice({ head: `W06*F*${control}*20261122*S-1`, tracking: [] }))

describe('a file in the folder', () => {
  it('is read, and moved to done only when what it says has been committed', async () => {
    await put('905.edi', one(905))
    await pollOnce()
    expect(await facts()).toEqual([{ external_id: '905/S-1', state: 'shipped' }])
    expect(await files()).toEqual(['905.edi'])
    await pollOnce()
    expect(await files()).toEqual([])
    expect(await files('done')).toEqual(['905.edi'])
    await pollOnce()
    expect(await facts()).toHaveLength(1)
  })

  it('waits its turn: the oldest first, all of them in one poll', async () => {
    await put('a.edi', one(907), MINUTE)
    await put('b.edi', one(905), 3 * MINUTE)
    await put('c.edi', one(906), 2 * MINUTE)
    await pollOnce()
    expect((await facts()).map(({ external_id }) => external_id)).toEqual(['905/S-1', '906/S-1', '907/S-1'])
    // The last one is moved when it is known that it was kept.
    expect(await files()).toEqual(['a.edi'])
    expect(await files('done')).toEqual(['b.edi', 'c.edi'])
  })

  it('is left alone while somebody writes it', async () => {
    await put('905.edi', one(905), 1_000)
    await put('906.edi.part', one(906))
    await put('907.TMP', one(907))
    await put('.908.edi', one(908))
    await mkdir(join(folder, 'sub'))
    await pollOnce()
    expect(await facts()).toEqual([])
    world.pass(4_000)
    await pollOnce()
    expect(await facts()).toHaveLength(1)
    await rename(join(folder, '906.edi.part'), join(folder, '906.edi'))
    await pollOnce()
    expect(await facts()).toHaveLength(2)
    expect(await files()).toEqual(['.908.edi', '906.edi', '907.TMP'])
  })

  it('from a machine whose clock is ahead is read once it has stayed as it is', async () => {
    await put('905.edi', one(905), -HOUR)
    await pollOnce()
    expect(await facts()).toEqual([])
    world.pass(6_000)
    await put('905.edi', one(905), -HOUR)
    await pollOnce()
    expect(await facts()).toEqual([])
    world.pass(6_000)
    await pollOnce()
    expect(await facts()).toHaveLength(1)
  })

  it('that comes again, under its name or another, changes nothing', async () => {
    await put('905.edi', one(905))
    await pollOnce()
    await pollOnce()
    await put('905.edi', one(905))
    await put('905 again.edi', one(905))
    await pollOnce()
    await pollOnce()
    expect(await facts()).toHaveLength(1)
    expect(await files()).toEqual([])
    expect(await files('done')).toEqual(['905 again.edi', '905.edi', '905.edi.2'])
  })

  it('that was replaced since it was read is another file, and is read', async () => {
    await put('stock.edi', interchange({ control: 905 }, inventory()))
    await pollOnce()
    const lines = ['LIN*1*SK*MUG-RED', 'QTY*17*39*EA']
    await put('stock.edi', interchange({ control: 906, time: '0600' }, inventory({ lines })))
    await pollOnce()
    const [mug] = (await world.objects()).filter(({ external_id }) => external_id === 'MUG-RED@EAST')
    expect(mug?.quantities).toEqual({ on_hand: 39 })
    await pollOnce()
    expect(await files('done')).toEqual(['stock.edi'])
  })
})

describe('a crash', () => {
  it('between the commit and the move costs nothing: the file is moved, and read no second time', async () => {
    await put('905.edi', one(905))
    await pollOnce()
    expect(await files()).toEqual(['905.edi'])
    await pollOnce(started())
    expect(await files('done')).toEqual(['905.edi'])
    expect(await facts()).toHaveLength(1)
    expect(await signals()).toHaveLength(1)
  })

  it('between the facts and the cursor reads the file once more, which changes nothing', async () => {
    await put('905.edi', one(905))
    await pollOnce()
    await world.rows(sql`update system_state set cursor = null where system = 'bravo'`)
    await pollOnce(started())
    expect(await facts()).toHaveLength(1)
    expect(await files()).toEqual(['905.edi'])
    await pollOnce(started())
    expect(await files('done')).toEqual(['905.edi'])
  })

  it('before anything was kept leaves the file where it is', async () => {
    await put('905.edi', one(905))
    const page = await bravo.poll?.changes(null, AbortSignal.timeout(5_000))
    expect(page?.facts).toHaveLength(1)
    // Nobody brings that page's cursor back.
    await started().poll?.changes(null, AbortSignal.timeout(5_000))
    expect(await files()).toEqual(['905.edi'])
    expect(await files('done').catch(() => [])).toEqual([])
  })

  it('and a full comparison beside the polls lose no file and double nothing', async () => {
    await put('905.edi', one(905))
    await put('906.edi', one(906), 2 * MINUTE)
    await reconcile(world.base, bravo, { signal: () => AbortSignal.timeout(5_000) })
    await pollOnce()
    await pollOnce()
    expect((await facts()).map(({ external_id }) => external_id).sort()).toEqual(['905/S-1', '906/S-1'])
    expect(await files('done')).toEqual(['905.edi', '906.edi'])
  })
})

describe('what cannot be read', () => {
  it('goes to bad with the reason beside it, and is shown to admins; its neighbours are read', async () => {
    await put('1-menu.txt', 'Soup of the day', 3 * MINUTE)
    await put('2-good.edi', one(905), 2 * MINUTE)
    await pollOnce()
    await pollOnce()
    expect(await files('bad')).toEqual(['1-menu.txt', '1-menu.txt.reason.txt'])
    expect(await readFile(join(folder, 'bad', '1-menu.txt.reason.txt'), 'utf8')).toBe(
      '1-menu.txt: the whole file: This is no X12: no ISA segment of 106 characters is in it\n',
    )
    expect(await files('done')).toEqual(['2-good.edi'])
    expect(await signals()).toEqual([
      {
        problem: '1-menu.txt: the whole file: This is no X12: no ISA segment of 106 characters is in it',
        bad: 1,
        facts: 0,
      },
      { problem: null, bad: 0, facts: 1 },
    ])
  })

  it('of a file says where, while the rest of it counts', async () => {
    const text = interchange(
      { control: 905 },
      shipAdvice({ lines: ['W12*CC*2*2*0*CA**SK*MUG'] }),
      stockReceipt(),
    )
    await put('905.edi', text)
    await pollOnce()
    await pollOnce()
    expect(await facts()).toEqual([{ external_id: 'WR-31', state: 'received' }])
    expect(await files('bad')).toEqual(['905.edi', '905.edi.reason.txt'])
    expect(await readFile(join(folder, 'bad', '905.edi.reason.txt'), 'utf8')).toMatch(
      /^905\.edi: ISA 000000905, ST 0001 \(945\), W12: the unit is CA: say under "units"/,
    )
  })

  it('is read when it is put back after the settings were mended', async () => {
    await put('905.edi', interchange({ control: 905 }, stockReceipt({ lines: ['W07*2*CA**SK*MUG'] })))
    await pollOnce()
    await pollOnce()
    await rename(join(folder, 'bad', '905.edi'), join(folder, '905.edi'))
    const mended = createX12Connector(
      { ...x12Config.parse({ role: 'wms', folder: { path: folder }, units: { CA: 12 } }), name: 'bravo' },
      { now: () => world.clock() },
    )
    await pollOnce(mended)
    await pollOnce(mended)
    expect(await facts()).toEqual([{ external_id: 'WR-31', state: 'received' }])
    expect(await files('done')).toEqual(['905.edi'])
  })

  it('because it is too large goes to bad unread', async () => {
    await put('big.edi', one(905) + ' '.repeat(2 * 1024 * 1024))
    await pollOnce()
    await pollOnce()
    expect(await facts()).toEqual([])
    expect(await readFile(join(folder, 'bad', 'big.edi.reason.txt'), 'utf8')).toContain('send it in parts')
  })
})

describe('a folder', () => {
  it('that is away, as a share that is not mounted, is a system that cannot be reached', async () => {
    await put('905.edi', one(905))
    await rename(folder, join(root, 'away'))
    await pollOnce()
    expect((await feed())?.last_error).toContain('Is it mounted?')
    await expect(bravo.probe(AbortSignal.timeout(1_000))).rejects.toMatchObject({ failure: 'unreachable' })
    await rename(join(root, 'away'), folder)
    await pollOnce()
    expect(await facts()).toHaveLength(1)
    expect((await feed())?.down_since).toBeNull()
  })

  it('may have its other folders elsewhere, and the probe says whether files can be moved there', async () => {
    const done = join(root, 'archive', '3pl')
    const elsewhere = started({ done, bad: join(root, 'trouble') })
    await elsewhere.probe(AbortSignal.timeout(1_000))
    await put('905.edi', one(905))
    await pollOnce(elsewhere)
    await pollOnce(elsewhere)
    expect(await readdir(done)).toEqual(['905.edi'])
    await writeFile(join(root, 'file'), '')
    const wrong = started({ done: join(root, 'file') })
    await expect(wrong.probe(AbortSignal.timeout(1_000))).rejects.toMatchObject({ failure: 'misconfigured' })
  })

  it('from which files cannot be moved is down, and no file is lost or read twice', async () => {
    const wrong = started({ done: join(root, 'file') })
    await writeFile(join(root, 'file'), '')
    await put('905.edi', one(905))
    await pollOnce(wrong)
    await pollOnce(wrong)
    expect((await feed())?.last_error).toContain('to move files to')
    expect(await files()).toEqual(['905.edi'])
    await pollOnce(started())
    expect(await files('done')).toEqual(['905.edi'])
    expect(await facts()).toHaveLength(1)
  })
})
