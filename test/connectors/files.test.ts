import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UserError } from '../../src/app/errors.ts'
import { type Export, openExport } from '../../src/connectors/files/index.ts'
import type { ExportedFact } from '../../src/connectors/files/schema.ts'

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const MAPPING = at('examples/olist.yml')
const ORDERS = at('test/fixtures/import/orders.csv')
const ITEMS = at('test/fixtures/import/items.csv')
const BAD = at('test/fixtures/import/bad-orders.csv')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-files-'))
})
afterAll(() => rm(folder, { recursive: true }))

const write = async (name: string, content: string | Buffer): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}
const factsOf = async (opened: Export): Promise<ExportedFact[]> => {
  const facts: ExportedFact[] = []
  for await (const { fact } of opened.facts()) facts.push(fact)
  return facts
}
const told = (facts: ExportedFact[], id: string): string[] =>
  facts.filter((f) => f.externalId === id).map((f) => `${f.system} ${f.state} ${f.occurredAt.toISOString()}`)

const refusal = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(() => null).catch((thrown: unknown) => thrown)
  if (!(error instanceof UserError)) throw new Error('expected a UserError', { cause: error })
  expect(error.exitCode).toBe(2)
  return error.message
}

/** A small mapping of one file, with what a test wants to add to it. */
const smallMapping = (
  more: { top?: string; file?: string; object?: string; columns?: string } = {},
): Promise<string> =>
  write(
    'small.yml',
    `name: small
zone: Europe/Berlin
currency: EUR
${more.top ?? ''}
systems: { wms: wms }
files:
  scans:
    key: parcel
    many: [state, at]
    ${more.file ?? ''}
    columns: { parcel: text, state: text, at: time, ${more.columns ?? ''} }
objects:
  - system: wms
    type: shipment
    from: scans
    id: parcel
    identity: { tracking: parcel }
    states: { column: state, at: at, values: { L: label, D: delivered } }
    ${more.object ?? ''}
`,
  )

