import { type Bench, openFolder } from './context.ts'
import { row } from './rows.ts'
import { startServer } from './server.ts'
import { median } from './stats.ts'

const RUNS = 3

/** From the spawn of `baton start`, without any setting, until it answers that it is ready. */
export const startup: Bench = {
  name: 'startup',
  async run(context) {
    const first: number[] = []
    const second: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const folder = await openFolder(context)
      for (const times of [first, second]) {
        const server = await startServer(context, folder, { BATON_DATA_DIR: `${folder}/data` })
        times.push(server.readyAfterMs)
        await server.stop()
      }
    }
    return [
      row('startup', 'first start, with a new database and sandbox', median(first), 'ms'),
      row('startup', 'second start', median(second), 'ms'),
    ]
  },
}
