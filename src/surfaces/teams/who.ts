import { wordsOf } from '../../app/errors.ts'
import type { Log } from '../../app/log.ts'
import { Known } from '../kit/known.ts'
import type { Activity } from './activity.ts'
import type { Actor } from './answer.ts'
import type { Calls, Profile } from './calls.ts'
import type { Directory } from './directory.ts'
import { deliveryFailure } from './errors.ts'

/** Where Teams does not say when it may be asked again. */
const AGAIN_MS = 5_000

/** Who did something, with what the tenant's directory says of them; null for nobody of a directory. */
export function createWho(
  directory: Directory,
  calls: Calls,
  clock: () => Date,
  log: Log,
): (activity: Activity) => Promise<Actor | null> {
  const profiles = new Known<Profile>(
    () => clock().getTime(),
    (error) => {
      log.warn({ surface: 'teams', problem: wordsOf(error) }, 'Teams did not say who somebody is')
      const failure = deliveryFailure(error)
      return failure.is === 'later' ? failure.retryAfterMs : AGAIN_MS
    },
  )
  return async (activity) => {
    const { from, serviceUrl, conversation } = activity
    if (from.aad === null) return null
    const externalId = directory.externalId(from.aad)
    const known = await profiles.get(externalId, () => calls.profileOf(serviceUrl, conversation, from.id))
    const identity = { surface: 'teams', externalId, displayName: from.name || from.aad }
    return { identity: { ...identity, ...known }, activity }
  }
}
