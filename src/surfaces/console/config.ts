import { z } from 'zod'

const MIN_TOKEN_LENGTH = 24

/** What the console takes from the environment. Without a token it answers to this computer alone. */
export const consoleConfig = z
  .object({
    BATON_CONSOLE_TOKEN: z
      .string()
      .min(
        MIN_TOKEN_LENGTH,
        `BATON_CONSOLE_TOKEN is too short: use at least ${MIN_TOKEN_LENGTH} characters, e.g. from: openssl rand -hex 32`,
      )
      .optional(),
  })
  .transform((env) => ({ token: env.BATON_CONSOLE_TOKEN ?? null }))

export type ConsoleConfig = z.infer<typeof consoleConfig>
