import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { joinEmbedded } from '../../src/db/embedded/join.ts'
import { NO_FAULTS } from '../../src/sandbox/faults.ts'
import {
  lastingPort,
  type RunningBaton,
  runCli,
  startBaton,
  startCli,
  tellOnFailure,
  testFolder,
  until,
} from '../support/baton.ts'
import { testDatabase } from '../support/database.ts'
import { type LiveSandbox, startLiveSandbox } from '../support/live-sandbox.ts'

const missedRow = z.object({
  type: z.string(),
  externalId: z.string(),
  is: z.string(),
  subject: z.string(),
})
const compared = z.object({
  system: z.string(),
  wentOnFrom: z.string().nullable(),
  done: z.boolean(),
  objects: z.number(),
  isNew: z.number(),
  newer: z.number(),
  missed: z.array(missedRow),
  gone: z.array(z.object({ externalId: z.string() })).nullable(),
  problem: z.string().nullable(),
})
const answer = z.object({
  ok: z.boolean(),
  systems: z.array(compared),
  consequences: z.array(z.object({ is: z.string(), contract: z.string(), subject: z.string() })),
})
const answered = (out: string) => answer.parse(JSON.parse(out))

describe('beside a running Baton, on its embedded database', () => {
  let live: LiveSandbox | undefined
  let baton: RunningBaton | undefined
  tellOnFailure(() => baton)
  afterEach(async () => {
    await baton?.stop()
    await live?.stop()
  })

  const page = z.object({
    items: z.array(z.object({ id: z.string(), sequence: z.number() })),
    next_cursor: z.string(),
    more: z.boolean(),
  })
  /** What a system of the sandbox holds now: the version of each object. */
  const held = async (system: { url: string; token: string }): Promise<Map<string, number>> => {
    const versions = new Map<string, number>()
    for (let cursor = '0', more = true; more; ) {
      const response = await fetch(`${system.url}/changes?cursor=${cursor}&limit=200`, {
        headers: { authorization: `Bearer ${system.token}` },
      })
      const read = page.parse(await response.json())
      for (const { id, sequence } of read.items) versions.set(id, sequence)
      cursor = read.next_cursor
      more = read.more
    }
    return versions
  }

  it('finds exactly what webhooks have lost, and nothing the second time', async () => {
    const port = await lastingPort()
    live = await startLiveSandbox({
      seed: 'reconcile',
      batonUrl: `http://127.0.0.1:${port}`,
      faults: NO_FAULTS,
    })
    const { sandbox } = live
    const cwd = await testFolder()
    // Reading on would find the lost ones as well.
    await writeFile(join(cwd, 'baton.yml'), live.yml.replace('poll: 2s', 'poll: 1h'))
    const env = { ...live.secrets, BATON_DATA_DIR: join(cwd, 'data'), PORT: String(port) }
    baton = await startBaton({ env, cwd })
    const { url = '' } = (await joinEmbedded({ dataDir: join(cwd, 'data') })) ?? {}
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    const versionsIn = async (system: string) =>
      new Map(
        (
          await sql<{ external_id: string; version: number }[]>`
            select external_id, version from objects where system = ${system} and timeline = 'live'`
        ).map((row) => [row.external_id, row.version]),
      )
    /** What Baton does not know of each system as it is now. */
    const lost = async () => {
      const found: string[] = []
      for (const system of sandbox.systems) {
        const known = await versionsIn(system.name)
        for (const [id, version] of await held(system))
          if (known.get(id) !== version) found.push(`${system.name} ${id}`)
      }
      return found.sort()
    }
    await until('all systems are read', async () => {
      const [row] = await sql`select count(*)::int as n from system_state where reconciled_at is not null`
      return row?.n === 4
    })

    const dropped = () =>
      sandbox
        .ledger()
        .webhooks.flatMap(({ what, system, object }) => (what === 'dropped' ? [`${system} ${object}`] : []))
    for (const system of ['shop', 'erp', 'wms']) {
      const before = dropped().length
      await fetch(`${sandbox.controlUrl}/faults`, {
        method: 'POST',
        body: JSON.stringify({ kind: 'drop', system }),
      })
      await until(`a webhook of ${system} is lost`, () => dropped().length > before)
    }
    // Before the last one is told anew.
    sandbox.pause()
    await until('what is only on its way has arrived', async () =>
      (await lost()).every((name) => dropped().includes(name)),
    )
    const expected = await lost()
    expect(expected).toContain(dropped().at(-1))

    const first = await runCli(['reconcile', '--json'], { env, cwd })
    expect(first).toMatchObject({ code: 0, err: '' })
    const found = answered(first.out)
    const missed = found.systems.flatMap((each) => each.missed.map((m) => `${each.system} ${m.externalId}`))
    expect(missed.sort()).toEqual(expected)
    expect(found.systems.map(({ system, done }) => [system, done])).toEqual(
      ['shop', 'erp', 'wms', 'carrier'].map((system) => [system, true]),
    )
    expect(await lost()).toEqual([])

    const second = await runCli(['reconcile'], { env, cwd })
    expect(second).toMatchObject({ code: 0, err: '' })
    expect(second.out).toMatch(
      /^shop: reading everything that it holds\nshop: \d+ objects compared: nothing was missed\.\n/,
    )
    expect(second.out.match(/nothing was missed/g)).toHaveLength(4)

    const doctor = await runCli(['doctor'], { env, cwd })
    expect(doctor.out).toMatch(/^ok {3}feed wms: compared in full under 1 min ago$/m)
    await sql.end()
  }, 120_000)
})

