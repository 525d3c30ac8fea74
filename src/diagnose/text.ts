import type { HandoffDiagnosis } from '../domain/diagnosis/handoff.ts'
import { mapLines } from './map.ts'
import type { Report } from './report.ts'
import {
  concentrationWords,
  count,
  downstreamWords,
  fixTitle,
  fixWords,
  handoffTitle,
  lagParts,
  rateWords,
  readWords,
  standingParts,
  stepTitle,
  stepWords,
  trendWords,
} from './words.ts'

/** As wide as a phone's terminal. */
const WIDTH = 48

/** Breaks a line at blanks; what follows the first line is indented by `indent`. */
const folded = (text: string, first = '', indent = first): string[] => {
  const lines: string[] = []
  let line = first
  for (const word of text.split(' ')) {
    const longer = line.trim() === '' || line.endsWith(' ') ? `${line}${word}` : `${line} ${word}`
    if (longer.length > WIDTH && line.trim() !== '' && line !== first) {
      lines.push(line)
      line = `${indent}${word}`
    } else line = longer
  }
  return [...lines, line]
}

const heading = (text: string): string[] => ['', text.toUpperCase(), '-'.repeat(text.length)]

/** The report for a terminal: plain text, narrow, the most important first. */
export const textOf = (report: Report): string[] => {
  const { diagnosis } = report
  return [
    ...folded(`${report.name}: what its handoffs show`),
    ...readWords(report).flatMap((words) => folded(words)),
    ...report.notes.flatMap((note) => folded(`Note: ${note}`)),
    ...heading('Fix first'),
    ...fixes(report),
    ...heading('Handoff map'),
    ...mapLines(report).flatMap((line) => folded(line, '', '  ')),
    ...diagnosis.handoffs.flatMap((handoff) => ['', ...handoffLines(handoff, report)]),
    ...heading('Steps seen in the data'),
    ...diagnosis.steps.flatMap((step) => [
      ...folded(stepTitle(step), '', '  '),
      ...folded(
        `${lagParts(step.lag)
          .map(({ name, words }) => `${name} ${words}`)
          .join(', ')} (n = ${count(step.lag.n)}).`,
        '  ',
      ),
      ...stepWords(step).flatMap((words) => folded(words, '  ')),
    ]),
  ]
}

const fixes = (report: Report): string[] => {
  const { fixFirst } = report.diagnosis
  if (fixFirst.length === 0) return ['Nothing was missed, and nothing got lost.']
  return fixFirst.flatMap((fix, i) => [
    ...folded(fixTitle(fix), `${i + 1}. `, '   '),
    ...fixWords(fix, report).flatMap((words) => folded(words, '   ')),
  ])
}

const handoffLines = (handoff: HandoffDiagnosis, report: Report): string[] => {
  const title = handoffTitle(handoff)
  const item = (name: string, words: string): string[] => folded(words, `  ${name}: `, '    ')
  return [
    ...heading(title).slice(1),
    ...folded(handoff.title, '', ''),
    ...item('Missed', rateWords(handoff.missed)),
    ...item('Late', `${rateWords(handoff.late)}; ${count(handoff.completed)} completed in all`),
    ...(handoff.lines ? item(`Late by ${handoff.lines.name}`, rateWords(handoff.lines.late)) : []),
    ...item('Volume', `${count(handoff.volume)} owed, of which`),
    ...standingParts(handoff).flatMap(({ n, words }) => folded(`${count(n)} ${words}`, '    ', '      ')),
    ...item(
      'Lag',
      `${lagParts(handoff.lag)
        .map(({ name, words }) => `${name} ${words}`)
        .join(', ')} (n = ${count(handoff.lag.n)})`,
    ),
    ...(handoff.downstream.length > 0 ? ['  Downstream:'] : []),
    ...handoff.downstream.flatMap((own) =>
      downstreamWords(own, report).flatMap((words) => folded(words, '    ')),
    ),
    ...(handoff.concentration.length > 0 ? ['  Where it piles up:'] : []),
    ...handoff.concentration.flatMap((own) => folded(concentrationWords(own).join(' '), '    ')),
    ...item('Weeks', trendWords(handoff.trend)),
  ]
}
