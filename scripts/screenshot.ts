/*
 * npm run screenshot: starts Baton as a newcomer would, works on a few exceptions, and takes the README's pictures.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { projectRoot } from '../src/root.ts'
import { findBrowser, launchBrowser } from '../test/support/browser.ts'

const PORT = '3977'
const URL = `http://127.0.0.1:${PORT}/console`
const ENOUGH_TO_SHOW = 6
const FIXED = 3

const startBaton = async (dataDir: string): Promise<() => void> => {
  const child = spawn(process.execPath, [join(projectRoot, 'dist/src/cli.js'), 'start'], {
    env: { ...process.env, PORT, BATON_DATA_DIR: dataDir, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => chunk.toString().includes('Baton is running') && resolve())
    child.once('exit', (code) => reject(new Error(`Baton ended with ${code}`)))
  })
  return () => child.kill('SIGINT')
}

const openPage = z.object({
  items: z.array(
    z.object({ id: z.string(), version: z.number(), actions: z.array(z.object({ id: z.string() })) }),
  ),
})

/** Presses the suggested action of some exceptions, so that the picture shows what comes of it. */
const workOn = async (): Promise<void> => {
  const open = async () =>
    openPage.parse(await (await fetch(`${URL}/api/exceptions?state=open`)).json()).items
  let items = await open()
  while (items.length < ENOUGH_TO_SHOW) {
    await wait(500)
    items = await open()
  }
  const headers = { 'content-type': 'application/json', 'x-baton-person': 'olli' }
  for (const { id, version, actions } of items.slice(0, FIXED)) {
    const body = JSON.stringify({ exception: id, action: actions[0]?.id, version, values: {} })
    await fetch(`${URL}/api/press`, { method: 'POST', headers, body })
  }
  await wait(6_000)
}

const executable = findBrowser()
if (executable === null) process.exit(1)
const dataDir = await mkdtemp(join(tmpdir(), 'baton-screenshot-'))
const stop = await startBaton(dataDir)
const browser = await launchBrowser(executable)
try {
  const desktop = await browser.newPage({ viewport: { width: 1280, height: 1000 }, deviceScaleFactor: 2 })
  await desktop.goto(URL)
  await workOn()
  await desktop.screenshot({ path: join(projectRoot, 'docs/console.png') })
  const phone = await browser.newPage({
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    colorScheme: 'dark',
  })
  await phone.goto(URL)
  await phone.waitForTimeout(2_000)
  await phone.screenshot({ path: join(projectRoot, 'docs/console-phone.png') })
} finally {
  await browser.close()
  stop()
  await rm(dataDir, { recursive: true, force: true })
}
