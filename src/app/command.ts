import type { Person, PersonRole } from '../domain/model.ts'
import type { BatchDesk } from './batch-desk.ts'
import type { Card, CommandButton } from './card.ts'
import type { GraceDecided, GraceDecision } from './grace-desk.ts'
import type { PeopleDesk } from './people-desk.ts'
import type { Queries } from './queries.ts'
import type { SubjectDesk } from './split.ts'

/** What a command answers: a neutral card, so that every surface serves it unchanged. */
export type Reply = { card: Card }

export type Parsed<Args> = { ok: true; args: Args } | { ok: false; error: string }

export type CommandContext = {
  asker: Person
  /** Channel the question was asked in, as the surface names it; null in a personal chat. */
  channel: string | null
  now: Date
  /** IANA zone in which "today" and "this week" are meant. */
  zone: string
  queries: Queries
  /** What may be done for many exceptions at once. */
  batches: BatchDesk
  /** What an admin may do to subjects and names. */
  subjects: SubjectDesk
  /** Who is who, and what an admin may say about it. */
  people: PeopleDesk
  /** The current card of an exception, or of a batch (see card-ref.ts); null when there is no such thing. */
  cardOf(ref: string): Promise<Card | null>
  /** What an admin says to a longer grace that is proposed; done and logged in the asker's name. */
  decideGrace(decision: GraceDecision): Promise<GraceDecided>
  /** Takes a note off the cards of its gap; false where there is no such note on them. Done in the asker's name. */
  retireNote(note: string): Promise<boolean>
  /** Commands that the asker may run: `help` lists these. */
  available: CommandSummary[]
}

export type CommandSummary = {
  name: string
  /** Other words for it, as people type them. */
  aliases: readonly string[]
  /** One line, without the name. */
  summary: string
  /** `<must>` and `[may]` be given. */
  usage: string
  /** Each runs as it stands. */
  examples: readonly string[]
  role: PersonRole
}

/** One file in `commands/`. `parse` is pure and forgiving; what `run` changes it changes through its context. */
export type Command<Args = unknown> = CommandSummary & {
  parse(text: string, context: { now: Date; zone: string }): Parsed<Args>
  run(args: Args, context: CommandContext): Promise<Reply>
}

/** Keeps a command's argument type between its own `parse` and `run`, and hides it from the registry. */
export const defineCommand = <Args>(command: Command<Args>): Command => ({
  name: command.name,
  aliases: command.aliases,
  summary: command.summary,
  usage: command.usage,
  examples: command.examples,
  role: command.role,
  parse: (text, context) => command.parse(text, context),
  run: (args, context) => command.run(args as Args, context),
})

/** A button that asks `text`, as if it had been typed. */
export const commandButton = (text: string, label = text): CommandButton => ({ kind: 'command', text, label })
