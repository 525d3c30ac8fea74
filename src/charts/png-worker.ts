import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { Resvg } from '@resvg/resvg-js'

/** The thread of `renderPng`: takes an SVG, posts the PNG, ends. */

const require = createRequire(import.meta.url)
/** Inter, under the SIL Open Font License. */
const ours = (): string[] => [
  require.resolve('@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf'),
  require.resolve('@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf'),
]
/** Signs that Inter does not have, such as Chinese names: only for them the system's fonts are read, which is slow. */
const FOREIGN = /[\u0590-\u1dff\u2e80-\ud7ff\uf900-\ufaff]/

const { svg, width, fonts }: { svg: string; width: number; fonts?: string[] } = workerData
const image = new Resvg(svg, {
  fitTo: { mode: 'width', value: width },
  background: '#ffffff',
  font: {
    fontFiles: fonts ?? ours(),
    loadSystemFonts: FOREIGN.test(svg),
    defaultFontFamily: 'Inter',
    sansSerifFamily: 'Inter',
  },
}).render()
parentPort?.postMessage(image.asPng())
