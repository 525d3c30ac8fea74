import { createHash } from 'node:crypto'
import type { Log } from '../../app/log.ts'
import type { Identity, SurfaceHost } from '../../app/surface.ts'
import type { Pause } from '../kit/answering.ts'
import type { Activity } from './activity.ts'
import type { Calls } from './calls.ts'
import { CARD_TYPE, type TeamsCard } from './render.ts'

/** What every handler works with. */
export type Handling = {
  host: SurfaceHost
  calls: Calls
  log: Log
  clock: () => Date
  /** The latest moment of an answer, in ms after the press arrived; Teams shows an error and sends it again after 10 s. */
  ackMs: number
  pause: Pause
  /** Work that outlives the answer; stopping waits for it. */
  track(work: Promise<unknown>): void
}

/** Who did something, with what the directory vouches for. */
export type Actor = { identity: Identity; activity: Activity }

/** The answer to a press on a card. */
export type InvokeAnswer =
  | { statusCode: 200; type: typeof CARD_TYPE; value: TeamsCard }
  | { statusCode: 200; type: 'application/vnd.microsoft.activity.message'; value: string }

/** In place of the card, for the one who pressed alone. */
export const asCard = (value: TeamsCard): InvokeAnswer => ({ statusCode: 200, type: CARD_TYPE, value })

/** A line, for the one who pressed alone; the card stays. */
export const asWords = (value: string): InvokeAnswer => ({
  statusCode: 200,
  type: 'application/vnd.microsoft.activity.message',
  value,
})

/** A key of many parts, each of any length. */
export const keyOf = (kind: string, ...parts: string[]): string =>
  `${kind}:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`
