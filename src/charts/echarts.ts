import type { EChartsOption } from 'echarts'
import { type Drawing, escapeXml, FONT } from './svg.ts'

/** Draws a chart without a browser. The library is loaded with the first chart: nothing else waits for it. */
export const drawEcharts = async (
  title: string,
  option: EChartsOption,
  { width, height }: { width: number; height: number },
): Promise<Drawing> => {
  const [{ init, use }, { BarChart, LineChart }, { GridComponent, TitleComponent }, { SVGRenderer }] =
    await Promise.all([
      import('echarts/core'),
      import('echarts/charts'),
      import('echarts/components'),
      import('echarts/renderers'),
    ])
  use([BarChart, LineChart, GridComponent, TitleComponent, SVGRenderer])
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  chart.setOption({ textStyle: { fontFamily: FONT }, backgroundColor: 'transparent', ...option })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return { width, height, svg: svg.replace('<svg ', `<svg role="img" aria-label="${escapeXml(title)}" `) }
}
