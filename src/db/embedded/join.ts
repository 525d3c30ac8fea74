import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { UserError } from '../../app/errors.ts'
import { BATON, type Cluster, existingCluster } from './cluster.ts'
import { openHome, SHARED_DIR } from './home.ts'
import { holderOf } from './lock.ts'
import { addressOf, answers, readPidFile, serves } from './postmaster.ts'

/** The server of another Baton, which owns it: there is nothing to stop here. */
export interface JoinedPostgres {
  /** The database `baton`, as its superuser; carries the password. */
  readonly url: string
  /** The Baton that runs it. */
  readonly holder: number
}

interface JoinOptions {
  readonly dataDir: string
  readonly sharedDir?: string
}

/** As long as a first start may take to make the data folder on a slow disk. */
const PATIENCE_MS = 60_000
const PAUSE_MS = 100

/**
 * The way to the server that a living Baton runs on this data folder; undefined where no Baton holds it. Waits while
 * that one is still starting, or until it has stopped. Verified as an adoption is: the process serves this folder and
 * lets our password in. Throws UserError.
 */
export async function joinEmbedded(options: JoinOptions): Promise<JoinedPostgres | undefined> {
  const home = await openHome(options.dataDir, options.sharedDir ?? SHARED_DIR, [])
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const holder = await holderOf(join(home.folder, 'lock'))
    if (holder === undefined) return undefined
    const cluster = await existingCluster(home)
    const port = cluster && (await readyPort(cluster))
    if (cluster && port !== undefined) return { url: addressOf(cluster, port), holder }
    if (performance.now() > deadline) {
      throw new UserError(
        `Another Baton (process ${holder}) is using ${home.folder}, and its database does not answer. Stop that one, ` +
          'or give this one a folder of its own with BATON_DATA_DIR.',
      )
    }
    await pause(PAUSE_MS)
  }
}

/** The port of the server that serves the folder and already has Baton's database; undefined while there is none. */
async function readyPort(cluster: Cluster): Promise<number | undefined> {
  const server = await readPidFile(cluster.data)
  if (server?.status !== 'ready' || !(await serves(server.pid, cluster.data))) return undefined
  return (await answers(cluster, server.port, BATON)) ? server.port : undefined
}
