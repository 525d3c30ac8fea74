/** What an admin may set for one routing action. */
export type TrustPolicy = {
  /** `always`, `never`, or only above this size of the change (units, as the action measures it). */
  secondPerson: 'always' | 'never' | { aboveUnits: number }
}

export type Risk = 'safe' | 'second_person'

/**
 * Whether a press must be approved by a second person. Without a policy the action's own risk decides: what moves
 * money or goods, or cannot be taken back, always needs one. An unsized change counts as above any limit.
 */
export const needsSecondPerson = (
  risk: Risk,
  policy: TrustPolicy | undefined,
  magnitude: number | undefined,
): boolean => {
  const rule = policy?.secondPerson ?? (risk === 'second_person' ? 'always' : 'never')
  if (rule === 'always') return true
  if (rule === 'never') return false
  return magnitude === undefined || magnitude > rule.aboveUnits
}

/**
 * How far automation may go with an action: what only asks, or stops goods before they are touched, from the start;
 * the rest must be earned on each gap; what needs a second person is never done without one.
 */
export type Tier = 'from_the_start' | 'earned' | 'never'

const FROM_THE_START: ReadonlySet<string> = new Set([
  'ask_customer',
  'ask_supplier',
  'place_hold',
  'retry_message',
])

export const tierOf = (action: string, risk: Risk, policy: TrustPolicy | undefined): Tier => {
  // Where only a large change needs a second person, automation does none: nobody looks at how large it is.
  const rule = policy?.secondPerson ?? (risk === 'second_person' ? 'always' : 'never')
  if (rule !== 'never') return 'never'
  return FROM_THE_START.has(action) ? 'from_the_start' : 'earned'
}

/** Verified and unreversed runs on one gap before automation may do there what people did. */
export const RUNS_TO_EARN = 30

/** A run whose exception opens again within this time of its end did not last, in ms: it proves nothing. */
export const LASTING_MS = 86_400_000

/** `runs`: verified and unreversed ones of the action on this gap. */
export const mayAutomate = (tier: Tier, runs: number): boolean => {
  switch (tier) {
    case 'from_the_start':
      return true
    case 'earned':
      return runs >= RUNS_TO_EARN
    case 'never':
      return false
  }
}

/**
 * Whether one press may do it for a whole group: only what an action of the same system takes back. A question to
 * somebody cannot be taken back, and what moves money or goods is looked at one by one, whatever an admin waives for a
 * single press.
 */
export const mayBulk = (
  { kind, risk, undo }: { kind: 'do' | 'request'; risk: Risk; undo?: unknown },
  policy: TrustPolicy | undefined,
): boolean =>
  kind === 'do' && risk === 'safe' && undo !== undefined && (policy?.secondPerson ?? 'never') === 'never'
