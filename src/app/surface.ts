import type { Router } from 'express'
import type { PressResult } from '../domain/press.ts'
import type { Card } from './card.ts'
import type { Reply } from './command.ts'
import type { Queries } from './queries.ts'

/** Where a person stands: the surface and the id it knows them by. Roles are looked up by Baton, never sent. */
export type Identity = { surface: string; externalId: string; displayName: string }

export type PressInput = {
  identity: Identity
  /** What the pressed card is about: an exception, or a batch (see card-ref.ts). */
  exception: string
  action: string
  /** The version of the card that was pressed. */
  version: number
  values: Record<string, string | number | boolean>
  /** When the form was opened, if the surface saw it: makes the hands-on time measured instead of assumed. */
  formOpenedAt: Date | null
  /** The same press delivered again carries the same key, and is answered the same. Null = no such key. */
  interactionKey: string | null
}

export type PressAnswer = { result: PressResult; message: string; card: Card }

export type CommandInput = {
  identity: Identity
  channel: string | null
  text: string
  interactionKey: string | null
}

/** What a surface may ask of Baton. */
export type SurfaceHost = {
  press(input: PressInput): Promise<PressAnswer>
  command(input: CommandInput): Promise<Reply & { text: string }>
  /** The current card of an exception, or of a batch; null when there is no such thing. */
  card(ref: string): Promise<Card | null>
  queries: Queries
}

/** Names one posted message for later updates; opaque outside its surface. */
export type PostRef = string

/** Why a post or an update did not happen, as far as the dispatcher must know. */
export type DeliveryFailure =
  /** Try again after the pause; nothing was shown. */
  | { is: 'later'; retryAfterMs: number; words: string }
  /** It may or may not be there (timeout after sending). */
  | { is: 'ambiguous'; words: string }
  /** The message is gone: post it again. */
  | { is: 'gone'; words: string }
  /** This channel cannot be written to: use the default channel, tell the admins. */
  | { is: 'channel_unusable'; words: string }
  /** The card itself was rejected, or credentials are wrong: an admin or a developer must look. */
  | { is: 'rejected'; words: string }

export type Delivered<T> = { ok: true; value: T } | { ok: false; failure: DeliveryFailure }

/** A chat platform. It renders cards and passes presses on; it decides nothing. */
export type Surface = {
  id: string
  /** Mounts its HTTP routes, if it has any, on the shared server. Raw bodies: no parser runs before it. */
  routes(router: Router): void
  /** Resolves when ready to receive; throws UserError with what to mend. */
  start(): Promise<void>
  /** Stops receiving; in-flight handlers finish. */
  stop(): Promise<void>
  /** Posts a card; surfaces that only show the database (the console) have no `deliver`. */
  deliver?: {
    post(channel: string, card: Card): Promise<Delivered<PostRef>>
    update(ref: PostRef, card: Card): Promise<Delivered<null>>
  }
  /** For `baton doctor`: resolves with a line to show; throws UserError with what to mend. */
  probe(): Promise<string>
}
