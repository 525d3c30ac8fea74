import { z } from 'zod'

const line = z.object({ level: z.string(), message: z.string() })

/** At which levels a rig logged this message, in order. */
export const levelsOf = ({ logged }: { logged: string[] }, message: string): string[] =>
  logged
    .map((text) => line.parse(JSON.parse(text)))
    .flatMap((each) => (each.message === message ? [each.level] : []))
