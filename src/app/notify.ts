import type { Card } from './card.ts'
import { commandButton } from './command.ts'
import { followUpCard } from './follow-up.ts'
import type { Log } from './log.ts'
import type { Clock, Jobs, Store } from './ports.ts'
import type { Surface } from './surface.ts'

type Assigned = Extract<Jobs['notify'], { exception: string }>

/** The private message to somebody to whom an exception was given. */
export const assignedCard = ({
  by,
  about,
  exception,
}: Pick<Assigned, 'by' | 'about' | 'exception'>): Card => ({
  title: `${by} gave you #${exception}`,
  tone: 'neutral',
  summary: `${by} gave you #${exception}: ${about}`,
  blocks: [
    { kind: 'text', text: about },
    { kind: 'buttons', buttons: [commandButton(`open ${exception}`, `Show #${exception}`)] },
  ],
})

/** For so long it is tried again what the surface could not take: later it is no news any more. */
const LAST_TRY_MS = 3_600_000

type NotifyDeps = { surfaces: Surface[]; store: Store; clock: Clock; log: Log }

/**
 * Tells one person in private, where the surface can do that, out of the budgets that all replicas share. One message
 * for each job, and a second one only after a crash between sending and writing that down; what is not delivered within
 * an hour stays unsaid: the card says it too.
 */
export const notify = async (deps: NotifyDeps, job: Jobs['notify']): Promise<void> => {
  const { surfaces, store, clock } = deps
  const { surface, externalId } = job
  const deliver = surfaces.find(({ id }) => id === surface)?.deliver
  if (!deliver) return
  const budgets = deliver.budgets('notify', externalId)
  // It follows from what somebody pressed, so it may take what is kept for clicks.
  const free = await store.transaction((tx) => tx.takeBudgets(surface, budgets, clock(), true))
  if (free) return later(deps, job, free, 'its budget is used up')
  const card = await cardFor(store, job)
  if (!card) return
  const sent = await deliver.notify(externalId, card)
  if (sent.ok) return
  const { failure } = sent
  if (failure.is !== 'later') return unsaid(deps, job, failure.is)
  const again = new Date(clock().getTime() + failure.retryAfterMs)
  const [narrowest] = budgets
  if (narrowest) {
    const limited = failure.limited === true
    await store.transaction((tx) => tx.restBudget(surface, narrowest, again, limited))
  }
  await later(deps, job, again, failure.is)
}

/** Null when what was said has gone past its keeping. */
const cardFor = async (store: Store, job: Jobs['notify']): Promise<Card | null> => {
  if (!('followUp' in job)) return assignedCard(job)
  const said = await store.transaction((tx) => tx.followUp(job.followUp))
  return said && followUpCard(said, { alone: true })
}

const later = async (deps: NotifyDeps, job: Jobs['notify'], runAt: Date, why: string): Promise<void> => {
  if (deps.clock().getTime() - new Date(job.at).getTime() >= LAST_TRY_MS) return unsaid(deps, job, why)
  await deps.store.transaction((tx) => tx.addJob('notify', job, { runAt }))
}

const unsaid = ({ log }: NotifyDeps, job: Jobs['notify'], failure: string): void => {
  const about = 'followUp' in job ? { followUp: job.followUp } : { exception: job.exception }
  log.warn({ ...about, surface: job.surface, failure }, 'Somebody could not be told what concerns them')
}