describe('an export read by its mapping', () => {
  it('states what each system says of an order, with the order as their common identity', async () => {
    const facts = await factsOf(await openExport(MAPPING, [ORDERS, ITEMS]))
    expect(told(facts, 'two-limits')).toEqual([
      'shop placed 2018-03-01T14:00:00.000Z',
      'payments confirmed 2018-03-01T14:05:00.000Z',
      'warehouse shipped 2018-03-05T21:00:00.000Z',
      'carrier delivered 2018-03-09T15:00:00.000Z',
    ])
    const [placed, confirmed] = facts.filter((f) => f.externalId === 'two-limits')
    expect(placed).toEqual({
      system: 'shop',
      role: 'storefront',
      type: 'order',
      externalId: 'two-limits',
      keys: [
        { name: 'order', value: 'two-limits', kind: 'identity' },
        { name: 'sku', value: 'sku-lamp', kind: 'reference' },
        { name: 'sku', value: 'sku-vase', kind: 'reference' },
      ],
      orderClass: 'marketplace',
      state: 'placed',
      rawState: 'purchased',
      quantities: { ordered: 2 },
      attributes: { promiseAt: '2018-03-20T03:00:00.000Z', valueMinor: 12990, currency: 'BRL' },
      occurredAt: new Date('2018-03-01T14:00:00Z'),
      version: Date.parse('2018-03-01T14:00:00Z'),
      changedBy: { kind: 'unknown' },
    })
    expect(confirmed?.attributes.shippingLimit).toBe('2018-03-04T14:05:00.000Z')
  })

  it('states nothing for an empty time, and leaves out a deadline that nobody set', async () => {
    const facts = await factsOf(await openExport(MAPPING, [ORDERS, ITEMS]))
    expect(told(facts, 'never-handed').map((t) => t.split(' ')[0])).toEqual(['shop', 'payments'])
    const confirmed = facts.find((f) => f.externalId === 'no-items' && f.system === 'payments')
    expect(confirmed?.attributes).toEqual({ promiseAt: '2018-03-23T03:00:00.000Z' })
  })

  it('keeps a later step that is dated before an earlier one as it is', async () => {
    const facts = await factsOf(await openExport(MAPPING, [ORDERS, ITEMS]))
    expect(told(facts, 'clock')).toEqual([
      'shop placed 2018-03-02T13:00:00.000Z',
      'warehouse shipped 2018-03-03T19:00:00.000Z',
      'payments confirmed 2018-03-04T13:00:00.000Z',
      'carrier delivered 2018-03-08T13:00:00.000Z',
    ])
  })

  it('lets a final state without a time stand from the start, above every other fact of its object', async () => {
    const facts = await factsOf(await openExport(MAPPING, [ORDERS, ITEMS]))
    const own = facts.filter((f) => f.externalId === 'cancelled-late')
    expect(told(facts, 'cancelled-late')).toEqual([
      'shop placed 2018-03-03T14:00:00.000Z',
      'shop cancelled 2018-03-03T14:00:00.000Z',
      'payments confirmed 2018-03-03T14:30:00.000Z',
      'warehouse shipped 2018-03-05T13:00:00.000Z',
    ])
    expect(own[1]).toMatchObject({
      rawState: 'canceled',
      attributes: { untimed: true, promiseAt: expect.any(String) },
    })
    expect(own[1]?.version).toBeGreaterThan(own[0]?.version ?? Number.NaN)
    expect(told(facts, 'no-items')[1]).toBe('shop cancelled 2018-03-03T15:00:00.000Z')
  })

  it('adds a final state only where the export does not date it', async () => {
    const facts = await factsOf(await openExport(MAPPING, [ORDERS, ITEMS]))
    const delivered = facts.filter((f) => f.state === 'delivered')
    expect(delivered.filter((f) => f.attributes.untimed).map((f) => f.externalId)).toEqual(['undated'])
    expect(delivered.filter((f) => f.externalId === 'on-time')).toHaveLength(1)
  })

  it('places a final state at the earliest event of everything with its key, whichever system that is', async () => {
    const orders = await write(
      'early.csv',
      (await readFile(ORDERS, 'utf8')).replace(
        'cancelled-late,c7,canceled,3/3/2018 11:00',
        'cancelled-late,c7,canceled,3/9/2018 11:00',
      ),
    )
    const facts = await factsOf(await openExport(MAPPING, [orders, ITEMS]))
    expect(told(facts, 'cancelled-late')[0]).toBe('shop cancelled 2018-03-03T14:30:00.000Z')
    const [cancelled, , , placed] = facts.filter((f) => f.externalId === 'cancelled-late')
    expect(cancelled?.version).toBeGreaterThan(placed?.version ?? Number.NaN)
  })

  it('says where each fact comes from', async () => {
    const opened = await openExport(MAPPING, [ORDERS, ITEMS])
    for await (const { fact, source } of opened.facts()) {
      if (fact.externalId === 'late') expect(source).toEqual({ file: 'orders.csv', line: 4 })
    }
  })

  it('ends with its last event, or as the mapping says', async () => {
    expect((await openExport(MAPPING, [ORDERS, ITEMS])).asOf).toEqual(new Date('2018-03-25T20:00:00Z'))
    const until = await write('until.yml', `${await readFile(MAPPING, 'utf8')}\nasOf: 2018-03-05\n`)
    const opened = await openExport(until, [ORDERS, ITEMS])
    expect(opened.asOf).toEqual(new Date('2018-03-05T03:00:00Z'))
    const facts = await factsOf(opened)
    expect(facts.every((f) => f.occurredAt <= new Date('2018-03-05T03:00:00Z'))).toBe(true)
    expect(opened.warnings).toMatchObject([{ kind: 'after_as_of', count: 31 - facts.length }])
    const wrong = await write('wrong.yml', `${await readFile(MAPPING, 'utf8')}\nasOf: yesterday\n`)
    expect(await refusal(openExport(wrong, [ORDERS, ITEMS]))).toMatch(
      /wrong\.yml:\d+:1: asOf: "yesterday" is not a time/,
    )
  })

  it('tells how far it is', async () => {
    const seen: { file: string; rows: number; bytes: number; totalBytes: number }[] = []
    await openExport(MAPPING, [ORDERS, ITEMS], (progress) => seen.push(progress))
    const size = (await readFile(ITEMS)).length
    expect(seen.at(-1)).toEqual({ file: 'items.csv', rows: 9, bytes: size, totalBytes: size })
  })
})

