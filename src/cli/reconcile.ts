import { closest } from '../app/closest.ts'
import type { Connector } from '../app/connector.ts'
import { UserError, wordsOf } from '../app/errors.ts'
import { createNameDesk } from '../app/names.ts'
import { type Compared, type Consequence, consequencesOf, type Missed, reconcile } from '../app/reconcile.ts'
import { sweep } from '../app/sweep.ts'
import { count, listed } from '../app/words.ts'
import type { Verb } from '../cli.ts'
import { type Config, loadConfig } from '../config/config.ts'
import { createBatonConnector } from '../connectors/baton/index.ts'
import { type ConfiguredSystem, connectAll } from '../connectors/index.ts'
import { createStore, isTransient } from '../db/store.ts'
import { ensurePartitions } from '../db/upkeep.ts'
import type { Contract } from '../domain/contract/contract.ts'
import { clockTextIn, setupOf } from '../main.ts'
import { readSurfaces } from '../surfaces/index.ts'
import { openDatabase } from './database.ts'
import { joinSandbox } from './sandbox.ts'

/** Longest time for one page. */
const PAGE_TIMEOUT_MS = 30_000
/** A word of progress so often. */
const PROGRESS_MS = 5_000
/** So many are named for each system; `--json` names more. */
const SHOWN = 20

/** The systems that are configured, or those of the sandbox that is running here. Throws UserError. */
const systemsOf = async (
  config: Config,
  databaseUrl: string,
): Promise<{ config: Config; systems: ConfiguredSystem[] }> => {
  if (config.yml.systems.length > 0) return { config, systems: config.yml.systems }
  const sandbox = await joinSandbox(config, databaseUrl)
  if (sandbox) return sandbox
  throw new UserError(
    `No system is configured and no sandbox is running here, so there is nothing to compare. Name your systems in ${config.file ?? 'baton.yml'}, or start the sandbox with: npx baton start`,
  )
}

/** Throws UserError for a name that no system has. */
const checkNames = (names: string[], known: string[]): void => {
  for (const name of names) {
    if (known.includes(name)) continue
    const near = closest(name, known)
    const instead = near ? `did you mean ${near}?` : `known are ${known.join(', ')}.`
    throw new UserError(`There is no system "${name}"; ${instead}`, 2)
  }
}

/** Those that were asked for, or all that can be read. */
const chosen = (connectors: Connector[], names: string[]): Connector[] =>
  names.length === 0
    ? connectors.filter(({ poll }) => poll)
    : connectors.filter(({ system }) => names.includes(system))

type ClockText = (at: Date) => string

const missedLine = ({ subject, type, externalId, is, says, changedAt }: Missed, clock: ClockText): string =>
  `    ${subject} (${type} ${externalId}), ${is === 'new' ? 'never heard of' : 'newer than known'}: ${says}, changed ${clock(changedAt)}`

/** What a page of names leaves out. */
const rest = (all: number): string[] => (all > SHOWN ? [`    and ${all - SHOWN} more`] : [])

const foundWords = ({ objects, isNew, newer, unreadable, missed }: Compared, pollMs: number): string => {
  const young = missed.filter(({ isYoung }) => isYoung).length
  const onItsWay =
    young === 0
      ? ''
      : ` (${young} of them changed in the last ${Math.round(pollMs / 1000)} s and may have been on the way)`
  const news =
    isNew + newer === 0
      ? 'nothing was missed'
      : `${isNew} that Baton had never heard of, ${newer} newer than it knew${onItsWay}`
  const bad = unreadable === 0 ? '' : `; ${count(unreadable, 'row')} could not be read, see npx baton doctor`
  return `${count(objects, 'object')} compared: ${news}${bad}.`
}

const comparedLines = (found: Compared, pollMs: number, clock: ClockText): string[] => {
  const { system, problem, missed, isNew, newer, gone, done } = found
  const stopped = problem === null ? [] : [`${system}: ${done ? '' : 'not compared to its end. '}${problem}`]
  if (problem !== null && found.objects === 0) return stopped
  return [
    `${system}: ${foundWords(found, pollMs)}`,
    ...missed.slice(0, SHOWN).map((each) => missedLine(each, clock)),
    ...rest(isNew + newer),
    ...(gone && gone.length > 0
      ? [
          `    ${system} no longer lists ${count(gone.length, 'object')} that Baton still watches:`,
          ...gone.slice(0, SHOWN).map(({ type, externalId }) => `    ${type} ${externalId}`),
          ...rest(gone.length),
        ]
      : []),
    ...stopped,
  ]
}

