import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { z } from 'zod'

/*
 * The live tests run against real systems: two Tryton databases (an ERP and a WMS) and a Medusa shop. Where they are is
 * told by the environment; CONTRIBUTING.md says which variables. Nothing here is shared with the connectors: what they do
 * is made and looked at by other means than their own.
 */

const settings = z.object({
  RIG_ERP_URL: z.url(),
  RIG_WMS_URL: z.url(),
  RIG_TRYTON_PASSWORD: z.string().min(1),
  RIG_MEDUSA_URL: z.url(),
  RIG_MEDUSA_DIR: z.string().min(1),
  RIG_SHOP_EMAIL: z.string().min(1),
  RIG_SHOP_PASSWORD: z.string().min(1),
  /** Where the shop was told to send its notifications when it was brought up: a free port of this machine. */
  RIG_MEDUSA_WEBHOOK_URL: z.url({ hostname: /^127\.0\.0\.1$/ }),
  RIG_MEDUSA_WEBHOOK_SECRET: z.string().min(1).default('rig-webhook'),
})

/** The shop's keys: Baton's own, and those that a checkout needs. */
const keysFile = z.object({
  secret: z.string(),
  publishable: z.string(),
  location: z.string(),
  channel: z.string(),
  region: z.string(),
  shipping_option: z.string(),
})

export type Rig = {
  erpUrl: string
  wmsUrl: string
  /** Of `bot`, as whom Baton works, and of `admin`, as whom people do. */
  trytonPassword: string
  shopUrl: string
  shopEmail: string
  shopPassword: string
  shopKeys: z.infer<typeof keysFile>
  shopHook: { port: number; secret: string }
}

const readRig = (): Rig | { missing: string } => {
  const { success, data, error } = settings.safeParse(process.env)
  if (!success) return { missing: error.issues.map(({ path }) => path.join('.')).join(', ') }
  const keys = readFileSync(join(data.RIG_MEDUSA_DIR, 'keys.json'), 'utf8')
  return {
    erpUrl: data.RIG_ERP_URL,
    wmsUrl: data.RIG_WMS_URL,
    trytonPassword: data.RIG_TRYTON_PASSWORD,
    shopUrl: data.RIG_MEDUSA_URL,
    shopEmail: data.RIG_SHOP_EMAIL,
    shopPassword: data.RIG_SHOP_PASSWORD,
    shopKeys: keysFile.parse(JSON.parse(keys)),
    shopHook: {
      port: Number(new URL(data.RIG_MEDUSA_WEBHOOK_URL).port),
      secret: data.RIG_MEDUSA_WEBHOOK_SECRET,
    },
  }
}

/** A `describe` that needs the real systems: skipped loudly where there are none, and refused where they are required. */
export const onRig = (name: string, tests: (rig: Rig) => void): void => {
  const rig = readRig()
  if (!('missing' in rig)) {
    describe(name, () => tests(rig))
    return
  }
  const why = `no real systems: the environment does not set ${rig.missing}`
  if (process.env.BATON_REQUIRE_RIG) throw new Error(`${name}: ${why}`)
  process.stderr.write(`SKIPPED ${name}: ${why}\n`)
  describe.skip(name, () => {
    it(why, () => undefined)
  })
}
