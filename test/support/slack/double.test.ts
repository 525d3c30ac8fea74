import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { checkBlocks, checkView, isObject, type Json } from './blocks.ts'
import { type SlackDouble, startSlackDouble } from './double.ts'
import type { Channel, User } from './world.ts'

/** The double is only worth what it refuses: these are the rules that the surface's tests lean on. */

let slack: SlackDouble
let orders: Channel
let mara: User

beforeEach(async () => {
  const scopes = ['app_mentions:read', 'chat:write', 'commands']
  slack = await startSlackDouble({ scopes, commands: ['/baton'], events: ['app_mention'] })
  orders = slack.addChannel('orders')
  mara = slack.addUser('mara')
})
afterEach(async () => {
  await slack.stop().catch(() => {})
})

const plain = (text: string): Json => ({ type: 'plain_text', text })
const press = { type: 'button', action_id: 'a', text: plain('Go'), value: 'v' }
const withButton = [{ type: 'actions', elements: [press] }]
const modal = { type: 'modal', title: plain('Form'), blocks: [{ type: 'section', text: plain('x') }] }
const blank = { blocks: [], thread: null, visibleTo: null }
const table: Json = { type: 'table', rows: [[{ type: 'raw_text', text: 'x' }]] }
const menu = (options: unknown[]): Json => ({
  type: 'actions',
  elements: [{ type: 'overflow', action_id: 'm', options }],
})
function buttons(count: number): Json[] {
  return Array.from({ length: count }, (_, i) => ({ ...press, action_id: `a${i}` }))
}

type Reply = { status: number; retryAfter: string | null; body: Json }

/** One Web API call, as a form. */
async function call(method: string, args: Record<string, unknown>, token = slack.botToken): Promise<Reply> {
  const form = new URLSearchParams(
    Object.entries(args).map(([key, value]): [string, string] => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`${slack.apiUrl}${method}`, { method: 'POST', headers, body: form })
  const body: unknown = await response.json()
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: isObject(body) ? body : {},
  }
}

const errorOf = async (reply: Promise<Reply>): Promise<unknown> => (await reply).body.error
const post = (args: Record<string, unknown> = {}): Promise<Reply> =>
  call('chat.postMessage', { channel: orders.id, text: 'hello', ...args })

describe('the Web API', () => {
  it('checks tokens, their kind and their scopes', async () => {
    expect(await errorOf(call('auth.test', {}, ''))).toBe('not_authed')
    expect(await errorOf(call('auth.test', {}, 'xoxb-other'))).toBe('invalid_auth')
    expect(await errorOf(call('auth.test', {}, slack.appToken))).toBe('not_allowed_token_type')
    expect(await errorOf(call('apps.connections.open', {}))).toBe('not_allowed_token_type')
    expect((await call('users.info', { user: mara.id })).body).toMatchObject({
      error: 'missing_scope',
      needed: 'users:read',
    })
    slack.revokeTokens()
    expect(await errorOf(post())).toBe('token_revoked')
  })

  it('takes JSON as well as forms, and nothing else', async () => {
    const headers = { authorization: `Bearer ${slack.botToken}`, 'content-type': 'application/json' }
    const send = async (type: string): Promise<unknown> => {
      const body = JSON.stringify({ channel: orders.id, text: 'hello' })
      const init = { method: 'POST', headers: { ...headers, 'content-type': type }, body }
      return (await fetch(`${slack.apiUrl}chat.postMessage`, init)).json()
    }
    expect(await send('application/json')).toMatchObject({ ok: true })
    expect(await send('text/plain')).toMatchObject({ error: 'invalid_post_type' })
  })

  it('answers broken blocks with the rule and the place, twice, as Slack does', async () => {
    const problem = 'must be less than 151 characters [json-pointer:/blocks/0/text/text]'
    const reply = await post({ blocks: [{ type: 'header', text: plain('x'.repeat(151)) }] })
    expect(reply.body).toMatchObject({
      ok: false,
      error: 'invalid_blocks',
      errors: [problem],
      response_metadata: { messages: [`[ERROR] ${problem}`] },
    })
    expect(slack.see(orders)).toEqual([])
  })

  it('refuses what is too long as a whole, what is empty, and what is no list', async () => {
    const long = Array.from({ length: 6 }, () => ({ type: 'section', text: plain('x'.repeat(2500)) }))
    expect(await errorOf(post({ blocks: long }))).toBe('msg_blocks_too_long')
    expect(await errorOf(post({ text: 'x'.repeat(40_001) }))).toBe('msg_too_long')
    expect(await errorOf(post({ text: '' }))).toBe('no_text')
    expect(await errorOf(post({ blocks: {} }))).toBe('invalid_blocks_format')
  })

  it('changes only messages that are there and its own', async () => {
    const { ts } = (await post()).body
    const theirs = slack.world.post({ ...blank, channel: orders.id, from: mara.id, text: 'hi' })
    const change = { channel: orders.id, text: 'changed' }
    expect((await call('chat.update', { ...change, ts })).body.ok).toBe(true)
    expect(await errorOf(call('chat.update', { ...change, ts: theirs.ts }))).toBe('cant_update_message')
    expect(await errorOf(call('chat.delete', { ...change, ts: theirs.ts }))).toBe('cant_delete_message')
    expect((await call('chat.delete', { ...change, ts })).body.ok).toBe(true)
    expect(await errorOf(call('chat.update', { ...change, ts }))).toBe('message_not_found')
    const hidden = (await call('chat.postEphemeral', { ...change, user: mara.id })).body.message_ts
    expect(await errorOf(call('chat.update', { ...change, ts: hidden }))).toBe('message_not_found')
  })

  it('knows no channel that is archived, foreign or hidden from the app', async () => {
    slack.addChannel('old', { archived: true })
    slack.addChannel('elsewhere', { botIsMember: false })
    slack.addChannel('secret', { private: true, botIsMember: false })
    expect(await errorOf(post({ channel: '#old' }))).toBe('is_archived')
    expect(await errorOf(post({ channel: '#elsewhere' }))).toBe('not_in_channel')
    expect(await errorOf(post({ channel: '#secret' }))).toBe('channel_not_found')
    expect(await errorOf(post({ thread_ts: '1.000001' }))).toBe('thread_not_found')
  })
})

