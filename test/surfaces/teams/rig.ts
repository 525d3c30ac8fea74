import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { Keep, Kept } from '../../../src/app/keep.ts'
import type {
  CommandInput,
  Identity,
  PressAnswer,
  PressInput,
  Surface,
  SurfaceHost,
} from '../../../src/app/surface.ts'
import { readTeamsConfig } from '../../../src/surfaces/teams/config.ts'
import { createTeams, type TeamsOptions } from '../../../src/surfaces/teams/index.ts'
import { type DoubleOptions, startTeams, type TeamsDouble } from '../../support/teams/double.ts'
import type { Channel, Person, Team } from '../../support/teams/world.ts'
import { exceptionCard, listCard } from '../slack/cards.ts'

/** What a surface keeps, in memory. */
export function memoryKeep(): Keep {
  const kept = (): Kept => {
    const all = new Map<string, string>()
    const key = (kind: string, name: string): string => JSON.stringify([kind, name])
    const get = async (kind: string, name: string): Promise<unknown> => {
      const text = all.get(key(kind, name))
      return text === undefined ? null : JSON.parse(text)
    }
    const put = async (kind: string, name: string, value: object): Promise<void> => {
      all.set(key(kind, name), JSON.stringify(value))
    }
    return {
      get,
      put,
      list: async () => [],
      remove: async (kind, name) => {
        all.delete(key(kind, name))
      },
      locked: async (kind, name, work) => work(await get(kind, name), (value) => put(kind, name, value)),
    }
  }
  return { plain: kept(), secret: kept() }
}

const unused = (): never => {
  throw new Error('the surface asked for something that it has no need of')
}
const queries = new Proxy({} as SurfaceHost['queries'], { get: unused })

/** Baton's side of the surface: writes down what it is asked, and answers what the test says. */
export class FakeHost implements SurfaceHost {
  readonly presses: PressInput[] = []
  readonly commands: CommandInput[] = []
  readonly homes: Identity[] = []
  readonly queries = queries
  onPress: (input: PressInput) => Promise<PressAnswer> = async () => this.answer('acted', 'Booked.')
  onCommand: SurfaceHost['command'] = async () => ({ card: listCard, text: 'two open' })
  onCard: SurfaceHost['card'] = async () => exceptionCard()

  answer(result: PressAnswer['result'], message: string, card = exceptionCard()): PressAnswer {
    return { result, message, card }
  }

  press(input: PressInput): Promise<PressAnswer> {
    this.presses.push(input)
    return this.onPress(input)
  }

  command(input: CommandInput): ReturnType<SurfaceHost['command']> {
    this.commands.push(input)
    return this.onCommand(input)
  }

  async home(identity: Identity): ReturnType<SurfaceHost['home']> {
    this.homes.push(identity)
    return { ...listCard, title: 'Yours' }
  }

  card(ref: string): ReturnType<SurfaceHost['card']> {
    return this.onCard(ref)
  }

  redraw = unused
}

export type Rig = {
  teams: TeamsDouble
  host: FakeHost
  surface: Surface
  deliver: NonNullable<Surface['deliver']>
  keep: Keep
  team: Team
  orders: Channel
  mara: Person
  jo: Person
  /** Everything logged, as JSON lines. */
  logged: string[]
  url: string
  stop(): Promise<void>
}

/** A tenant with a channel and two people, and Baton connected to it for real. */
export async function startRig(
  options: Partial<TeamsOptions> = {},
  double: DoubleOptions = {},
  keep = memoryKeep(),
): Promise<Rig> {
  const teams = await startTeams(double)
  const host = new FakeHost()
  const logged: string[] = []
  const write =
    (level: string) =>
    (fields: object, message: string): void => {
      logged.push(JSON.stringify({ level, ...fields, message }))
    }
  const log = { info: write('info'), warn: write('warn'), error: write('error') }
  const config = readTeamsConfig({
    MICROSOFT_APP_ID: teams.appId,
    MICROSOFT_APP_PASSWORD: teams.appPassword,
    MICROSOFT_APP_TENANT_ID: teams.tenantId,
  })
  if (!config) throw new Error('the double was not configured')
  const cloud = { openIdMetadataUrl: teams.openIdMetadataUrl, credentials: teams.credentials }
  const clock = (): Date => new Date(teams.clock.now())
  const surface = createTeams(config, host, keep, log, { clock, cloud, ...options })
  const app = express()
  surface.routes(app)
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/api/messages`
  teams.deliverTo(url)
  await surface.start()
  const { deliver } = surface
  if (!deliver) throw new Error('Teams can post')
  const [mara, jo] = [teams.addPerson('Mara Example'), teams.addPerson('Jo Example')]
  const team = teams.addTeam('Operations', [mara, jo])
  const orders = teams.addChannel('orders', team)
  return {
    teams,
    host,
    surface,
    deliver,
    keep,
    team,
    orders,
    mara,
    jo,
    logged,
    url,
    stop: async () => {
      await surface.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await teams.stop()
    },
  }
}

/** The app in the team, and the exception's card in its channel; answers the message's id. */
export async function postCard(
  { deliver, orders, teams, team, mara }: Rig,
  card = exceptionCard(),
): Promise<string> {
  await teams.install(team, mara)
  const posted = await deliver.post(orders.id, card)
  if (!posted.ok) throw new Error(`the card was not posted: ${posted.failure.words}`)
  return teams.see(orders).at(-1)?.id ?? ''
}

/** A promise that the test settles when it wants to. */
export function held<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve: (value) => resolve(value) }
}
