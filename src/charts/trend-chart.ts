import type { EChartsOption } from 'echarts'
import { drawEcharts } from './echarts.ts'
import type { Drawing } from './svg.ts'
import type { Theme } from './theme.ts'

export type TrendPoint = {
  /** The week's first day, ISO. */
  start: string
  /** 0 to 1; null where there is nothing to show. */
  share: number | null
  volume: number
}

/** Weekly breach rate above, weekly volume below, on one axis of weeks. */
export const trendChart = async (
  title: string,
  points: readonly TrendPoint[],
  { width, theme, ticks }: { width: number; theme: Theme; ticks: number },
): Promise<Drawing> => {
  const height = 230
  const text = { color: theme.soft, fontSize: 12 }
  const axis = { axisLine: { lineStyle: { color: theme.line } }, axisTick: { show: false } }
  const grid = { left: 44, right: 10 }
  const every = Math.max(0, Math.ceil(points.length / ticks) - 1)
  const starts = points.map(({ start }) => start)
  const category = { type: 'category' as const, data: starts, ...axis, boundaryGap: true }
  const value = { type: 'value' as const, axisLabel: text, splitLine: { lineStyle: { color: theme.line } } }
  const option: EChartsOption = {
    animation: false,
    aria: { enabled: false },
    title: [
      { text: 'Missed, by week', left: 0, top: 0, textStyle: { ...text, fontWeight: 'normal' } },
      { text: 'Volume', left: 0, top: 146, textStyle: { ...text, fontWeight: 'normal' } },
    ],
    grid: [
      { ...grid, top: 26, height: 104 },
      { ...grid, top: 170, height: 34 },
    ],
    xAxis: [
      { ...category, gridIndex: 0, axisLabel: { show: false } },
      { ...category, gridIndex: 1, axisLabel: { ...text, interval: every, hideOverlap: true } },
    ],
    yAxis: [
      {
        ...value,
        gridIndex: 0,
        min: 0,
        splitNumber: 3,
        axisLabel: { ...text, formatter: (share: number) => `${Math.round(share * 100)}%` },
      },
      { ...value, gridIndex: 1, splitNumber: 1 },
    ],
    series: [
      {
        type: 'line',
        xAxisIndex: 0,
        yAxisIndex: 0,
        data: points.map(({ share }) => share),
        connectNulls: false,
        symbol: 'circle',
        symbolSize: points.length > 60 ? 4 : 6,
        lineStyle: { color: theme.raised, width: 2 },
        itemStyle: { color: theme.raised },
      },
      {
        type: 'bar',
        xAxisIndex: 1,
        yAxisIndex: 1,
        data: points.map(({ volume }) => volume),
        itemStyle: { color: theme.none },
      },
    ],
  }
  return drawEcharts(title, option, { width, height })
}