describe('rate limits', () => {
  it('let a short burst into a channel, then one post a second, and say how long to wait', async () => {
    const replies: Reply[] = []
    for (let i = 0; i < 5; i += 1) replies.push(await post())
    expect(replies.map((each) => each.status)).toEqual([200, 200, 200, 200, 429])
    expect(replies[4]?.retryAfter).toBe('1')
    expect((await post({ channel: slack.addChannel('returns').id })).status).toBe(200)
    slack.wait(1000)
    expect((await post()).status).toBe(200)
    expect((await post()).status).toBe(429)
  })

  it('let fifty updates a minute into the whole workspace', async () => {
    const { ts } = (await post()).body
    const update = { channel: orders.id, ts, text: 'x' }
    for (let i = 0; i < 50; i += 1) expect((await call('chat.update', update)).status).toBe(200)
    const { status, retryAfter } = await call('chat.update', update)
    expect([status, retryAfter]).toEqual([429, '2'])
  })
})

describe('triggers and response URLs', () => {
  /** What the app got when this button was pressed. */
  async function pressed(): Promise<Json> {
    const { ts } = (await post({ blocks: withButton })).body
    await slack.press(orders, String(ts), 'Go', mara)
    return slack.deliveries.at(-1)?.payload ?? {}
  }

  it('a trigger opens one view, within three seconds', async () => {
    const { trigger_id } = await pressed()
    expect((await call('views.open', { trigger_id, view: modal })).body.ok).toBe(true)
    expect(await errorOf(call('views.open', { trigger_id, view: modal }))).toBe('exchanged_trigger_id')
    const { trigger_id: late } = await pressed()
    slack.wait(3001)
    expect(await errorOf(call('views.open', { trigger_id: late, view: modal }))).toBe('expired_trigger_id')
    expect(await errorOf(call('views.open', { trigger_id: 'made.up', view: modal }))).toBe(
      'invalid_trigger_id',
    )
  })

  it('an open view is updated under its hash', async () => {
    const { trigger_id } = await pressed()
    const { view } = (await call('views.open', { trigger_id, view: modal })).body
    const { id, hash } = isObject(view) ? view : {}
    const update = { view_id: id, hash, view: { ...modal, title: plain('Again') } }
    expect((await call('views.update', update)).body.ok).toBe(true)
    expect(await errorOf(call('views.update', update))).toBe('hash_conflict')
    expect(await errorOf(call('views.update', { ...update, view_id: 'V0' }))).toBe('not_found')
  })

  const answer = async (url: unknown, body: Json): Promise<number> => {
    const headers = { 'content-type': 'application/json' }
    return (await fetch(String(url), { method: 'POST', headers, body: JSON.stringify(body) })).status
  }

  it('a response URL answers five times in thirty minutes, to one person unless told otherwise', async () => {
    const { response_url } = await pressed()
    const statuses: number[] = []
    for (let i = 0; i < 6; i += 1) statuses.push(await answer(response_url, { text: `answer ${i}` }))
    expect(statuses).toEqual([200, 200, 200, 200, 200, 404])
    expect(slack.see(orders)).toHaveLength(1)
    expect(slack.see(orders, mara)).toHaveLength(6)

    const { response_url: late } = await pressed()
    slack.wait(30 * 60_000 + 1)
    expect(await answer(late, { text: 'too late' })).toBe(404)
  })

  it('a response URL replaces, deletes, or speaks to the channel', async () => {
    const { response_url } = await pressed()
    await answer(response_url, { text: 'for all', response_type: 'in_channel' })
    await answer(response_url, { text: 'new', replace_original: true })
    expect(slack.see(orders).map((each) => each.text)).toEqual(['new', 'for all'])
    await answer(response_url, { delete_original: true })
    expect(slack.see(orders).map((each) => each.text)).toEqual(['for all'])
    expect(await answer(response_url, { text: 'x', blocks: [{ type: 'nonsense' }] })).toBe(400)
  })
})

