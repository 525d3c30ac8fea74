import type { ServerResponse } from 'node:http'
import { webApi } from '@slack/bolt'
import {
  type CallbackOptions,
  type Installation,
  type InstallationStore,
  InstallProvider,
} from '@slack/oauth'
import type { Router } from 'express'
import { wordsOf } from '../../app/errors.ts'
import type { Log } from '../../app/log.ts'
import { outcomeOf } from '../kit/outcome.ts'
import { sdkLogger } from './client.ts'
import { INSTALL_PATH, type InstallConfig, REDIRECT_PATH, SCOPES } from './config.ts'
import { installedKey } from './installations.ts'

const page = (response: ServerResponse, status: number, words: string): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`${words}\n`)
}

/**
 * What the one who installs Baton reads. Only workspaces of SLACK_WORKSPACES get in: whoever knows the address can
 * come here, and a stranger's workspace would see the exceptions. A token given for another one is handed back.
 */
function callbackOptions(
  { workspaces }: InstallConfig,
  options: () => webApi.WebClientOptions,
  log: Log,
): CallbackOptions {
  return {
    async afterInstallation(installation: Installation, _options, _request, response: ServerResponse) {
      const key = installedKey(installation)
      if (workspaces.includes(key)) return true
      const revoked = await outcomeOf(
        new webApi.WebClient(installation.bot?.token, options()).auth.revoke({}),
      )
      if (!revoked.ok)
        log.warn({ surface: 'slack', problem: wordsOf(revoked.error) }, 'A token was not revoked')
      log.warn(
        { surface: 'slack', workspace: key },
        'A workspace that is not admitted tried to install Baton',
      )
      page(
        response,
        403,
        `Not installed: this Baton does not admit the workspace ${key}. Its admin can add it to SLACK_WORKSPACES, restart, and open ${INSTALL_PATH} again.`,
      )
      return false
    },
    success(installation: Installation, _options, _request, response: ServerResponse) {
      const name = installation.team?.name ?? installation.enterprise?.name ?? installedKey(installation)
      page(response, 200, `Baton is installed in ${name}. In Slack, type /invite @Baton in its channels.`)
    },
    failure(error: Error, _options, _request, response: ServerResponse) {
      log.warn({ surface: 'slack', problem: wordsOf(error) }, 'An installation did not come to its end')
      page(response, 400, `Not installed. Open ${INSTALL_PATH} in the same browser and begin again.`)
    },
  }
}

type InstallDeps = {
  apiUrl: string
  store: InstallationStore
  options: () => webApi.WebClientOptions
  log: Log
}

/**
 * The two addresses of the installation. The SDK checks that the one who comes back is the browser that began, and
 * exchanges the code; tokens are read and renewed by Baton itself (installations.ts).
 */
export function mountInstall(
  router: Router,
  config: InstallConfig,
  { apiUrl, store, options, log }: InstallDeps,
): void {
  const { clientId, clientSecret, stateSecret } = config
  const installer = new InstallProvider({
    clientId,
    clientSecret,
    stateSecret,
    installationStore: store,
    directInstall: true,
    authorizationUrl: new URL('/oauth/v2/authorize', apiUrl).href,
    clientOptions: options(),
    logger: sdkLogger(log),
  })
  const callback = callbackOptions(config, options, log)
  router.get(INSTALL_PATH, (request, response) =>
    installer.handleInstallPath(request, response, undefined, { scopes: [...SCOPES] }),
  )
  router.get(REDIRECT_PATH, (request, response) => installer.handleCallback(request, response, callback))
}
