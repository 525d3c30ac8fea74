import { createServer as createHttpServer, type Server } from 'node:http'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { UserError, wordsOf } from './app/errors.ts'
import type { Log } from './app/log.ts'
import type { Receiver } from './app/receive.ts'
import type { Surface } from './app/surface.ts'

export type ServerDeps = {
  receiver: Receiver
  surfaces: Surface[]
  /** Who may read the metrics: the console's own guard. */
  guard: RequestHandler
  metrics: () => Promise<{ contentType: string; text: string }>
  /** Resolves when Baton can do its work; rejects with the reason. */
  ready: () => Promise<void>
  log: Log
  clock: () => Date
}

/** The caller's mistake (4xx), as Express and its parsers mark it; anything else is ours. */
const statusOf = (error: unknown): number => {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500
}

/** `POST /hooks/:system`: the raw body, read up to what that system may send, and not at all for a stranger. */
const hooks = ({ receiver, clock }: ServerDeps): RequestHandler[] => [
  (request, response, next) => {
    const system = String(request.params.system)
    const limit = receiver.maxBytes(system)
    if (limit === 0) return next()
    const read = express.raw({ type: () => true, limit, inflate: false })
    read(request, response, (error: unknown) => {
      if (statusOf(error) !== 413) return next(error)
      response.status(413).json({ error: `The body is too large: ${system} may send ${limit} bytes.` })
    })
  },
  async (request, response) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : value,
      ]),
    )
    const system = String(request.params.system)
    const received = await receiver.receive(system, { headers, receivedAt: clock() }, body)
    response.status(received.status).json(received.body)
  },
]

/** What a tunnel or a proxy should reach: systems and chat platforms, and whether Baton is alive. */
const publicRoutes = (app: Express, deps: ServerDeps): void => {
  app.post('/hooks/:system', ...hooks(deps))
  app.get('/healthz', (_request, response) => {
    response.json({ ok: true })
  })
  app.get('/readyz', async (_request, response) => {
    try {
      await deps.ready()
      response.json({ ok: true })
    } catch (error) {
      deps.log.warn({ error: wordsOf(error) }, 'Not ready')
      response.status(503).json({ ok: false })
    }
  })
  for (const surface of deps.surfaces) if (surface.id !== 'console') surface.routes(app)
}

const localRoutes = (app: Express, deps: ServerDeps): void => {
  app.get('/metrics', deps.guard, async (_request, response) => {
    const { contentType, text } = await deps.metrics()
    response.type(contentType).send(text)
  })
  for (const surface of deps.surfaces) if (surface.id === 'console') surface.routes(app)
}

const failures =
  (log: Log): ErrorRequestHandler =>
  (error, request, response, next) => {
    const status = statusOf(error)
    if (status === 500) log.error({ path: request.path, error: wordsOf(error) }, 'A request failed')
    if (response.headersSent) next(error)
    else
      response
        .status(status)
        .json({ error: status === 500 ? 'Something went wrong here; try again.' : String(error.message) })
  }

const appFor = (deps: ServerDeps, mount: ((app: Express, deps: ServerDeps) => void)[]): Express => {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  for (const add of mount) add(app, deps)
  app.use(failures(deps.log))
  return app
}

const listen = (server: Server, port: number, host: string, setting: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        reject(
          new UserError(
            `Port ${port} on ${host} is in use (another Baton?). Stop what uses it, or set ${setting} to another port.`,
          ),
        )
      } else if (error.code === 'EACCES') {
        reject(new UserError(`Port ${port} may not be used by this user. Set ${setting} to one above 1023.`))
      } else if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
        reject(
          new UserError(`${host} is no address of this machine. Set HOST to one that is, e.g. 127.0.0.1.`),
        )
      } else reject(error)
    })
    server.listen(port, host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })

export type RunningServer = { port: number; publicPort: number | null; close(): Promise<void> }

/** What is still being answered at a stop gets a moment; a stream that never ends does not. */
const CLOSE_MS = 2_000

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), CLOSE_MS).unref()
  })

/**
 * The one HTTP server: hooks, chat, console, health, metrics. With a public port, hooks and chat are served there
 * too, and nothing else: that is the port for a tunnel. No body parser runs before a surface's own.
 * Throws UserError naming the setting whose address cannot be had; then neither port is open.
 */
export const startServer = async (
  deps: ServerDeps,
  at: { host: string; port: number; publicPort: number | undefined },
): Promise<RunningServer> => {
  const main = createHttpServer(appFor(deps, [publicRoutes, localRoutes]))
  const port = await listen(main, at.port, at.host, 'PORT')
  if (at.publicPort === undefined) return { port, publicPort: null, close: () => close(main) }
  const open = createHttpServer(appFor(deps, [publicRoutes]))
  try {
    const publicPort = await listen(open, at.publicPort, at.host, 'PUBLIC_PORT')
    return {
      port,
      publicPort,
      close: async () => {
        await Promise.all([close(main), close(open)])
      },
    }
  } catch (error) {
    await close(main)
    throw error
  }
}
