import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/root.ts'
import { testFolder } from '../support/baton.ts'
import { testDatabase } from '../support/database.ts'

const fixture = (name: string): string => join(projectRoot, 'test/fixtures', name)

/** `npx baton <args> | true`: nobody reads a word of it. */
const unread = async (args: string[], cwd: string, env: Record<string, string> = {}) => {
  const child = spawn(process.execPath, [join(projectRoot, 'dist/src/cli.js'), ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  await once(child, 'close')
  return { code: child.exitCode, err }
}

describe('a pipe that is closed while a verb still prints', () => {
  const database = testDatabase()

  it('ends a diagnosis quietly, with its work done', async () => {
    const cwd = await testFolder()
    const files = ['north.csv', 'south.csv'].map((name) => fixture(`diagnose/${name}`))
    const args = ['diagnose', '--map', fixture('diagnose/mapping.yml'), ...files]
    expect(await unread(args, cwd)).toEqual({ code: 0, err: '' })
    expect(await readdir(join(cwd, 'baton-diagnosis'))).toHaveLength(3)
  })

  it('ends an import quietly, with its work done', async () => {
    const files = ['orders.csv', 'items.csv'].map((name) => fixture(`import/${name}`))
    const args = ['import', '--map', join(projectRoot, 'examples/olist.yml'), ...files]
    const env = { DATABASE_URL: database.url, LOG_LEVEL: 'warn' }
    expect(await unread(args, await testFolder(), env)).toEqual({ code: 0, err: '' })
  })

  it('leaves the exit code what it is', async () => {
    expect(await unread([], await testFolder())).toEqual({ code: 2, err: '' })
  })
})
