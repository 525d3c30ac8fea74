import { type Drawing, px, svgOf, textAt, wrap } from './svg.ts'
import type { Theme, Tone } from './theme.ts'

/** One share (0 to 1) as a bar; its interval, where it has one, as a whisker. */
export type IntervalRow = {
  label: string
  share: number
  interval: { low: number; high: number } | null
  /** The figure in words, at the bar's end: "23.5% (n = 442)". */
  words: string
  tone: Tone
}

const BAR = 16
const TEXT = 13

/** Shares below one another on one scale, each labelled above its bar, so that it reads at any width. */
export const intervalChart = (
  title: string,
  rows: readonly IntervalRow[],
  { width, theme }: { width: number; theme: Theme },
): Drawing => {
  const most = Math.max(0.01, ...rows.map(({ interval, share }) => Math.max(interval?.high ?? 0, share)))
  const scale = (share: number): number => (share / most) * (width - 8)
  let y = 0
  const body = rows.map(({ label, share, interval, words, tone }) => {
    const lines = wrap(label, TEXT, width - 4)
    const labels = lines.map((line, i) => textAt(0, y + 13 + i * 17, line, { size: TEXT, fill: theme.soft }))
    y += lines.length * 17 + 4
    const middle = y + BAR / 2
    const parts = [
      `<rect x="0" y="${px(y)}" width="${px(Math.max(1, scale(share)))}" height="${BAR}" rx="2" fill="${theme[tone]}"/>`,
      interval ? whisker(scale(interval.low), scale(interval.high), middle, theme) : '',
    ]
    y += BAR + 17
    const figure = textAt(0, y - 1, words, { size: TEXT, fill: theme.ink, bold: true })
    y += 14
    return [...labels, ...parts, figure].join('')
  })
  return svgOf(width, Math.max(1, y - 6), title, body.join(''))
}

/** On a halo of paper, so that it is seen on the bar as well as beside it. */
const whisker = (low: number, high: number, y: number, theme: Theme): string => {
  const line = `M${px(low)} ${px(y)}H${px(high)}M${px(low)} ${px(y - 5)}v10M${px(high)} ${px(y - 5)}v10`
  return (
    `<path d="${line}" stroke="${theme.paper}" stroke-width="5" fill="none"/>` +
    `<path d="${line}" stroke="${theme.ink}" stroke-width="1.6" fill="none"/>`
  )
}
