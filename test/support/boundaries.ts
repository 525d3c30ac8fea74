import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser'

/*
 * The arrows of the source, as rules: main, cli > commands, connectors, surfaces, db, schedule, server, sandbox > app
 * > domain. Siblings never import one another, and each SDK stays behind its fence.
 */

type Rule = Extract<IForbiddenRuleType, { to: unknown }>

const forbid = (name: string, comment: string, from: Rule['from'], to: Rule['to']): Rule => ({
  name,
  comment,
  severity: 'error',
  from,
  to,
})

/** Edge helpers that hold no state and know no step: where the project lies, and how settings are read. */
const EDGE = '^src/(config/|root\\.ts$)'
/** Rooms side by side, each with what it may see of the source besides itself; main.ts and the CLI see everything. */
const ROOMS: { room: string; sees: string[] }[] = [
  { room: '^commands/', sees: ['^src/app/', '^src/domain/'] },
  { room: '^src/connectors/', sees: ['^src/app/', '^src/domain/', EDGE] },
  { room: '^src/surfaces/', sees: ['^src/app/', '^src/domain/', EDGE] },
  { room: '^src/db/', sees: ['^src/app/', '^src/domain/', EDGE] },
  { room: '^src/sandbox/', sees: ['^src/app/', '^src/domain/'] },
  // baton.yml is read with the settings that each kind of system declares.
  {
    room: '^src/config/',
    sees: ['^src/app/', '^src/domain/', '^src/connectors/index\\.ts$', '^src/root\\.ts$'],
  },
  { room: '^src/schedule\\.ts$', sees: [] },
  { room: '^src/server\\.ts$', sees: ['^src/app/', '^src/domain/', EDGE] },
  { room: '^src/metrics\\.ts$', sees: ['^src/db/health\\.ts$'] },
  { room: '^src/root\\.ts$', sees: [] },
  // A diagnosis reads an export that it is given, and says what it found: no database, no network, no chat.
  { room: '^src/diagnose/', sees: ['^src/app/', '^src/domain/', '^src/charts/'] },
  { room: '^src/charts/', sees: [] },
  { room: '^src/app/', sees: ['^src/domain/'] },
  { room: '^src/domain/', sees: [] },
]

/** Packages that only these rooms may know. */
const FENCES: { packages: string; room: string }[] = [
  { packages: '@slack/', room: '^src/surfaces/slack/' },
  { packages: 'botbuilder', room: '^src/surfaces/teams/' },
  { packages: 'adaptivecards', room: '^src/surfaces/(adaptive-|console/|teams/)' },
  { packages: '(drizzle-orm|postgres|graphile-worker)(/|$)', room: '^src/db/' },
  { packages: 'node-cron', room: '^src/schedule\\.ts$' },
  { packages: 'express', room: '^src/(surfaces/|server\\.ts$)' },
  { packages: '(undici|cockatiel|limiter|ipaddr\\.js)(/|$)', room: '^src/connectors/http/' },
  { packages: 'nodemailer(/|$)', room: '^src/connectors/mail/' },
  { packages: 'csv-parse', room: '^src/connectors/files/' },
  { packages: 'node-x12', room: '^src/connectors/x12/' },
  { packages: 'prom-client', room: '^src/metrics\\.ts$' },
  { packages: '(echarts|@resvg|@expo-google-fonts)(/|$)', room: '^src/charts/' },
  { packages: 'pino', room: '^src/cli/logger\\.ts$' },
]

const inPackages = (packages: string): string => `(^|/)node_modules/(@types/)?${packages}`

export const RULES: IForbiddenRuleType[] = [
  ...ROOMS.map(({ room, sees }) =>
    forbid(
      `arrows from ${room}`,
      'The arrows point inwards, and siblings never import one another.',
      { path: room },
      { path: '^(src|commands)/', pathNot: [room, ...sees] },
    ),
  ),
  forbid(
    'one connector',
    'A connector never imports another; what they share is in kit/ and http/.',
    { path: '^src/connectors/([^/]+)/' },
    { path: '^src/connectors/[^/]+/', pathNot: ['^src/connectors/$1/', '^src/connectors/(http|kit)/'] },
  ),
  forbid(
    'one surface',
    'A surface never imports another; what they share is in kit/, and the adaptive cards beside them.',
    { path: '^src/surfaces/([^/]+)/' },
    {
      path: '^src/surfaces/',
      pathNot: ['^src/surfaces/$1/', '^src/surfaces/kit/', '^src/surfaces/adaptive-[^/]+\\.ts$'],
    },
  ),
  forbid(
    'the domain is pure',
    'The domain imports nothing but itself; a hash is no side effect.',
    { path: '^src/domain/' },
    { pathNot: ['^src/domain/', '^(node:)?crypto$'] },
  ),
  forbid(
    'the app has no hands',
    'The steps reach the world through their ports: no files, no network, no processes.',
    { path: '^src/app/' },
    { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
  ),
  ...FENCES.map(({ packages, room }) =>
    forbid(
      `fence around ${packages}`,
      'An SDK is known in one room only; types alone may be named elsewhere.',
      { path: '^(src|commands)/', pathNot: room },
      { path: inPackages(packages), dependencyTypesNot: packages === 'express' ? ['type-only'] : [] },
    ),
  ),
  forbid(
    'no cycles',
    'Modules that need one another at run time are one module, or need a third.',
    { path: '^(src|commands)/' },
    { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  ),
]

/** Every breach of the rules in these folders, as `rule: from > to`, with paths from `baseDir`. */
export const breaches = async (folders: string[], baseDir: string): Promise<string[]> => {
  const { output } = await cruise(folders, {
    baseDir,
    ruleSet: { forbidden: RULES },
    validate: true,
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  })
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with text')
  const { summary, modules }: ICruiseResult = output
  if (modules.length < 2)
    throw new Error(`dependency-cruiser saw only ${modules.length} modules of ${folders}`)
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} > ${to}`)
}
