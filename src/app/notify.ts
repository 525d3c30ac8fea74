import type { Card } from './card.ts'
import { commandButton } from './command.ts'
import type { Log } from './log.ts'
import type { Clock, Jobs, Store } from './ports.ts'
import type { Surface } from './surface.ts'

/** The private message to somebody to whom an exception was given. */
export const assignedCard = ({ by, about, exception }: Jobs['notify']): Card => ({
  title: `${by} gave you #${exception}`,
  tone: 'neutral',
  summary: `${by} gave you #${exception}: ${about}`,
  blocks: [
    { kind: 'text', text: about },
    { kind: 'buttons', buttons: [commandButton(`open ${exception}`, `Show #${exception}`)] },
  ],
})

/** Pauses after which a message that the surface could not take is tried again, until it is no news any more. */
const LAST_TRY_MS = 3_600_000

/**
 * Tells one person in private, where the surface can do that. One message for each job, and a second one only after a
 * crash between sending and writing that down; what is not delivered within an hour stays unsaid: the card says it too.
 */
export const notify = async (
  { surfaces, store, clock, log }: { surfaces: Surface[]; store: Store; clock: Clock; log: Log },
  job: Jobs['notify'],
): Promise<void> => {
  const { surface, externalId, exception, at } = job
  const deliver = surfaces.find(({ id }) => id === surface)?.deliver
  if (!deliver) return
  const sent = await deliver.notify(externalId, assignedCard(job))
  if (sent.ok) return
  const { failure } = sent
  const now = clock()
  if (failure.is === 'later' && now.getTime() - new Date(at).getTime() < LAST_TRY_MS) {
    const runAt = new Date(now.getTime() + failure.retryAfterMs)
    await store.transaction((tx) => tx.addJob('notify', job, { runAt }))
    return
  }
  log.warn({ exception, surface, failure: failure.is }, 'Somebody could not be told what was given to them')
}
