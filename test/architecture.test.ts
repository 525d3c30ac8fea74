import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../src/root.ts'
import { breaches, RULES } from './support/boundaries.ts'

describe('the source', () => {
  it('keeps its arrows and its fences, and has no cycles', async () => {
    expect(await breaches(['src', 'commands'], projectRoot)).toEqual([])
  }, 60_000)
})

describe('the rules bite', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-boundaries-'))
    await symlink(join(projectRoot, 'node_modules'), join(folder, 'node_modules'), 'dir')
    await cp(join(projectRoot, 'tsconfig.json'), join(folder, 'tsconfig.json'))
    await writeFile(join(folder, 'package.json'), await readFile(join(projectRoot, 'package.json')))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** A source in which `from` imports `what`, and nothing else is wrong. */
  const planted = async (files: Record<string, string>): Promise<string[]> => {
    await Promise.all(
      ['src', 'commands'].map((name) => rm(join(folder, name), { recursive: true, force: true })),
    )
    const all = {
      'src/domain/model.ts': 'export type A = 1\nexport const a = 1\n',
      'commands/none.ts': '',
      ...files,
    }
    for (const [name, text] of Object.entries(all)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
    return breaches(['src', 'commands'], folder)
  }
  const importing = (what: string, type = false) =>
    `import ${type ? 'type ' : ''}{ a } from '${what}'\nexport { a }\n`
  const only = async (files: Record<string, string>) =>
    (await planted(files)).map((breach) => breach.split(': ')[0])

  it('and leave alone what is allowed', async () => {
    expect(
      await planted({
        'src/app/a.ts': `${importing('../domain/model.ts')}import { z } from 'zod'\nexport { z }\n`,
        'src/db/b.ts': `${importing('../app/a.ts')}import postgres from 'postgres'\nexport { postgres }\n`,
        'src/app/surface.ts': `import type { Router } from 'express'\nexport type R = Router\n`,
        'src/main.ts': `${importing('./db/b.ts')}`,
        'src/surfaces/adaptive-card.ts': importing('../app/a.ts'),
        'src/surfaces/slack/c.ts': importing('../adaptive-card.ts'),
      }),
    ).toEqual([])
  })

  it.each<[string, Record<string, string>]>([
    [
      'arrows from ^src/domain/',
      { 'src/app/x.ts': 'export const a = 1\n', 'src/domain/y.ts': importing('../app/x.ts') },
    ],
    [
      'arrows from ^src/app/',
      { 'src/db/x.ts': 'export const a = 1\n', 'src/app/y.ts': importing('../db/x.ts') },
    ],
    [
      'arrows from ^src/connectors/',
      { 'src/db/x.ts': 'export const a = 1\n', 'src/connectors/shop/y.ts': importing('../../db/x.ts') },
    ],
    [
      'arrows from ^src/surfaces/',
      {
        'src/connectors/shop/x.ts': 'export const a = 1\n',
        'src/surfaces/slack/y.ts': importing('../../connectors/shop/x.ts'),
      },
    ],
    [
      'arrows from ^src/db/',
      { 'src/main.ts': 'export const a = 1\n', 'src/db/y.ts': importing('../main.ts') },
    ],
    [
      'arrows from ^src/sandbox/',
      { 'src/db/x.ts': 'export const a = 1\n', 'src/sandbox/y.ts': importing('../db/x.ts') },
    ],
    [
      'arrows from ^commands/',
      { 'src/db/x.ts': 'export const a = 1\n', 'commands/y.ts': importing('../src/db/x.ts') },
    ],
    [
      'one connector',
      {
        'src/connectors/shop/x.ts': 'export const a = 1\n',
        'src/connectors/erp/y.ts': importing('../shop/x.ts'),
      },
    ],
    [
      'one surface',
      {
        'src/surfaces/slack/x.ts': 'export const a = 1\n',
        'src/surfaces/console/y.ts': importing('../slack/x.ts'),
      },
    ],
    ['the app has no hands', { 'src/app/y.ts': `import { readFile } from 'node:fs'\nexport { readFile }\n` }],
    [
      'fence around @slack/',
      { 'src/surfaces/console/y.ts': `import { App } from '@slack/bolt'\nexport { App }\n` },
    ],
    [
      'fence around (drizzle-orm|postgres|graphile-worker)(/|$)',
      { 'src/app/y.ts': `import postgres from 'postgres'\nexport { postgres }\n` },
    ],
    ['fence around node-cron', { 'src/db/y.ts': `import cron from 'node-cron'\nexport { cron }\n` }],
    [
      'arrows from ^src/charts/',
      { 'src/domain/x.ts': 'export const a = 1\n', 'src/charts/y.ts': importing('../domain/x.ts') },
    ],
    [
      'fence around (echarts|@resvg|@expo-google-fonts)(/|$)',
      { 'src/diagnose/y.ts': `import { init } from 'echarts'\nexport { init }\n` },
    ],
    ['fence around express', { 'src/app/y.ts': `import { Router } from 'express'\nexport { Router }\n` }],
    ['no cycles', { 'src/app/x.ts': `${importing('./y.ts')}`, 'src/app/y.ts': importing('./x.ts') }],
  ])('on %s', async (rule, files) => {
    expect(await only(files)).toContain(rule)
  })

  it('on a pure domain that reads a clock through a package, or a type of another room', async () => {
    expect(
      await only({ 'src/domain/y.ts': `import { DateTime } from 'luxon'\nexport { DateTime }\n` }),
    ).toContain('the domain is pure')
    const typed = {
      'src/db/x.ts': 'export type a = 1\n',
      'src/app/y.ts': `import type { a } from '../db/x.ts'\nexport type b = a\n`,
    }
    expect(await only(typed)).toContain('arrows from ^src/app/')
  })

  it('except on a cycle of types, which ends at compile time', async () => {
    const cycle = {
      'src/app/x.ts': `import type { Y } from './y.ts'\nexport const a = 1\nexport type X = Y\n`,
      'src/app/y.ts': `import { a } from './x.ts'\nexport type Y = typeof a\nexport const b = a\n`,
    }
    expect(await planted(cycle)).toEqual([])
  })

  it('in every room of the source', async () => {
    const rooms = (await readdir(join(projectRoot, 'src'), { withFileTypes: true })).map((entry) =>
      entry.isDirectory() ? `src/${entry.name}/` : `src/${entry.name}`,
    )
    const seesAll = ['src/main.ts', 'src/cli.ts', 'src/cli/']
    const ruled = (room: string) =>
      RULES.some(({ name, from }) => name?.startsWith('arrows') && new RegExp(String(from.path)).test(room))
    expect(rooms.filter((room) => !seesAll.includes(room) && !ruled(room))).toEqual([])
  })
})

describe('registries and folders agree', () => {
  it('on every kind of system', async () => {
    const { systemSettings } = await import('../src/connectors/index.ts')
    const folders = (await readdir(join(projectRoot, 'src/connectors'), { withFileTypes: true })).flatMap(
      (entry) => (entry.isDirectory() ? [entry.name] : []),
    )
    // `http` and `kit` are what all share; `files` reads exports, which are imported and never connected; `baton` is
    // what Baton does to itself, and is always there.
    const kinds = folders.filter((name) => !['http', 'kit', 'files', 'baton'].includes(name))
    const known = systemSettings.options.flatMap((option) => [...(option._zod.propValues?.kind ?? [])])
    // What is declared in baton.yml is one engine with two kinds: `http` is `webhook` for a system that sends nothing.
    const folderOf = (kind: string) => (kind === 'http' ? 'webhook' : kind)
    expect(kinds.sort()).toEqual([...new Set(known.map(String).map(folderOf))].sort())
  })
})
