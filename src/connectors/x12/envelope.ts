import { type X12Interchange, X12Parser, type X12Transaction } from 'node-x12'

/*
 * Text > interchanges > transaction sets. node-x12 builds the tree of one interchange; everything that it lets pass is
 * checked here. What it does unasked, and why it is used in this way:
 * - It reads the separators of the first interchange and keeps them: a file is cut into interchanges before.
 * - A tag without elements gets the last element of the segment before it: such tags are given an empty element.
 * - It turns ISA13 and IEA02 into numbers, and unreadable ones into two equal NaNs: they are read from the text.
 * - Strict, it gives up everything for one wrong count; not strict, it drops what stands outside of an envelope and
 *   fails with a TypeError where an envelope is missing. So: not strict, and every segment must be found in the tree.
 */

export type Segment = { tag: string; elements: string[] }

/** A transaction set that is whole; `segments` are those between ST and SE. */
export type TransactionSet = {
  interchange: InterchangeHead
  /** GS04 and GS05, as written. */
  group: { date: string; time: string; version: string }
  id: string
  control: string
  segments: Segment[]
  /** Separates the components of an element (ISA16). */
  component: string
}

export type InterchangeHead = {
  sender: string
  receiver: string
  /** ISA13, nine digits. */
  control: string
  /** ISA09 and ISA10, as written. */
  at: string
  /** ISA15: P, T or I. */
  usage: string
}

export type Unread = { at: string; reason: string }
export type Interchange = {
  head: InterchangeHead
  /** Transaction sets in their order: whole ones, and what is wrong with the others. */
  sets: (TransactionSet | Unread)[]
}

/** The fixed widths of an ISA; the first group is the separator of elements, the last one ends segments. */
const ISA =
  /ISA([^A-Za-z0-9\s])..\1.{10}\1..\1.{10}\1(..)\1(.{15})\1(..)\1(.{15})\1(.{6})\1(.{4})\1.\1(.{5})\1(.{9})\1.\1(.)\1(.)([^A-Za-z0-9 ])/gs

export const placeOf = (interchange: string, set?: { id: string; control: string }, segment?: string) =>
  [
    `ISA ${interchange}`,
    ...(set ? [`ST ${set.control} (${set.id})`] : []),
    ...(segment ? [segment] : []),
  ].join(', ')

/** X12 is ASCII, and what is not is UTF-8 or, from older systems, Latin-1. */
const textOf = (body: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return body.toString('latin1')
  }
}

/**
 * Every interchange of a file, or what is wrong with it: one broken envelope spoils its own interchange and no other.
 * Throws where there is none at all.
 */
export const readInterchanges = (body: Buffer): (Interchange | Unread)[] => {
  const text = textOf(body)
  const heads = [...text.matchAll(ISA)]
  const [first] = heads
  if (!first) {
    throw new Error('This is no X12: no ISA segment of 106 characters is in it')
  }
  const before = text.slice(0, first.index).trim()
  return [
    ...(before === ''
      ? []
      : [{ at: 'before the first ISA', reason: `"${before.slice(0, 40)}" stands there` }]),
    ...heads.map((head, index) => readOne(head, text.slice(head.index, heads[index + 1]?.index))),
  ]
}

class Broken extends Error {}

const readOne = (head: RegExpMatchArray, text: string): Interchange | Unread => {
  const control = head[9] ?? ''
  try {
    return interchangeOf(head, text)
  } catch (error) {
    if (error instanceof Broken) return { at: placeOf(control.trim()), reason: error.message }
    throw error
  }
}

const need = (holds: boolean, words: () => string): void => {
  if (!holds) throw new Broken(words())
}

/** Counts are written with or without leading zeros. */
const isCount = (text: string | undefined, count: number): boolean =>
  text !== undefined && /^\d{1,10}$/.test(text) && Number(text) === count

