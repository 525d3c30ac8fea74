import { worktimesOf } from '../app/calendar.ts'
import { UserError } from '../app/errors.ts'
import { importGraces } from '../app/graces.ts'
import { type ImportSummary, importExport } from '../app/import.ts'
import type { Verb } from '../cli.ts'
import { loadConfig } from '../config/config.ts'
import { openExport } from '../connectors/files/index.ts'
import { createStore } from '../db/store.ts'
import { ensurePartitions } from '../db/upkeep.ts'
import { handoffName } from '../domain/model.ts'
import { openDatabase } from './database.ts'
import { progressBar } from './progress.ts'

const BAD_ROWS_SHOWN = 20
const count = (n: number): string => n.toLocaleString('en')

const summaryLines = (summary: ImportSummary): string[] => [
  summary.known
    ? `${summary.name}: imported before, nothing has changed.`
    : `${summary.name}: ${count(summary.facts)} facts played up to ${summary.asOf.toISOString()}.`,
  ...summary.contracts.flatMap((c) => [
    `  ${c.title} (${handoffName(c.handoff)})`,
    `    ${count(c.late)} of ${count(c.completed)} completed were late; ${count(c.open)} were due and never completed.`,
    ...(c.conflicts > 0
      ? [`    ${count(c.conflicts)} clock conflicts: completed before it was owed. Not counted as breaks.`]
      : []),
    ...(c.handled > 0 ? [`    ${count(c.handled)} closed by a person since.`] : []),
  ]),
]

export const importVerb: Verb = {
  usage: 'import --map <mapping.yml> <csv...>',
  summary: "play a system's export through Baton, on a timeline of its own",
  takes: { files: true, map: true },
  async run({ files, map, environment, print }) {
    if (map === undefined || files.length === 0) {
      throw new UserError(
        'Usage: npx baton import --map <mapping.yml> <csv...>\nFor example: npx baton import --map examples/olist.yml orders.csv items.csv',
        2,
      )
    }
    const config = await loadConfig(environment)
    const reading = progressBar('Reading')
    const source = await openExport(map, files, ({ bytes, totalBytes }) => reading.show(bytes, totalBytes))
    reading.end()
    for (const row of source.bad.slice(0, BAD_ROWS_SHOWN)) print(`${row.at}: ${row.reason}`)
    if (source.badCount > BAD_ROWS_SHOWN)
      print(`and ${count(source.badCount - BAD_ROWS_SHOWN)} more bad rows.`)

    const database = await openDatabase(config, 'share', print)
    try {
      await ensurePartitions(database.connection.db, new Date())
      const playing = progressBar('Playing')
      const store = createStore(database.connection.db)
      const facts = async function* () {
        for await (const { fact } of source.facts()) yield fact
      }
      const { mapping, fingerprint, factCount, asOf } = source
      const { name, contracts } = mapping
      const graces = importGraces(worktimesOf(mapping.calendars ?? {}, mapping.zone))
      const importable = { name, fingerprint, contracts, graces, facts, factCount, asOf }
      const summary = await importExport({ store, clock: () => new Date() }, importable, playing.show)
      playing.end()
      for (const line of summaryLines(summary)) print(line)
      if (source.badCount > 0) print(`  ${count(source.badCount)} bad rows were left out (above).`)
      for (const warning of source.warnings) print(`  Note: ${warning.words}`)
      print('  "find <order>" shows what was found; none of it reaches a live channel or a live figure.')
      return {
        ok: true,
        data: {
          ...summary,
          rows: source.totals,
          bad: source.bad,
          badCount: source.badCount,
          warnings: source.warnings,
        },
      }
    } finally {
      await database.close()
    }
  },
}
