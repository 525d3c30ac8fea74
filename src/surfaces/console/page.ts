import { existsSync } from 'node:fs'
import { join } from 'node:path'
import express, { type Response, Router } from 'express'
import { UserError } from '../../app/errors.ts'
import { projectRoot } from '../../root.ts'

/** Where the page's files lie: its HTML and CSS as written, its scripts as `npm run build` left them. */
export type Assets = { page: string; modules: string; loginScript: string; cards: string }

export const assetsOf = (root = projectRoot): Assets => ({
  page: join(root, 'src/surfaces/console/page'),
  modules: join(root, 'dist/src/surfaces'),
  loginScript: join(root, 'dist/src/surfaces/console/client/login.js'),
  cards: join(root, 'node_modules/adaptivecards/dist/adaptivecards.min.js'),
})

/** Throws UserError naming what is missing and the command that makes it. */
export const requireAssets = (assets: Assets): void => {
  const needed = [
    { file: join(assets.page, 'index.html'), mend: 'the installation is incomplete' },
    { file: join(assets.modules, 'console/client/main.js'), mend: 'run: npm run build' },
    { file: assets.cards, mend: 'run: npm ci' },
  ]
  for (const { file, mend } of needed) {
    if (!existsSync(file)) throw new UserError(`The console's page needs ${file}; ${mend}`)
  }
}

/** The page and its files. Browsers ask each time whether they changed, so an update shows at once. */
export const pageRoutes = (assets: Assets): Router => {
  const routes = Router({ caseSensitive: true })
  const options = { index: false, redirect: false, dotfiles: 'ignore', setHeaders: noCache } as const
  routes.get(['/console', '/console/'], (_request, response) => {
    noCache(response)
    response.sendFile(join(assets.page, 'index.html'))
  })
  routes.get('/console/vendor/adaptivecards.js', (_request, response) => {
    noCache(response)
    response.sendFile(assets.cards)
  })
  // The page's modules keep their places relative to each other; nothing else of the server is served.
  routes.get('/console/modules/adaptive-text.js', (_request, response) => {
    noCache(response)
    response.sendFile(join(assets.modules, 'adaptive-text.js'))
  })
  routes.use(
    '/console/modules/console/client',
    express.static(join(assets.modules, 'console/client'), options),
  )
  routes.use('/console/assets', express.static(assets.page, options))
  return routes
}

const noCache = (response: Pick<Response, 'setHeader'>): void => {
  response.setHeader('Cache-Control', 'no-cache')
}
