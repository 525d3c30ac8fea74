import type { Grouping } from './group.ts'
import type { Role, Severity, SubjectKind } from './model.ts'

/** What a channel rule may look at. */
export type Routable = {
  contract: string
  handoff: { from: Role; to: Role; object: string }
  severity: Severity
  kind: SubjectKind
  systems: string[]
  valueMinor: number | null
}

/** Every stated condition must hold; a list holds when one of its values matches. */
export type Condition = {
  contract?: string[]
  from?: Role[]
  to?: Role[]
  severity?: Severity[]
  subject?: SubjectKind[]
  system?: string[]
  valueAtLeastMinor?: number
}

export type ChannelRule = {
  name: string
  if: Condition
  channel: string
  /** Who is mentioned on its new posts. */
  tell?: Told[]
  escalate?: Escalation
  /** How what it places is grouped; null = not at all. Absent: as everywhere else. */
  group?: Grouping | null
}

/** `afterMs`: raised by itself once nobody has taken it for so long; null = only by a press. */
export type Escalation = { to: string; tell: Told[]; afterMs: number | null }

/**
 * Who is told when a card is posted. `id` is what `surface` knows them by (the externalId of a person's identity, the
 * platform's id of a group). A renderer mentions those of its own surface and shows nothing of the others; text alone
 * never mentions anybody.
 */
export type Mention = { surface: string; id: string; kind: 'person' | 'group'; name: string }

/** Somebody known by an address alone: mentioned wherever a platform vouches it for them, once Baton has met them there. */
export type Told = Mention | { email: string; name: string }

export type Routed = { channel: string; reason: string }

const among = <T>(wanted: T[] | undefined, values: T[]): boolean =>
  wanted === undefined || values.some((value) => wanted.includes(value))

const holds = (condition: Condition, it: Routable): boolean =>
  among(condition.contract, [it.contract]) &&
  among(condition.from, [it.handoff.from]) &&
  among(condition.to, [it.handoff.to]) &&
  among(condition.severity, [it.severity]) &&
  among(condition.subject, [it.kind]) &&
  among(condition.system, it.systems) &&
  (condition.valueAtLeastMinor === undefined || (it.valueMinor ?? 0) >= condition.valueAtLeastMinor)

/** What an exception keeps of the rule that placed it. */
export const reasonOf = ({ name }: Pick<ChannelRule, 'name'>): string => `rule "${name}"`

/** The rule that placed an exception, by the reason that it keeps; undefined where none did, or it is gone. */
export const ruleFor = (rules: readonly ChannelRule[], reason: string | null): ChannelRule | undefined =>
  rules.find((rule) => reasonOf(rule) === reason)

/** The first rule that matches decides; without one, the default channel. The reason is kept on the exception. */
export const route = (rules: ChannelRule[], defaultChannel: string, it: Routable): Routed => {
  const rule = rules.find((candidate) => holds(candidate.if, it))
  return rule
    ? { channel: rule.channel, reason: reasonOf(rule) }
    : { channel: defaultChannel, reason: 'no rule matched: default channel' }
}
