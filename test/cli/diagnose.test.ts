import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { projectRoot } from '../../src/root.ts'
import { runCli, testFolder } from '../support/baton.ts'

const part = z.object({ hits: z.number(), of: z.number(), share: z.number().nullable() })
const rate = part.extend({ interval: z.object({ low: z.number(), high: z.number() }).nullable() })
const lag = z.object({
  n: z.number(),
  medianHours: z.number().nullable(),
  p90Hours: z.number().nullable(),
  p99Hours: z.number().nullable(),
})
/** What `--json` prints, as far as it is promised. */
const printed = z.object({
  name: z.string(),
  rows: z.record(z.string(), z.number()),
  facts: z.number(),
  badCount: z.number(),
  fixFirst: z.array(
    z.object({ rank: z.number(), contract: z.string().nullable(), harm: z.number(), reason: z.string() }),
  ),
  handoffs: z.array(
    z.object({
      contract: z.string(),
      volume: z.number(),
      completed: z.number(),
      conflicts: z.number(),
      standings: z.record(z.string(), z.number()),
      late: rate,
      missed: rate,
      lag,
      lines: z.object({ name: z.string(), late: rate }).nullable(),
      edges: z.array(z.object({ from: z.string(), to: z.string(), volume: z.number(), missed: rate })),
      downstream: z.array(
        z.object({
          contract: z.string(),
          whenLate: rate,
          whenInTime: rate,
          missedWhenLate: rate,
          excess: z.number(),
          tells: z.string(),
        }),
      ),
      concentration: z.array(
        z.object({
          dimension: z.string(),
          known: z.number(),
          unknown: z.number(),
          owners: z.number(),
          worst: z.number(),
          late: part,
          volume: part,
          luck: z.object({ mean: z.number(), p95: z.number() }).nullable(),
          verdict: z.string(),
          list: z.array(z.object({ name: z.string(), late: rate })),
        }),
      ),
      trend: z.object({
        weeks: z.array(z.object({ start: z.string(), missed: rate, waiting: z.number() })),
        compared: z.object({ weeks: z.number(), recent: rate, before: rate, tells: z.string() }).nullable(),
      }),
    }),
  ),
  steps: z.array(
    z.object({
      from: z.object({ role: z.string(), state: z.string() }),
      to: z.object({ role: z.string(), state: z.string() }),
      entered: z.number(),
      reached: z.number(),
      undated: z.number(),
      never: z.number(),
      backwards: z.number(),
      lag,
    }),
  ),
  definitions: z.array(z.object({ term: z.string(), meaning: z.string() })),
  files: z.array(z.string()),
})

const diagnose = async (args: string[]) => {
  const { code, out, err } = await runCli(['diagnose', '--json', ...args])
  if (code !== 0) throw new Error(`${code}: ${err}`)
  return printed.parse(JSON.parse(out))
}

const fixture = (name: string): string => join(projectRoot, 'test/fixtures/diagnose', name)
const MAPPING = fixture('mapping.yml')
const FILES = [fixture('north.csv'), fixture('south.csv')]

/** As printed: to one decimal of a percent. */
const percent = ({ share }: { share: number | null }): string => ((share ?? Number.NaN) * 100).toFixed(1)

