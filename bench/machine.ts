import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { installedBinaries } from '../src/db/embedded/binaries.ts'

/** What the figures were measured on: they mean nothing without it. */
export const describeMachine = async (): Promise<string> => {
  const { version } = await installedBinaries()
  const processors = cpus()
  const gigabytes = Math.round(totalmem() / 1024 ** 3)
  return [
    new Date().toISOString().slice(0, 10),
    `${processors.length} cores (${processors[0]?.model.trim() ?? 'unknown'}), ${gigabytes} GB`,
    `${platform()} ${release()} ${arch()}`,
    `Node ${process.versions.node}`,
    `PostgreSQL ${version.replace(/-.*/, '')}, fsync on`,
    `load ${loadavg()[0]?.toFixed(1) ?? '?'} at the start`,
  ].join('; ')
}
