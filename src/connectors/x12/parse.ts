import { createHash } from 'node:crypto'
import type { BadRow, ParsedSignal, SequenceNumber, WireFact } from '../../app/connector.ts'
import type { X12Config } from './config.ts'
import {
  type Interchange,
  type InterchangeHead,
  placeOf,
  readInterchanges,
  type TransactionSet,
} from './envelope.ts'
import { readInventory } from './inventory.ts'
import { type Advice, BadSegment, instant, versionOf } from './reader.ts'
import { readReceivingAdvice, readStockReceipt } from './receipts.ts'
import { readShipAdvice } from './ship-advice.ts'
import { readShipNotice } from './ship-notice.ts'

type Read = { facts: WireFact[]; bad: BadRow[] }
type Reader = (advice: Advice) => Read

const whole =
  (read: (advice: Advice) => WireFact[]): Reader =>
  (advice) => ({ facts: read(advice), bad: [] })

/** What each kind of partner sends, by the number of the transaction set. */
const READERS: Record<X12Config['role'], Record<string, Reader>> = {
  wms: {
    945: whole(readShipAdvice),
    944: whole(readStockReceipt),
    846: readInventory,
    861: whole(readReceivingAdvice),
  },
  supplier: { 856: whole(readShipNotice) },
}

/** Who numbers: one partner's interchanges to one receiver. */
const seriesOf = ({ sender, receiver }: InterchangeHead): string => `${sender}>${receiver}`

/**
 * Names a delivery: the interchanges in it, each by sender, receiver, control number, date and time. The date is part
 * of it because a partner that begins to count anew would never be heard again. What cannot be read as a whole is named
 * by its bytes: mended and sent again under the same number it is a new delivery.
 */
export const deliveryKeyOf = (body: Buffer, read = readInterchanges): string => {
  const bytes = `sha256 ${createHash('sha256').update(body).digest('hex')}`
  try {
    const names = read(body).map((each) => ('head' in each ? nameOf(each.head) : null))
    if (names.includes(null)) return bytes
    return names.length === 1
      ? `${names[0]}`
      : `${names.length} ISA ${createHash('sha256').update(names.join('\n')).digest('hex')}`
  } catch {
    return bytes
  }
}

const nameOf = (head: InterchangeHead): string => `ISA ${seriesOf(head)} ${head.control} ${head.at}`

/**
 * A file of interchanges as facts. A transaction set that cannot be read is a bad row with its place, and its
 * neighbours go on; so is an interchange whose envelope is broken. Throws where there is no X12 at all.
 */
export const parseX12 = (config: X12Config, body: Buffer, read = readInterchanges): ParsedSignal => {
  const facts: WireFact[] = []
  const bad: BadRow[] = []
  const sequence: SequenceNumber[] = []
  for (const interchange of read(body)) {
    if (!('head' in interchange)) {
      bad.push(interchange)
      continue
    }
    const { head } = interchange
    const stranger = strangerWords(config, head)
    if (stranger !== null) {
      bad.push({ at: placeOf(head.control), reason: stranger })
      continue
    }
    if (config.gaps) sequence.push({ of: seriesOf(head), number: Number(head.control) })
    const said = readSets(config, interchange)
    facts.push(...said.facts)
    bad.push(...said.bad)
  }
  return { facts, bad, ...(sequence.length > 0 ? { sequence } : {}) }
}

/** Why an interchange is none of ours; null if it is. */
const strangerWords = (config: X12Config, { sender, receiver, usage }: InterchangeHead): string | null => {
  const from = sender.slice(sender.indexOf(':') + 1)
  const to = receiver.slice(receiver.indexOf(':') + 1)
  if (config.sender !== undefined && from !== config.sender)
    return `it comes from ${from}, not from ${config.sender}`
  if (config.receiver !== undefined && to !== config.receiver)
    return `it is for ${to}, not for ${config.receiver}`
  if (usage === 'T' && !config.test) return 'it is marked as a test (ISA15 is T); "test: true" takes tests'
  if (usage !== 'T' && config.test) return `it is real (ISA15 is ${usage}), and "test: true" takes only tests`
  return null
}

const readSets = (config: X12Config, { sets }: Interchange): Read => {
  const all: Read = { facts: [], bad: [] }
  for (const set of sets) {
    if ('reason' in set) {
      all.bad.push(set)
      continue
    }
    if (config.ignore.includes(set.id)) continue
    const placed = ({ at, reason }: BadRow): BadRow => ({
      at: placeOf(set.interchange.control, set, at),
      reason,
    })
    try {
      const read = readSet(config, set)
      all.facts.push(...read.facts)
      all.bad.push(...read.bad.map(placed))
    } catch (error) {
      if (!(error instanceof BadSegment)) throw error
      all.bad.push(placed({ at: error.segment, reason: error.message }))
    }
  }
  return all
}

const readSet = (config: X12Config, set: TransactionSet): Read => {
  const readers = READERS[config.role]
  const reader = Object.hasOwn(readers, set.id) ? readers[set.id] : undefined
  if (!reader) {
    const known = Object.keys(readers).join(', ')
    throw new BadSegment(
      'ST',
      `of a ${config.role}, ${known} are read; "ignore" leaves out what is not needed`,
    )
  }
  const { date, time } = set.group
  const at = instant(date, time, config.zone)
  if (!at) throw new BadSegment('GS', `GS04 and GS05 are no time: "${date} ${time}"`)
  return reader({ set, terms: config, at, version: versionOf(set, at) })
}