describe('what was planted in 177 receipts', { timeout: 60_000 }, () => {
  let found: z.infer<typeof printed>
  let out: string
  beforeAll(async () => {
    out = join(await testFolder(), 'report')
    found = await diagnose(['--map', MAPPING, '--out', out, ...FILES])
  }, 60_000)
  const handoff = (contract: string) => {
    const own = found.handoffs.find((each) => each.contract === contract)
    if (!own) throw new Error(`no handoff ${contract}`)
    return own
  }

  it('is found: what became of each, and the clocks that disagree', () => {
    expect(handoff('arrived-when-due')).toMatchObject({
      volume: 177,
      completed: 165,
      conflicts: 0,
      standings: { in_time: 121, late: 42, never: 5, waiting: 4, called_off: 3, no_deadline: 2, undated: 0 },
      late: { hits: 42, of: 163 },
      missed: { hits: 47, of: 168 },
    })
    expect(handoff('received-goods-booked')).toMatchObject({
      volume: 165,
      conflicts: 3,
      standings: { in_time: 136, late: 26, never: 2, waiting: 1, called_off: 0, no_deadline: 0, undated: 0 },
      missed: { hits: 28, of: 164 },
      lag: { n: 162, medianHours: 2, p90Hours: 9, p99Hours: 12 },
    })
  })

  it('is found: what a late arrival does to the booking, and nothing the other way round', () => {
    expect(handoff('arrived-when-due').downstream).toMatchObject([
      {
        contract: 'received-goods-booked',
        whenLate: { hits: 16, of: 40 },
        whenInTime: { hits: 10, of: 120 },
        missedWhenLate: { hits: 18, of: 42 },
        tells: 'more',
      },
    ])
    expect(handoff('received-goods-booked').downstream).toEqual([])
  })

  it('is found: the three suppliers of twelve behind most late arrivals, and that the warehouses are not', () => {
    const [warehouse, supplier] = handoff('arrived-when-due').concentration
    expect(supplier).toMatchObject({
      dimension: 'supplier',
      known: 162,
      unknown: 1,
      owners: 12,
      worst: 3,
      late: { hits: 30, of: 42 },
      volume: { hits: 39, of: 162 },
      verdict: 'concentrated',
    })
    expect(supplier?.list.map(({ name, late }) => [name, late.hits, late.of])).toEqual([
      ['Aldine', 12, 15],
      ['Brisk', 10, 13],
      ['Corvo', 8, 11],
    ])
    expect(warehouse).toMatchObject({ dimension: 'wms system', owners: 2, verdict: 'spread' })
  })

  it('is found: the handoffs of each warehouse apart, and that it has become worse', () => {
    const ends = handoff('received-goods-booked').edges
    expect(ends.map(({ from, to, missed }) => [from, to, missed.hits])).toEqual([
      ['north', 'books', 7],
      ['south', 'books', 21],
    ])
    expect(handoff('arrived-when-due').trend.compared).toMatchObject({ weeks: 4, tells: 'up' })
  })

  it('is told in the order of the harm, each with its reason', () => {
    expect(found.fixFirst.map(({ rank, contract }) => [rank, contract])).toEqual([
      [1, 'arrived-when-due'],
      [2, 'received-goods-booked'],
    ])
    expect(found.fixFirst[0]?.reason).toContain(
      'The worst 3 of 12 suppliers hold 71% of the late ones (30 of 42)',
    )
    // 47 of its own and 40 * (16/40 - 10/120) further down; of the other's 28 these are taken off.
    expect(found.fixFirst.map(({ harm }) => Math.round(harm * 100) / 100)).toEqual([59.67, 15.33])
  })

  it('is written as a page, a picture and data, and the data is what is printed', async () => {
    expect((await readdir(out)).sort()).toEqual(['diagnosis.html', 'diagnosis.json', 'diagnosis.png'])
    expect(found.files).toEqual(['html', 'png', 'json'].map((kind) => join(out, `diagnosis.${kind}`)))
    const { files: _, ...rest } = found
    const written: unknown = JSON.parse(await readFile(join(out, 'diagnosis.json'), 'utf8'))
    expect(printed.omit({ files: true }).parse(written)).toEqual(rest)
    const png = await readFile(join(out, 'diagnosis.png'))
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    // As wide as a sharp phone or half a slide shows, and no empty sheet: one of its height takes a few kB.
    expect(png.readUInt32BE(16)).toBe(2_000)
    expect(png.readUInt32BE(20)).toBeGreaterThan(2_000)
    expect(png.length).toBeGreaterThan(100_000)
  })

  it('is the same every time, in whatever order the files are given', async () => {
    const again = join(await testFolder(), 'again')
    await diagnose(['--map', MAPPING, '--out', again, ...[...FILES].reverse()])
    for (const name of await readdir(out))
      expect((await readFile(join(again, name))).equals(await readFile(join(out, name)))).toBe(true)
  })
})