describe('deliveries', () => {
  it('over HTTP are signed, must be acknowledged in three seconds, and events come again after 0, 1 and 5 minutes', async () => {
    const heard: { num: string | undefined; reason: string | undefined; signature: string | undefined }[] = []
    const app: Server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString()
        if (body.includes('url_verification')) return response.end(body)
        const header = (name: string): string | undefined => request.headers[name]?.toString()
        heard.push({
          num: header('x-slack-retry-num'),
          reason: header('x-slack-retry-reason'),
          signature: header('x-slack-signature'),
        })
        // The first try is not answered at all, the others badly.
        if (heard.length > 1) response.writeHead(500).end()
        slack.world.changed()
        return undefined
      })
    })
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
    const { port } = app.address() as AddressInfo
    await slack.deliverOverHttp(`http://127.0.0.1:${port}/slack/events`)

    const mentioned = slack.mention('open', orders, mara)
    await slack.until('the first try', () => heard.length === 1)
    slack.wait(3000)
    await slack.until(
      'the second, at once',
      () => slack.deliveries[0]?.attempts.length === 2 && heard.length === 2,
    )
    await settled(2)
    slack.wait(60_000)
    await settled(3)
    slack.wait(300_000)
    const delivery = await mentioned
    expect(delivery).toMatchObject({ state: 'failed', failure: 'http_500' })
    expect(heard.map(({ num, reason }) => [num, reason])).toEqual([
      [undefined, undefined],
      ['1', 'operation_timeout'],
      ['2', 'http_500'],
      ['3', 'http_500'],
    ])
    expect(heard.every(({ signature }) => signature?.startsWith('v0='))).toBe(true)
    app.closeAllConnections()
    app.close()
  })

  /** That the answer to this many tries has come back. */
  const settled = (tries: number): Promise<void> =>
    slack.until(`the answer to try ${tries}`, () => slack.deliveries[0]?.answered === tries)

  it('over a socket begin with hello, carry envelopes, and see late acknowledgements', async () => {
    const { body } = await call('apps.connections.open', {}, slack.appToken)
    const socket = new WebSocket(String(body.url))
    const messages: Json[] = []
    socket.on('message', (data) => {
      messages.push(JSON.parse(String(data)))
      slack.world.changed()
    })
    await slack.until('hello', () => messages.length === 1)
    expect(messages[0]).toMatchObject({ type: 'hello', num_connections: 1 })

    const asked = slack.command('/baton open', orders, mara)
    await slack.until('the envelope', () => messages.length === 2)
    expect(messages[1]).toMatchObject({
      type: 'slash_commands',
      payload: { command: '/baton', text: 'open' },
    })
    slack.wait(3000)
    expect(await asked).toMatchObject({ state: 'failed', failure: 'operation_timeout' })
    socket.send(JSON.stringify({ envelope_id: messages[1]?.envelope_id, payload: {} }))
    await slack.until('the late one', () => slack.deliveries[0]?.lateAcks === 1)

    const again = new WebSocket(String(body.url))
    await new Promise((resolve) => again.on('error', resolve))
    expect(slack.sockets).toBe(1)
    socket.terminate()
  })

  it('find nobody when no socket is open', async () => {
    expect(await slack.command('/baton open', orders, mara)).toMatchObject({ failure: 'no_connection' })
  })
})

it('lives by the wall clock where it is asked to', async () => {
  const wall = await startSlackDouble({ scopes: [], commands: [], events: [], clock: 'wall' })
  expect(() => wall.wait(1)).toThrow('wall clock')
  expect(Math.abs(wall.clock.now() - Date.now())).toBeLessThan(1000)
  await wall.stop()
})

