import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CellType, cellReader, minorDigitsOf, shapeOf } from '../../src/connectors/files/cells.ts'
import { type CsvFormat, type CsvRow, firstRow, readCsv } from '../../src/connectors/files/csv.ts'
import { formatProblem, timeReader } from '../../src/connectors/files/times.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-csv-'))
})
afterAll(() => rm(folder, { recursive: true }))

const COMMAS: CsvFormat = { encoding: 'utf-8', delimiter: ',', quote: '"' }

const rowsOf = async (content: string | Buffer, format: CsvFormat = COMMAS): Promise<CsvRow[]> => {
  const path = join(folder, 'rows.csv')
  await writeFile(path, content)
  const rows: CsvRow[] = []
  for await (const batch of readCsv(path, format, () => {})) rows.push(...batch)
  return rows
}
const linesRead = (rows: CsvRow[]): string[] =>
  rows.map((row) => `${row.line} ${'cells' in row ? row.cells.join('|') : 'bad'}`)

describe('rows of a CSV file', () => {
  it('come back as they were written, whatever their cells contain, each with the line on which it begins', async () => {
    const cell = fc.stringMatching(/^[a-z0-9 ",;\n\u00e9]{0,8}$/)
    const table = fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom('\n', '\r\n'), async (rows, end) => {
        const quoted = rows.map((row) => row.map((c) => `"${c.replaceAll('"', '""')}"`).join(','))
        let line = 1
        const expected = rows.map((cells) => {
          const row = { line, cells }
          line += 1 + cells.join('').split('\n').length - 1
          return row
        })
        const text = quoted.join('\n').replaceAll('\n', end)
        expect(await rowsOf(text)).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })

  it('keep their line numbers over quoted line ends, blank lines and a missing last line end', async () => {
    const rows = await rowsOf('a,b\r\n1,"x\r\ny"\r\n\r\n2,z\r\n3,end')
    expect(rows).toEqual([
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: ['1', 'x\ny'] },
      { line: 5, cells: ['2', 'z'] },
      { line: 6, cells: ['3', 'end'] },
    ])
  })

  it.each([
    ['a quote inside a cell', '7,5" pipe,9'],
    ['letters after a closing quote', '9,"q"z,1'],
    ['a quote that never closes', '"open,1,2'],
  ])('with %s are reported alone: no neighbour is lost', async (_, broken) => {
    const rows = await rowsOf(`a,b,c\n1,2,3\n${broken}\n4,"x\ny",6\n${broken}\n7,8,9\n`)
    expect(linesRead(rows)).toEqual(['1 a|b|c', '2 1|2|3', '3 bad', '4 4|x\ny|6', '6 bad', '7 7|8|9'])
  })

  it('are not swallowed by a broken row, wherever it stands', async () => {
    const breakage = fc.constantFrom('z,5" x,z', '"open,z,z', 'z,"q"x,z', 'z,z"')
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.tuple(fc.nat(40), breakage), { maxLength: 6 }),
        async (count, broken) => {
          const good = Array.from({ length: count }, (_, i) =>
            i % 5 === 0 ? `${i},"a ""b""\nc",d` : `${i},b,c`,
          )
          const lines = [...good]
          for (const [at, row] of broken) lines.splice(Math.min(at, lines.length), 0, row)
          const rows = await rowsOf(`a,b,c\n${lines.join('\n')}\n`)
          const ids = rows.flatMap((row) => ('cells' in row && row.cells.length === 3 ? [row.cells[0]] : []))
          expect(ids).toEqual(expect.arrayContaining(good.map((_, i) => String(i))))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('are read over any cut between chunks, also in the middle of a letter or of a line end', async () => {
    const filler = 'x'.repeat(1 << 20)
    for (const shift of [-3, -2, -1, 0, 1]) {
      const rows = await rowsOf(
        `a,b\r\n${filler.slice(0, filler.length - 9 + shift)},é\r\n2,ü\r\n3,"ö\r\n"\r\n`,
      )
      expect(rows.slice(1).map((row) => ('cells' in row ? row.cells[1] : 'bad'))).toEqual(['é', 'ü', 'ö\n'])
      expect(rows.at(-1)?.line).toBe(4)
    }
  })

  it.each([
    ['a UTF-8 mark', Buffer.from('\uFEFFa,é\n1,2\n'), 'windows-1252'],
    ['a UTF-16 mark', Buffer.from('\uFEFFa,é\n1,2\n', 'utf16le'), 'utf-8'],
    ['Latin-1 as declared', Buffer.from('a,é\n1,2\n', 'latin1'), 'latin1'],
  ])('are decoded with %s', async (_, content, encoding) => {
    expect(await rowsOf(content, { ...COMMAS, encoding })).toEqual([
      { line: 1, cells: ['a', 'é'] },
      { line: 2, cells: ['1', '2'] },
    ])
    expect(firstRow(content, { ...COMMAS, encoding })).toEqual(['a', 'é'])
  })

  it('are taken as they are where an export never quotes', async () => {
    expect(await rowsOf('a\tb\n5" pipe\t"x\n', { encoding: 'utf-8', delimiter: '\t', quote: null })).toEqual([
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: ['5" pipe', '"x'] },
    ])
  })
})

describe('local times', () => {
  it('are the instants that the zone had, for every minute that existed once', () => {
    const zones = [
      'America/Sao_Paulo',
      'Europe/Berlin',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'UTC',
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2012, 0, 1), max: Date.UTC(2027, 0, 1) }),
        (zone, ms) => {
          const instant = DateTime.fromMillis(Math.floor(ms / 60_000) * 60_000, { zone })
          const read = timeReader(['yyyy-MM-dd HH:mm'], zone)(instant.toFormat('yyyy-MM-dd HH:mm'), false)
          const times = instant.getPossibleOffsets().map((t) => t.toMillis())
          expect(read).toEqual({ ms: Math.min(...times), ambiguous: times.length > 1 })
        },
      ),
      { numRuns: 500 },
    )
  })

  it('that the clocks skipped are refused, but a day without a midnight begins after the gap', () => {
    const read = timeReader(['M/d/yyyy H:mm'], 'America/Sao_Paulo')
    expect(read('10/15/2017 0:00', false)).toEqual({
      problem: expect.stringContaining('did not exist in America/Sao_Paulo'),
    })
    expect(read('10/15/2017 1:00', false)).toEqual({ ms: Date.UTC(2017, 9, 15, 3), ambiguous: false })
    expect(read('10/15/2017 0:00', true)).toEqual({ ms: Date.UTC(2017, 9, 15, 3), ambiguous: false })
    expect(read('10/16/2017 17:30', true)).toEqual({ ms: Date.UTC(2017, 9, 16, 2), ambiguous: false })
  })

  it.each([
    ['2025-03-01T10:00:00+01:00', '2025-03-01T09:00:00.000Z'],
    ['2025-03-01 10:00:00.5Z', '2025-03-01T10:00:00.500Z'],
    ['2025-03-01 10:00:00 UTC', '2025-03-01T10:00:00.000Z'],
    ['2025-03-01 10:00:00 -0300', '2025-03-01T13:00:00.000Z'],
    ['2025-03-01 10:00', '2025-03-01T09:00:00.000Z'],
    ['2025-03-01', '2025-02-28T23:00:00.000Z'],
  ])('in ISO 8601 keep the offset they carry: %s', (text, instant) => {
    expect(timeReader(['iso'], 'Europe/Berlin')(text, false)).toEqual({
      ms: Date.parse(instant),
      ambiguous: false,
    })
  })

  it('with an offset in their format are not read in the zone', () => {
    const read = timeReader(["dd.MM.yyyy HH:mm 'Uhr' ZZ"], 'Europe/Berlin')
    expect(read('01.03.2025 10:00 Uhr +05:30', false)).toEqual({
      ms: Date.UTC(2025, 2, 1, 4, 30),
      ambiguous: false,
    })
  })

  it('are read in the first of several formats that fits, month names in English on every machine', () => {
    const read = timeReader(['d MMM yyyy', 'yyyy-MM-dd'], 'UTC')
    expect([read('3 Mar 2025', false), read('2025-03-03', false)]).toEqual([
      { ms: Date.UTC(2025, 2, 3), ambiguous: false },
      { ms: Date.UTC(2025, 2, 3), ambiguous: false },
    ])
  })

  it.each(['yyyy-MM-dd', 'M/d/yy H:mm', 'yyyyMMddHHmmss', "yyyy-MM-dd'T'HH:mm:ssZZ", 'dd LLL yyyy', 'iso'])(
    'may be declared as %s',
    (format) => expect(formatProblem(format)).toBeNull(),
  )

  it.each(['YYYY-MM-DD', '%Y-%m-%d', 'HH:mm', 'yyyy-MM', 'dd/mm/yyyy', 'yyyy-MM-ddTHH:mm'])(
    'may not be declared as %s',
    (format) => expect(formatProblem(format)).toEqual(expect.stringContaining('luxon tokens')),
  )

  it('on a 12-hour clock need am and pm', () => {
    expect(formatProblem('M/d/yyyy hh:mm')).toEqual(expect.stringContaining('without am and pm'))
    expect(formatProblem('M/d/yyyy h:mm a')).toBeNull()
  })
})

