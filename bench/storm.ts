import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { migrate } from '../src/db/migrate.ts'
import { EVENTS_PATH } from '../src/surfaces/slack/config.ts'
import { type Bench, type Context, openFolder, openPostgres, scaled } from './context.ts'
import { type Row, row } from './rows.ts'
import { type Server, startServer } from './server.ts'
import { quantile } from './stats.ts'
import { GROUPS, letFallDue, letFewFallDue, plantStopped } from './storm/plant.ts'
import { openSlack, type StormSlack } from './storm/slack.ts'
import { openQuietSystems, systemsAt } from './systems.ts'

const EXCEPTIONS = 10_000
const PRESSES = 500
const OVER_MS = 60_000
/** A storm of fewer has groups that are none. */
const LEAST = GROUPS * 10
/** Slack takes one message a second in each channel, after a burst of four. */
const MESSAGES_A_SECOND = 3
const AT_ONCE = 4 * MESSAGES_A_SECOND

const LOOK_MS = 500
const SOON_MS = 1_000
/** What takes so much longer than the storm does not come any more. */
const PATIENCE_MS = 120_000

/** Baton with three channels in that workspace: an order's worth decides in which its exceptions are shown. */
const startBaton = async (context: Context, databaseUrl: string, slack: StormSlack): Promise<Server> => {
  const { apiUrl, botToken, signingSecret, channels } = await slack.settings()
  const folder = await openFolder(context)
  const config = join(folder, 'baton.yml')
  const yml = {
    systems: systemsAt(await openQuietSystems(context)),
    // The quiet systems hold nothing: compared with them, everything would be gone.
    reconcile: '24h',
    channels: Object.entries(channels).map(([id, native]) => ({ id, title: id, slack: native })),
    default_channel: 'small',
    rules: [
      { name: 'large', if: { valueAtLeastMinor: 50_000 }, channel: 'large' },
      { name: 'middle', if: { valueAtLeastMinor: 5_000 }, channel: 'middle' },
    ],
  }
  await writeFile(config, JSON.stringify(yml))
  return startServer(context, folder, {
    DATABASE_URL: databaseUrl,
    BATON_CONFIG: config,
    SLACK_BOT_TOKEN: botToken,
    SLACK_SIGNING_SECRET: signingSecret,
    SLACK_API_URL: apiUrl,
  })
}

type Progress = { opened: number; reachable: number; lastOpenedAt: Date | null; newest: string[] }

/** Reachable in chat: with a message of its own, or in a summary that is there. */
const progressOf = async (sql: postgres.Sql): Promise<Progress> => {
  const [found] = await sql<Progress[]>`
    select count(*)::int as opened, max(e.opened_at) as "lastOpenedAt",
      (count(*) filter (where own.ref is not null or (m.place = 'summed' and whole.ref is not null)))::int as reachable,
      array(select id::text from exceptions order by id desc limit 2000) as newest
    from exceptions e left join group_members m on m.exception_id = e.id
    left join posts own on own.card = e.id::text
    left join posts whole on whole.card = 'group:' || m.group_id`
  if (!found) throw new Error('Nothing can be counted')
  return found
}

type Watched = { progress: Progress; reachableAfterMs: number; peakMb: number }

/** Looks twice a second until everything is open and reachable; tells `onLook` what there is. */
const watch = async (
  { sql, server, wanted, startAt }: { sql: postgres.Sql; server: Server; wanted: number; startAt: number },
  onLook: (progress: Progress) => void,
): Promise<Watched> => {
  let peakMb = 0
  for (;;) {
    const progress = await progressOf(sql)
    onLook(progress)
    peakMb = Math.max(peakMb, await server.residentMb())
    const reachableAfterMs = Date.now() - startAt
    const { opened, reachable } = progress
    if (opened >= wanted && reachable === opened) return { progress, reachableAfterMs, peakMb }
    if (reachableAfterMs > OVER_MS + PATIENCE_MS)
      throw new Error(`Of ${wanted} exceptions ${opened} were opened, and ${reachable} can be reached`)
    await pause(LOOK_MS)
  }
}

/** Presses in even distances: by turns on a message that stands in a channel, and on another one of the newest. */
const pressAll = async (
  slack: StormSlack,
  { presses, overMs, next }: { presses: number; overMs: number; next: () => Promise<string> },
): Promise<(number | null)[]> => {
  const pressed: Promise<number | null>[] = []
  const beganAt = performance.now()
  for (let i = 0; i < presses; i++) {
    await pause(Math.max(0, beganAt + (i * overMs) / presses - performance.now()))
    pressed.push(i % 2 === 0 ? slack.pressPosted(i / 2) : slack.press(await next(), i))
  }
  return Promise.all(pressed)
}

/** Hands out exceptions that are open, each once, and waits where there is none yet. */
const handOut = () => {
  const given = new Set<string>()
  let newest: string[] = []
  return {
    onLook: (progress: Progress): void => {
      newest = progress.newest
    },
    next: async (): Promise<string> => {
      for (;;) {
        const id = newest.find((each) => !given.has(each))
        if (id !== undefined) {
          given.add(id)
          return id
        }
        await pause(LOOK_MS / 10)
      }
    },
  }
}

