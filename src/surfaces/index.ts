import type { RequestHandler } from 'express'
import { UserError, wordsOf } from '../app/errors.ts'
import type { Keep } from '../app/keep.ts'
import type { Log } from '../app/log.ts'
import type { Surface, SurfaceHost } from '../app/surface.ts'
import { consoleConfig } from './console/config.ts'
import { accessGuard } from './console/guard.ts'
import { createConsole } from './console/index.ts'
import { createTokenKeeper } from './console/token.ts'
import { readSlackConfig } from './slack/config.ts'
import { createSlack } from './slack/index.ts'
import { readTeamsConfig } from './teams/config.ts'
import { createTeams } from './teams/index.ts'

export type SurfaceDeps = {
  log: Log
  clock: () => Date
  /** What a surface, by its id, remembers between starts. */
  keep(surface: string): Keep
  /** Persons that the console's reader may play: only in the sandbox. */
  players: { externalId: string; displayName: string }[]
  onChange(
    listener: (change: { exception: string; version: number; channel: string | null }) => void,
  ): () => void
}

export type ConfiguredSurfaces = {
  /** Surfaces that post messages; the console only shows the database. */
  posting: string[]
  /** Who may read what is only for this machine or for the console's token. */
  guard: (clock: () => Date) => RequestHandler
  create(host: SurfaceHost, deps: SurfaceDeps): Surface[]
}

/** Reads which surfaces are configured. Throws UserError naming the setting and the fix. */
export const readSurfaces = (environment: Record<string, string | undefined>): ConfiguredSurfaces => {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()))
  const console = consoleConfig.safeParse(given)
  if (!console.success) throw new UserError(console.error.issues.map((issue) => issue.message).join('\n'), 2)
  const { token } = console.data
  const slack = readSlackConfig(environment)
  const teams = readTeamsConfig(environment)
  return {
    posting: [...(slack ? ['slack'] : []), ...(teams ? ['teams'] : [])],
    guard: (clock) => accessGuard(token === null ? null : createTokenKeeper(token), clock),
    create: (host, { log, clock, keep, players, onChange }) => [
      createConsole(console.data, host, {
        onChange,
        people: players,
        now: clock,
        onError: (error, where) => log.error({ where, error: wordsOf(error) }, 'The console failed'),
      }),
      ...(slack ? [createSlack(slack, host, { log, keep: keep('slack'), clock })] : []),
      ...(teams ? [createTeams(teams, host, keep('teams'), log, { clock })] : []),
    ],
  }
}
