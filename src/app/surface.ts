import type { Router } from 'express'
import type { PressResult } from '../domain/press.ts'
import type { Card } from './card.ts'
import type { Reply } from './command.ts'
import type { Queries } from './queries.ts'

/** Where a person stands: the surface and the id it knows them by. Roles are looked up by Baton, never sent. */
export type Identity = {
  surface: string
  /** Slack: `T1:U1`. Teams: `<tenant>:<Entra object id>`. Console: the configured name, or `local`. */
  externalId: string
  displayName: string
  /** Only where the platform vouches for it (asked at its API, never typed by the person). Null or missing: not known. */
  email?: string | null
  /** The ids of the platform's groups that the person is in, as the platform said. Missing: not known. */
  groups?: readonly string[]
  /** The platform says that somebody of elsewhere may take part here: a guest, or another company. Missing: not known. */
  isOutsider?: boolean
}

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
  /**
   * The post of this card that was pressed, where the surface knows it: one that nobody remembers (Baton died between
   * posting and writing it down) is adopted, or removed where there is another one.
   */
  post?: PressedPost
}

/** `redraws`: the surface calls `SurfaceHost.redraw` once the press is answered, so that the dispatcher waits for it. */
export type PressedPost = { ref: PostRef; redraws: boolean }

export type PressAnswer = { result: PressResult; message: string; card: Card }

export type CommandInput = {
  identity: Identity
  channel: string | null
  text: string
  interactionKey: string | null
}

/** What a surface may ask of Baton. */
export type SurfaceHost = {
  /** `onStored` is called once the press is stored: it can be acknowledged then, before its card is read. */
  press(input: PressInput, onStored?: () => void): Promise<PressAnswer>
  command(input: CommandInput): Promise<Reply & { text: string }>
  /** The current card of an exception, or of a batch; null when there is no such thing. */
  card(ref: string): Promise<Card | null>
  /** One person's own page: theirs, what waits for their approval, what is open in their channels, worst first. */
  home(identity: Identity): Promise<Card>
  /**
   * Shows a card as it is now through another path than the dispatcher's (Slack's `response_url`), as the post's one
   * writer meanwhile: neither path ever overwrites what is newer. While another writer is at the post nothing is
   * written, and the dispatcher shows it. `ref`: the message that `write` changes; nothing is written unless it is the
   * card's post, or nobody remembers which message that is. What `write` failed to show, the dispatcher shows.
   */
  redraw(
    cardRef: string,
    surface: string,
    write: (card: Card) => Promise<Delivered<null>>,
    ref?: PostRef,
  ): Promise<void>
  queries: Queries
}

/** Names one posted message for later updates; opaque outside its surface. */
export type PostRef = string

/** Why a post or an update did not happen, as far as the dispatcher must know. */
export type DeliveryFailure =
  /** Try again after the pause; nothing was shown. `limited`: calls came faster than the platform takes them. */
  | { is: 'later'; retryAfterMs: number; words: string; limited?: true }
  /** It may or may not be there (timeout after sending). */
  | { is: 'ambiguous'; words: string }
  /** The message is gone: post it again. */
  | { is: 'gone'; words: string }
  /** This channel cannot be written to: use the default channel, tell the admins. */
  | { is: 'channel_unusable'; words: string }
  /** The credentials do not work, whatever is sent with them: everything rests, and the admins are told. */
  | { is: 'locked_out'; words: string }
  /** The card itself was rejected: a plainer one is shown, and a developer must look. */
  | { is: 'rejected'; words: string }

export type Delivered<T> = { ok: true; value: T } | { ok: false; failure: DeliveryFailure }

/**
 * A limit of a platform on its calls: `capacity` at once, and `perMs` more with every millisecond (0.001 = one a
 * second). `key` names it within its surface; all replicas draw on the same one.
 */
export type Budget = { key: string; capacity: number; perMs: number }

export type DeliverCall = 'post' | 'update' | 'reply' | 'remove' | 'notify'

/** Shows cards as messages. `channel` is the platform's own name of it; nothing here retries or waits. */
export type Deliver = {
  post(channel: string, card: Card): Promise<Delivered<PostRef>>
  update(ref: PostRef, card: Card): Promise<Delivered<null>>
  /** A follow-up under a post (Slack: in its thread; Teams: a reply). */
  reply(ref: PostRef, card: Card): Promise<Delivered<PostRef>>
  remove(ref: PostRef): Promise<Delivered<null>>
  /** A private message to one person, by the externalId of the identity. */
  notify(externalId: string, card: Card): Promise<Delivered<PostRef>>
  /**
   * What one call spends: one from each, taken before the call. Pure. The narrowest first (it rests when the platform
   * says that calls come too fast), the widest last (it rests when the credentials do not work). `channel`: the
   * person's externalId for `notify`.
   */
  budgets(call: DeliverCall, channel: string): Budget[]
}

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
  deliver?: Deliver
  /** For `baton doctor`: resolves with a line to show; throws UserError with what to mend. */
  probe(): Promise<string>
}
