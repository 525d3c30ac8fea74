import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Drawing } from './svg.ts'

/** How many pixels a px of the drawing becomes: sharp on a phone's screen and in print. */
const SCALE = 2

const FROM_SOURCE = `import('tsx/esm/api').then(({ register }) => {
  register()
  return import(require('node:worker_threads').workerData.file)
})`

/**
 * Draws an SVG into a PNG, in a thread of its own: a picture of some thousand lines takes a second, in which nobody
 * else should wait. Texts are drawn with the font that Baton brings along, because a server may have none.
 */
export const renderPng = (drawing: Drawing, fonts?: string[]): Promise<Uint8Array> => {
  const here = extname(import.meta.filename)
  const file = new URL(`./png-worker${here}`, import.meta.url)
  const workerData = { svg: drawing.svg, width: Math.round(drawing.width * SCALE), fonts }
  // Straight from the source, as tests run it, a new thread does not know TypeScript by itself.
  const worker =
    here === '.ts'
      ? new Worker(FROM_SOURCE, { eval: true, workerData: { ...workerData, file: file.href } })
      : new Worker(file, { workerData })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`The picture's thread ended with ${code} and no picture`)))
  })
}
