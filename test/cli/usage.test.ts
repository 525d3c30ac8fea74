import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli, testFolder } from '../support/baton.ts'

/** Whom the tests become, where they run as root, to be refused something. */
const NOBODY = { uid: 65534, gid: 65534 }
const isRoot = process.geteuid?.() === 0

describe('npx baton', () => {
  it('explains itself: asked for help it did what it was told, asked for nothing it was used wrongly', async () => {
    const [help, nothing] = await Promise.all([runCli(['--help']), runCli([])])
    expect(help.code).toBe(0)
    for (const verb of ['start', 'migrate', 'import --map <mapping.yml> <csv...>', 'doctor']) {
      expect(help.out).toContain(`  ${verb}`)
    }
    expect(nothing).toEqual({ ...help, code: 2 })
  })

  it.each([
    [['strat'], /^There is no verb "strat"\.\n\n.*Usage: npx baton <verb>/s],
    [['constructor'], /^There is no verb "constructor"/],
    [['doctor', 'database'], /^baton doctor takes no "database"\.\nUsage: npx baton doctor \[--sample /],
    [['migrate', '--sample', 'x.json'], /^baton migrate takes no --sample\.\n$/],
    [['doctor', '--system', 'shop'], /^--system belongs to --sample\.\nUsage: npx baton doctor/],
    [['migrate', '--map', 'x.yml'], /^baton migrate takes no --map\.\n$/],
    [['doctor', '--jsno'], /^Unknown option '--jsno'/],
    [['import', 'orders.csv'], /^Usage: npx baton import --map <mapping\.yml> <csv\.\.\.>\nFor example: /],
    [['import', '--map', 'olist.yml'], /^Usage: npx baton import/],
  ])('%j is a wrong use: exit code 2, and what is right on standard error', async (args, words) => {
    const { code, out, err } = await runCli(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(words)
  })
})

describe('the configuration', () => {
  it('that is wrong is refused by every verb before anything is done, with line, key and fix', async () => {
    const cwd = await testFolder()
    await writeFile(join(cwd, 'baton.yml'), 'zone: UTC\nsystms:\n  shop: {}\n')
    for (const verb of ['start', 'migrate', 'doctor']) {
      const ended = await runCli([verb], { cwd, env: { BATON_DATA_DIR: join(cwd, 'data') } })
      expect(ended).toEqual({
        code: 2,
        out: '',
        err: 'baton.yml:2:1: systms: unknown key; did you mean systems?\n',
      })
    }
  })

  it('that is no YAML, is missing, or is a folder gets one line', async () => {
    const cwd = await testFolder()
    await writeFile(join(cwd, 'baton.yml'), 'zone: [UTC\n')
    await mkdir(join(cwd, 'folder'))
    const [broken, missing, folder] = await Promise.all([
      runCli(['migrate'], { cwd }),
      runCli(['migrate'], { cwd, env: { BATON_CONFIG: 'other.yml' } }),
      runCli(['migrate'], { cwd, env: { BATON_CONFIG: 'folder' } }),
    ])
    expect(broken.err).toMatch(/^baton\.yml:\d+:\d+: not valid YAML: .+\n$/)
    expect(missing.err).toBe('other.yml: there is no such file; check the path.\n')
    expect(folder.err).toBe('folder: this is a folder; name the file in it.\n')
    expect([broken, missing, folder].map(({ code }) => code)).toEqual([2, 2, 2])
  })

  it.runIf(isRoot)('that this user may not read gets one line', async () => {
    const cwd = await testFolder()
    await writeFile(join(cwd, 'baton.yml'), '{}')
    await chmod(join(cwd, 'baton.yml'), 0o600)
    const { code, err } = await runCli(['migrate'], { cwd, user: NOBODY })
    expect(code).toBe(2)
    expect(err).toMatch(/^baton\.yml: cannot be read \(EACCES: permission denied.*\)\.\n$/)
  })

  it('in the environment that is wrong names the setting', async () => {
    const { code, err } = await runCli(['start'], { env: { PORT: '3000x', LOG_LEVEL: 'loud' } })
    expect(code).toBe(2)
    expect(err).toBe(
      'PORT must be a port: a whole number from 0 (any free one) to 65535\n' +
        'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent\n',
    )
  })

  it('is also read from a file .env in the folder, and what is set already goes before it', async () => {
    const cwd = await testFolder()
    await writeFile(join(cwd, '.env'), 'BATON_CONFIG=from-file.yml\n')
    expect((await runCli(['migrate'], { cwd })).err).toBe(
      'from-file.yml: there is no such file; check the path.\n',
    )
    const { err } = await runCli(['migrate'], { cwd, env: { BATON_CONFIG: 'set.yml' } })
    expect(err).toBe('set.yml: there is no such file; check the path.\n')
  })
})
