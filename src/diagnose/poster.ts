import { type Drawing, placed, svgOf, textAt, wrap } from '../charts/svg.ts'
import { light as theme } from '../charts/theme.ts'
import { worstPile } from '../domain/diagnosis/fix.ts'
import type { HandoffDiagnosis } from '../domain/diagnosis/handoff.ts'
import { concentrationFigure, downstreamFigure, trendFigure } from './figures.ts'
import { drawMap } from './map.ts'
import type { Report } from './report.ts'
import {
  concentrationWords,
  count,
  fixTitle,
  fixWords,
  handoffTitle,
  lagParts,
  rateWords,
  readWords,
  tellWords,
  trendWords,
} from './words.ts'

const WIDTH = 1000
const MARGIN = 36
const INNER = WIDTH - 2 * MARGIN

/** Lays parts below one another. */
const sheet = () => {
  const parts: string[] = []
  let y = MARGIN
  return {
    text(words: string, size: number, options: { bold?: boolean; fill?: string; x?: number } = {}): void {
      const { bold = false, fill = theme.ink, x = MARGIN } = options
      for (const line of wrap(words, size, INNER - (x - MARGIN), bold)) {
        y += size * 1.4
        parts.push(textAt(x, y, line, { size, fill, bold }))
      }
    },
    /** Drawings side by side. */
    row(drawings: (Drawing | null)[], gap: number): void {
      let x = MARGIN
      let height = 0
      for (const drawing of drawings) {
        if (!drawing) continue
        parts.push(placed(drawing, x, y + 8))
        x += drawing.width + gap
        height = Math.max(height, drawing.height)
      }
      if (height > 0) y += height + 16
    },
    gap(size: number): void {
      y += size
    },
    rule(): void {
      y += 26
      parts.push(`<path d="M${MARGIN} ${y}H${WIDTH - MARGIN}" stroke="${theme.line}" stroke-width="1.5"/>`)
      y += 10
    },
    end: (title: string): Drawing =>
      svgOf(
        WIDTH,
        y + MARGIN,
        title,
        `<rect width="${WIDTH}" height="${y + MARGIN}" fill="${theme.paper}"/>${parts.join('')}`,
      ),
  }
}

/** The report as one picture, to be shown in a chat or on a slide: what to fix first, the map, and each handoff. */
export const posterOf = async (report: Report): Promise<Drawing> => {
  const { text, row, rule, gap, end } = sheet()
  const title = `${report.name}: what its handoffs show`
  text(title, 26, { bold: true })
  gap(4)
  text(readWords(report).join(' '), 14, { fill: theme.soft })
  rule()
  text('Fix first', 19, { bold: true })
  report.diagnosis.fixFirst.forEach((fix, i) => {
    gap(8)
    text(`${i + 1}. ${fixTitle(fix)}`, 16, { bold: true })
    text(fixWords(fix, report).join(' '), 14, { x: MARGIN + 20 })
  })
  if (report.diagnosis.fixFirst.length === 0) text('Nothing was missed, and nothing got lost.', 14)
  rule()
  text('Handoff map', 19, { bold: true })
  row([drawMap(report, INNER, theme, false)], 0)
  for (const handoff of report.diagnosis.handoffs) {
    rule()
    await handoffPart(handoff, report, { text, row, gap })
  }
  rule()
  text(
    'Missed: late or never, of all that are decided. Intervals are 95% (Wilson). What goes together downstream need not be cause and effect. Every figure is defined in diagnosis.html.',
    13,
    { fill: theme.soft },
  )
  return end(title)
}

const handoffPart = async (
  handoff: HandoffDiagnosis,
  report: Report,
  { text, row, gap }: Pick<ReturnType<typeof sheet>, 'text' | 'row' | 'gap'>,
): Promise<void> => {
  text(handoffTitle(handoff), 19, { bold: true })
  text(handoff.title, 14, { fill: theme.soft })
  gap(4)
  text(`Missed ${rateWords(handoff.missed)}. Volume ${count(handoff.volume)}.`, 14)
  const lag = lagParts(handoff.lag).map(({ name, words }) => `${name} ${words}`)
  text(`Lag: ${lag.join(', ')} (n = ${count(handoff.lag.n)}).`, 14)
  const [downstream] = handoff.downstream
  const pile = worstPile(handoff.concentration) ?? handoff.concentration[0]
  const half = (INNER - 40) / 2
  const later = report.diagnosis.handoffs.find(({ contract }) => contract === downstream?.contract)
  if (downstream && later) text(`Downstream, “${later.title}”: ${tellWords(downstream)}.`, 14)
  if (pile) text(concentrationWords(pile).join(' '), 14)
  gap(10)
  row(
    [
      downstream && later ? downstreamFigure(downstream, later.title, { width: half, theme }) : null,
      pile ? concentrationFigure(pile, { width: half, theme }) : null,
    ],
    40,
  )
  gap(6)
  text(trendWords(handoff.trend), 14)
  row([await trendFigure(handoff.trend, { width: INNER, theme, ticks: 10 })], 0)
}