describe('the identity of an import', () => {
  it('is the same for the same content in other folders, names and order, and under another layout of the mapping', async () => {
    const first = await openExport(MAPPING, [ORDERS, ITEMS])
    const copied = [await write('b.csv', await readFile(ITEMS)), await write('a.csv', await readFile(ORDERS))]
    const relaid = await write('relaid.yml', `# another comment\n${await readFile(MAPPING, 'utf8')}`)
    expect((await openExport(relaid, copied)).fingerprint).toBe(first.fingerprint)
  })

  it('changes with one cell, and with what the mapping means', async () => {
    const first = await openExport(MAPPING, [ORDERS, ITEMS])
    const other = await write('other.csv', (await readFile(ITEMS, 'utf8')).replace('109.9,', '109.8,'))
    expect((await openExport(MAPPING, [ORDERS, other])).fingerprint).not.toBe(first.fingerprint)
    const zone = await write(
      'zone.yml',
      (await readFile(MAPPING, 'utf8')).replace('zone: America/Sao_Paulo', 'zone: UTC'),
    )
    expect((await openExport(zone, [ORDERS, ITEMS])).fingerprint).not.toBe(first.fingerprint)
  })

  it('gives the same facts in the same order, however the rows are shuffled', async () => {
    const original = await factsOf(await openExport(MAPPING, [ORDERS, ITEMS]))
    const lines = async (path: string): Promise<string[]> => (await readFile(path, 'utf8')).trim().split('\n')
    const [orders, items] = [await lines(ORDERS), await lines(ITEMS)]
    const shuffled = (all: string[]) =>
      fc
        .shuffledSubarray(all.slice(1), { minLength: all.length - 1 })
        .map((rows) => [all[0], ...rows].join('\n'))
    await fc.assert(
      fc.asyncProperty(shuffled(orders), shuffled(items), async (o, i) => {
        const paths = [await write('i.csv', i), await write('o.csv', o)]
        expect(await factsOf(await openExport(MAPPING, paths))).toEqual(original)
      }),
      { numRuns: 15 },
    )
  })
})