describe('npx baton diagnose', { timeout: 60_000 }, () => {
  it('prints the report in lines that fit a phone, the worst first, and says what it wrote', async () => {
    const cwd = await testFolder()
    const { code, out, err } = await runCli(['diagnose', '--map', MAPPING, ...FILES], { cwd })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const lines = out.split('\n')
    expect(lines.filter((line) => line.length > 48 && !line.startsWith('Written: '))).toEqual([])
    const places = ['FIX FIRST', '1. supplier > wms, goods', 'HANDOFF MAP', 'STEPS SEEN IN THE DATA'].map(
      (words) => lines.indexOf(words),
    )
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(places).not.toContain(-1)
    expect(out).toContain('portal > north, goods: 23.7% missed (23 of 97)\n')
    expect(out).toMatch(
      /Written: baton-diagnosis\/diagnosis\.html\nWritten: baton-diagnosis\/diagnosis\.png\n/,
    )
    expect((await readdir(join(cwd, 'baton-diagnosis'))).length).toBe(3)
  })

  it('needs no contracts: it shows the steps that it sees, and asks for deadlines', async () => {
    const cwd = await testFolder()
    const mapping = (await readFile(MAPPING, 'utf8')).replace(/\ncontracts:[\s\S]*$/, '\n')
    await writeFile(join(cwd, 'bare.yml'), mapping)
    const { code, out } = await runCli(['diagnose', '--map', 'bare.yml', ...FILES], { cwd })
    expect(code).toBe(0)
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      '1. supplier > wms: shipment announced > receipt received 12 of 177 got lost here, and no contract accounts for them',
    )
  })

  it('leaves bad rows out and says which', async () => {
    const cwd = await testFolder()
    const [header, first, ...rest] = (await readFile(fixture('north.csv'), 'utf8')).split('\n')
    await writeFile(
      join(cwd, 'north-bad.csv'),
      [header, first?.replace(/T\d\d:/, 'T99:'), ...rest].join('\n'),
    )
    const { code, out } = await runCli(
      ['diagnose', '--map', MAPPING, 'north-bad.csv', fixture('south.csv')],
      { cwd },
    )
    expect(code).toBe(0)
    expect(out).toMatch(/^north-bad\.csv:2 announced_at: /m)
    expect(out.replaceAll(/\s+/g, ' ')).toContain('Left out as bad: 1.')
    expect(await readFile(join(cwd, 'baton-diagnosis/diagnosis.html'), 'utf8')).toContain('north-bad.csv:2')
  })

  it.each([
    [
      ['diagnose'],
      /^Usage: npx baton diagnose --map <mapping\.yml> \[--out <folder>\] <csv\.\.\.>\nFor example: /,
    ],
    [['diagnose', '--map', MAPPING], /^Usage: npx baton diagnose/],
    [['diagnose', '--map', MAPPING, '--out', '', ...FILES], /^Usage: npx baton diagnose/],
    [
      ['diagnose', '--map', 'nowhere.yml', ...FILES],
      /^nowhere\.yml: there is no such file; check the path\.\n$/,
    ],
    [
      ['diagnose', '--map', MAPPING, 'nowhere.csv'],
      /^nowhere\.csv: there is no such file; check the path\.\n$/,
    ],
    [['import', '--map', MAPPING, '--out', 'x', ...FILES], /^baton import takes no --out\.\n$/],
  ])('%j is a wrong use: exit code 2, and what is right on standard error', async (args, words) => {
    const { code, out, err } = await runCli(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(words)
  })

  it('says in one line that a dimension names a column that is not there', async () => {
    const cwd = await testFolder()
    const mapping = (await readFile(MAPPING, 'utf8')).replace(
      '{ supplier: supplier }',
      '{ supplier: suplier }',
    )
    await writeFile(join(cwd, 'wrong.yml'), mapping)
    const { code, err } = await runCli(['diagnose', '--map', 'wrong.yml', ...FILES], { cwd })
    expect(code).toBe(2)
    expect(err).toBe(
      'wrong.yml:37:19: objects[0].dimensions.supplier: north has no column suplier here; did you mean supplier?\n',
    )
  })

  it('says in one line that the folder cannot be written, and what to do', async () => {
    const cwd = await testFolder()
    await writeFile(join(cwd, 'taken'), '')
    const { code, err } = await runCli(['diagnose', '--map', MAPPING, '--out', 'taken', ...FILES], { cwd })
    expect(code).toBe(1)
    expect(err).toMatch(/^taken: cannot be written \(EEXIST.*\); name another folder with --out\.\n$/)
  })
})

