import { UserError, wordsOf } from '../../app/errors.ts'
import type { Surface, SurfaceHost } from '../../app/surface.ts'
import { createApi } from './api.ts'
import type { ConsoleConfig } from './config.ts'
import { securityHeaders } from './headers.ts'
import { consoleGuard, loginRoutes, logoutRoute } from './login.ts'
import { assetsOf, pageRoutes, requireAssets } from './page.ts'
import { createChangeStream } from './stream.ts'
import { createTokenKeeper } from './token.ts'
import type { WireChange, WirePerson } from './wire.ts'

export type ConsoleDeps = {
  /** Calls the listener whenever an exception is new or has changed; answers how to stop. */
  onChange(listener: (change: WireChange) => void): () => void
  /** Persons that the sandbox lets the reader be; empty where the console speaks for one person. */
  people: WirePerson[]
  /** Told of failures that are not the caller's mistake. */
  onError(error: unknown, where: string): void
  /** The folder with package.json; another one only in tests. */
  assetsRoot?: string
  now?: () => Date
  heartbeatMs?: number
}

/** The built-in web console: the page, its JSON API and its stream of changes, behind the guard. */
export const createConsole = (config: ConsoleConfig, host: SurfaceHost, deps: ConsoleDeps): Surface => {
  const now = deps.now ?? (() => new Date())
  const assets = assetsOf(deps.assetsRoot)
  const keeper = config.token === null ? null : createTokenKeeper(config.token)
  const stream = createChangeStream(deps.heartbeatMs)
  let stopListening: (() => void) | null = null

  return {
    id: 'console',
    routes: (router) => {
      router.use('/console', securityHeaders)
      if (keeper !== null) router.use(loginRoutes(keeper, assets.loginScript, now))
      // Mounted by the same matcher as what it guards, so that no spelling of the path gets past it.
      router.use('/console', consoleGuard(keeper, now))
      if (keeper !== null) router.post('/console/logout', logoutRoute(keeper))
      const { people, onError } = deps
      router.use('/console/api', createApi({ host, people, stream, now, onError }))
      router.use(pageRoutes(assets))
      router.get('/', (_request, response) => response.redirect('/console'))
    },
    start: async () => {
      requireAssets(assets)
      stopListening ??= deps.onChange((change) => stream.publish(change))
    },
    stop: async () => {
      stopListening?.()
      stopListening = null
      stream.close()
    },
    probe: async () => {
      requireAssets(assets)
      await host.queries.channels().catch((error: unknown) => {
        throw new UserError(`The console cannot read its channels: ${wordsOf(error)}`)
      })
      return keeper === null
        ? 'open to this computer only (set BATON_CONSOLE_TOKEN to reach it from elsewhere)'
        : 'open to this computer, and elsewhere with the console token'
    },
  }
}
