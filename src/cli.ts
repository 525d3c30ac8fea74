#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { UserError, wordsOf } from './app/errors.ts'
import { INTERRUPTED } from './cli/database.ts'
import { diagnoseVerb } from './cli/diagnose.ts'
import { doctor } from './cli/doctor.ts'
import type { Sample } from './cli/doctor-sample.ts'
import { importVerb } from './cli/import.ts'
import { migrateVerb } from './cli/migrate.ts'
import { reconcileVerb } from './cli/reconcile.ts'
import { start } from './cli/start.ts'

/** One verb of `npx baton`. It answers what it printed as data, for `--json`. */
export type Verb = {
  usage: string
  summary: string
  /** Options and names of files are refused where a verb has no use for them: nobody should think they counted. */
  takes: { files: boolean; map: boolean; out?: boolean; sample?: boolean }
  run(args: VerbArgs): Promise<VerbResult>
}
export type VerbArgs = {
  files: string[]
  map: string | undefined
  out: string | undefined
  sample: Sample | undefined
  environment: Record<string, string | undefined>
  /** For people; silent with `--json`. */
  print: (line: string) => void
  /** For programs, while the verb is still at it: a line of JSON, only with `--json`. */
  report: (data: object) => void
}
/** `ok: false` ends with exit code 1. */
export type VerbResult = { ok: boolean; data: unknown }

const VERBS = new Map<string, Verb>([
  ['start', start],
  ['migrate', migrateVerb],
  ['import', importVerb],
  ['diagnose', diagnoseVerb],
  ['reconcile', reconcileVerb],
  ['doctor', doctor],
])

const ENV_FILE = '.env'

const usage = (): string =>
  [
    'Baton finds order exceptions that fall between systems, and gets them fixed.',
    '',
    'Usage: npx baton <verb>',
    ...[...VERBS.values()].map((verb) => `  ${verb.usage.padEnd(46)}${verb.summary}`),
    '',
    '--json prints data instead of text. Settings: .env.example and baton.example.yml.',
  ].join('\n')

const write = (stream: NodeJS.WriteStream) => (line: string) => {
  stream.write(`${line}\n`)
}

const options = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  map: { type: 'string' },
  out: { type: 'string' },
  sample: { type: 'string' },
  system: { type: 'string' },
  header: { type: 'string', multiple: true },
} as const

/** The verb and what it was given. Throws UserError for what no verb knows. */
const read = (argv: string[]) => {
  const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options })
  const [name, ...files] = positionals
  if (values.help || name === undefined || name === 'help')
    return { help: true, wanted: name !== undefined || values.help }
  const verb = VERBS.get(name)
  if (!verb) throw new UserError(`There is no verb "${name}".\n\n${usage()}`, 2)
  const [stray] = verb.takes.files ? [] : files
  if (stray !== undefined)
    throw new UserError(`baton ${name} takes no "${stray}".\nUsage: npx baton ${verb.usage}`, 2)
  if (values.map !== undefined && !verb.takes.map) throw new UserError(`baton ${name} takes no --map.`, 2)
  if (values.out !== undefined && !verb.takes.out) throw new UserError(`baton ${name} takes no --out.`, 2)
  const { sample: file, system, header: headers = [] } = values
  const strayOption = file !== undefined ? 'sample' : system !== undefined ? 'system' : 'header'
  const asksSample = file !== undefined || system !== undefined || headers.length > 0
  if (asksSample && !verb.takes.sample) throw new UserError(`baton ${name} takes no --${strayOption}.`, 2)
  if (asksSample && file === undefined)
    throw new UserError(`--${strayOption} belongs to --sample.\nUsage: npx baton ${verb.usage}`, 2)
  const sample = file === undefined ? undefined : { file, system, headers }
  return { verb, files, map: values.map, out: values.out, sample, json: values.json }
}

/** Whoever reads may stop reading (`| head`): the work goes on to its own end, and its exit code still counts. */
const ENDED_PIPE = ['EPIPE', 'ERR_STREAM_DESTROYED']
const outliveReaders = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!ENDED_PIPE.includes(error.code ?? '')) throw error
    })
  }
}

const main = async (argv: string[]): Promise<number> => {
  const print = write(process.stdout)
  const asked = read(argv)
  if ('help' in asked) {
    print(usage())
    return asked.wanted ? 0 : 2
  }
  // What the environment itself sets goes before the file.
  if (existsSync(ENV_FILE)) process.loadEnvFile(ENV_FILE)
  const { verb, files, map, out, sample, json } = asked
  const report = (data: unknown): void => print(JSON.stringify(data))
  const silent = (): void => {}
  const said = json ? { print: silent, report } : { print, report: silent }
  const { ok, data } = await verb.run({ files, map, out, sample, environment: process.env, ...said })
  if (json) report(data)
  return ok ? 0 : 1
}

const exitCodeOf = (error: unknown): number => {
  if (error instanceof UserError) return error.exitCode
  const badOption =
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  return badOption ? 2 : 1
}

const interrupted = (): boolean => process.exitCode === INTERRUPTED

outliveReaders()
main(process.argv.slice(2)).then(
  (code) => {
    if (!interrupted()) process.exitCode = code
  },
  (error: unknown) => {
    // Whatever fails after Ctrl-C fails because of it.
    if (interrupted()) return
    const known = error instanceof UserError || exitCodeOf(error) === 2
    write(process.stderr)(
      known || !(error instanceof Error) ? wordsOf(error) : (error.stack ?? error.message),
    )
    process.exitCode = exitCodeOf(error)
  },
)
