/*
 * npm run teams:package [-- <app id>]: writes teams-app.zip, the package with which Baton is added to Teams. The id of
 * the bot's app registration is given, or taken from MICROSOFT_APP_ID.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Resvg } from '@resvg/resvg-js'
import { zipSync } from 'fflate'
import { z } from 'zod'
import { commands } from '../commands/index.ts'
import { projectRoot } from '../src/root.ts'
import { teamsManifest } from '../src/surfaces/teams/manifest.ts'

const FILE = 'teams-app.zip'
/** The pixels that Teams asks for. */
const SIZES = { color: 192, outline: 32 }

/** A baton passed between two hands: one stroke, and the two ends that hold it. */
const baton = (stroke: string): string =>
  `<g fill="none" stroke="${stroke}" stroke-width="9" stroke-linecap="round"><path d="M30 66 66 30"/><circle cx="24" cy="72" r="9"/><circle cx="72" cy="24" r="9"/></g>`

const ICONS = {
  color: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><rect width="96" height="96" fill="#1F4E79"/>${baton('#FFFFFF')}</svg>`,
  // Teams wants it white on nothing.
  outline: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">${baton('#FFFFFF')}</svg>`,
}

const png = (svg: string, pixels: number): Uint8Array =>
  new Resvg(svg, { fitTo: { mode: 'width', value: pixels }, font: { loadSystemFonts: false } })
    .render()
    .asPng()

const packageJson = z.object({ version: z.string() })

/** The whole package, as a zip. Throws where the id is none. */
export const teamsPackage = async (appId: string | undefined): Promise<Uint8Array> => {
  const id = z
    .guid({
      error:
        'give the id of the app registration: npm run teams:package -- <app id>, or set MICROSOFT_APP_ID',
    })
    .parse(appId)
  const { version } = packageJson.parse(JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')))
  const manifest = JSON.stringify(teamsManifest(id, version, commands), null, 2)
  return zipSync({
    'manifest.json': new TextEncoder().encode(manifest),
    'color.png': png(ICONS.color, SIZES.color),
    'outline.png': png(ICONS.outline, SIZES.outline),
  })
}

if (process.argv[1] === import.meta.filename) {
  try {
    await writeFile(FILE, await teamsPackage(process.argv[2] ?? process.env.MICROSOFT_APP_ID))
    process.stdout.write(`${FILE} is written: upload it in Teams under Apps > Manage your apps.\n`)
  } catch (error) {
    const words = error instanceof z.ZodError ? (error.issues[0]?.message ?? '') : String(error)
    process.stderr.write(`${words}\n`)
    process.exitCode = 1
  }
}