describe('what is wrong in an export', () => {
  it('leaves out each bad row with its place, what is wrong and the fix, and reads all others', async () => {
    const opened = await openExport(MAPPING, [BAD, ITEMS])
    expect(new Set((await factsOf(opened)).map((f) => f.externalId))).toEqual(
      new Set(['good-1', 'good-2', 'good-3']),
    )
    expect(opened.badCount).toBe(8)
    expect(opened.bad.map(({ at, reason }) => `${at}: ${reason}`)).toEqual([
      'bad-orders.csv:3: has 4 cells where the header has 8; mend the row, or quote cells that contain the delimiter',
      'bad-orders.csv:4 order_approved_at: "99/99/9999 99:99" is not a time in any of the formats M/d/yyyy H:mm, yyyy-MM-dd HH:mm:ss; add its format under `formats`',
      'bad-orders.csv:5 order_id: is empty, so the row belongs to nothing; fill it in the export',
      'bad-orders.csv:6 order_status: "teleported" is not in the mapping; name it under `values`, or under `ignore` if it means nothing here',
      'bad-orders.csv:7 order_purchase_timestamp: "99/9/9999 9:99" did not exist in America/Sao_Paulo: the clocks were put forward over it; export the time in UTC, or declare the column as `day` if only its date matters',
      expect.stringContaining('bad-orders.csv:8: the quotes in this row do not match'),
      expect.stringContaining('bad-orders.csv:10: the quotes in this row do not match'),
      'bad-orders.csv:11: has the same order_id as bad-orders.csv:2, which says more and was kept; remove one',
    ])
  })

  it('never shows the value of a cell that it could not read', async () => {
    const mapping = await smallMapping()
    const csv = await write('p.csv', 'parcel,state,at\nP1,L,Ada Example at home\n')
    const { bad } = await openExport(mapping, [csv])
    expect(bad[0]?.reason).toContain('"Aaa Aaaaaaa aa aaaa"')
    expect(JSON.stringify(bad)).not.toContain('Ada')
  })

  it('keeps the fuller of two rows with one id, whichever comes first', async () => {
    const [header = '', row = ''] = (await readFile(ORDERS, 'utf8')).split('\n')
    const emptier = row.replace(/3\/6\/2018 15:30/, '')
    for (const rows of [
      [row, emptier],
      [emptier, row],
    ]) {
      const opened = await openExport(MAPPING, [
        await write('twice.csv', [header, ...rows].join('\n')),
        ITEMS,
      ])
      expect(told(await factsOf(opened), 'on-time')).toHaveLength(4)
      expect(opened.bad).toMatchObject([
        { line: rows.indexOf(emptier) + 2, reason: expect.stringContaining('same order_id') },
      ])
    }
  })

  it('takes a row that is repeated word for word once, and counts it', async () => {
    const items = await readFile(ITEMS, 'utf8')
    const opened = await openExport(MAPPING, [
      ORDERS,
      ITEMS,
      await write(
        'items-again.csv',
        `${items.split('\n').slice(0, 3).join('\n')}\nnobody,1,sku-x,s1,3/5/2018 10:20,1,1\n`,
      ),
    ])
    expect(opened.totals).toEqual({ orders: 9, items: 12 })
    expect(opened.bad).toEqual([])
    expect(opened.warnings.map(({ kind, count, example }) => ({ kind, count, example }))).toEqual([
      { kind: 'repeated_row', count: 2, example: 'items.csv:2' },
      { kind: 'joined_to_nothing', count: 1, example: 'items-again.csv:4' },
    ])
    const placed = (await factsOf(opened)).find((f) => f.externalId === 'two-limits')
    expect(placed?.attributes.valueMinor).toBe(12990)
  })

  it('takes the earlier of two times that the autumn clock shows twice, and counts it', async () => {
    const mapping = await smallMapping()
    const csv = await write('fall.csv', 'parcel,state,at\nP1,L,2025-10-26 02:30\nP1,D,2025-10-26 03:30\n')
    const opened = await openExport(mapping, [csv])
    expect(told(await factsOf(opened), 'P1')).toEqual([
      'wms label 2025-10-26T00:30:00.000Z',
      'wms delivered 2025-10-26T02:30:00.000Z',
    ])
    expect(opened.warnings).toMatchObject([{ kind: 'ambiguous_time', count: 1, example: 'fall.csv:2' }])
  })

  it('stops with one line when a file, a column or a name does not fit', async () => {
    expect(await refusal(openExport(MAPPING, []))).toContain('No CSV file was given')
    expect(await refusal(openExport(MAPPING, [ORDERS]))).toBe(
      'The mapping needs a file for items: a CSV with the columns order_id, order_item_id, product_id, shipping_limit_date, price, freight_value. Given: orders.csv (is orders).',
    )
    const lacking = await write(
      'lacking.csv',
      (await readFile(ORDERS, 'utf8')).replace('order_approved_at', 'Order Approved At'),
    )
    expect(await refusal(openExport(MAPPING, [lacking, ITEMS]))).toBe(
      'lacking.csv looks like orders of olist.yml but has no column order_approved_at. Its columns: order_id, customer_id, order_status, order_purchase_timestamp, Order Approved At, order_delivered_carrier_date, order_delivered_customer_date, order_estimated_delivery_date. order_approved_at is written "Order Approved At": add it under that column\'s `headers`.',
    )
    expect(await refusal(openExport(MAPPING, [await write('x.csv', 'a,b\n1,2\n')]))).toBe(
      'x.csv fits no file of olist.yml (orders, items, payments). Its columns: a, b.',
    )
    expect(await refusal(openExport(MAPPING, [await write('empty.csv', '')]))).toBe(
      'empty.csv is empty: it has no header line.',
    )
    expect(await refusal(openExport(MAPPING, [join(folder, 'absent.csv')]))).toContain(
      'there is no such file',
    )
    expect(await refusal(openExport(MAPPING, [folder]))).toContain('this is a folder')
    expect(await refusal(openExport(join(folder, 'absent.yml'), [ORDERS]))).toContain('there is no such file')
  })
})

