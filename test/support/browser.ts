import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Where systems usually put a Chromium or Chrome; `CHROMIUM_PATH` goes first. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/** The installed browser, or null. Throws where one is required (CI, or BATON_REQUIRE_BROWSER=1). */
export const findBrowser = (env: NodeJS.ProcessEnv = process.env, exists = existsSync): string | null => {
  const wanted = env.CHROMIUM_PATH
  if (wanted !== undefined && wanted !== '') {
    if (exists(wanted)) return wanted
    throw new Error(`CHROMIUM_PATH names ${wanted}, which does not exist`)
  }
  const found = PLACES.find((place) => exists(place))
  if (found !== undefined) return found
  const words = 'No Chromium or Chrome found: install one (apt-get install -y chromium) or set CHROMIUM_PATH'
  if (env.CI === 'true' || env.BATON_REQUIRE_BROWSER === '1') throw new Error(words)
  process.stderr.write(`\n*** Browser tests are SKIPPED. ${words}. ***\n\n`)
  return null
}

/** As root Chromium starts only without its sandbox; the pages shown are our own. */
export const launchBrowser = (executablePath: string, args: string[] = []): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...args,
    ],
  })
