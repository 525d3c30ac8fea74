import { createHash } from 'node:crypto'
import { z } from 'zod'
import { wordsOf } from '../../app/errors.ts'
import type { Keep } from '../../app/keep.ts'
import type { Log } from '../../app/log.ts'
import { outcomeOf } from '../kit/outcome.ts'

/** In Keep.plain: what was answered lately, spread over a fixed number of rows by a hash, so that they stay few and short. */
const ANSWERED = 'answered'
/** Slack delivers an event again for the last time about six minutes after the first. */
const KEPT_MS = 3_600_000

const answered = z.object({ keys: z.array(z.object({ key: z.string(), at: z.number() })) })

/** Whether this is the first delivery of something, asked of all replicas. Never fails. */
export type Once = (key: string) => Promise<boolean>

/** Whoever asks first gets a yes, and every later delivery a no, in whichever replica and after a restart too. */
export const createOnce =
  (keep: Keep, log: Log, now: () => number): Once =>
  async (key) => {
    // Two hexadecimal digits: 256 rows.
    const row = createHash('sha256').update(key).digest('hex').slice(0, 2)
    const asked = await outcomeOf(
      keep.plain.locked(ANSWERED, row, async (current, put) => {
        const read = answered.safeParse(current)
        const known = read.success ? read.data.keys.filter(({ at }) => now() - at < KEPT_MS) : []
        if (known.some((each) => each.key === key)) return false
        await put({ keys: [...known, { key, at: now() }] })
        return true
      }),
    )
    if (asked.ok) return asked.value
    // Rather an answer too many than none: what is asked there only reads.
    log.warn(
      { surface: 'slack', problem: wordsOf(asked.error) },
      'Whether this was answered before is not known',
    )
    return true
  }