const interchangeOf = (head: RegExpMatchArray, text: string): Interchange => {
  const [, separator = '', senderType, sender = '', receiverType, receiver = ''] = head
  const [date, time, version = '', control = '', usage = '', component = '', terminator = ''] = head.slice(6)
  need(/^\d{9}$/.test(control), () => `ISA13 is "${control}", which is no control number of nine digits`)
  need(version === '00401' || version === '00501', () => `ISA12 is ${version}; 00401 and 00501 are read`)
  need(new Set([separator, component, terminator]).size === 3, () => 'two of its separators are the same')

  const raw = text.split(terminator)
  const rest = (raw.pop() ?? '').trim()
  const trailer = raw.at(-1)?.trim().split(separator) ?? []
  need(trailer[0] === 'IEA', () =>
    rest === '' ? 'it does not end with IEA' : `it is cut off, or "${rest.slice(0, 20)}" follows its end`,
  )
  need(rest === '', () => `"${rest.slice(0, 40)}" follows its IEA`)
  need(trailer[2] === control, () => `IEA02 is ${trailer[2] ?? 'missing'}, ISA13 is ${control}`)

  const tree = parse(withElements(raw, separator).join(terminator) + terminator)
  const groups = tree.functionalGroups
  need(
    isCount(trailer[1], groups.length),
    () => `IEA01 says ${trailer[1]} groups; there are ${groups.length}`,
  )
  for (const { header, trailer, transactions } of groups) {
    const gs = header.valueOf(6)
    need(trailer !== undefined, () => `the group ${gs} has no GE`)
    need(trailer.valueOf(2) === gs && gs !== null, () => `GE02 is ${trailer.valueOf(2)}, GS06 is ${gs}`)
    const says = trailer.valueOf(1)
    need(isCount(says, transactions.length), () => `GE01 says ${says} sets; there are ${transactions.length}`)
    const release = header.valueOf(8) ?? ''
    need(/^00[45]010/.test(release), () => `GS08 is ${release}; 004010 and 005010 are read`)
  }
  // TA1 answers an interchange of ours, outside of any group.
  const answers = raw.filter((segment) => segment.trim().startsWith(`TA1${separator}`)).length
  const found = groups.reduce((sum, { transactions }) => sum + 2 + total(transactions), 2 + answers)
  need(found === raw.length, () => 'segments stand outside of any transaction set')

  const interchange = {
    sender: `${senderType}:${sender.trim()}`,
    receiver: `${receiverType}:${receiver.trim()}`,
    control,
    at: `${date} ${time}`,
    usage,
  }
  const sets = groups.flatMap(({ header, transactions }) => {
    const group = {
      date: header.valueOf(4) ?? '',
      time: header.valueOf(5) ?? '',
      version: header.valueOf(8) ?? '',
    }
    return transactions.map((set) => setOf(set, { interchange, group, component }))
  })
  return { head: interchange, sets }
}

const total = (sets: X12Transaction[]): number =>
  sets.reduce((sum, { segments, trailer }) => sum + segments.length + (trailer === undefined ? 1 : 2), 0)

/** Every tag with at least one element, and none between line breaks. */
const withElements = (raw: string[], separator: string): string[] =>
  raw.map((segment) => (segment.includes(separator) ? segment : `${segment}${separator}`))

const parse = (text: string): X12Interchange => {
  const parser = new X12Parser(false)
  let tree: ReturnType<X12Parser['parse']> | undefined
  try {
    tree = parser.parse(text)
  } catch (error) {
    // It fails on the envelope that it has just called missing.
    const said = parser.diagnostics.at(-1)?.message.replace('X12 Standard: ', '')
    throw new Broken(said ?? (error instanceof Error ? error.message : 'cannot be parsed'))
  }
  if (tree === undefined || !('functionalGroups' in tree)) throw new Broken('it holds no functional group')
  return tree
}

const setOf = (
  { header, trailer, segments }: X12Transaction,
  of: Pick<TransactionSet, 'interchange' | 'group' | 'component'>,
): TransactionSet | Unread => {
  const id = header.valueOf(1) ?? ''
  const control = header.valueOf(2) ?? ''
  const unread = (reason: string): Unread => ({
    at: placeOf(of.interchange.control, { id, control }, 'SE'),
    reason,
  })
  if (trailer === undefined) return unread('the set has no SE: it is cut off')
  const [says, ends] = [trailer.valueOf(1), trailer.valueOf(2)]
  if (ends !== control) return unread(`SE02 is ${ends}, ST02 is ${control}`)
  const count = segments.length + 2
  if (!isCount(says, count)) return unread(`SE01 says ${says} segments; there are ${count}`)
  return {
    ...of,
    id,
    control,
    segments: segments.map(({ tag, elements }) => ({ tag, elements: elements.map(({ value }) => value) })),
  }
}
