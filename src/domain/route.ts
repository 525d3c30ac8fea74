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

export type ChannelRule = { name: string; if: Condition; channel: string }

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

/** The first rule that matches decides; without one, the default channel. The reason is kept on the exception. */
export const route = (rules: ChannelRule[], defaultChannel: string, it: Routable): Routed => {
  const rule = rules.find((candidate) => holds(candidate.if, it))
  return rule
    ? { channel: rule.channel, reason: `rule "${rule.name}"` }
    : { channel: defaultChannel, reason: 'no rule matched: default channel' }
}
