import { type IntervalRow, intervalChart } from '../charts/interval-chart.ts'
import type { Drawing } from '../charts/svg.ts'
import type { Theme } from '../charts/theme.ts'
import { toneOf } from '../charts/theme.ts'
import { trendChart } from '../charts/trend-chart.ts'
import type { Concentration } from '../domain/diagnosis/concentration.ts'
import type { Downstream } from '../domain/diagnosis/downstream.ts'
import type { Part, Rate } from '../domain/diagnosis/statistics.ts'
import type { Trend } from '../domain/diagnosis/trend.ts'
import { count, percent, plain, pluralOf, sharePercent } from './words.ts'

type Look = { width: number; theme: Theme }

const rowOf = (
  label: string,
  { share, of, interval = null }: Part & Partial<Rate>,
  tone: IntervalRow['tone'],
): IntervalRow[] =>
  share === null ? [] : [{ label, share, interval, words: `${percent(share)} (n = ${count(of)})`, tone }]

export const downstreamFigure = ({ whenLate, whenInTime }: Downstream, later: string, look: Look): Drawing =>
  intervalChart(
    `${later}: ${sharePercent(whenLate)} late where this handoff was late, ${sharePercent(whenInTime)} where it was in time`,
    [
      ...rowOf('Late downstream, where this was late', whenLate, toneOf(whenLate.share)),
      ...rowOf('Late downstream, where this was in time', whenInTime, toneOf(whenInTime.share)),
    ],
    look,
  )

export const concentrationFigure = (own: Concentration, look: Look): Drawing | null => {
  const { late, volume, luck, worst, dimension } = own
  if (late.share === null || luck === null) return null
  const who = worst === 1 ? `The worst ${plain(dimension)}` : `The worst ${worst} ${pluralOf(dimension)}`
  return intervalChart(
    `${who}: share of the late ones, of the volume, and by luck`,
    [
      ...rowOf(`${who}: share of the late ones`, late, own.verdict === 'concentrated' ? 'raised' : 'low'),
      ...rowOf(`${who}: share of the volume`, volume, 'none'),
      {
        label: 'The same share of the late ones, by luck alone',
        share: luck.mean,
        interval: { low: luck.mean, high: luck.p95 },
        words: `${percent(luck.mean)}, rarely above ${percent(luck.p95)}`,
        tone: 'none',
      },
    ],
    look,
  )
}

/** Weeks with fewer decided cases than this have no rate in the picture: a rate of five orders is noise. */
const LEAST_A_WEEK = 20

export const trendFigure = ({ weeks }: Trend, look: Look & { ticks: number }): Promise<Drawing> =>
  trendChart(
    'Share missed and volume, week by week',
    weeks.map(({ start, missed, waiting }) => ({
      start,
      share: missed.of < LEAST_A_WEEK || waiting > 0 ? null : missed.share,
      volume: missed.of,
    })),
    look,
  )

export const TREND_NOTE = `Weeks with fewer than ${LEAST_A_WEEK} decided cases, or with some not yet due, show no rate.`
