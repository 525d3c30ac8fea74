import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import express from 'express'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTeams } from '../../../src/surfaces/teams/index.ts'
import { listCard } from '../slack/cards.ts'
import { FakeHost, memoryKeep } from './rig.ts'

/** Local development: no app, no tokens. */
let server: Server
let url: string
let host: FakeHost
beforeEach(async () => {
  host = new FakeHost()
  const quiet = { info: () => {}, warn: () => {}, error: () => {} }
  const config = { app: null, tenantId: 'local' }
  const surface = createTeams(config, host, memoryKeep(), quiet, { clock: () => new Date(), requestMs: 200 })
  const app = express()
  surface.routes(app)
  server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  url = `http://127.0.0.1:${port}/api/messages`
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

const activity = (more: object = {}) => ({
  type: 'invoke',
  name: 'adaptiveCard/action',
  id: 'f:1',
  channelId: 'msteams',
  serviceUrl: 'http://127.0.0.1:9/',
  from: { id: '29:1', name: 'Mara Example', aadObjectId: 'mara' },
  recipient: { id: 'bot' },
  conversation: { id: 'a:1', conversationType: 'personal', tenantId: 'elsewhere' },
  value: {
    action: {
      type: 'Action.Execute',
      verb: 'press',
      data: { exception: '41', action: 'x', version: 3, on: 'post' },
    },
  },
  ...more,
})

const send = (body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
const statusOf = async (body: object | string, headers: Record<string, string> = {}): Promise<number> => {
  const response = await send(typeof body === 'string' ? body : JSON.stringify(body), headers)
  await response.body?.cancel()
  return response.status
}

it('takes a press of this machine, as the tenant that is configured', async () => {
  expect(await statusOf(activity())).toBe(200)
  expect(host.presses).toMatchObject([{ identity: { externalId: 'local:mara' } }])
})

it.each(['origin', 'x-forwarded-for', 'forwarded', 'x-forwarded-host', 'via', 'x-real-ip', 'cf-ray'])(
  'refuses what a page in a browser or a tunnel passes on (%s)',
  async (name) => {
    expect(await statusOf(activity(), { [name]: 'https://evil.example' })).toBe(403)
    expect(host.presses).toEqual([])
  },
)

const raw = (head: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const body = JSON.stringify(activity())
    const { port, hostname } = new URL(url)
    const socket = connect(Number(port), hostname, () =>
      socket.write(
        `${head}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      ),
    )
    let answer = ''
    socket.on('data', (part) => {
      answer += part.toString()
    })
    socket.on('end', () => resolve(answer.slice(9, 12)))
    socket.on('error', reject)
  })

it.each([
  ['a proxy with default settings', 'POST /api/messages HTTP/1.0\r\nhost: 127.0.0.1:3000', '403'],
  ['another name', 'POST /api/messages HTTP/1.1\r\nhost: localhost.evil.example', '403'],
  ['a name like an address', 'POST /api/messages HTTP/1.1\r\nhost: 127.0.0.1.evil.example', '403'],
  ['this machine', 'POST /api/messages HTTP/1.1\r\nhost: localhost:3000', '200'],
])('tells this machine from what reaches it from outside: %s', async (_, head, status) => {
  expect(await raw(head)).toBe(status)
})

it('refuses what is no JSON, no activity, too large, or from nobody', async () => {
  expect(await statusOf(activity(), { 'content-type': 'text/plain' })).toBe(415)
  expect(await statusOf('{')).toBe(400)
  expect(await statusOf('[]')).toBe(400)
  expect(await statusOf({ type: 'message' })).toBe(400)
  expect(await statusOf({ ...activity(), text: 'x'.repeat(300_000) })).toBe(413)
  expect(await statusOf(activity({ from: { id: '29:1' } }))).toBe(403)
  expect(host.presses).toEqual([])
})

it('says what it does not do, and what an older Baton sent', async () => {
  expect(await statusOf(activity({ name: 'composeExtension/query' }))).toBe(501)
  const old = await send(JSON.stringify(activity({ value: { action: { data: { was: 'other' } } } })))
  expect(await old.json()).toMatchObject({ value: 'This button is of an older Baton. Type open.' })
})

it('answers a press of a command in place where the chat cannot be reached', async () => {
  host.onCommand = async () => ({ card: listCard, text: 'list' })
  const value = { action: { type: 'Action.Execute', verb: 'command', data: { command: 'open' } } }
  const answered = await send(JSON.stringify(activity({ value })))
  expect(await answered.json()).toMatchObject({ type: 'application/vnd.microsoft.card.adaptive' })
  expect(host.commands).toMatchObject([{ text: 'open', channel: null }])
})
