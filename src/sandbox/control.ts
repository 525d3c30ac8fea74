import { z } from 'zod'
import { isFault, isLookalike, type PlantedKind, TROUBLES } from './faults.ts'
import type { Ledger } from './ledger.ts'
import type { Outbox } from './outbox.ts'
import type { Planner } from './planner.ts'
import { jsonOf, type Reply, type Request } from './service.ts'
import { SYSTEMS, type SystemName } from './steps.ts'
import type { Timeline } from './timeline.ts'

const isPlanted = (kind: string): kind is PlantedKind => isFault(kind) || isLookalike(kind)

const plantBody = z.union([
  z.object({ kind: z.string().refine(isPlanted), on: z.enum(['now', 'next']).default('now') }),
  z.object({ kind: z.enum(TROUBLES), system: z.enum(SYSTEMS) }),
])
const outageBody = z.object({ system: z.enum(SYSTEMS), ms: z.number().int().positive().max(86_400_000) })

type Deps = {
  ledger: Ledger
  planner: Planner
  outbox: Outbox
  timeline: Timeline
  takeDown(system: SystemName, ms: number): void
}

const done: Reply = { status: 202, body: { ok: true } }
const wrong = (message: string): Reply => ({ status: 422, body: { message } })

/** Any web page may POST to loopback: only plain tools get through, not pages. */
const isFromPage = ({ message }: Request): boolean => {
  const host = (message.headers.host ?? '').replace(/:\d+$/, '')
  return message.headers.origin !== undefined || !['127.0.0.1', 'localhost', '[::1]'].includes(host)
}

/**
 * The sandbox's own desk: `GET /ledger`; `POST /faults {kind, on?}` plants a fault or a look-alike now or on the next
 * order, `POST /faults {kind, system}` spoils that system's next webhook or answer; `POST /pause`, `POST /resume`;
 * `POST /outage {system, ms}`.
 */
export const createControl = (deps: Deps) => {
  const { ledger, planner, outbox, timeline } = deps
  const post: Record<string, (body: unknown) => Reply> = {
    faults(body) {
      const wanted = plantBody.safeParse(body)
      if (!wanted.success)
        return wrong('Wanted: {kind, on?: "now"|"next"} or {kind: drop|duplicate|delay|lose_answer, system}')
      if ('system' in wanted.data) outbox.trouble(wanted.data.system, wanted.data.kind)
      else planner.plant(wanted.data.kind, wanted.data.on)
      return done
    },
    outage(body) {
      const wanted = outageBody.safeParse(body)
      if (!wanted.success) return wrong(`Wanted: {system: ${SYSTEMS.join('|')}, ms}`)
      deps.takeDown(wanted.data.system, wanted.data.ms)
      return done
    },
    pause() {
      timeline.pause()
      return done
    },
    resume() {
      timeline.resume()
      return done
    },
  }
  return (request: Request): Reply => {
    if (isFromPage(request)) return { status: 403, body: { message: 'Not for web pages.' } }
    const [name = ''] = request.path
    if (request.method === 'GET' && name === 'ledger') return { status: 200, body: ledger.page() }
    const handler = request.method === 'POST' && Object.hasOwn(post, name) ? post[name] : undefined
    return handler
      ? handler(jsonOf(request.body))
      : { status: 404, body: { message: 'See src/sandbox/control.ts.' } }
  }
}
