import postgres from 'postgres'
import { type Bench, openPostgres } from './context.ts'
import { putUnderLoad } from './load.ts'
import { untilTaken } from './queue.ts'
import { row } from './rows.ts'
import { startConfigured } from './server.ts'

const CONNECTIONS = 64
const SECONDS = 5

/** Resident memory of the server's process; its PostgreSQL is another one, with 128 MB of shared buffers. */
export const memory: Bench = {
  name: 'memory',
  async run(context) {
    const url = await openPostgres(context)
    const server = await startConfigured(context, url)
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    context.onEnd(() => sql.end())
    const atStart = await server.residentMb()
    const seconds = SECONDS * context.scale
    await putUnderLoad({ url: server.url, connections: CONNECTIONS, seconds, firstOrder: 1 })
    const underLoad = await server.residentMb()
    await untilTaken(sql)
    return [
      row('memory', 'resident after start', atStart, 'MB'),
      row('memory', 'resident under load', underLoad, 'MB'),
      row('memory', 'resident when the load is worked off', await server.residentMb(), 'MB'),
    ]
  },
}
