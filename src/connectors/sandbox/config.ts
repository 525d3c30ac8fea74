import { z } from 'zod'

/** One system of the sandbox. The sandbox itself says all of this once it is started. */
export const sandboxConfig = z.strictObject({
  role: z.enum(['storefront', 'erp', 'wms', 'carrier']),
  url: z.url({ protocol: /^https?$/, error: 'is no http(s) address' }),
  token: z.string().min(1),
  /** One, or two while one replaces the other. */
  webhookSecrets: z.array(z.string().startsWith('whsec_')).min(1),
  /** One attempt at a call, in ms. */
  timeoutMs: z.number().int().positive().default(5_000),
})
/** `name`: as configured in Baton, and as the system calls itself in its webhooks' path. */
export type SandboxConfig = z.infer<typeof sandboxConfig> & { name: string }
export type SandboxRole = SandboxConfig['role']
