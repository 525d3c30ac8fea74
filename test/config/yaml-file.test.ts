import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { UserError } from '../../src/app/errors.ts'
import { parseYaml, readYamlFile } from '../../src/config/yaml-file.ts'

const schema = z.strictObject({
  port: z.number().int().max(65535).default(3000),
  systems: z.record(
    z.string(),
    z.strictObject({
      role: z.enum(['storefront', 'erp', 'wms']),
      url: z.string().optional(),
      every: z.union([z.number(), z.strictObject({ minutes: z.number() })]).optional(),
      accept: z.union([z.string(), z.strictObject({ all: z.boolean().optional() })]).optional(),
    }),
  ),
  channels: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('slack'), id: z.string() }),
        z.strictObject({ kind: z.literal('console') }),
      ]),
    )
    .default([]),
})

const complaint = (text: string): string => {
  try {
    parseYaml(text, 'baton.yml', schema)
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
  throw new Error('expected a complaint')
}

describe('a YAML file', () => {
  it('gives its typed value, defaults filled in', () => {
    expect(parseYaml('systems:\n  shop: { role: storefront }\n', 'baton.yml', schema)).toEqual({
      port: 3000,
      systems: { shop: { role: 'storefront' } },
      channels: [],
    })
  })

  it.each([
    [
      'a key with a slip',
      'systems:\n  shop:\n    role: erp\n    ulr: x\n',
      'baton.yml:4:5: systems.shop.ulr: unknown key; did you mean url?',
    ],
    [
      'a key that nothing is like',
      'systems: {}\nbananas: 1\n',
      'baton.yml:2:1: bananas: unknown key; use one of port, systems, channels',
    ],
    [
      'a word with a slip',
      'systems:\n  shop:\n    role: storefornt\n',
      'baton.yml:3:5: systems.shop.role: "storefornt" is not known; did you mean storefront?',
    ],
    [
      'a word that nothing is like',
      'systems: { a: { role: bananas } }',
      'baton.yml:1:17: systems.a.role: "bananas" is not known; use one of storefront, erp, wms',
    ],
    [
      'a missing key, at its parent',
      'port: 1\nsystems:\n  shop:\n    url: x\n',
      'baton.yml:3:3: systems.shop.role: is missing; use one of storefront, erp, wms',
    ],
    [
      'a missing key at the top',
      'port: 1\n',
      'baton.yml:1:1: systems: is missing; add it (keys with values)',
    ],
    [
      'a value of another kind',
      'systems:\n  - shop\n',
      'baton.yml:1:1: systems: expected keys with values, found a list',
    ],
    [
      'a key without its value',
      'systems:\n',
      'baton.yml:1:1: systems: expected keys with values, found nothing',
    ],
    [
      'a template without quotes',
      'systems: { a: { role: erp, url: {x} } }',
      "baton.yml:1:28: systems.a.url: expected text, found keys with values (write '{x}' with quotes)",
    ],
    [
      'a limit passed',
      'port: 70000\nsystems: {}\n',
      'baton.yml:1:1: port: Too big: expected number to be <=65535',
    ],
    [
      'a choice of forms, none fitting',
      'systems: { a: { role: erp, every: [1] } }',
      'baton.yml:1:28: systems.a.every: a list does not fit here; expected a number or keys with values',
    ],
    [
      'a choice of forms, one nearly fitting',
      'systems: { a: { role: erp, every: { minutes: x } } }',
      'baton.yml:1:37: systems.a.every.minutes: expected a number, found "x"',
    ],
    [
      'an unknown key in a choice of forms',
      'systems: { a: { role: erp, accept: { al: true } } }',
      'baton.yml:1:38: systems.a.accept.al: unknown key; did you mean all?',
    ],
    [
      'a form that is not known',
      'systems: {}\nchannels:\n  - kind: slak\n',
      'baton.yml:3:5: channels[0].kind: "slak" is not known; did you mean slack?',
    ],
    [
      'an item of a list',
      'systems: {}\nchannels:\n  - kind: console\n  - kind: slack\n',
      'baton.yml:4:5: channels[1].id: is missing; add it (text)',
    ],
  ])('with %s is answered with the line, the key and the fix', (_, text, words) => {
    expect(complaint(text).split('\n')[0]).toBe(words)
  })

  it('that repeats a mistake through an alias is answered at the place that is meant', () => {
    expect(complaint('systems:\n  a: &one\n    role: nope\n  b: *one\n')).toBe(
      [
        'baton.yml:3:5: systems.a.role: "nope" is not known; use one of storefront, erp, wms',
        'baton.yml:3:5: systems.b.role: "nope" is not known; use one of storefront, erp, wms',
      ].join('\n'),
    )
  })

  it('with several mistakes names each on its own line, from the top, and no more than ten', () => {
    const text = Array.from({ length: 12 }, (_, i) => `  s${i}: { role: none }`).join('\n')
    const lines = complaint(`systems:\n${text}\n`).split('\n')
    expect(lines).toHaveLength(11)
    expect(lines[0]).toMatch(/^baton\.yml:2:/)
    expect(lines[9]).toMatch(/^baton\.yml:11:/)
    expect(lines[10]).toBe('and 2 more problems')
  })

  it.each([
    ['port: [1\nsystems: {}\n', /^baton\.yml:2:1: not valid YAML: /],
    ['port: 1\nport: 2\n', /^baton\.yml:2:1: not valid YAML: .*unique/],
    ['a: *nobody\n', /^baton\.yml:1:\d+: not valid YAML: /],
  ])('that is not YAML is answered with the line: %j', (text, words) => {
    expect(complaint(text)).toMatch(words)
  })

  it.each(['', '# only a comment\n'])('that is empty says so: %j', (text) => {
    expect(complaint(text)).toBe('baton.yml:1:1: the file is empty.')
  })
})

describe('a file that cannot be read', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-yaml-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('says why and what to check, as wrong use', async () => {
    await expect(readYamlFile(join(folder, 'none.yml'), schema)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/none\.yml: there is no such file; check the path\.$/),
    })
    await expect(readYamlFile(folder, schema)).rejects.toThrow('this is a folder')
  })

  it('is read when it is there', async () => {
    const path = join(folder, 'some.yml')
    await writeFile(path, 'systems: {}\n')
    expect(await readYamlFile(path, schema)).toEqual({ port: 3000, systems: {}, channels: [] })
  })
})
