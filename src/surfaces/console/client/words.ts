/** How the console words what the API names. */

export const SEVERITIES = {
  high: { sign: '◆', word: 'High', rank: 0 },
  medium: { sign: '▲', word: 'Medium', rank: 1 },
  low: { sign: '○', word: 'Low', rank: 2 },
} as const

const STATES: Record<string, { sign: string; word: string }> = {
  open: { sign: '●', word: 'Open' },
  resolved: { sign: '✓', word: 'Resolved' },
  healed: { sign: '✓', word: 'Healed by itself' },
  dismissed: { sign: '–', word: 'Dismissed' },
  merged: { sign: '→', word: 'Merged' },
}

export const stateWords = (state: string): { sign: string; word: string } =>
  STATES[state] ?? { sign: '●', word: state }

const ABBREVIATIONS = new Set(['erp', 'wms', 'sku'])

/** `wms` > "WMS", `storefront` > "Storefront", `purchase_order` > "Purchase order". */
export const roleWord = (role: string): string =>
  ABBREVIATIONS.has(role)
    ? role.toUpperCase()
    : (role.charAt(0).toUpperCase() + role.slice(1)).replaceAll('_', ' ')

export const handoffWords = (handoff: { from: string; to: string }): string =>
  `${roleWord(handoff.from)} → ${roleWord(handoff.to)}`

export const objectWord = (handoff: { object: string }): string => handoff.object.replaceAll('_', ' ')

/** The title, told apart from others of its kind by its first key. */
export const headline = (card: { title: string; keys: { value: string }[] }): string => {
  const key = card.keys[0]?.value
  return key === undefined || card.title.includes(key) ? card.title : `${card.title}: ${key}`
}