describe('beside a running sandbox', () => {
  let baton: RunningBaton | undefined
  tellOnFailure(() => baton)
  afterEach(() => baton?.stop())

  it('its systems are compared', async () => {
    const env = { BATON_DATA_DIR: await testFolder() }
    baton = await startBaton({ env })
    const { code, out, err } = await runCli(['reconcile', 'wms'], { env })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^wms: reading everything that it holds\nwms: \d+ objects compared: /)
    expect(await baton.stop()).toBe(0)
    const alone = await runCli(['reconcile'], { env })
    expect(alone.code).toBe(1)
    expect(alone.err).toMatch(/^No system is configured and no sandbox is running here/)
  }, 60_000)
})

type Item = { id: string; sequence: number; status: string }

/** A warehouse of receipts that speaks as the sandbox's systems do, in pages of ten. */
const startWarehouse = async (count: number) => {
  const items: Item[] = Array.from({ length: count }, (_, n) => ({
    id: `R${n + 1}`,
    sequence: n + 1,
    status: 'RECEIVED',
  }))
  const warehouse = {
    items,
    asked: [] as number[],
    /** Awaited before each page. */
    onPage: async (_page: number): Promise<void> => {},
    url: '',
    close: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  const wire = ({ id, sequence, status }: Item) => ({
    kind: 'inbound',
    id,
    sequence,
    changed_at: '2026-11-23T06:00:00Z',
    receipt: id,
    po: 'PO1',
    sku: 'MUG',
    quantity: 1,
    status,
  })
  const server: Server = createServer(async ({ url = '' }, response) => {
    const after = Number(new URL(url, 'http://localhost').searchParams.get('cursor') ?? 0)
    warehouse.asked.push(after)
    await warehouse.onPage(warehouse.asked.length)
    const left = warehouse.items.filter(({ sequence }) => sequence > after)
    const some = left.slice(0, 10)
    const body = {
      now: new Date().toISOString(),
      items: some.map(wire),
      next_cursor: String(some.at(-1)?.sequence ?? after),
      more: left.length > some.length,
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  warehouse.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return warehouse
}

describe('npx baton reconcile', () => {
  const database = testDatabase()
  let warehouse: Awaited<ReturnType<typeof startWarehouse>>
  let cwd: string
  afterEach(() => warehouse?.close())

  /** A warehouse that is there, and an ERP at this address. */
  const setUp = async (erp: string, receipts = 30) => {
    warehouse = await startWarehouse(receipts)
    cwd = await testFolder()
    const settings = (role: string, url: string): string =>
      `{ kind: sandbox, role: ${role}, url: "${url}", token: t, webhookSecrets: [whsec_eA==] }`
    await writeFile(
      join(cwd, 'baton.yml'),
      `systems:\n  erp: ${settings('erp', erp)}\n  wms: ${settings('wms', warehouse.url)}\n`,
    )
    return { cwd, env: { DATABASE_URL: database.url } }
  }

  it('says what it found, what becomes of it and what is gone; a system that is down does not stop the others', async () => {
    const options = await setUp('http://127.0.0.1:1')
    const { code, out, err } = await runCli(['reconcile'], options)
    expect({ code, err }).toEqual({ code: 1, err: '' })
    const lines = out.split('\n')
    expect(lines.slice(0, 4)).toEqual([
      'erp: reading everything that it holds',
      expect.stringMatching(/^erp: not compared to its end\. erp cannot be reached \(ECONNREFUSED\)/),
      'wms: reading everything that it holds',
      'wms: 30 objects compared: 30 that Baton had never heard of, 0 newer than it knew.',
    ])
    expect(lines[4]).toMatch(
      /^ {4}receipt R1 \(receipt R1\), never heard of: RECEIVED, changed \d\d:\d\d:\d\d UTC$/,
    )
    expect(out).toContain('\n    and 10 more\nBecause of what was missed:\n')
    // The ERP is not known: nobody can say yet that it has not booked them.
    expect(out).toMatch(
      /\n {2}waiting Received in the warehouse, never booked in the ERP: receipt R1, not yet known: erp has not been read yet\n/,
    )
    expect(out).toMatch(/\nNot compared: erp\. Mend that and run it again\.\n$/)

    warehouse.items.splice(2, 1)
    const without = await runCli(['reconcile', 'wms'], options)
    expect(without).toMatchObject({ code: 0, err: '' })
    expect(without.out).toContain(
      'wms: 29 objects compared: nothing was missed.\n' +
        '    wms no longer lists 1 object that Baton still watches:\n    receipt R3\n',
    )

    warehouse.items.push({ id: 'R3', sequence: 31, status: 'LOST' })
    const unreadable = await runCli(['reconcile', 'wms'], options)
    expect(unreadable).toMatchObject({ code: 0, err: '' })
    expect(unreadable.out).toContain(
      'wms: 29 objects compared: nothing was missed; 1 row could not be read, see npx baton doctor.\n',
    )
    // Perhaps it is the one that could not be read.
    expect(unreadable.out).not.toContain('no longer lists')
  }, 60_000)

  it('that was killed in the middle goes on where it was', async () => {
    const options = await setUp('http://127.0.0.1:1')
    const sql = postgres(database.url, { max: 1 })
    await sql`delete from system_state`
    await sql.end()
    const reached = new Promise<void>((resolve) => {
      warehouse.onPage = (page) => {
        if (page < 3) return Promise.resolve()
        resolve()
        return new Promise(() => {})
      }
    })
    const killed = startCli(['reconcile', 'wms'], options)
    await reached
    killed.signal('SIGKILL')
    await killed.end()
    warehouse.onPage = async () => {}
    warehouse.asked.length = 0
    const { code, out } = await runCli(['reconcile', 'wms'], options)
    expect(code).toBe(0)
    expect(out).toMatch(/^wms: went on where the comparison begun at \d\d:\d\d:\d\d UTC had stopped$/m)
    // From the second page's end, overlapping it; not from the start.
    expect(warehouse.asked).toEqual([10, 15, 20])
  }, 60_000)

  it('refuses a system that is not configured, and says so where none is', async () => {
    const options = await setUp('http://127.0.0.1:1')
    expect(await runCli(['reconcile', 'vms'], options)).toEqual({
      code: 2,
      out: '',
      err: 'There is no system "vms"; did you mean wms?\n',
    })
    const nothing = await runCli(['reconcile'], { env: options.env })
    expect(nothing.code).toBe(1)
    expect(nothing.err).toMatch(
      /^No system is configured and no sandbox is running here, so there is nothing to compare\./,
    )
  }, 30_000)
})