describe('cells', () => {
  const settings = { empty: ['\\N'], minorDigits: 2, time: timeReader(['iso'], 'UTC') }
  const read = (type: CellType, text: string, decimal: '.' | ',' = '.', minorDigits = 2) =>
    cellReader(type, { ...settings, decimal, minorDigits })(text)

  it.each([
    ['109.9', '.', 2, 10990],
    ['1,234,567.5', '.', 2, 123456750],
    ['1.234,56', ',', 2, 123456],
    ['1 234,56', ',', 2, 123456],
    ['-0.05', '.', 2, -5],
    ['12.3400', '.', 2, 1234],
    ['1500', '.', 0, 1500],
    ['1.005', '.', 3, 1005],
  ] as const)('hold money in whole minor units: %s', (text, decimal, digits, minor) => {
    expect(read('money', text, decimal, digits)).toEqual({ value: minor })
  })

  it.each(['12,50', '1,23,456.00', '1e5', '12.345', 'R$ 5', '--5', '99999999999999999'])(
    'never guess at an amount: %s',
    (text) => {
      expect(read('money', text)).toEqual({ problem: expect.any(String) })
    },
  )

  it('know how many digits a currency has', () => {
    expect(['BRL', 'JPY', 'KWD'].map(minorDigitsOf)).toEqual([2, 0, 3])
  })

  it('are empty when blank or when they hold a word for empty', () => {
    for (const text of ['', '  ', '\\N', ' \\N ']) expect(read('number', text)).toEqual({ value: null })
  })

  it('show their shape and no more than 40 characters of it', () => {
    expect(shapeOf('Ada 12-É')).toBe('Aaa 99-A')
    expect(shapeOf('x'.repeat(50))).toBe(`${'a'.repeat(40)}... (50 characters)`)
  })
})