describe('what a mapping can say', () => {
  it('reads an event log: one row for each state of an object', async () => {
    const csv = await write(
      'log.csv',
      'parcel,state,at\nP1,D,2025-03-02 10:00\nP1,L,2025-03-01 10:00\nP2,L,2025-03-01 11:00\n',
    )
    const facts = await factsOf(await openExport(await smallMapping(), [csv]))
    expect(facts.map((f) => `${f.externalId} ${f.state} ${f.rawState}`)).toEqual([
      'P1 label L',
      'P2 label L',
      'P1 delivered D',
    ])
  })

  it('reads semicolons, decimal commas, other encodings, other headers and words for empty', async () => {
    const mapping = await smallMapping({
      top: "decimal: ','\nencoding: windows-1252\nempty: ['NULL']",
      columns:
        "betrag: money, ort: { type: text, headers: ['Empfänger Ort', 'Ort'] }, notiz: { type: text, optional: true }",
      object: 'value: betrag\n    attributes: { place: ort, note: notiz }',
    })
    const text =
      'parcel;state;at;betrag;Empfänger Ort\nP1;L;2025-03-01 10:00;1.234,5;"Köln; Süd"\nP2;L;2025-03-01 11:00;NULL;\n'
    const facts = await factsOf(
      await openExport(mapping, [await write('de.csv', Buffer.from(text, 'latin1'))]),
    )
    expect(facts.map((f) => f.attributes)).toEqual([
      { place: 'Köln; Süd', valueMinor: 123450, currency: 'EUR' },
      {},
    ])
  })

  it('says which encoding to declare where a file has another one', async () => {
    const mapping = await smallMapping({ columns: 'ort: text' })
    const csv = await write(
      'latin.csv',
      Buffer.from('parcel,state,at,ort\nP1,L,2025-03-01 10:00,Köln\nP2,L,2025-03-01 10:00,Bonn\n', 'latin1'),
    )
    const opened = await openExport(mapping, [csv])
    expect(opened.bad).toMatchObject([
      { at: 'latin.csv:2 ort', reason: expect.stringContaining('`encoding`') },
    ])
    expect(opened.factCount).toBe(1)
  })

  it('tells files with the same columns apart by their names', async () => {
    const two = (match: string): string => `name: two
zone: UTC
systems: { a: erp, b: wms }
files:
  left: { key: id, ${match} columns: { id: text, at: time } }
  right: { key: id, match: 'right-*.csv', columns: { id: text, at: time } }
objects:
  - { system: a, type: receipt, from: left, id: 'L-{id}', identity: { receipt: id }, states: [{ state: received, at: at }] }
  - { system: b, type: receipt, from: right, id: 'R-{id}', identity: { receipt: id }, states: [{ state: received, at: right.at }] }
`
    const paths = [
      await write('left-1.csv', 'id,at\n7,2025-03-01T10:00Z\n'),
      await write('Right-1.CSV', 'id,at\n7,2025-03-01T09:00+01:00\n'),
    ]
    const opened = await openExport(await write('two.yml', two("match: 'left-*.csv',")), paths)
    expect((await factsOf(opened)).map((f) => f.externalId)).toEqual(['R-7', 'L-7'])
    expect(await refusal(openExport(await write('two.yml', two('')), paths))).toBe(
      'Right-1.CSV has the columns of left and right; tell them apart with `match: <name pattern>` in two.yml.',
    )
  })

  it('shows every slip of a mapping at its line', async () => {
    const text = (await readFile(MAPPING, 'utf8'))
      .replace('zone: America/Sao_Paulo', 'zone: America/Sao_Paolo')
      .replace('at: order_approved_at', 'at: order_aproved_at')
      .replace('{ earliest: items.shipping_limit_date } # also', '{ earliest: items.price } # also')
      .replace('reference: { sku: items.product_id }', 'reference: { sku: itms.product_id }')
      .replace('M/d/yyyy H:mm', 'MM/DD/YYYY hh:mm')
    const path = await write('slips.yml', text)
    const line = (needle: string): number => text.split('\n').findIndex((l) => l.includes(needle)) + 1
    const lines = (await refusal(openExport(path, [ORDERS, ITEMS]))).split('\n')
    expect(lines.map((l) => l.slice(path.length).replace(/^:(\d+):\d+/, '$1'))).toEqual([
      `${line('Sao_Paolo')}: zone: "America/Sao_Paolo" is not an IANA time zone; write one such as America/Sao_Paulo or UTC`,
      `${line('MM/DD')}: formats[0]: "MM/DD/YYYY hh:mm" has DD, which is no luxon token; use luxon tokens such as yyyy-MM-dd HH:mm:ss, M/d/yyyy H:mm or dd.MM.yyyy, or the word iso`,
      `${line('itms')}: objects[0].reference.sku: orders has no column itms.product_id here; declare it under its file's \`columns\` (declared: order_id, order_status, order_purchase_timestamp, order_approved_at, order_delivered_carrier_date, order_delivered_customer_date, order_estimated_delivery_date)`,
      `${line('earliest: items.price')}: objects[1].attributes.shippingLimit: earliest needs a time or day column; items.price is declared as money`,
      `${line('order_aproved')}: objects[1].states[0].at: orders has no column order_aproved_at here; did you mean order_approved_at?`,
    ])
  })

  it('wants an aggregate where a key has many rows', async () => {
    const text = (await readFile(MAPPING, 'utf8')).replace(
      '{ earliest: items.shipping_limit_date } # also',
      'items.shipping_limit_date # also',
    )
    expect(await refusal(openExport(await write('many.yml', text), [ORDERS, ITEMS]))).toContain(
      'objects[1].attributes.shippingLimit: items has many rows a key; say which: { earliest: items.shipping_limit_date }',
    )
  })

  it.each([
    [
      'states: [confirmed] }',
      'states: [approved] }',
      'contracts[0].follow.when.states: no erp order is ever approved here; it can be confirmed',
    ],
    [
      'field: shippingLimit,',
      'field: shipLimit,',
      'contracts[0].grace.field: the erp order has no attribute shipLimit here; declare it under `attributes`',
    ],
    [
      'then: { role: carrier, type: shipment',
      'then: { role: supplier, type: shipment',
      'contracts[1].follow.then: no object of this mapping is a supplier shipment; there are: storefront order, erp order, wms fulfillment, carrier shipment',
    ],
    [
      'states: [cancelled] }]',
      'states: [canceled] }]',
      'contracts[0].follow.unless[0].states: no storefront order is ever canceled here; it can be placed, cancelled',
    ],
    [
      'id: delivered-as-promised',
      'id: handed-over-by-limit',
      'contracts[1].id: handed-over-by-limit is the id of another contract too; each needs its own',
    ],
    [
      'grace: { field: shippingLimit, role: erp, type: order }',
      'grace: { working: 4h, calendar: dock }',
      'contracts[0].grace.calendar: there is no calendar dock in this mapping; declare it under "calendars" (this mapping has none)',
    ],
    [
      'grace: { field: shippingLimit, role: erp, type: order }',
      'grace: { next_landing: erp }',
      'contracts[0].grace.next_landing: files land only in live systems; in an import write a duration such as 24h',
    ],
    [
      'grace: { field: shippingLimit, role: erp, type: order }',
      'grace: { learned: 30m }',
      'contracts[0].grace.learned: is learned only from live systems; in an import write a duration such as 30m',
    ],
    [
      'identity: { order: order_id }\n    attributes:',
      'identity: {}\n    attributes:',
      'objects[1].identity: names no key, so nothing would tell whose object this is; add one such as { order: <column> }',
    ],
  ])('refuses a contract or an object that could only keep silent: %s', async (right, wrong, words) => {
    const text = await readFile(MAPPING, 'utf8')
    expect(text).toContain(right)
    const said = await refusal(
      openExport(await write('silent.yml', text.replace(right, wrong)), [ORDERS, ITEMS]),
    )
    expect(said.split('\n')[0]).toMatch(/silent\.yml:\d+:\d+: /)
    expect(said).toContain(words)
  })

  it('takes calendars for its contracts, in its own zone', async () => {
    const text = (await readFile(MAPPING, 'utf8'))
      .replace(
        'grace: { field: shippingLimit, role: erp, type: order }',
        'grace: { working: 4h, calendar: dock }',
      )
      .replace('\ncontracts:', '\ncalendars:\n  dock: { hours: { mon-fri: 08:00-16:00 } }\ncontracts:')
    const { mapping } = await openExport(await write('calendars.yml', text), [ORDERS, ITEMS])
    expect(mapping.contracts[0]?.grace).toEqual({ kind: 'working', calendar: 'dock', ms: 4 * 3_600_000 })
    expect(mapping.calendars?.dock).toMatchObject({ zone: null })
  })
})
