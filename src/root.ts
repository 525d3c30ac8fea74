import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * The folder that holds this project's package.json, `migrations/` and `manifest.yml`. The same code runs from
 * `src` (tests) and from `dist/src` (npm start), which lie at different depths, so the folder is looked for
 * upwards rather than counted in `..`.
 */
export const projectRoot = findRoot(import.meta.dirname)

function findRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (packageName(folder) === 'baton') return folder
    if (folder === dirname(folder)) throw new Error(`No package.json named "baton" at or above ${start}`)
  }
}

function packageName(folder: string): unknown {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return typeof parsed === 'object' && parsed !== null && 'name' in parsed ? parsed.name : undefined
  } catch {
    return undefined
  }
}
