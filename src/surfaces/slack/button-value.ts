import { z } from 'zod'
import { parseJson } from './wire.ts'

/** What a button carries through Slack and back. Slack signs what comes back, so nobody can make one up. */
export type ButtonValue =
  /** A press that needs nothing more. `own`: it stands on the exception's own post, which is kept up to date. */
  | { kind: 'press'; exception: string; action: string; version: number; own: boolean }
  /** A press that asks for values first. */
  | { kind: 'form'; exception: string; action: string; version: number; own: boolean }
  | { kind: 'command'; text: string }

const wire = z.union([
  z.tuple([z.enum(['p', 'f']), z.string(), z.string(), z.int(), z.union([z.literal(0), z.literal(1)])]),
  z.tuple([z.literal('c'), z.string()]),
])

/**
 * The one form of a button's value: a short JSON list, so that most fit into a menu entry's 75 characters. The three
 * characters that Slack escapes on the way are written as `\uXXXX`, so that what comes back is what was sent.
 */
export function encodeButton(value: ButtonValue): string {
  const list =
    value.kind === 'command'
      ? ['c', value.text]
      : [value.kind === 'press' ? 'p' : 'f', value.exception, value.action, value.version, value.own ? 1 : 0]
  return JSON.stringify(list).replace(/[&<>]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)
}

/** Reads what `encodeButton` wrote; null for anything else, such as a button of an older version. */
export function decodeButton(text: string): ButtonValue | null {
  const parsed = wire.safeParse(parseJson(text))
  if (!parsed.success) return null
  const list = parsed.data
  if (list[0] === 'c') return { kind: 'command', text: list[1] }
  const [kind, exception, action, version, own] = list
  return { kind: kind === 'p' ? 'press' : 'form', exception, action, version, own: own === 1 }
}
