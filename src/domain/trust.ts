/** What an admin may set for one routing action. */
export type TrustPolicy = {
  /** `always`, `never`, or only above this size of the change (units, as the action measures it). */
  secondPerson: 'always' | 'never' | { aboveUnits: number }
}

/**
 * Whether a press must be approved by a second person. Without a policy the action's own risk decides: what moves
 * money or goods, or cannot be taken back, always needs one. An unsized change counts as above any limit.
 */
export const needsSecondPerson = (
  risk: 'safe' | 'second_person',
  policy: TrustPolicy | undefined,
  magnitude: number | undefined,
): boolean => {
  const rule = policy?.secondPerson ?? (risk === 'second_person' ? 'always' : 'never')
  if (rule === 'always') return true
  if (rule === 'never') return false
  return magnitude === undefined || magnitude > rule.aboveUnits
}