const OLIST = fileURLToPath(new URL('../../../shared/data/olist/', import.meta.url))
const present = existsSync(OLIST)
if (!present && process.env.BATON_REQUIRE_DATA) throw new Error(`The Olist dataset is not in ${OLIST}`)
if (!present) process.stderr.write(`SKIPPED: diagnosing the Olist orders needs the dataset in ${OLIST}\n`)

describe.skipIf(!present)('5,000 real orders', () => {
  let found: z.infer<typeof printed>
  beforeAll(async () => {
    const files = ['orders', 'order_items', 'order_payments'].map((name) =>
      join(OLIST, `olist_${name}_dataset.csv`),
    )
    const out = join(await testFolder(), 'olist')
    found = await diagnose(['--map', join(projectRoot, 'examples/olist.yml'), '--out', out, ...files])
  }, 60_000)

  it('are read whole, and their steps come out as counted independently', () => {
    expect(found).toMatchObject({ rows: { orders: 5_000, items: 5_603 }, facts: 19_820, badCount: 0 })
    expect(
      found.steps.map(({ entered, reached, undated, never, backwards }) => [
        entered,
        reached,
        undated,
        never,
        backwards,
      ]),
    ).toEqual([
      [5_000, 4_990, 0, 10, 0],
      [4_990, 4_922, 0, 68, 74],
      // 64 have no date of delivery; one of them is said to be delivered.
      [4_922, 4_858, 1, 63, 0],
    ])
    const [approve, carrier, customer] = found.steps.map(({ lag: { medianHours } }) => medianHours)
    expect(approve).toBeCloseTo(0.35, 2)
    expect(carrier).toBeCloseTo(43.6, 1)
    expect(customer).toBeCloseTo(169, 0)
  })

  it('were handed over and delivered as late, and as often never, as counted independently', () => {
    const [handed, delivered] = found.handoffs
    expect(handed).toMatchObject({
      completed: 4_922,
      late: { hits: 451, of: 4_922 },
      lines: { name: 'items', late: { hits: 515, of: 5_551 } },
      conflicts: 74,
      standings: { never: 32, called_off: 36 },
    })
    // Of 4,858 delivered one has no date: it cannot be called late or in time.
    expect(delivered).toMatchObject({
      completed: 4_858,
      late: { hits: 391, of: 4_857 },
      standings: { never: 93, undated: 1 },
      conflicts: 0,
    })
  })

  it('show that a missed carrier handoff goes with a late delivery in 23.5% of cases, against 6.5%', () => {
    const [own] = found.handoffs[0]?.downstream ?? []
    if (!own) throw new Error('nothing was found downstream')
    expect([own.whenLate.of, percent(own.whenLate)]).toEqual([442, '23.5'])
    expect([own.whenInTime.of, percent(own.whenInTime)]).toEqual([4_415, '6.5'])
    expect(own.tells).toBe('more')
  })

  it('show that the worst twenty sellers hold 29% of the misses, with 11% of the volume, where luck gives 25%', () => {
    const seller = found.handoffs[0]?.concentration.find(({ dimension }) => dimension === 'seller')
    if (!seller?.luck) throw new Error('sellers were not looked at')
    expect(seller).toMatchObject({
      worst: 20,
      owners: 1_204,
      late: { hits: 133, of: 451 },
      verdict: 'concentrated',
    })
    expect(Math.round((seller.late.share ?? 0) * 100)).toBe(29)
    expect(Math.round((seller.volume.share ?? 0) * 100)).toBe(11)
    expect(Math.round(seller.luck.mean * 100)).toBe(25)
  })

  it('are told with three handoffs to fix, the one that hurts most first', () => {
    expect(found.fixFirst.map(({ contract }) => contract)).toEqual([
      'handed-over-by-limit',
      'delivered-as-promised',
      null,
    ])
    expect(found.fixFirst[0]?.reason).toContain(
      'follows in 23.5% of cases (n = 442), otherwise in 6.5% (n = 4,415)',
    )
    expect(found.fixFirst[0]?.reason).toContain(
      'The worst 20 of 1,204 sellers hold 29% of the late ones (133 of 451)',
    )
  })
})