const consequenceLine = (
  { is, contract: id, subject, exception, dueAt, waitingFor }: Consequence,
  contracts: Contract[],
  clock: ClockText,
): string => {
  const title = contracts.find((contract) => contract.id === id)?.title ?? id
  const ending =
    is !== 'waiting'
      ? ` (#${exception})`
      : waitingFor !== null
        ? `, not yet known: ${waitingFor}`
        : `, has time until ${dueAt ? clock(dueAt) : 'later'}`
  return `  ${is.padEnd(8)}${title}: ${subject}${ending}`
}

const consequenceLines = (found: Consequence[], contracts: Contract[], clock: ClockText): string[] =>
  found.length === 0
    ? ['No exception opens or heals because of it.']
    : [
        'Because of what was missed:',
        ...found.slice(0, SHOWN).map((each) => consequenceLine(each, contracts, clock)),
        ...rest(found.length),
      ]

export const reconcileVerb: Verb = {
  usage: 'reconcile [system...]',
  summary: 'compare everything that the systems hold with what Baton knows',
  takes: { files: true, map: false },
  async run({ files: names, environment, print }) {
    const own = await loadConfig(environment)
    const configured = own.yml.systems.map(({ name }) => name)
    if (configured.length > 0) checkNames(names, configured)
    const clock = (): Date => new Date()
    const database = await openDatabase(own, 'share', print)
    try {
      const { config, systems } = await systemsOf(own, database.url)
      const all = connectAll(systems, { now: clock })
      checkNames(
        names,
        all.map(({ system }) => system),
      )
      const connectors = chosen(all, names)
      const store = createStore(database.connection.db)
      const baton = createBatonConnector(createNameDesk({ store, maps: config.yml.maps, clock }))
      const setup = setupOf({ config }, [...all, baton], readSurfaces(environment).posting)
      const clockText = clockTextIn(config.yml.zone)
      await ensurePartitions(database.connection.db, clock())
      const deps = { store, setup, clock, clockText, isTransient }
      const began = clock()
      const compared: Compared[] = []
      for (const connector of connectors) {
        const found = await compareOne(deps, connector, print)
        for (const line of comparedLines(found, setup.pollMs, clockText)) print(line)
        compared.push(found)
      }
      await sweep(deps)

      const missed = compared.flatMap((each) => each.missed)
      const consequences = await consequencesOf(deps, missed, began)
      if (missed.length > 0)
        for (const line of consequenceLines(consequences, setup.contracts, clockText)) print(line)
      const failed = compared.filter(({ problem }) => problem !== null).map(({ system }) => system)
      if (failed.length > 0) print(`Not compared: ${listed(failed)}. Mend that and run it again.`)
      return { ok: failed.length === 0, data: { ok: failed.length === 0, systems: compared, consequences } }
    } finally {
      await database.close()
    }
  },
}

/** A system that fails does not keep the others from being compared. */
const compareOne = async (
  deps: Parameters<typeof reconcile>[0],
  connector: Connector,
  print: (line: string) => void,
): Promise<Compared> => {
  const { system } = connector
  print(`${system}: reading everything that it holds`)
  let saidAt = performance.now()
  const found = await reconcile(deps, connector, {
    signal: () => AbortSignal.timeout(PAGE_TIMEOUT_MS),
    onPage: ({ objects, isNew, newer }) => {
      if (performance.now() - saidAt < PROGRESS_MS) return
      saidAt = performance.now()
      print(`${system}: ${count(objects, 'object')} so far, ${isNew + newer} of them news`)
    },
  }).catch((error: unknown) => notCompared(system, wordsOf(error)))
  if (found.wentOnFrom)
    print(`${system}: went on where the comparison begun at ${deps.clockText(found.wentOnFrom)} had stopped`)
  return found
}

const notCompared = (system: string, problem: string): Compared => ({
  system,
  wentOnFrom: null,
  done: false,
  objects: 0,
  unreadable: 0,
  isNew: 0,
  newer: 0,
  missed: [],
  gone: null,
  problem,
})
