import type { Verb } from '../cli.ts'
import { loadConfig } from '../config/config.ts'
import { openDatabase } from './database.ts'

export const migrateVerb: Verb = {
  usage: 'migrate',
  summary: 'bring the database up to date (start does it too)',
  takes: { files: false, map: false },
  async run({ environment, print }) {
    const database = await openDatabase(await loadConfig(environment), 'share', print)
    await database.close()
    print('The database is up to date.')
    return { ok: true, data: { migrated: true } }
  },
}
