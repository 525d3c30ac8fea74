import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { Client } from 'undici'
import { z } from 'zod'
import { markNow, rowsSince, secondsToInsert } from './baseline.ts'
import { type Bench, type Context, openPostgres, scaled } from './context.ts'
import { tell, tellShortPick } from './journey.ts'
import { type Row, row } from './rows.ts'
import { postWebhook, startConfigured } from './server.ts'
import { quantile } from './stats.ts'

const WARM_UPS = 50
const SAMPLES = 300
/** A calm hour: what is measured comes one after the other, with a pause in between. */
const PAUSE_MS = 20
/** A signal that opens nothing within this time is a failure, not a slow one. */
const PATIENCE_MS = 10_000

/** What one short pick has written when its card can be seen, and what one press has when it is answered. */
const CARD_ROWS = [
  ...['deliveries', 'signals', 'facts', 'objects', 'subject_objects', 'subject_links'],
  ...['exceptions', 'episodes'],
]
const PRESS_ROWS = ['interventions', 'exceptions']

const change = z.object({ exception: z.string() })
const exceptionDetail = z.object({ version: z.number() })
const pressAnswer = z.object({ result: z.string() })

/**
 * Signal-to-card: from sending the webhook of a short pick, which has no grace, to hearing on the console's stream
 * that its exception is there. Press-to-ack: from sending a press to its answer, when it is committed.
 */
export const latency: Bench = {
  name: 'latency',
  async run(context) {
    const url = await openPostgres(context)
    const server = await startConfigured(context, url)
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    context.onEnd(() => sql.end())
    const client = new Client(server.url)
    context.onEnd(() => client.destroy())
    const opened = await openStream(context, server.url)

    const cardMs: number[] = []
    const pressMs: number[] = []
    const signal = async (order: number): Promise<string> => {
      await postWebhook(client, tell(order, 0))
      await pause(PAUSE_MS)
      const sentAt = performance.now()
      const exception = opened()
      await postWebhook(client, tellShortPick(order))
      const id = await exception
      cardMs.push(performance.now() - sentAt)
      return id
    }
    const press = async (exception: string): Promise<void> => {
      const { version } = exceptionDetail.parse(await ask(client, 'GET', `/exceptions/${exception}`))
      const sentAt = performance.now()
      const body = { exception, action: 'claim', version }
      const { result } = pressAnswer.parse(await ask(client, 'POST', '/press', body))
      pressMs.push(performance.now() - sentAt)
      if (result !== 'acted') throw new Error(`A press on exception ${exception} was answered "${result}"`)
    }

    const warmUps = scaled(context, WARM_UPS)
    for (let order = 1; order <= warmUps; order++) await press(await signal(order))
    cardMs.length = 0
    pressMs.length = 0
    const samples = scaled(context, SAMPLES)
    for (let order = 1; order <= samples; order++) await press(await signal(warmUps + order))

    const last = warmUps + samples + 1
    const signalMark = await markNow(sql)
    const exception = await signal(last)
    const cardRows = await rowsSince(sql, signalMark, CARD_ROWS)
    const pressMark = await markNow(sql)
    await press(exception)
    const pressRows = await rowsSince(sql, pressMark, PRESS_ROWS)
    const baseline = async (rows: typeof cardRows): Promise<number[]> => {
      const times: number[] = []
      for (let i = 0; i < samples; i++) times.push((await secondsToInsert(sql, rows)) * 1000)
      return times
    }
    return [
      ...quantileRows('signal to card', cardMs, await baseline(cardRows)),
      ...quantileRows('press to ack', pressMs, await baseline(pressRows)),
    ]
  },
}

const quantileRows = (metric: string, values: number[], baseline: number[]): Row[] =>
  ([0.5, 0.99] as const).map((q) =>
    row('latency', `${metric} p${q * 100}`, quantile(values, q), 'ms', quantile(baseline, q)),
  )

/** The console's API. Throws unless it answers 200. */
const ask = async (
  client: Client,
  method: 'GET' | 'POST',
  path: string,
  content?: object,
): Promise<unknown> => {
  const { statusCode, body } = await client.request({
    method,
    path: `/console/api${path}`,
    headers: { 'content-type': 'application/json' },
    body: content === undefined ? null : JSON.stringify(content),
  })
  const text = await body.text()
  if (statusCode !== 200) throw new Error(`${method} ${path} was answered ${statusCode}: ${text}`)
  return JSON.parse(text)
}

/** Listens to the console's stream; the answer resolves with the next exception that was never heard of before. */
const openStream = async (context: Context, url: string): Promise<() => Promise<string>> => {
  const ended = new AbortController()
  context.onEnd(async () => ended.abort())
  const { body } = await fetch(`${url}/console/api/stream`, { signal: ended.signal })
  if (!body) throw new Error('The console has no stream')
  const known = new Set<string>()
  let waiting: ((id: string) => void) | null = null
  const listen = async (): Promise<void> => {
    let unread = ''
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const lines = (unread + text).split('\n')
      unread = lines.pop() ?? ''
      for (const line of lines) {
        if (!line.startsWith('data: ')) continue
        const heard = change.safeParse(JSON.parse(line.slice('data: '.length)))
        if (!heard.success || known.has(heard.data.exception)) continue
        known.add(heard.data.exception)
        waiting?.(heard.data.exception)
      }
    }
  }
  listen().catch((error: unknown) => {
    if (!ended.signal.aborted) throw error
  })
  return () =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`No card after ${PATIENCE_MS} ms`)), PATIENCE_MS)
      waiting = (id) => {
        clearTimeout(timer)
        resolve(id)
      }
    })
}
