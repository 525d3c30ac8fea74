import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DateTime } from 'luxon'
import { worktimesOf } from '../app/calendar.ts'
import { UserError, wordsOf } from '../app/errors.ts'
import { importGraces } from '../app/graces.ts'
import type { Verb } from '../cli.ts'
import { type Export, openExport } from '../connectors/files/index.ts'
import type { Report } from '../diagnose/report.ts'
import { progressBar } from './progress.ts'

const USAGE =
  'Usage: npx baton diagnose --map <mapping.yml> [--out <folder>] <csv...>\nFor example: npx baton diagnose --map examples/olist.yml orders.csv items.csv'
const DEFAULT_FOLDER = 'baton-diagnosis'
const BAD_ROWS_SHOWN = 20
/** Page, picture and data: what the progress of drawing is counted in. */
const FILES = 3

/** The Monday of an instant's week, ISO. */
const weekOf =
  (zone: string) =>
  (ms: number): string =>
    DateTime.fromMillis(ms, { zone }).startOf('week').toISODate() ?? ''

const diagnosed = async (source: Export): Promise<Report> => {
  const { mapping, systems, asOf, totals, bad, badCount, warnings } = source
  if (asOf === null)
    throw new UserError(`The export "${mapping.name}" states nothing: no row of it has a time.`)
  const [{ collect }, { diagnose }] = await Promise.all([
    import('../diagnose/collect.ts'),
    import('../domain/diagnosis/diagnosis.ts'),
  ])
  const playing = progressBar('Playing')
  const diagnosis = diagnose({
    asOf,
    systems,
    contracts: mapping.contracts,
    graces: importGraces(worktimesOf(mapping.calendars ?? {}, mapping.zone)),
    stated: await collect(source.statements()),
    weekOf: weekOf(mapping.zone),
    onProgress: playing.show,
  })
  playing.end()
  return {
    name: mapping.name,
    zone: mapping.zone,
    asOf,
    systems,
    rows: totals,
    bad: bad.slice(0, BAD_ROWS_SHOWN),
    badCount,
    notes: warnings.map(({ words }) => words),
    diagnosis,
  }
}

const orUnwritable = async (folder: string, write: () => Promise<void>): Promise<void> => {
  try {
    await write()
  } catch (error) {
    throw new UserError(`${folder}: cannot be written (${wordsOf(error)}); name another folder with --out.`)
  }
}

const makeFolder = (folder: string): Promise<void> =>
  orUnwritable(folder, async () => {
    await mkdir(folder, { recursive: true })
  })

/** Writes the three files; answers their paths. */
const writeFiles = async (report: Report, data: object, folder: string): Promise<string[]> => {
  const [{ pageOf }, { posterOf }, { renderPng }] = await Promise.all([
    import('../diagnose/page.ts'),
    import('../diagnose/poster.ts'),
    import('../charts/png.ts'),
  ])
  const drawing = progressBar('Drawing')
  drawing.show(0, FILES)
  const html = await pageOf(report)
  drawing.show(1, FILES)
  const png = await renderPng(await posterOf(report))
  drawing.end()
  const files: [string, string | Uint8Array][] = [
    ['diagnosis.html', html],
    ['diagnosis.png', png],
    ['diagnosis.json', `${JSON.stringify(data, null, 2)}\n`],
  ]
  await orUnwritable(folder, async () => {
    for (const [name, content] of files) await writeFile(join(folder, name), content)
  })
  return files.map(([name]) => join(folder, name))
}

export const diagnoseVerb: Verb = {
  usage: 'diagnose --map <mapping.yml> <csv...>',
  summary: 'say where handoffs break, from exports alone; --out <folder> for its files',
  takes: { files: true, map: true, out: true },
  async run({ files, map, out = DEFAULT_FOLDER, print }) {
    if (map === undefined || files.length === 0 || out === '') throw new UserError(USAGE, 2)
    const reading = progressBar('Reading')
    const source = await openExport(map, files, ({ bytes, totalBytes }) => reading.show(bytes, totalBytes))
    reading.end()
    // Before the work rather than after it.
    await makeFolder(out)
    const report = await diagnosed(source)
    const [{ textOf }, { toData }] = await Promise.all([
      import('../diagnose/text.ts'),
      import('../diagnose/report.ts'),
    ])
    for (const { at, reason } of report.bad) print(`${at}: ${reason}`)
    for (const line of textOf(report)) print(line)
    const data = toData(report)
    const written = await writeFiles(report, data, out)
    print('')
    for (const path of written) print(`Written: ${path}`)
    return { ok: true, data: { ...data, files: written } }
  },
}