/** A few exceptions of each kind are in their channels, as on any other day. */
const untilPosted = async (sql: postgres.Sql): Promise<void> => {
  await letFewFallDue(sql)
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await pause(LOOK_MS)) {
    const [found] = await sql`
      select count(*)::int as opened, count(p.ref)::int as posted
      from exceptions e left join posts p on p.card = e.id::text`
    if (found && found.opened > 0 && found.posted === found.opened) return
  }
  throw new Error('The first exceptions were not posted')
}

/** Every post shows what it should: what is still under way belongs to the calls of the storm. */
const untilQuiet = async (sql: postgres.Sql): Promise<void> => {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await pause(LOOK_MS)) {
    const [left] = await sql`select count(*)::int as n from posts where desired_revision > posted_revision`
    if (left?.n === 0) return
  }
  throw new Error('Posts were still behind')
}

/**
 * A storm of exceptions in Slack: the real server, the real SDK, real HTTP, and a workspace that refuses what comes too
 * fast; and people who press meanwhile.
 */
export const storm: Bench = {
  name: 'storm',
  async run(context) {
    const url = await openPostgres(context)
    await migrate(url, { queue: true })
    const sql = postgres(url, { max: 2, onnotice: () => {} })
    context.onEnd(() => sql.end())
    const wanted = await plantStopped(context, url, sql, Math.max(LEAST, scaled(context, EXCEPTIONS)))
    const slack = await openSlack(context)
    const server = await startBaton(context, url, slack)
    await slack.reach(`${server.url}${EVENTS_PATH}`)
    await slack.greet()
    await untilPosted(sql)
    await slack.begin()

    const overMs = OVER_MS * context.scale
    const presses = scaled(context, PRESSES)
    const startAt = Date.now() + SOON_MS
    await letFallDue(sql, new Date(startAt), overMs)
    const { onLook, next } = handOut()
    const [watched, pressed] = await Promise.all([
      watch({ sql, server, wanted, startAt }, onLook),
      pressAll(slack, { presses, overMs, next }),
    ])
    await untilQuiet(sql)
    return rowsOf(sql, { watched, pressed, startAt, report: await slack.report() })
  },
}

type Measured = {
  watched: Watched
  pressed: (number | null)[]
  startAt: number
  report: Awaited<ReturnType<StormSlack['report']>>
}

const rowsOf = async (sql: postgres.Sql, { watched, pressed, startAt, report }: Measured): Promise<Row[]> => {
  const { progress, reachableAfterMs, peakMb } = watched
  const { calls, tooFast, firstCardAt, violations } = report
  if (violations.length > 0) throw new Error(`Slack saw: ${violations.join('; ')}`)
  if (firstCardAt === null) throw new Error('There was no card at all')
  const [logged] = await sql`select count(*)::int as presses from interventions where kind = 'press'`
  const [stored] = await sql`select count(*)::int as groups from groups where storm_at is not null`
  const { opened, lastOpenedAt } = progress
  const lastOneMs = startAt + reachableAfterMs - (lastOpenedAt?.getTime() ?? startAt)
  const oneByOneSeconds = (opened - AT_ONCE) / MESSAGES_A_SECOND
  const ackMs = pressed.flatMap((ms) => ms ?? [])
  const all = opened.toLocaleString('en')
  const count = (metric: string, value: number, baseline: number | null = null): Row =>
    row('storm', metric, value, 'n', baseline)
  return [
    count('exceptions', opened),
    count('storms with a summary', Number(stored?.groups)),
    row('storm', 'first card', firstCardAt - startAt, 'ms'),
    row('storm', `all ${all} reachable`, reachableAfterMs / 1000, 's', oneByOneSeconds),
    row('storm', 'the last one reachable after it was opened', lastOneMs, 'ms'),
    count('messages posted', calls['chat.postMessage'] ?? 0, opened),
    count('messages changed', calls['chat.update'] ?? 0),
    count('calls that people caused', callsOf(calls)),
    count('calls refused as too fast (429)', tooFast.length),
    count('presses', pressed.length),
    count('presses on messages in the channels', Math.ceil(pressed.length / 2)),
    row('storm', 'press to acknowledged p50', quantile(ackMs, 0.5), 'ms'),
    row('storm', 'press to acknowledged p99', quantile(ackMs, 0.99), 'ms'),
    count('presses lost', pressed.length - Number(logged?.presses)),
    count('presses not acknowledged in time', pressed.length - ackMs.length),
    row('storm', 'resident memory, peak', peakMb, 'MB'),
  ]
}

/** Answers to those who asked or pressed, and who they are. */
const callsOf = (calls: Record<string, number>): number =>
  Object.entries(calls).reduce((all, [method, n]) => (method.startsWith('chat.') ? all : all + n), 0)
