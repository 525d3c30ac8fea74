import type { Grace } from '../domain/contract/contract.ts'
import { LEAST_SAMPLE, WINDOW_DAYS } from '../domain/learn.ts'
import type { ExceptionDetail } from './queries.ts'
import { ROLE_WORDS } from './sides.ts'
import { count, lasting } from './words.ts'

/** A configured grace in plain words; of a learned one, what holds until it is learned. */
export const graceWords = (grace: Grace): string => {
  switch (grace.kind) {
    case 'duration':
      return grace.ms === 0 ? 'none: due at once' : lasting(grace.ms)
    case 'field': {
      const until = `until ${grace.attribute} of the ${ROLE_WORDS[grace.role]}'s ${grace.type.replaceAll('_', ' ')}`
      return grace.plusMs === 0 ? until : `${until}, and ${lasting(grace.plusMs)} more`
    }
    case 'working':
      return `${lasting(grace.ms)} of the calendar ${grace.calendar}`
    case 'landing': {
      const landing = `until the ${ROLE_WORDS[grace.role]}'s next file has landed`
      return grace.marginMs === 0 ? landing : `${landing}, and ${lasting(grace.marginMs)} more`
    }
    case 'learned':
      return `${lasting(Math.max(grace.otherwiseMs, grace.floorMs))} until it is learned`
  }
}

/** How far the learning of a contract has come, while nothing of it is in force. */
export const sampleWords = (sample: number): string =>
  sample === 0
    ? `nothing was seen in ${WINDOW_DAYS} days; it takes ${LEAST_SAMPLE}`
    : `${count(sample, 'handoff')} seen in ${WINDOW_DAYS} days; it takes ${LEAST_SAMPLE} of one pair of systems, outside incidents and peaks`

type Usual = Pick<ExceptionDetail, 'graceWords' | 'since' | 'closedAt' | 'asOf'>

/** Why this is late, where its grace was learned: "usually 4 min, 99.5% within 22 min; now 61 min". */
export const usualFacts = ({
  graceWords: words,
  since,
  closedAt,
  asOf,
}: Usual): { label: string; value: string }[] => {
  if (words === null) return []
  const took = lasting((closedAt ?? asOf).getTime() - since.getTime())
  return [{ label: 'Takes', value: `${words}; ${closedAt ? `this time ${took}` : `now ${took}`}` }]
}