describe('what no test expects', () => {
  it('fails the test: unknown methods and addresses, faults nobody met, stray acknowledgements', async () => {
    expect(await errorOf(call('chat.invent', {}))).toBe('unknown_method')
    slack.fault('chat.update', { is: 'error', error: 'fatal_error' })
    await fetch(`${slack.server.url()}/elsewhere`, { method: 'POST' })
    await fetch(`${slack.apiUrl}auth.test`)
    await expect(slack.stop()).rejects.toThrow(
      /chat\.invent.*\n.*\/elsewhere\n.*GET \/api\/auth\.test.*\n.*no call met the fault on chat\.update/,
    )
  })

  it('includes commands, events and scopes that the manifest does not declare', async () => {
    expect(() => slack.command('/other', orders, mara)).toThrow('/other')
    const bare = await startSlackDouble({ scopes: [], commands: [], events: [] })
    const channel = bare.addChannel('orders')
    expect(() => bare.mention('hi', channel, bare.addUser('jo'))).toThrow('not subscribed')
    await bare.stop()
  })
})

describe('Block Kit', () => {
  const section = (text: string): Json => ({ type: 'section', text: plain(text) })
  const option = { text: plain('One'), value: '1' }
  const input = (element: Json): Json => ({ type: 'input', label: plain('L'), element })

  it.each<[string, unknown[], string]>([
    ['an unknown block', [{ type: 'confetti' }], 'unsupported type: confetti'],
    ['51 blocks', Array.from({ length: 51 }, () => ({ type: 'divider' })), 'no more than 50 items allowed'],
    ['no blocks', [], 'no fewer than 1 items allowed'],
    ['empty text', [section('')], 'must be more than 0 characters'],
    ['long text', [section('x'.repeat(3001))], 'must be less than 3001 characters'],
    ['text that is long once it is escaped', [section('&'.repeat(601))], 'must be less than 3001 characters'],
    ['a section of nothing', [{ type: 'section' }], 'must define either `text` or `fields`'],
    ['11 fields', [{ type: 'section', fields: Array(11).fill(plain('f')) }], 'no more than 10 items allowed'],
    [
      'mrkdwn in a header',
      [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }],
      'must be one of plain_text',
    ],
    ['a wrong property', [{ type: 'divider', colour: 'red' }], 'invalid additional property: colour'],
    ['26 buttons', [{ type: 'actions', elements: buttons(26) }], 'no more than 25 items allowed'],
    ['the same action twice', [...withButton, ...withButton], 'action_id already exists'],
    ['a menu of one', [menu([option])], 'no fewer than 2 items allowed'],
    ['a menu of six', [menu(Array(6).fill(option))], 'no more than 5 items allowed'],
    [
      'a long value',
      [menu([option, { ...option, value: 'x'.repeat(76) }])],
      'must be less than 76 characters',
    ],
    ['two tables', [table, table], 'only one table is allowed'],
    [
      'an empty cell',
      [{ type: 'table', rows: [[{ type: 'raw_text', text: '' }]] }],
      'must be more than 0 characters',
    ],
    [
      'an input in a message',
      [input({ type: 'plain_text_input', action_id: 'i' })],
      'unsupported type: input',
    ],
  ])('refuses %s', (_, blocks, words) => {
    expect(checkBlocks(blocks).join('\n')).toContain(words)
  })

  it.each<[string, Json, string]>([
    [
      'a long title',
      { title: plain('x'.repeat(25)) },
      'must be less than 25 characters [json-pointer:/view/title/text]',
    ],
    ['long metadata', { private_metadata: 'x'.repeat(3001) }, 'must be less than 3001 characters'],
    [
      'inputs that cannot be sent',
      { blocks: [input({ type: 'plain_text_input', action_id: 'i' })] },
      'missing required field: submit',
    ],
    ['a table', { blocks: [table] }, 'unsupported type: table'],
    [
      'bounds that are no numbers',
      {
        blocks: [
          input({ type: 'number_input', action_id: 'i', is_decimal_allowed: false, min_value: 'few' }),
        ],
      },
      'must be a numeric string',
    ],
  ])('refuses a modal with %s', (_, change, words) => {
    expect(checkView({ ...modal, ...change }).join('\n')).toContain(words)
  })

  it('accepts what Slack accepts', () => {
    expect(checkBlocks([{ type: 'header', text: plain('x') }, section('y'), table, ...withButton])).toEqual(
      [],
    )
    expect(checkView(modal)).toEqual([])
  })
})
