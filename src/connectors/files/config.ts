import { IANAZone } from 'luxon'
import { z } from 'zod'
import { calendarConfig } from '../../app/calendar-config.ts'
import { contractConfig } from '../../app/contract-config.ts'
import { KEY_NAMES, OBJECT_TYPES, ORDER_CLASSES, ROLES } from '../../domain/model.ts'
import { CELL_TYPES } from './cells.ts'
import { checkObjects, type Report } from './check.ts'
import { checkContracts } from './check-contracts.ts'
import { AGGREGATES, type Source } from './references.ts'
import { formatProblem, timeReader } from './times.ts'

/**
 * The mapping file of an import: which columns a system's export has, and which facts they state. See README.md here
 * for the meaning of each key, and `examples/olist.yml` for one in use.
 */

const text = z.string().trim().min(1, 'is empty; write a value')
const name = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]*$/,
    'must be a short name: letters, digits, - and _, beginning with a letter',
  )

const zone = text.refine((value) => IANAZone.isValidZone(value), {
  error: (issue) =>
    `"${String(issue.input)}" is not an IANA time zone; write one such as America/Sao_Paulo or UTC`,
})

const format = text.superRefine((value, context) => {
  const problem = formatProblem(value)
  if (problem !== null) context.addIssue({ code: 'custom', message: problem })
})

const currency = text.refine((value) => /^[A-Z]{3}$/.test(value), {
  error: 'must be an ISO 4217 code in capitals, such as BRL or EUR',
})

const encoding = text.refine(
  (value) => {
    try {
      return Boolean(new TextDecoder(value))
    } catch {
      return false
    }
  },
  { error: 'is not an encoding known here; use utf-8, windows-1252, latin1 or utf-16le' },
)

const columnType = z.enum(CELL_TYPES)

const columnOptions = z.strictObject({
  type: columnType,
  /** The header's exact words in the file, where they differ from the name used here; the first one found counts. */
  headers: z.array(z.string().min(1)).min(1).optional(),
  formats: z.array(format).min(1).optional(),
  zone: zone.optional(),
  /** The column may be absent: it then reads as empty. */
  optional: z.boolean().default(false),
})

const column = z.preprocess((value) => (typeof value === 'string' ? { type: value } : value), columnOptions)

const file = z.strictObject({
  /** The column that joins this file's rows to those of the other files. */
  key: text,
  /** The columns that tell several rows of one key apart. Absent: one row a key. */
  many: z.array(text).min(1).optional(),
  columns: z.record(z.string(), column),
  /** A pattern for the file's name (`orders-*.csv`), where the columns alone do not tell files apart. */
  match: text.optional(),
  optional: z.boolean().default(false),
  encoding: encoding.optional(),
  /** Found out from the header when absent. */
  delimiter: z
    .enum([',', ';', 'tab', '|'])
    .transform((value) => (value === 'tab' ? '\t' : value))
    .optional(),
  quote: z
    .enum(['"', "'", 'none'])
    .transform((value) => (value === 'none' ? null : value))
    .default('"'),
})

const aggregate = z
  .strictObject({
    earliest: text.optional(),
    latest: text.optional(),
    sum: text.optional(),
    first: text.optional(),
    count: text.optional(),
  })
  .transform((given, context): Source => {
    const said = AGGREGATES.flatMap((how) => {
      const of = given[how]
      return of === undefined ? [] : [{ how, of }]
    })
    const [only] = said
    if (only && said.length === 1) return only
    context.addIssue({ code: 'custom', message: `say exactly one of ${AGGREGATES.join(', ')}` })
    return z.NEVER
  })

/** A column's name, or an aggregate over joined rows such as `{ earliest: items.shipping_limit_date }`. */
const source = z.union([text.transform((of): Source => ({ how: 'value', of })), aggregate])

const oneOrMore = z.union([text.transform((one) => [one]), z.array(text).min(1)])

/** `ignore: '*'` = every other value; without it a value that is named nowhere makes a bad row. */
const ignore = z.union([z.literal('*'), z.array(z.string())]).default([])

const timedState = z.strictObject({ state: text, at: source, raw: text.optional() })

const stateColumn = z.strictObject({ column: text, at: source, values: z.record(z.string(), text), ignore })

const object = z.strictObject({
  system: text,
  type: z.enum(OBJECT_TYPES),
  from: text,
  id: text,
  identity: z.partialRecord(z.enum(KEY_NAMES), oneOrMore),
  reference: z.partialRecord(z.enum(KEY_NAMES), oneOrMore).default({}),
  orderClass: z
    .union([
      z.enum(ORDER_CLASSES),
      z.strictObject({ column: text, values: z.record(z.string(), z.enum(ORDER_CLASSES)), ignore }),
    ])
    .optional(),
  value: source.optional(),
  quantities: z.record(z.string(), source).default({}),
  attributes: z.record(name, source).default({}),
  /** Whose it is, for `baton diagnose`: no fact carries it, so that an import does not depend on it. */
  dimensions: z.record(name, oneOrMore).default({}),
  /** Orders the facts of one object; absent: the time of the fact in ms. */
  version: source.optional(),
  states: z.union([z.array(timedState).min(1), stateColumn]),
  final: z.strictObject({ column: text, values: z.record(z.string(), text), ignore }).optional(),
})

/** `asOf` as an instant; a bare date is the midnight that begins it in the mapping's zone. null: not given. */
const readAsOf = (
  { asOf, formats, zone }: { asOf?: string | undefined; formats: string[]; zone: string },
  report: Report,
): Date | null => {
  if (asOf === undefined) return null
  const read = timeReader(['iso', ...formats], zone)(asOf, false)
  if ('ms' in read) return new Date(read.ms)
  report(['asOf'], `"${asOf}" ${read.problem}; write it like 2018-10-17T00:00:00Z`)
  return null
}

const reportTo =
  (context: z.RefinementCtx): Report =>
  (path, message) =>
    context.addIssue({ code: 'custom', path, message })

/** The whole file. Its output is the mapping's identity: comments and layout do not count. */
export const mappingSchema = z
  .strictObject({
    name,
    zone,
    formats: z.array(format).min(1).default(['iso']),
    currency: currency.optional(),
    decimal: z.enum(['.', ',']).default('.'),
    encoding: encoding.default('utf-8'),
    empty: z.array(z.string()).default([]),
    asOf: text.optional(),
    systems: z.record(name, z.enum(ROLES)),
    files: z.record(name, file),
    objects: z.array(object).min(1, 'names no object; an import needs at least one'),
    /** Absent, not empty, where there is none: an import made before there were calendars stays known. */
    calendars: z.record(name, calendarConfig).optional(),
    contracts: z.array(contractConfig).default([]),
  })
  .superRefine((mapping, context) => {
    const report = reportTo(context)
    checkObjects(mapping, report)
    checkContracts(mapping, report)
  })
  .transform((mapping, context) => ({ ...mapping, asOf: readAsOf(mapping, reportTo(context)) }))

export type Mapping = z.infer<typeof mappingSchema>
export type FileMapping = Mapping['files'][string]
export type ObjectMapping = Mapping['objects'][number]
