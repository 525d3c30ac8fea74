/** A process that migrates the database in argv[2] as soon as it is told to; says "ready", then what came of it. */
import { createInterface } from 'node:readline'
import { wordsOf } from '../../../src/app/errors.ts'
import { migrate } from '../../../src/db/migrate.ts'

const [, , url = ''] = process.argv
process.stdout.write('ready\n')
for await (const line of createInterface(process.stdin)) {
  if (line !== 'go') continue
  const outcome = await migrate(url, { queue: true }).then(() => 'migrated', wordsOf)
  process.stdout.write(`${outcome}\n`)
  process.exit()
}
