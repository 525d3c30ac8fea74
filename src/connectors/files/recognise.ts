import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { UserError, wordsOf } from '../../app/errors.ts'
import type { FileMapping, Mapping } from './config.ts'
import { type CsvFormat, firstRow } from './csv.ts'

/** One CSV of the command line, and which file of the mapping it is. */
export type Input = {
  path: string
  /** The file's name without its folder: what a person is shown. */
  shown: string
  /** The mapping's name for it. */
  file: string
  format: CsvFormat
  header: string[]
  /** For each declared column its place in the header; -1 where an optional one is absent. */
  places: number[]
  bytes: number
}

/** Enough for any header. */
const HEAD_BYTES = 256 * 1024
const DELIMITERS = [',', ';', '\t']

/**
 * Tells which file of the mapping each CSV is, by its header's columns (and its name, where the mapping gives a
 * pattern). Throws UserError when a CSV fits nothing or several, or when a file of the mapping is not given.
 */
export const recognise = async (mapping: Mapping, mappingName: string, paths: string[]): Promise<Input[]> => {
  if (paths.length === 0)
    throw new UserError('No CSV file was given; name the files of the export after the mapping.', 2)
  const inputs: Input[] = []
  for (const path of [...new Set(paths)]) inputs.push(await recogniseOne(mapping, mappingName, path))
  for (const [name, file] of Object.entries(mapping.files)) {
    if (file.optional || inputs.some((input) => input.file === name)) continue
    const given = inputs.map((input) => `${input.shown} (is ${input.file})`).join(', ')
    const needs = `${file.match ? `named ${file.match}, ` : ''}with the columns ${required(file).join(', ')}`
    throw new UserError(`The mapping needs a file for ${name}: a CSV ${needs}. Given: ${given}.`, 2)
  }
  return inputs
}

const recogniseOne = async (mapping: Mapping, mappingName: string, path: string): Promise<Input> => {
  const shown = basename(path)
  const { head, bytes } = await readHead(path)
  const tried = Object.entries(mapping.files).map(([name, file]) => ({
    name,
    file,
    named: file.match === undefined || matches(shown, file.match),
    ...readHeader(mapping, file, head),
  }))
  const fitting = tried.filter((one) => one.named && one.missing.length === 0)
  const [only, other] = fitting
  if (only && other) {
    const names = fitting.map((one) => one.name).join(' and ')
    throw new UserError(
      `${shown} has the columns of ${names}; tell them apart with \`match: <name pattern>\` in ${mappingName}.`,
      2,
    )
  }
  if (only) {
    const twice = only.header.find(
      (title, i) => only.header.indexOf(title) < i && only.places.includes(only.header.indexOf(title)),
    )
    if (twice !== undefined)
      throw new UserError(`${shown} has two columns named ${twice}; rename or remove one.`, 2)
    return {
      path,
      shown,
      file: only.name,
      format: only.format,
      header: only.header,
      places: only.places,
      bytes,
    }
  }
  throw new UserError(misfit(shown, mappingName, tried), 2)
}

type Tried = { name: string; file: FileMapping; named: boolean; header: string[]; missing: string[] }

/** Why a CSV fits no file of the mapping, said about the file that it comes nearest to. */
const misfit = (shown: string, mappingName: string, tried: Tried[]): string => {
  const [nearest] = tried
    .map((one) => ({ ...one, share: 1 - one.missing.length / Math.max(1, required(one.file).length) }))
    .sort((a, b) => Number(b.named) - Number(a.named) || b.share - a.share)
  const found = (header: string[]): string => header.map((title) => title.slice(0, 60)).join(', ')
  if (!nearest || nearest.header.length === 0) return `${shown} is empty: it has no header line.`
  if (!nearest.named) {
    const patterns = tried.map((one) => `${one.name}: ${one.file.match}`).join('; ')
    return `${shown} has a name that fits no file of ${mappingName} (${patterns}).`
  }
  if (nearest.share === 0) {
    return `${shown} fits no file of ${mappingName} (${tried.map((one) => one.name).join(', ')}). Its columns: ${found(nearest.header)}.`
  }
  const loosely = nearest.missing.flatMap((column) => {
    const near = nearest.header.find((title) => loose(title) === loose(column))
    return near === undefined
      ? []
      : [`${column} is written "${near}": add it under that column's \`headers\``]
  })
  const lacks = `${shown} looks like ${nearest.name} of ${mappingName} but has no column ${nearest.missing.join(', ')}`
  return `${lacks}. Its columns: ${found(nearest.header)}.${loosely.length > 0 ? ` ${loosely.join('; ')}.` : ''}`
}

const loose = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

const required = (file: FileMapping): string[] =>
  Object.entries(file.columns).flatMap(([column, { optional }]) => (optional ? [] : [column]))

type Header = { header: string[]; format: CsvFormat; places: number[]; missing: string[] }

/** The header as this file of the mapping would have it, by the delimiter that finds most of its columns. */
const readHeader = (mapping: Mapping, file: FileMapping, head: Buffer): Header => {
  const candidates = (file.delimiter === undefined ? DELIMITERS : [file.delimiter]).map(
    (delimiter): Header => {
      const format = { encoding: file.encoding ?? mapping.encoding, delimiter, quote: file.quote }
      const header = (firstRow(head, format) ?? []).map((title) => title.trim())
      const places = Object.entries(file.columns).map(([column, { headers }]) =>
        (headers ?? [column]).reduce((place, title) => (place === -1 ? header.indexOf(title) : place), -1),
      )
      const missing = Object.entries(file.columns).flatMap(([column, { optional }], i) =>
        places[i] === -1 && !optional ? [column] : [],
      )
      return { header, format, places, missing }
    },
  )
  const [best] = candidates.sort(
    (a, b) => a.missing.length - b.missing.length || b.header.length - a.header.length,
  )
  return (
    best ?? {
      header: [],
      format: { encoding: 'utf-8', delimiter: ',', quote: '"' },
      places: [],
      missing: required(file),
    }
  )
}

const matches = (name: string, pattern: string): boolean => {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${source}$`, 'i').test(name)
}

const readHead = async (path: string): Promise<{ head: Buffer; bytes: number }> => {
  try {
    const handle = await open(path)
    try {
      const { size } = await handle.stat()
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
      return { head: buffer.subarray(0, bytesRead), bytes: size }
    } finally {
      await handle.close()
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') throw new UserError(`${path}: there is no such file; check the path.`, 2)
    if (code === 'EISDIR') throw new UserError(`${path}: this is a folder; name the CSV files in it.`, 2)
    throw new UserError(`${path}: cannot be read (${wordsOf(error)}).`, 2)
  }
}
