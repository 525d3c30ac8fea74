import { randomUUID } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Log } from '../src/app/log.ts'
import { batonYml } from '../src/config/baton-yml.ts'
import { configFrom } from '../src/config/config.ts'
import { readEnv } from '../src/config/env.ts'
import { parseYaml } from '../src/config/yaml-file.ts'
import { type Connection, connect } from '../src/db/connect.ts'
import { type Baton, startBaton } from '../src/main.ts'
import { signWebhook } from '../src/sandbox/outbox.ts'
import { testDatabase } from './support/database.ts'

const SECRET = 'whsec_b25seS1mb3ItdGVzdHM='
const TOKEN = 'token-of-the-warehouse'
const MAX_BYTES = 256 * 1024

type Answer = { status: number; headers: IncomingHttpHeaders; body: string }

/** node:http and not fetch: a test must be able to send any Host, and any framing. */
const send = (
  port: number,
  method: string,
  path: string,
  { headers = {}, body = '' }: { headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, method, path, headers, agent: false },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        )
      },
    )
    request.on('error', reject)
    request.end(body)
  })

/** What the warehouse says of a delivery, signed as it signs. */
const signed = (body: string, { id = `msg_${randomUUID()}`, ageS = 0, secret = SECRET } = {}) => {
  const timestamp = Math.floor(Date.now() / 1000) - ageS
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signWebhook(secret, id, timestamp, body),
  }
  return { headers, body }
}

const delivery = (): string =>
  JSON.stringify({ sent_at: new Date().toISOString(), data: { customer: 'Anna Ansatt' } })

