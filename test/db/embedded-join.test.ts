import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { joinEmbedded } from '../../src/db/embedded/join.ts'
import { isRunning } from '../../src/db/embedded/process.ts'
import { folder, killOutright, postmasterPid, query, start, startProcess } from './embedded-support.ts'

it('finds no server where none has ever run, and none where Baton was stopped', async () => {
  const dataDir = await folder()
  expect(await joinEmbedded({ dataDir })).toBeUndefined()
  const server = await start({ dataDir })
  await server.stop()
  expect(await joinEmbedded({ dataDir })).toBeUndefined()
})

it('leads to the server of a Baton that runs in another process, and leaves that one its owner', async () => {
  const dataDir = await folder()
  const running = startProcess({ dataDir })
  const { url } = await running.said()
  const joined = await joinEmbedded({ dataDir })
  expect(joined).toEqual({ url, holder: running.child.pid })
  expect(await query(joined?.url, 'select current_database() as name')).toEqual([{ name: 'baton' }])
  // Whoever joined has nothing to stop, and holds nothing.
  expect(await joinEmbedded({ dataDir })).toEqual(joined)
  expect(await isRunning(await postmasterPid(join(dataDir, 'postgres')))).toBe(true)
})

it('waits for a Baton that is still making its database', async () => {
  const dataDir = await folder()
  const starting = startProcess({ dataDir })
  // Asked without a pause from before the other one holds the folder.
  const joined = await vi.waitFor(
    async () => {
      const found = await joinEmbedded({ dataDir })
      if (!found) throw new Error('nobody holds the folder yet')
      return found
    },
    { timeout: 15_000, interval: 1 },
  )
  expect(joined.url).toBe((await starting.said()).url)
  expect(await query(joined.url, 'select 1 as alive')).toEqual([{ alive: 1 }])
})

it('does not lead to the server that a killed Baton left behind: nobody looks after that one', async () => {
  const dataDir = await folder()
  const killed = startProcess({ dataDir })
  await killed.said()
  await killOutright(killed)
  expect(await joinEmbedded({ dataDir })).toBeUndefined()
  const server = await start({ dataDir })
  expect(server.adopted).toBe(true)
})

it('leads nowhere when the holder is alive and its server is not, until that one has started it again', async () => {
  const dataDir = await folder()
  const running = startProcess({ dataDir })
  const { url } = await running.said()
  const pid = await postmasterPid(join(dataDir, 'postgres'))
  process.kill(pid, 'SIGKILL')
  const joined = await joinEmbedded({ dataDir })
  expect(joined?.url).toBe(url)
  expect(await postmasterPid(join(dataDir, 'postgres'))).not.toBe(pid)
})
