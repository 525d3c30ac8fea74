import { z } from 'zod'
import { readPress } from '../adaptive-text.ts'

/**
 * Where a button stands: on the card's own post, which the dispatcher keeps up to date; on a card of the same
 * exception that somebody asked for; or in a list of many.
 */
export const STANDS_ON = ['post', 'card', 'list'] as const
export type StandsOn = (typeof STANDS_ON)[number]

/** What a button carries through Teams and back. Who pressed is never in it. */
export type PressedButton = { exception: string; action: string; version: number; on: StandsOn }

const where = z.object({ on: z.enum(STANDS_ON) })

/** Null: not a button of this version of Baton. */
export function readButton(data: unknown): PressedButton | null {
  const press = readPress(data)
  const placed = where.safeParse(data)
  if (!press || !placed.success || !Number.isInteger(press.version)) return null
  const { exception, action, version } = press
  return { exception, action, version, on: placed.data.on }
}

const refresh = z.object({ refresh: z.string(), on: z.enum(STANDS_ON) })

/** The card that a client asks for anew, because it may show an old one. */
export const readRefresh = (data: unknown): { card: string; on: StandsOn } | null => {
  const parsed = refresh.safeParse(data)
  return parsed.success ? { card: parsed.data.refresh, on: parsed.data.on } : null
}