describe('the one HTTP server', () => {
  const database = testDatabase()
  const logged: string[] = []
  let connection: Connection
  let sql: postgres.Sql
  let baton: Baton
  let local: number
  let open: number

  beforeAll(async () => {
    const keep = (fields: object, message: string): void =>
      void logged.push(JSON.stringify({ ...fields, message }))
    const log: Log = { info: keep, warn: keep, error: keep }
    const yml = `systems: { wms: { kind: sandbox, role: wms, url: "http://127.0.0.1:9", token: ${TOKEN}, webhookSecrets: ["${SECRET}"] } }`
    const parsed = parseYaml(yml, 'baton.yml', batonYml({}))
    connection = connect(database.url)
    sql = postgres(database.url, { max: 1 })
    baton = await startBaton({
      config: configFrom(parsed, readEnv({ PORT: '0', PUBLIC_PORT: '0' }), null),
      environment: {},
      connection,
      systems: parsed.systems,
      log,
      players: [],
    })
    local = baton.port
    open = baton.publicPort ?? 0
  })
  afterAll(async () => {
    await baton?.stop()
    await connection?.close()
    await sql?.end()
  })

  const kept = async (): Promise<{ problem: string | null }[]> => [
    ...(await sql<
      { problem: string | null }[]
    >`select problem from signals where via = 'webhook' order by id`),
  ]

  it('takes a signed webhook, and a redelivery of it without another trace', async () => {
    const before = (await kept()).length
    const webhook = signed(delivery(), { id: 'msg_once' })
    for (const port of [local, open, local]) {
      expect(await send(port, 'POST', '/hooks/wms', webhook)).toMatchObject({
        status: 200,
        body: '{"ok":true}',
      })
    }
    expect((await kept()).length).toBe(before + 1)
  })

  it('keeps what it cannot read for an admin, and does not ask for it again', async () => {
    const answer = await send(local, 'POST', '/hooks/wms', signed('{"half a'))
    expect(answer.status).toBe(200)
    expect((await kept()).at(-1)?.problem).toMatch(/^the whole body: /)
  })

  const genuine = signed(delivery())
  it.each([
    ['unsigned', 401, { body: genuine.body }],
    ['signed with another secret', 401, signed(delivery(), { secret: 'whsec_YW5vdGhlci1zZWNyZXQ=' })],
    ['with another body than was signed', 401, { ...genuine, body: genuine.body.replace('Anna', 'Hanna') }],
    ['signed an hour ago, and so replayed,', 403, signed(delivery(), { ageS: 3_600 })],
    ['signed for an hour from now', 403, signed(delivery(), { ageS: -3_600 })],
  ])('refuses what is %s with %i, and keeps nothing of it', async (_what, wanted, webhook) => {
    const before = (await kept()).length
    for (const port of [local, open]) {
      const { status, body } = await send(port, 'POST', '/hooks/wms', webhook)
      expect(status).toBe(wanted)
      expect(JSON.parse(body)).toEqual({ error: expect.any(String) })
    }
    expect((await kept()).length).toBe(before)
  })

  it('says 404 for a system that is not configured, however much is sent', async () => {
    const { status, body } = await send(open, 'POST', '/hooks/erp', { body: 'x'.repeat(2 * MAX_BYTES) })
    expect({ status, body: JSON.parse(body) }).toEqual({
      status: 404,
      body: { error: 'No system "erp" that sends webhooks is configured.' },
    })
    expect((await send(open, 'GET', '/hooks/wms')).status).toBe(404)
  })

  it('says 413 for more than the system may send, announced or not', async () => {
    const large = signed('x'.repeat(MAX_BYTES + 1))
    const announced = { ...large.headers, 'content-length': String(MAX_BYTES + 1) }
    const chunked = { ...large.headers, 'transfer-encoding': 'chunked' }
    for (const headers of [announced, chunked]) {
      const { status, body } = await send(open, 'POST', '/hooks/wms', { headers, body: large.body })
      expect({ status, body: JSON.parse(body) }).toEqual({
        status: 413,
        body: { error: `The body is too large: wms may send ${MAX_BYTES} bytes.` },
      })
    }
    expect((await send(open, 'POST', '/hooks/wms', signed('x'.repeat(MAX_BYTES)))).status).toBe(200)
  })

  it('refuses a compressed body: what was signed is what counts', async () => {
    const { headers, body } = signed(delivery())
    const answer = await send(open, 'POST', '/hooks/wms', {
      headers: { ...headers, 'content-encoding': 'gzip' },
      body,
    })
    expect(answer.status).toBe(415)
  })

  it('shows the world hooks and health alone: neither console nor metrics', async () => {
    expect(await send(open, 'GET', '/healthz')).toMatchObject({ status: 200, body: '{"ok":true}' })
    expect((await send(open, 'GET', '/readyz')).status).toBe(200)
    for (const path of [
      '/',
      '/console',
      '/console/api/exceptions',
      '/console/api/stream',
      '/metrics',
      '/console/login',
    ]) {
      expect({ path, status: (await send(open, 'GET', path)).status }).toEqual({ path, status: 404 })
    }
    const press = { headers: { 'content-type': 'application/json' }, body: '{}' }
    expect((await send(open, 'POST', '/console/api/press', press)).status).toBe(404)
    expect((await send(open, 'GET', '/healthz')).headers['x-powered-by']).toBeUndefined()
  })

  it('gives its figures to this machine alone', async () => {
    const figures = await send(local, 'GET', '/metrics')
    expect(figures.status).toBe(200)
    expect(figures.body).toMatch(/^baton_open_exceptions 0$/m)
    expect(figures.body).toMatch(/^baton_unparsed_signals [1-9]/m)
    expect(figures.body).toMatch(/^process_resident_memory_bytes /m)
    for (const headers of [
      { host: 'baton.example' },
      { 'x-forwarded-for': '203.0.113.9' },
      { forwarded: 'for=203.0.113.9' },
      { origin: 'https://elsewhere.example' },
    ]) {
      expect({ headers, status: (await send(local, 'GET', '/metrics', { headers })).status }).toEqual({
        headers,
        status: 403,
      })
    }
  })

  it('asks the sender to try again when a webhook cannot be kept, and keeps it when it comes again', async () => {
    const webhook = signed(delivery())
    await sql`alter table deliveries rename to elsewhere`
    expect((await send(local, 'POST', '/hooks/wms', webhook)).status).toBe(500)
    await sql`alter table elsewhere rename to deliveries`
    const before = (await kept()).length
    expect((await send(local, 'POST', '/hooks/wms', webhook)).status).toBe(200)
    expect((await kept()).length).toBe(before + 1)
  })

  it('keeps what a job fails over out of the log', async () => {
    const meta = { kind: 'stock', id: 'ANNA-ANSATT@MAIN', sequence: 1, changed_at: new Date().toISOString() }
    const data = {
      ...meta,
      sku: 'ANNA-ANSATT',
      site: 'MAIN',
      on_hand: 3,
      counted_at: null,
      count_requested_at: null,
    }
    const body = JSON.stringify({ sent_at: new Date().toISOString(), data })
    await sql`alter table subject_keys rename to elsewhere`
    await sql`alter table quarantine rename to elsewhere_too`
    expect((await send(local, 'POST', '/hooks/wms', signed(body))).status).toBe(200)
    await vi.waitFor(() => expect(logged.join()).toMatch(/Failed task \d+ \(process/), 10_000)
    await sql`alter table elsewhere rename to subject_keys`
    await sql`alter table elsewhere_too rename to quarantine`
    expect(logged.join('\n')).toContain('does not exist')
  })

  it('is not ready while its worker is taken for dead, and alive all the same', async () => {
    expect((await send(local, 'GET', '/readyz')).status).toBe(200)
    await sql`delete from workers`
    expect(await send(local, 'GET', '/readyz')).toMatchObject({ status: 503, body: '{"ok":false}' })
    expect((await send(local, 'GET', '/healthz')).status).toBe(200)
    await vi.waitFor(async () => expect((await send(local, 'GET', '/readyz')).status).toBe(200), 10_000)
  })

  it('writes no secret and nothing of what a body says to the log', () => {
    const log = logged.join('\n')
    for (const secret of [SECRET, TOKEN, 'Anna', 'ANNA', 'v1,', new URL(database.url).password])
      expect(log).not.toContain(secret)
  })

  it('closes both doors when it stops', async () => {
    await baton.stop()
    for (const port of [local, open]) {
      await expect(send(port, 'GET', '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    }
    expect(await sql`select count(*)::int as n from workers`).toEqual([{ n: 0 }])
  })
})
