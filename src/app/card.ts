/**
 * The neutral card: what Baton has to say, before any chat platform's form. Every surface renders it; no surface
 * adds facts of its own. Text is plain text: renderers escape it, so nothing a system sends can mention people,
 * inject markup or fake a button.
 */

import type { Mention } from '../domain/route.ts'

export type Tone = 'neutral' | 'good' | 'warning' | 'danger'

/** One system's side of the story, shown beside the others. `at` is when it entered that state. */
export type SystemColumn = {
  system: string
  role: string
  state: string
  raw: string
  at: Date | null
  /** Named quantities, already worded ("on hand 12"). */
  details: string[]
}

/**
 * A button of the card of an exception, or of a batch: `exception` says which (see card-ref.ts). `version` travels with the press:
 * an old card is never executed.
 */
export type CardButton = {
  kind: 'press'
  exception: string
  action: string
  version: number
  label: string
  style: 'primary' | 'danger' | 'default'
  enabled: boolean
  /** Why it is the suggested one, or why it is disabled. */
  reason: string | null
  /** Asked before a risky press. */
  confirm: { title: string; text: string; yes: string } | null
  /** Values to ask for before pressing; empty = one click. */
  inputs: CardInput[]
  place?: ButtonPlace
}

/** A button that runs a command as if it had been typed; only the one who pressed sees the answer. */
export type CommandButton = { kind: 'command'; text: string; label: string; place?: ButtonPlace }

/** `overflow`: behind a menu where the surface has one, after the others where it has none. Absent = `main`. */
export type ButtonPlace = 'main' | 'overflow'

export type { Mention }

/** An input whose id begins so asks for personal data: what is typed is kept only until it has been sent. */
export const PRIVATE = 'private_'

/** What was typed, as far as it may be kept. */
export const keptValues = <T>(values: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).filter(([id]) => !id.startsWith(PRIVATE)))

export type CardInput =
  /** `initial`: what stands in it when it opens, to be edited; at most `maxLength`. Long ones are text areas. */
  | { kind: 'text'; id: string; label: string; required: boolean; maxLength: number; initial?: string }
  | { kind: 'number'; id: string; label: string; required: boolean; min: number; max: number; unit: string }
  | {
      kind: 'choice'
      id: string
      label: string
      required: boolean
      options: { value: string; label: string }[]
    }

export type CardBlock =
  | { kind: 'text'; text: string; tone?: Tone }
  /** `at`: a time that belongs to the value, shown after it in the reader's zone. */
  | { kind: 'facts'; facts: { label: string; value: string; at?: Date }[] }
  | { kind: 'systems'; systems: SystemColumn[] }
  | { kind: 'table'; title: string; columns: string[]; rows: string[][] }
  /**
   * A time that each surface shows in the reader's zone, with words around it. `countdownFrom`: how much time is left
   * matters; a surface whose times stand still says how much was left then.
   */
  | { kind: 'time'; label: string; at: Date; countdownFrom?: Date }
  | { kind: 'buttons'; buttons: (CardButton | CommandButton)[] }
  | { kind: 'context'; text: string }

export type Card = {
  title: string
  tone: Tone
  /** One line for notifications, screen readers and surfaces without cards. */
  summary: string
  blocks: CardBlock[]
  /** Set on the card of an exception or of a batch, by its name (see card-ref.ts). */
  exception?: { id: string; version: number; state: string }
  tell?: Mention[]
}
