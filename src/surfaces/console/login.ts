import { createHash } from 'node:crypto'
import express, { type Request, type RequestHandler, type Response, Router } from 'express'
import { decideAccess, factsOf, foreignPage, refuse } from './guard.ts'
import { policyWithStyle } from './headers.ts'
import type { TokenKeeper } from './token.ts'

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { margin: 12vh auto 0; max-width: 22rem; padding: 0 1.25rem }
  h1 { font-size: 1.25rem }
  label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit }
  input { margin: .35rem 0 1rem; padding: .6rem; border: 1px solid GrayText; border-radius: .5rem }
  button { padding: .65rem; border: 0; border-radius: .5rem; background: #14544d; color: #fff; cursor: pointer }
  :focus-visible { outline: 3px solid #2a8f84; outline-offset: 2px }
  .wrong { color: light-dark(#a32018, #ff9d94) }
`
const STYLE_HASH = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`

const loginPage = (wrong: boolean): string => `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Baton</title>
<link rel="icon" href="data:,"><style>${STYLE}</style>
<script src="/console/login.js" type="module"></script></head><body>
<main><h1>Baton console</h1>
${wrong ? '<p class="wrong" role="alert">That is not the token. It is the value of BATON_CONSOLE_TOKEN.</p>' : ''}
<form method="post" action="/console/login">
<label for="token">Console token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Sign in</button></form></main></body></html>`

const sendLogin = (response: Response, wrong: boolean): void => {
  response
    .status(401)
    .set({
      'WWW-Authenticate': 'Bearer realm="baton"',
      'Content-Security-Policy': policyWithStyle(STYLE_HASH),
      'Cache-Control': 'no-store',
      // Under no-referrer browsers send "Origin: null" with a form, which the guard must refuse.
      'Referrer-Policy': 'same-origin',
    })
    .type('html')
    .send(loginPage(wrong))
}

/** The guard of the console, to be mounted at `/console`: people without a session get the login form. */
export const consoleGuard =
  (keeper: TokenKeeper | null, now: () => Date): RequestHandler =>
  (request, response, next) => {
    const isPage = isPagePath(request)
    const access = decideAccess(factsOf(request, isPage), keeper, now())
    if (access.ok) {
      response.locals.accessBy = access.by
      next()
      return
    }
    if (access.login && isPage && request.accepts('html') === 'html') sendLogin(response, false)
    else refuse(response, access)
  }

/** Mounted before the guard: all that a stranger can reach. */
export const loginRoutes = (keeper: TokenKeeper, script: string, now: () => Date): Router => {
  const routes = Router()
  routes.get('/console/login.js', (_request, response) => {
    response.setHeader('Cache-Control', 'no-cache')
    response.sendFile(script)
  })
  // The one change that is no JSON: without the token a forged one gains nothing, and it is still refused.
  routes.post(
    '/console/login',
    express.urlencoded({ extended: false, limit: '4kb' }),
    (request, response) => {
      const foreign = foreignPage(factsOf(request))
      if (foreign !== null) {
        response.status(403).json({ error: foreign })
        return
      }
      if (!keeper.isToken(tokenIn(request.body))) {
        sendLogin(response, true)
        return
      }
      response.set('Set-Cookie', keeper.startSession(now())).redirect(303, '/console')
    },
  )
  return routes
}

/** Mounted behind the guard, so that only the console's own page can sign its reader out. */
export const logoutRoute =
  (keeper: TokenKeeper): RequestHandler =>
  (_request, response) => {
    response.set('Set-Cookie', keeper.endSession()).json({})
  }

/** Below the mount at `/console`, where the page itself is `/`. */
const isPagePath = (request: Request): boolean => request.method === 'GET' && request.path === '/'

const tokenIn = (body: unknown): string =>
  typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string'
    ? body.token
    : ''
