import { readFile } from 'node:fs/promises'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import { closest } from '../app/closest.ts'
import { UserError, wordsOf } from '../app/errors.ts'
import { knownKeys } from './known-keys.ts'

/**
 * Configuration files for people: YAML, parsed once at the edge into a typed value. Whatever is wrong is said as
 * `file:line:column: key.path: what is wrong; what to write instead`, one line for each problem.
 */

const MOST_PROBLEMS_SHOWN = 10

/** Reads and checks a YAML file. Throws UserError (usage: nothing was done yet) naming file, line, key and fix. */
export const readYamlFile = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') throw new UserError(`${path}: there is no such file; check the path.`, 2)
    if (code === 'EISDIR') throw new UserError(`${path}: this is a folder; name the file in it.`, 2)
    throw new UserError(`${path}: cannot be read (${wordsOf(error)}).`, 2)
  }
  return parseYaml(text, path, schema)
}

/** Checks YAML text; `name` is the file's name as the reader of an error knows it. Throws UserError. */
export const parseYaml = <T>(text: string, name: string, schema: z.ZodType<T>): T => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const where = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${name}:${line}:${col}`
  }
  const broken = document.errors.map((error) => `${where(error.pos[0])}: not valid YAML: ${error.message}`)
  if (broken.length > 0) throw problems(broken)

  const value = toPlain(document, name)
  if (value === null || value === undefined) throw new UserError(`${name}:1:1: the file is empty.`, 2)
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const found = result.error.issues
    .flatMap(leaves)
    .flatMap((issue) => describe(issue, schema, value))
    .map((problem) => ({ ...problem, offset: offsetOf(document, problem.path) }))
    .sort((a, b) => a.offset - b.offset)
  throw problems(
    found.map((p) => `${where(p.offset)}: ${p.path.length > 0 ? `${pathText(p.path)}: ` : ''}${p.words}`),
  )
}

const problems = (lines: string[]): UserError => {
  const more = lines.length - MOST_PROBLEMS_SHOWN
  const shown = lines.slice(0, MOST_PROBLEMS_SHOWN)
  return new UserError([...shown, ...(more > 0 ? [`and ${more} more problems`] : [])].join('\n'), 2)
}

const toPlain = (document: Document, name: string): unknown => {
  try {
    return document.toJS()
  } catch (error) {
    throw new UserError(`${name}:1:1: not valid YAML: ${wordsOf(error)}`, 2)
  }
}

type Issue = z.core.$ZodIssue
type Path = (string | number)[]

const plainPath = (path: PropertyKey[]): Path =>
  path.map((part) => (typeof part === 'symbol' ? String(part) : part))

/** Which branch of a union was meant: one of the right kind, with the fewest strange keys, that came furthest. */
const closeness = (branch: Issue[]): number[] => [
  branch.some((i) => i.code === 'invalid_type' && i.path.length === 0) ? 0 : 1,
  -branch.reduce((sum, i) => sum + (i.code === 'unrecognized_keys' ? i.keys.length : 0), 0),
  Math.max(...branch.map((i) => i.path.length + (i.code === 'invalid_type' ? 0 : 0.5))),
]

const compare = (a: number[], b: number[]): number =>
  a.map((part, n) => part - (b[n] ?? 0)).find((difference) => difference !== 0) ?? 0

/** A union fails with the complaints of every branch: only those of the branch that was meant are of any use. */
const leaves = (issue: Issue): Issue[] => {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue]
  const [first, second] = [...issue.errors].sort((a, b) => compare(closeness(b), closeness(a)))
  if (!first || (second && compare(closeness(first), closeness(second)) === 0)) return [issue]
  return first.map((i) => ({ ...i, path: [...issue.path, ...i.path] })).flatMap(leaves)
}

const describe = (issue: Issue, schema: z.ZodType, root: unknown): { path: Path; words: string }[] => {
  const path = plainPath(issue.path)
  const found = valueAt(root, path)
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(schema, path)
      return issue.keys.map((key) => ({
        path: [...path, key],
        words: `unknown key${suggestion(key, known)}`,
      }))
    }
    case 'invalid_type':
      if (found === undefined) return [{ path, words: `is missing; add it (${noun(issue.expected)})` }]
      return [{ path, words: `expected ${noun(issue.expected)}, found ${kind(found)}${braceHint(found)}` }]
    case 'invalid_value':
      return [{ path, words: notAmong(found, issue.values.map(String)) }]
    case 'invalid_key': {
      const known = knownKeys(schema, path.slice(0, -1))
      // Where any key may stand, the schema itself says how one is written.
      const [wrong] = issue.issues
      const words =
        known.length === 0 && wrong
          ? wrong.message
          : `this key is not known${suggestion(String(path.at(-1)), known)}`
      return [{ path, words }]
    }
    case 'invalid_union': {
      const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : []
      if (options.length > 0) return [{ path, words: notAmong(found, options) }]
      const words = found === undefined ? 'is missing' : `${kind(found)} does not fit here${braceHint(found)}`
      return [{ path, words: `${words}; ${unionWords(issue)}` }]
    }
    default:
      return [{ path, words: issue.message }]
  }
}

const notAmong = (found: unknown, known: string[]): string =>
  found === undefined
    ? `is missing${suggestion('', known)}`
    : `${kind(found)} is not known${suggestion(String(found), known)}`

const unionWords = (issue: Extract<Issue, { code: 'invalid_union' }>): string => {
  const options = issue.errors.flat().flatMap((inner) => {
    if (inner.code === 'invalid_type') return [noun(inner.expected)]
    return inner.code === 'invalid_value' ? inner.values.map(String) : []
  })
  return options.length > 0 ? `expected ${[...new Set(options)].join(' or ')}` : issue.message
}

const NOUNS: Record<string, string> = {
  string: 'text',
  object: 'keys with values',
  record: 'keys with values',
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
}
const noun = (expected: string): string => NOUNS[expected] ?? expected

const kind = (value: unknown): string => {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'keys with values'
  return typeof value === 'string' ? `"${value.slice(0, 60)}"` : String(value)
}

/** `id: {order_id}` is a YAML map of one empty key: a template needs quotes around it. */
const braceHint = (value: unknown): string => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return ''
  const [only, second] = Object.entries(value)
  return only && !second && only[1] === null ? ` (write '{${only[0]}}' with quotes)` : ''
}

const suggestion = (word: string, known: string[]): string => {
  if (known.length === 0) return '; remove it'
  const near = closest(word, known)
  return near ? `; did you mean ${near}?` : `; use ${known.length === 1 ? '' : 'one of '}${known.join(', ')}`
}

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, part) => {
    if (value === null || typeof value !== 'object') return undefined
    return Object.entries(value).find(([key]) => key === String(part))?.[1]
  }, root)

const pathText = (path: Path): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? part : `${text}.${part}`
  }, '')

/** Where the path's key stands in the text; for a key that is missing, where its nearest parent stands. */
const offsetOf = (document: Document, path: Path): number => {
  const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node)
  let node: unknown = document.contents
  let offset = startOf(document.contents)
  for (const part of path) {
    const here = resolve(node)
    if (isMap(here)) {
      const pair = here.items.find((p) => isScalar(p.key) && String(p.key.value) === String(part))
      if (!pair || !isScalar(pair.key)) return offset
      offset = startOf(pair.key)
      node = pair.value
    } else if (isSeq(here) && typeof part === 'number') {
      node = here.items[part]
      if (isScalar(node) || isMap(node) || isSeq(node)) offset = startOf(node)
    } else return offset
  }
  return offset
}

const startOf = (node: Node | null): number => node?.range?.[0] ?? 0
