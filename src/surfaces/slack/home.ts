import type { webApi } from '@slack/bolt'
import type { Card } from '../../app/card.ts'
import { UserError } from '../../app/errors.ts'
import type { Log } from '../../app/log.ts'
import type { Identity, SurfaceHost } from '../../app/surface.ts'
import { outcomeOf } from '../kit/outcome.ts'
import { deliveryFailure, refusalOf } from './errors.ts'
import { userOf } from './payload.ts'
import { renderHome } from './render.ts'

type Showing = {
  /** As a delivery names them: who else they are is asked when it is drawn. */
  identity: Identity
  whoIs(identity: Identity): Promise<Identity>
  web: webApi.WebClient
  /** The version that the person sees, as Slack told it; null when it did not. */
  hash: string | null
  /** What came of the last thing that they did there. */
  notice: string | null
}

export type Homes = { show(what: Showing): Promise<void> }

/** Longer than this nobody looks at the old one: whoever opens it again gets a new one anyway. */
const MAX_WAIT_MS = 10_000

/**
 * Draws App Homes. Each person's is written by one call at a time, and what is asked for meanwhile becomes one more
 * drawing afterwards: it never shows an older state over a newer one, and a fast presser costs few calls.
 */
export function createHomes(host: SurfaceHost, log: Log): Homes {
  const drawn = new Map<string, Promise<void>>()
  const next = new Map<string, Showing>()

  const keepUp = async (person: string): Promise<void> => {
    for (;;) {
      const showing = next.get(person)
      next.delete(person)
      if (!showing) break
      const done = await outcomeOf(publish(host, showing))
      if (done.ok) continue
      log.warn({ surface: 'slack', problem: deliveryFailure(done.error).words }, 'An App Home was not drawn')
    }
    drawn.delete(person)
  }
  return {
    show(showing) {
      const person = showing.identity.externalId
      // What nobody has been told yet is told along with the newest state.
      const notice = showing.notice ?? next.get(person)?.notice ?? null
      next.set(person, { ...showing, notice })
      const running = drawn.get(person)
      if (running) return running
      const work = keepUp(person)
      drawn.set(person, work)
      return work
    },
  }
}

async function publish(host: SurfaceHost, { identity, whoIs, web, hash, notice }: Showing): Promise<void> {
  const user_id = userOf(identity.externalId)
  const draw = async (seen: string | null): Promise<void> => {
    const home = await outcomeOf(whoIs(identity).then((known) => host.home(known)))
    const view = renderHome(home.ok ? home.value : unread(home.error), notice)
    await web.views.publish({ user_id, view, ...(seen === null ? {} : { hash: seen }) })
  }
  const first = await outcomeOf(draw(hash))
  if (first.ok) return
  // Another process drew it meanwhile. Read again, so that what is shown is the newest either way.
  if (refusalOf(first.error)?.error === 'hash_conflict') return draw(null)
  const failure = deliveryFailure(first.error)
  if (failure.is !== 'later' || failure.retryAfterMs > MAX_WAIT_MS) throw first.error
  await new Promise((resolve) => setTimeout(resolve, failure.retryAfterMs).unref())
  await draw(null)
}

/** In place of a home that cannot be read: who may see nothing is told what to do about it. */
function unread(error: unknown): Card {
  const words =
    error instanceof UserError
      ? error.message
      : 'Baton could not read this just now. Open this tab again in a moment.'
  return { title: 'Baton', tone: 'warning', summary: words, blocks: [{ kind: 'text', text: words }] }
}
