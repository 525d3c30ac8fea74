import { unzipSync } from 'fflate'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { commands } from '../../../commands/index.ts'
import { teamsPackage } from '../../../scripts/teams-package.ts'
import { MANIFEST_LIMITS as MAX } from '../../../src/surfaces/teams/manifest.ts'

const APP_ID = '11111111-2222-4333-8444-555555555555'

const text = (max: number) => z.string().min(1).max(max)
const manifest = z.object({
  manifestVersion: z.literal('1.25'),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  id: z.literal(APP_ID),
  name: z.object({ short: text(MAX.nameShort), full: text(MAX.nameFull) }),
  description: z.object({ short: text(MAX.descriptionShort), full: text(MAX.descriptionFull) }),
  developer: z.record(z.string(), z.string().min(1)),
  icons: z.object({ color: z.literal('color.png'), outline: z.literal('outline.png') }),
  accentColor: z.string().regex(/^#[0-9A-F]{6}$/),
  bots: z.tuple([
    z.object({
      botId: z.literal(APP_ID),
      scopes: z.array(z.enum(['personal', 'team', 'groupChat'])),
      commandLists: z.array(
        z.object({
          commands: z
            .array(z.object({ title: text(MAX.commandTitle), description: text(MAX.commandDescription) }))
            .min(1)
            .max(MAX.commands),
        }),
      ),
    }),
  ]),
  permissions: z.array(z.enum(['identity', 'messageTeamMembers'])),
  // Resource-specific consent would deliver every message of a channel to Baton.
  authorization: z.undefined().optional(),
})

const filesOf = async (): Promise<Record<string, Uint8Array>> => unzipSync(await teamsPackage(APP_ID))

/** Width and height stand in the first chunk of a PNG. */
const sizeOf = (png: Uint8Array | undefined): number[] => {
  const view = Buffer.from(png ?? [])
  expect(view.subarray(1, 4).toString()).toBe('PNG')
  return [view.readUInt32BE(16), view.readUInt32BE(20)]
}

it('holds a manifest within every limit, and icons of the two sizes', async () => {
  const files = await filesOf()
  expect(Object.keys(files).sort()).toEqual(['color.png', 'manifest.json', 'outline.png'])
  manifest.parse(JSON.parse(Buffer.from(files['manifest.json'] ?? []).toString()))
  expect(sizeOf(files['color.png'])).toEqual([192, 192])
  expect(sizeOf(files['outline.png'])).toEqual([32, 32])
})

it('offers commands that exist, each once, and always help', async () => {
  const files = await filesOf()
  const { bots } = manifest.parse(JSON.parse(Buffer.from(files['manifest.json'] ?? []).toString()))
  const titles = bots[0].commandLists.flatMap((list) => list.commands.map(({ title }) => title))
  expect(new Set(titles).size).toBe(titles.length)
  expect(titles).toContain('help')
  const known = ['home', ...commands.map(({ name }) => name)]
  expect(titles.filter((title) => !known.includes(title))).toEqual([])
})

it('is refused without the id of an app registration', async () => {
  await expect(teamsPackage(undefined)).rejects.toThrow(/MICROSOFT_APP_ID/)
  await expect(teamsPackage('baton')).rejects.toThrow(/MICROSOFT_APP_ID/)
})
