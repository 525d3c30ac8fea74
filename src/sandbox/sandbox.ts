import { createHmac } from 'node:crypto'
import { ZodError } from 'zod'
import { type Alarm, createAlarm } from './alarm.ts'
import { createApi } from './api.ts'
import { carrierRoutes } from './carrier.ts'
import type { SandboxClock } from './clock.ts'
import { createControl } from './control.ts'
import type { Range } from './dice.ts'
import { erpRoutes } from './erp-routes.ts'
import { DEFAULT_FAULTS, type FaultPlan } from './faults.ts'
import { createJournal } from './journal.ts'
import type { LedgerPage } from './ledger.ts'
import { type Deliver, deliverByHttp } from './outbox.ts'
import { type Reply, type Request, type Service, startService } from './service.ts'
import { LAGS, SYSTEMS, type SystemName } from './steps.ts'
import type { SandboxStore } from './store.ts'
import { storefrontRoutes } from './storefront-routes.ts'
import { wmsRoutes } from './wms-routes.ts'
import { createWorld, type WorldOptions } from './world.ts'

export type SandboxOptions = {
  /** The same seed and the same first start give the same world. */
  seed: string
  /** Multiplies every duration of the world: 1 = an order every 2 to 3 s. */
  pace: number
  clock: SandboxClock
  store: SandboxStore
  /**
   * Where webhooks go: `<batonUrl>/hooks/<system>`. Null = nowhere, Baton polls. A function is asked again and again;
   * while it answers null, webhooks wait.
   */
  batonUrl: string | null | (() => string | null)
  /** Every token and webhook secret is derived from this one; keep it with the store. */
  secret: string
  faults?: Partial<FaultPlan>
  /** Between two orders at pace 1, in ms: how much business there is. */
  orderEvery?: Range
  /** Fixed ports; whatever is missing gets a free one. */
  ports?: Partial<Record<SystemName | 'control', number>>
  /** How webhooks are sent; by HTTP unless a simulation hands them over itself. */
  deliver?: Deliver
  /** What goes wrong inside the sandbox itself (its store, a bug): for the log. */
  report?(error: unknown): void
}

export type SandboxSystem = {
  name: SystemName
  role: 'storefront' | 'erp' | 'wms' | 'carrier'
  url: string
  token: string
  webhookSecret: string
}

export type Sandbox = {
  /** Loads the world, or begins a new one, and opens all services. */
  start(): Promise<void>
  /** Stops the world and its services; everything is stored when it resolves. */
  stop(): Promise<void>
  /** Known once started. */
  readonly systems: SandboxSystem[]
  readonly controlUrl: string
  ledger(): LedgerPage
  pause(): void
  resume(): void
  /** When something happens next, or a webhook leaves; null while nothing can. */
  nextDue(): Date | null
  /** Simulated time only: lives through everything up to `to`, webhooks included, without waiting. */
  advance(to: Date): Promise<void>
}

const ROLES = { shop: 'storefront', erp: 'erp', wms: 'wms', carrier: 'carrier' } as const

type Running = {
  world: ReturnType<typeof createWorld>
  alarm: Alarm
  systems: SandboxSystem[]
  control: Service
  close(): Promise<void>
}

/** A world stored by another version of the sandbox may be of another shape: nobody can go on living in it. */
const wake = (options: WorldOptions) => {
  try {
    return createWorld(options)
  } catch (cause) {
    if (!(cause instanceof ZodError)) throw cause
    const words = 'The stored sandbox was made by another version. Delete its database to begin a new one'
    throw new Error(words, { cause })
  }
}

/** A small retail world behind real HTTP: four systems and a control service, all on loopback. */
export const createSandbox = (options: SandboxOptions): Sandbox => {
  const { clock, pace } = options
  const report = options.report ?? (() => undefined)
  const derive = (what: string) => createHmac('sha256', options.secret).update(what)
  const tokenOf = (system: SystemName) => derive(`token ${system}`).digest('hex')
  const secretOf = (system: SystemName) => `whsec_${derive(`webhook ${system}`).digest('base64')}`
  const target = () => (typeof options.batonUrl === 'function' ? options.batonUrl() : options.batonUrl)

  const journal = createJournal(options.store)
  let running: Running | null = null
  const started = () => {
    if (!running) throw new Error('The sandbox is not started')
    return running
  }

  const open = async (): Promise<Running> => {
    const documents = await options.store.load()
    const plan = { ...DEFAULT_FAULTS, ...options.faults }
    const deliver = options.deliver ?? deliverByHttp
    const world = wake({
      seed: options.seed,
      pace,
      plan,
      orderEvery: options.orderEvery ?? LAGS.order,
      clock,
      journal,
      documents,
      silent: options.batonUrl === null,
      target,
      secretOf,
      deliver,
    })
    await journal.saved()
    const { timeline, ledger, outbox, idempotency } = world
    const alarm = createAlarm({ clock, timeline, outbox, saved: journal.saved, report })
    const serve = (port: number | undefined, answer: (request: Request) => Reply) =>
      startService(
        port ?? 0,
        async (request) => {
          timeline.runUntil(clock.now())
          const reply = answer(request)
          world.settle()
          await journal.saved()
          alarm.ring()
          return reply
        },
        report,
      )
    const routes = {
      shop: storefrontRoutes(world.shop, pace),
      erp: erpRoutes(world.erp, pace),
      wms: wmsRoutes(world.wms),
      carrier: carrierRoutes(world.carrier, pace),
    }
    const services: Service[] = []
    const systems: SandboxSystem[] = []
    const close = async () => {
      await Promise.all(services.map((service) => service.close()))
    }
    try {
      const control = await serve(options.ports?.control, createControl(world))
      services.push(control)
      for (const name of SYSTEMS) {
        const token = tokenOf(name)
        const role = ROLES[name]
        const deps = { role, token, routes: routes[name], timeline, ledger, outbox, idempotency }
        const service = await serve(options.ports?.[name], createApi(world[name].system, deps))
        services.push(service)
        systems.push({ name, role, url: service.url, token, webhookSecret: secretOf(name) })
      }
      return { world, alarm, systems, control, close }
    } catch (error) {
      await close()
      throw error
    }
  }

  return {
    async start() {
      if (running) throw new Error('The sandbox is started already')
      running = await open()
      running.alarm.ring()
    },
    async stop() {
      if (!running) return
      const { alarm, close, world } = running
      running = null
      alarm.stop()
      await Promise.all([close(), world.outbox.stop()])
      world.timeline.remember()
      await journal.saved()
    },
    get systems() {
      return started().systems
    },
    get controlUrl() {
      return started().control.url
    },
    ledger: () => started().world.ledger.page(),
    pause: () => started().world.timeline.pause(),
    resume() {
      started().world.timeline.resume()
      started().alarm.ring()
    },
    nextDue() {
      const { timeline, outbox } = started().world
      const dues = [timeline.nextDue(), outbox.nextDue()].flatMap((due) => due?.getTime() ?? [])
      return dues.length > 0 ? new Date(Math.min(...dues)) : null
    },
    async advance(to) {
      if (clock.wake) throw new Error('A sandbox in real time cannot be advanced')
      const { timeline, outbox } = started().world
      for (;;) {
        const step = timeline.nextDue()?.getTime() ?? Number.POSITIVE_INFINITY
        const letter = outbox.nextDue()?.getTime() ?? Number.POSITIVE_INFINITY
        const at = Math.min(step, letter)
        if (at > to.getTime()) break
        timeline.runUntil(new Date(at))
        if (letter <= step) await outbox.deliverDue()
      }
      timeline.runUntil(to)
      await journal.saved()
    },
  }
}
