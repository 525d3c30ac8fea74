import type { Card } from './card.ts'
import { wordsOf } from './errors.ts'
import type { Log } from './log.ts'
import type { Clock, Store } from './ports.ts'
import type { DeliveryTrouble } from './records.ts'
import type { Deliver, Delivered, Surface } from './surface.ts'

export type ErrandDeps = {
  store: Store
  clock: Clock
  log: Log
  defaultChannel: string
  channelOn: (surface: string, channel: string) => string | null
  /** Everybody who is told what keeps cards from where they belong: each with their identities. */
  admins: () => Promise<{ surface: string; externalId: string }[][]>
  surfaces: () => Surface[]
}

const LEASE_MS = 60_000
const AGAIN_MS = 300_000
/** A message that was not taken away after so many attempts, each after double the pause, is let be: within 11 hours. */
const LAST_REMOVAL = 8

/**
 * Takes away messages that were left behind: their cards have a post. Taking away twice harms nobody. One that cannot be
 * taken away stays in the end, which is said once; whoever presses it has it tried anew.
 */
export const removeStrays = async (
  { store, clock, log, defaultChannel, channelOn }: ErrandDeps,
  surface: string,
  deliver: Deliver,
): Promise<void> => {
  for (;;) {
    const now = clock()
    const stray = await store.transaction((tx) => tx.nextStray(surface, now, LEASE_MS))
    if (!stray) return
    const { ref, card, channel, isPost, attempts } = stray
    const settle = (again: { at: Date; attempts: number } | null): Promise<void> =>
      store.transaction((tx) => tx.settleStray(surface, ref, again))
    if (isPost) {
      await settle(null)
      continue
    }
    const native = channelOn(surface, channel) ?? channelOn(surface, defaultChannel) ?? ''
    const budgets = deliver.budgets('remove', native)
    const free = await store.transaction((tx) => tx.takeBudgets(surface, budgets, now, false))
    if (free) {
      await settle({ at: free, attempts })
      return
    }
    const removed = await sent(() => deliver.remove(ref))
    if (removed.ok || removed.failure.is === 'gone') {
      await settle(null)
      continue
    }
    const { failure } = removed
    const after = (ms: number): Date => new Date(clock().getTime() + ms)
    // Neither of these says anything about this message.
    const isOfAll = failure.is === 'later' || failure.is === 'locked_out'
    const tried = isOfAll ? attempts : attempts + 1
    if (tried >= LAST_REMOVAL) {
      const words =
        'A second message of a card cannot be removed and stays: delete it by hand if it is in the way'
      log.warn({ surface, channel, card, message: ref, problem: failure.words }, words)
      await settle(null)
      continue
    }
    const pauseMs = isOfAll ? AGAIN_MS : AGAIN_MS * 2 ** attempts
    await settle({ at: after(failure.is === 'later' ? failure.retryAfterMs : pauseMs), attempts: tried })
  }
}

/**
 * Tells each admin of each trouble once, where they can be reached: on another surface where a whole one is shut.
 * Where nobody can be told it is tried again; until then `doctor` and the metrics show it.
 */
export const tellTroubles = async (deps: ErrandDeps): Promise<void> => {
  const { store, clock, log } = deps
  for (;;) {
    const trouble = await store.transaction((tx) => tx.untoldTrouble(clock(), LEASE_MS))
    if (!trouble) return
    log.error(
      { surface: trouble.surface, about: trouble.about, problem: trouble.words },
      'Cards cannot be delivered',
    )
    const told = await tellAdmins(deps, trouble)
    const again = told ? null : new Date(clock().getTime() + AGAIN_MS)
    await store.transaction((tx) => tx.toldTrouble(trouble, again))
  }
}

const tellAdmins = async (deps: ErrandDeps, trouble: DeliveryTrouble): Promise<boolean> => {
  const { store, clock } = deps
  const surfaces = deps.surfaces().filter(({ id }) => trouble.about !== '' || id !== trouble.surface)
  const admins = await deps.admins()
  let told = false
  for (const identities of admins) {
    for (const { surface: id, externalId } of identities) {
      const deliver = surfaces.find((each) => each.id === id)?.deliver
      if (!deliver) continue
      const budgets = deliver.budgets('notify', externalId)
      const free = await store.transaction((tx) => tx.takeBudgets(id, budgets, clock(), true))
      if (free) continue
      const notified = await sent(() => deliver.notify(externalId, troubleCard(trouble, deps.defaultChannel)))
      // What may have arrived is not sent again: the trouble stays to be seen.
      if (!notified.ok && notified.failure.is !== 'ambiguous') continue
      told = true
      break
    }
  }
  return told
}

/** What a trouble means in plain words; also for `doctor`. */
export const troubleWords = ({ surface, about, words }: DeliveryTrouble, defaultChannel: string): string => {
  if (about === '') return `Nothing can be delivered on ${surface}: ${words}. Cards wait until it is mended.`
  if (about !== defaultChannel) return `Cards for ${about} go to ${defaultChannel} on ${surface}: ${words}.`
  return `Cards cannot be delivered to ${about}, the default channel, on ${surface}: ${words}. They wait until it is mended.`
}

const troubleCard = (trouble: DeliveryTrouble, defaultChannel: string): Card => {
  const text = troubleWords(trouble, defaultChannel)
  return {
    title: 'Cards do not get where they belong',
    tone: 'danger',
    summary: text,
    blocks: [
      { kind: 'text', text },
      { kind: 'context', text: 'Baton tries again every 5 minutes. Nothing is lost meanwhile.' },
    ],
  }
}

const sent = async <T>(call: () => Promise<Delivered<T>>): Promise<Delivered<T>> => {
  try {
    return await call()
  } catch (error) {
    return { ok: false, failure: { is: 'ambiguous', words: wordsOf(error) } }
  }
}
