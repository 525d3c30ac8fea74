import { UserError, wordsOf } from '../../app/errors.ts'
import type { Keep } from '../../app/keep.ts'
import type { Log } from '../../app/log.ts'
import type { Surface, SurfaceHost } from '../../app/surface.ts'
import { type Pause, pauseFor } from '../kit/answering.ts'
import { outcomeOf, within } from '../kit/outcome.ts'
import { type Cloud, TeamsAdapter } from './adapter.ts'
import { createCalls } from './calls.ts'
import { MESSAGES_PATH, type TeamsConfig } from './config.ts'
import { Directory } from './directory.ts'
import { tokenWords } from './errors.ts'
import { budgets } from './limits.ts'
import { receive } from './receive.ts'

/** Waiting times, and who signs; tests choose their own. */
export type TeamsOptions = {
  clock: () => Date
  ackMs?: number
  requestMs?: number
  pause?: Pause
  cloud?: Cloud
}

/** Teams shows an error after 10 to 15 s; the way there and back takes its part. */
const ACK_MS = 8_000
/** No call to Teams may take longer: people wait, and the dispatcher has other posts. */
const REQUEST_MS = 10_000
/** How long stopping waits for handlers that are under way. */
const STOP_MS = 5_000

/**
 * Teams as a surface: cards in channels, dialogs, commands by mention and in the chat with Baton. The Bot Framework
 * SDK that it rests on is archived; nothing outside this folder knows of it.
 */
export function createTeams(
  config: TeamsConfig,
  host: SurfaceHost,
  keep: Keep,
  log: Log,
  { clock, ackMs = ACK_MS, requestMs = REQUEST_MS, pause = pauseFor, cloud }: TeamsOptions,
): Surface {
  const adapter = new TeamsAdapter(config, requestMs, cloud)
  const directory = new Directory(keep, config.tenantId, config.app === null)
  const calls = createCalls(config, adapter, directory, requestMs)
  const underWay = new Set<Promise<unknown>>()
  const track = (work: Promise<unknown>): void => {
    const ended = outcomeOf(work).finally(() => underWay.delete(ended))
    underWay.add(ended)
  }
  const idle = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay)
  }
  const { post, update, reply, remove, notify } = calls

  return {
    id: 'teams',
    routes: (router) => {
      router.post(
        MESSAGES_PATH,
        ...receive({ config, adapter, directory, host, calls, log, clock, ackMs, pause, track }),
      )
    },
    start: async () => {
      if (config.app === null)
        log.warn({ surface: 'teams' }, 'TEAMS_LOCAL=1: nobody has to prove who they are')
    },
    stop: async () => {
      await within(outcomeOf(idle()), STOP_MS)
    },
    deliver: { post, update, reply, remove, notify, budgets },
    probe: async () => {
      if (config.app === null) return 'Teams: TEAMS_LOCAL=1, for this machine alone'
      const got = await outcomeOf(calls.probe())
      if (!got.ok) {
        const words = tokenWords(got.error)
        throw new UserError(
          words
            ? `Microsoft refuses Baton: ${words}`
            : `Microsoft cannot be asked for a token: ${wordsOf(got.error)}`,
        )
      }
      return `Teams: app ${config.app.id} may sign in; Teams calls ${MESSAGES_PATH}`
    },
  }
}
